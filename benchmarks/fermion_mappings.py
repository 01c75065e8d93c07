"""Electronic Hamiltonians to qubits beside OpenFermion and Qiskit Nature, all in one run.

    python benchmarks/fermion_mappings.py               some minutes
    python benchmarks/fermion_mappings.py --quick       up to 12 qubits
    python benchmarks/fermion_mappings.py --limit 20

Each library starts from tensors of random integrals with the symmetry of real orbitals and ends with its own sum of
Pauli strings by Jordan-Wigner: OpenFermion maps an `InteractionOperator`, Qiskit Nature the `FermionicOp` of an
`ElectronicEnergy`. Sums must have as many strings, and magnitudes of coefficients that add up to the same, to 1e-8.
Each runs in turn, thrice after a run that does not count; the fastest run is printed, and the ratio to the fastest of
the others. Who takes longer than the limit in that first run is not asked again, and not for more qubits; who is not
installed is left out. The goal is a ratio of 20.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable

import numpy as np

ROUNDS = 3
QUBITS, FEW = (8, 12, 16, 20, 24, 30), (8, 12)

Job = Callable[[], tuple[int, float]]
"""Maps, and returns the number of strings and the sum of the magnitudes of their coefficients."""


def integrals(norb: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(norb)
    one_body, two_body = rng.normal(size=(norb,) * 2), rng.normal(size=(norb,) * 4)
    two_body = two_body + two_body.transpose(1, 0, 2, 3)
    two_body = two_body + two_body.transpose(0, 1, 3, 2)
    return one_body + one_body.T, two_body + two_body.transpose(2, 3, 0, 1)


def ours(norb: int) -> Job:
    from qtoolkit.operators import ElectronicHamiltonian, jordan_wigner

    hamiltonian = ElectronicHamiltonian(*integrals(norb))

    def job() -> tuple[int, float]:
        mapped = jordan_wigner(hamiltonian)
        return len(mapped), float(np.abs(mapped.coefficients).sum())

    return job


def openfermion(norb: int) -> Job:
    import openfermion as package

    one_body, two_body = integrals(norb)
    tensors = package.chem.molecular_data.spinorb_from_spatial(one_body, two_body.transpose(0, 2, 3, 1))
    hamiltonian = package.InteractionOperator(0.0, tensors[0], 0.5 * tensors[1])

    def job() -> tuple[int, float]:
        mapped = package.jordan_wigner(hamiltonian)
        mapped.compress(1e-12)
        return len(mapped.terms), sum(map(abs, mapped.terms.values()))

    return job


def qiskit_nature(norb: int) -> Job:
    from qiskit_nature.second_q.hamiltonians import ElectronicEnergy
    from qiskit_nature.second_q.mappers import JordanWignerMapper

    energy = ElectronicEnergy.from_raw_integrals(*integrals(norb))

    def job() -> tuple[int, float]:
        mapped = JordanWignerMapper().map(energy.second_q_op()).simplify(atol=1e-12)
        return len(mapped), float(np.abs(mapped.coeffs).sum())

    return job


LIBRARIES: dict[str, Callable[[int], Job]] = {
    "qtoolkit": ours,
    "openfermion": openfermion,
    "qiskit_nature": qiskit_nature,
}


def fastest(job: Job) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure and print one row for each size."""
    parser = argparse.ArgumentParser(description="Electronic Hamiltonians to qubits beside other libraries.")
    parser.add_argument("--quick", action="store_true", help="up to 12 qubits")
    parser.add_argument("--limit", type=float, default=15.0, help="seconds that a run may take")
    options = parser.parse_args()
    asked = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    print("qubits", "strings", *LIBRARIES, "ratio", sep="\t")
    for num_qubits in FEW if options.quick else QUBITS:
        seconds: dict[str, float] = {}
        answers: dict[str, tuple[int, float]] = {}
        for name in list(asked):
            job = LIBRARIES[name](num_qubits // 2)
            start = time.perf_counter()
            answers[name] = job()
            seconds[name] = time.perf_counter() - start
            if seconds[name] > options.limit:
                asked.remove(name)
            else:
                seconds[name] = fastest(job)
        count, norm = answers["qtoolkit"]
        for name, (terms, total) in answers.items():
            if terms != count or abs(total - norm) > 1e-8 * norm:
                raise SystemExit(f"{name} found {terms} strings of {total}, qtoolkit {count} of {norm}")
        others = [value for name, value in seconds.items() if name != "qtoolkit"]
        ratio = f"{min(others) / seconds['qtoolkit']:.0f}x" if others else ""
        figures = [f"{1e3 * seconds[name]:.3g} ms" if name in seconds else "" for name in LIBRARIES]
        print(num_qubits, count, *figures, ratio, sep="\t")


if __name__ == "__main__":
    main()
