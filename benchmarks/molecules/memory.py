"""The memory that an energy with its gradient takes, in a process that does nothing else.

``python -m molecules.memory ANSATZ MOLECULE THREADS`` prints the MiB that the peak of the process lies above its size
before, and the MiB of one state. Kernels are loaded by a small molecule before; actions, tables and threads count.
"""

from __future__ import annotations

import sys
from pathlib import Path

from molecules.problems import ansatz_for, integrals_of
from qtoolkit.simulators.fermion import FermionSimulator

__all__ = ["main"]

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

SMALL = "H4"


def main(kind: str, name: str, threads: int) -> None:
    """Print both."""
    small, parameters = ansatz_for(kind, SMALL)
    FermionSimulator(threads).gradient(small.program, integrals_of(SMALL).hamiltonian, parameters)
    ansatz, parameters = ansatz_for(kind, name)
    program, hamiltonian = ansatz.program, integrals_of(name).hamiltonian
    # 5 makes the peak that of now (proc_pid_clear_refs(5))
    _RESET.write_text("5", encoding="ascii")
    before = _mebibytes("VmRSS")
    FermionSimulator(threads).gradient(program, hamiltonian, parameters)
    amplitude = 8 if program.is_real else 16
    print(_mebibytes("VmHWM") - before, program.sector.size * amplitude / 2**20)


def _mebibytes(entry: str) -> float:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(entry)).split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
