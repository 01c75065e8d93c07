"""Beyond sampling Pauli errors: a memory that corrects itself, magic states, and a memory on a device, decoded.

Run it with ``python examples/qec_adaptive.py``; it needs the ``qec`` extra and takes some ten seconds. The last table
submits a repetition code to IBM's simulation of a noisy device, if the extra ``ibm`` is installed; it needs no account.
"""

import argparse

from rich.console import Console
from rich.table import Table

from qtoolkit import get_backend, list_backends
from qtoolkit.applications.qec import (
    ExperimentTask,
    clopper_pearson,
    code_named,
    corrected_memory_circuit,
    cultivation_circuit,
    decode_counts,
    distillation_circuit,
    fifteen_to_one,
    memory_circuit,
    memory_tasks,
    noise_preset,
    run_experiment,
)
from qtoolkit.backends import device_noise

DEVICE = "ibm:fake_manila"

console = Console()


def rate_text(rate: float, interval: tuple[float, float]) -> str:
    return f"{rate:.2e} ({interval[0]:.1e} to {interval[1]:.1e})"


def memories(shots: int, seed: int) -> None:
    table = Table(title="Rotated surface code of distance 3, two rounds, basis x: logical error rate (95 % interval)")
    for heading in ("noise", "sampled by", "decoded afterwards", "corrected in the circuit"):
        table.add_column(heading)
    code = code_named("rotated-surface", distance=3)
    for name, rate in (("circuit", 0.005), ("coherent", 0.002), ("amplitude-damping", 0.005)):
        (task,) = memory_tasks("rotated-surface", [3], [rate], rounds=2, bases=("x",), noise=name)
        some = shots if name != "amplitude-damping" else max(shots // 10, 100)
        after = run_experiment(task, max_shots=some, seed=seed)
        circuit = corrected_memory_circuit(code, 2, "x", noise_preset(name, rate))
        within = run_experiment(ExperimentTask(circuit, decoder=None), max_shots=some, seed=seed)
        texts = [rate_text(one.logical_error_rate, one.confidence_interval) for one in (after, within)]
        table.add_row(f"{name}, {rate:g}", task.sampler, *texts)
    console.print(table)
    console.print(
        "A memory that is decoded afterwards has a noisy readout, which tells the last syndrome; one that corrects "
        "itself has a last round without noise. Models for the decoder are those of the Pauli twirl.\n"
    )


def magic_states(shots: int, seed: int) -> None:
    table = Table(title="Magic states, discarded where anything is seen to go wrong")
    for heading in ("protocol", "kept", "output error (95 % interval)", "exact"):
        table.add_column(heading)
    distilled = ExperimentTask(distillation_circuit(0.03), None, heralds=range(4), batch_shots=1 << 16)
    circuit = cultivation_circuit(noise_preset("circuit", 0.005))
    cultivated = ExperimentTask(circuit, None, heralds=range(circuit.num_detectors), batch_shots=1 << 16)
    exact = fifteen_to_one().distilled(0.03)
    for name, task, known in (
        ("15-to-1 distillation, T gates at 0.03", distilled, f"{exact.error:.3e}, kept {exact.acceptance:.2%}"),
        ("cultivation at distance 3, circuit noise 0.005", cultivated, ""),
    ):
        result = run_experiment(task, max_shots=10 * shots, seed=seed)
        error = rate_text(result.logical_error_rate, result.confidence_interval)
        table.add_row(name, f"{1 - result.discard_rate:.2%}", error, known)
    console.print(table)


def device(shots: int, seed: int) -> None:
    if not any(backend.name == DEVICE and backend.is_installed for backend in list_backends()):
        console.print(f"{DEVICE} needs the extra ibm.")
        return
    circuit = memory_circuit(code_named("repetition", distance=3), 3, "z")
    result = get_backend(DEVICE).run(circuit, shots=min(shots, 4_000), seed=seed).result()
    table = Table(title=f"Repetition code of distance 3, three rounds, on {DEVICE}: logical error rate (95 % interval)")
    for heading in ("decoder believes in", "decoded", "not decoded"):
        table.add_column(heading)
    for belief, noise in (
        ("circuit noise, 0.01", noise_preset("circuit", 0.01)),
        ("its calibration", device_noise(DEVICE)),
    ):
        found = decode_counts(circuit, result, "maximum-likelihood", noise=noise)
        plain = clopper_pearson(found.undecoded_errors, found.accepted)
        table.add_row(
            belief,
            rate_text(found.logical_error_rate, found.confidence_interval),
            rate_text(found.undecoded_error_rate, plain),
        )
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shots", type=int, default=50_000, help="of each memory (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="of all random choices (default: %(default)s)")
    options = parser.parse_args()
    memories(options.shots, options.seed)
    magic_states(options.shots, options.seed)
    device(options.shots, options.seed)
