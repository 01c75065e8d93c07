"""One circuit, several backends: what noise and shots do to the energy of a small magnet.

Run it with ``python examples/backends_compare.py``; it uses those of the extras ``ibm`` and ``braket`` that are
installed, needs no account, and takes about ten seconds.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from qtoolkit import Circuit, ParameterVector, PauliSum, get_backend, list_backends
from qtoolkit.algorithms import VQE
from qtoolkit.backends import BackendSampler, SamplingEstimator

NAMES = ("local", "braket:local", "ibm:fake_manila", "ibm:fake_jakarta")
SHOTS = 4_000

console = Console()


def transverse_field_ising(num_spins: int, field: float) -> PauliSum:
    bonds = [("ZZ", (k, k + 1), -1.0) for k in range(num_spins - 1)]
    fields = [("X", (k,), -field) for k in range(num_spins)]
    return PauliSum.from_sparse_list([*bonds, *fields], num_spins)


def layered_ansatz(num_qubits: int, layers: int) -> Circuit:
    angles = iter(ParameterVector("θ", num_qubits * (layers + 1)))
    circuit = Circuit(num_qubits)
    for layer in range(layers + 1):
        for q in range(num_qubits):
            circuit.ry(next(angles), q)
        for q in range(num_qubits - 1 if layer < layers else 0):
            circuit.cx(q, q + 1)
    return circuit


def main() -> None:
    hamiltonian = transverse_field_ising(4, field=0.8)
    ansatz = layered_ansatz(4, layers=2)
    start = np.random.default_rng(2026).uniform(-0.1, 0.1, ansatz.num_parameters)
    found = VQE(ansatz, hamiltonian).run(start)
    exact = hamiltonian.eigenvalues(1)[0]

    table = Table(title=f"Four spins: ground state {exact:.4f}, this circuit without noise {found.energy:.4f}")
    table.add_column("backend", no_wrap=True)
    for heading in ("energy", "± shot noise", "above the circuit's", "bases × shots"):
        table.add_column(heading, justify="right")
    installed = {info.name for info in list_backends() if info.is_installed}
    for name in NAMES:
        if name not in installed:
            console.print(f"{name} is left out: its extra is not installed")
            continue
        estimator = SamplingEstimator(BackendSampler(get_backend(name)), SHOTS, seed=1)
        estimate = estimator.estimate(ansatz, hamiltonian, found.parameters)
        table.add_row(
            name,
            f"{estimate.value:.3f}",
            f"{estimate.standard_error:.3f}",
            f"{estimate.value - found.energy:+.3f}",
            f"{estimate.num_settings} × {SHOTS}",
        )
    console.print(table)
    console.print(
        "Without noise the energy lies within a few error bars. The fake devices have the gate and readout errors of "
        "real ones: they raise the energy by more than any number of shots could repair."
    )


if __name__ == "__main__":
    main()
