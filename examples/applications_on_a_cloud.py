"""Portfolio, molecule and code on a backend that you name, beside this machine: exact value, gap, error bar, cost.

python examples/applications_on_a_cloud.py --backend ibm:fake_algiers
python examples/applications_on_a_cloud.py --backend braket:local --only molecule --max-cost "5 USD"

Angles and amplitudes are found on this machine; the backend measures. Where the device's noise is known, a noisy run
here predicts what it will say.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from qtoolkit import get_backend
from qtoolkit.algorithms.measurement import PostSelection, ShotEstimator, calibrate_readout
from qtoolkit.algorithms.quadratic import QaoaSolver, enumerate_choices
from qtoolkit.applications.chemistry import diatomic, ground_state, qubit_hamiltonian
from qtoolkit.applications.finance import PortfolioProblem, load_sp500_returns
from qtoolkit.applications.qec import code_named, decode_counts, measured_last, memory_circuit, noise_preset
from qtoolkit.backends import Backend, CloudBackend, MeteredBackend, device_noise, list_device_noise
from qtoolkit.errors import QToolkitError

Measured = tuple[float, float]
"""A value and its standard error, or half of its interval."""


def portfolio(shots: int, seed: int) -> tuple[str, float, Callable[[Backend], Measured]]:
    """The mean objective of QAOA's choices of 3 of 6 stocks; exact is that of the state."""
    problem = PortfolioProblem.from_returns(
        load_sp500_returns().subset(range(6)), risk_aversion=0.5, cardinality=3, objective="positions"
    ).selection()
    found = enumerate_choices(problem)
    trained = QaoaSolver(1, mixer="transverse", shots=shots).solve(problem, seed=seed, enumeration=found)

    def measure(backend: Backend) -> Measured:
        solver = QaoaSolver(1, mixer="transverse", schedule=trained.schedule, shots=shots, sampler=backend)
        solution = solver.solve(problem, seed=seed, enumeration=found)
        chance = solution.probability_of_optimum
        return chance, math.sqrt(max(chance * (1.0 - chance), 1.0 / shots) / shots)

    return "optimal portfolio in a sample", trained.probability_of_optimum, measure


def molecule(shots: int, seed: int) -> tuple[str, float, Callable[[Backend], Measured]]:
    """The energy of LiH in two orbitals: commuting terms together, readout undone, wrong numbers of electrons out."""
    lithium_hydride = ground_state(diatomic("Li", "H", 1.595), active_space=(2, 2))
    hamiltonian = qubit_hamiltonian(lithium_hydride.integrals)
    electrons = PostSelection.particle_numbers(lithium_hydride.integrals.norb, lithium_hydride.integrals.nelec)

    def measure(backend: Backend) -> Measured:
        readout = calibrate_readout(backend, hamiltonian.num_qubits, shots, seed=seed)
        estimator = ShotEstimator(backend, shots * 10, mitigation=(readout, electrons), seed=seed)
        estimate = estimator.estimate(lithium_hydride.ansatz.circuit, hamiltonian, lithium_hydride.parameters)
        return estimate.value, estimate.standard_error

    return "energy of LiH (hartree)", lithium_hydride.fci_energy, measure


def code(shots: int, seed: int) -> tuple[str, float, Callable[[Backend], Measured]]:
    """How often a surface code of distance 3 loses what it stores for a round; without noise never."""
    circuit = memory_circuit(code_named("rotated-surface", distance=3), rounds=1)

    believed = noise_preset("circuit", 0.005)

    def measure(backend: Backend) -> Measured:
        runs = circuit if backend.capabilities.supports_mid_circuit_measurement else measured_last(circuit)
        counts = decode_counts(runs, backend.run(runs, shots, seed=seed).result(), "lookup", noise=believed)
        low, high = counts.confidence_interval
        return counts.logical_error_rate, (high - low) / 2

    return "logical errors of a memory", 0.0, measure


APPLICATIONS = {"portfolio": portfolio, "molecule": molecule, "code": code}


def predicting(name: str) -> Backend | None:
    """This machine with the noise of a device, where that is known."""
    if name in list_device_noise():
        return get_backend("local", noise=device_noise(name))
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="ibm:fake_algiers", help="see qtoolkit backends (default: %(default)s)")
    parser.add_argument("--only", choices=APPLICATIONS, help="one of the three")
    parser.add_argument("--shots", type=int, default=1000, help="of each circuit (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of what is random here")
    parser.add_argument("--max-cost", help='of each job on a cloud, such as "5 USD"')
    options = parser.parse_args()
    console = Console()
    try:
        device = get_backend(options.backend)
        if isinstance(device, CloudBackend) and options.max_cost:
            device = get_backend(options.backend, max_cost=options.max_cost)
        places = {"here": get_backend("local"), "predicted": predicting(options.backend), options.backend: device}
        for name in [options.only] if options.only else APPLICATIONS:
            title, exact, measure = APPLICATIONS[name](options.shots, options.seed)
            table = Table(title=f"{title}: exact {exact:.5f}", title_justify="left")
            for heading in ("on", "measured", "±", "gap", "jobs", "shots", "cost"):
                table.add_column(heading, justify="left" if heading == "on" else "right", no_wrap=True)
            for place, backend in places.items():
                if backend is not None:
                    metered = MeteredBackend(backend)
                    with console.status(f"{title}: {place}"):
                        value, error = measure(metered)
                    figures = (f"{value:.5f}", f"{error:.5f}", f"{value - exact:+.5f}")
                    table.add_row(place, *figures, str(metered.num_jobs), f"{metered.num_shots:,}", metered.cost_text)
            console.print(table)
    except QToolkitError as error:
        parser.error(str(error))
    console.print("± is one standard error, or half of the 95 % interval of a rate.")
    if places["predicted"] is not None:
        console.print(
            "'predicted' runs on this machine with the noise of the device's calibration: where the two differ by more "
            "than their errors, the calibration misses something."
        )


if __name__ == "__main__":
    main()
