"""Molecules beside PennyLane Lightning, ffsim, PySCF and Qiskit Nature, in one run.

    python benchmarks/chemistry.py --python rivals/bin/python              everything, some ten minutes
    python benchmarks/chemistry.py --quick                                 small molecules, a minute
    python benchmarks/chemistry.py --sections search gradient --threads 1 --limit 60

Sections: `search`, UCCSD from zeros to 1e-8 hartree of its minimum; `whole`, `ground_state` with all its evidence;
`gradient`, energies with all derivatives in units of PySCF's H|ψ⟩, and their memory; `evolution`, orbital rotations and
diagonal Coulomb evolutions; `product`, H|ψ⟩; `values`, energies and counts beside those that are known.

Rivals run in processes of their own, by the first interpreter that has them, those given before this one; who is not
there is left out, with a line. Both sides have as many threads, OpenMP's wait passively, and OpenBLAS, which they call
from theirs or for small matrices, has one. Before anything is timed both give the same: energies and gradients at
random amplitudes, the norm of a state and its overlap with another, to 1e-8. Then they take turns, and the row has
medians of both and of the ratios of neighbouring turns. A turn repeats a call for 50 ms at least; with one thread,
seconds are the processor's, which other work hardly changes, else those that pass.

Kept from turn to turn, and not counted: integrals, Hamiltonians in whatever form a library computes with, circuits and
programs, compiled kernels. Counted: a search with all that SciPy's L-BFGS-B does, with the same options and from the
same start; the copy of the state that is evolved; and exponentials of our generators, where ffsim is given unitary
matrices. Lightning has kernels for excitations, which get the signs of fermions from gates CZ, and its Hamiltonian is a
sparse matrix or a sum of strings, whichever is faster. Where a search takes it longer than the limit, one energy with
its gradient is timed on both sides, since the numbers of evaluations are the same. Who takes longer than the limit for
one call has that one turn. Integrals of symmetric molecules have zeros, which ours leaves out and `contract_2e` does
not; rows of random integrals have none.

TenCirChem is not among the rivals: its licence is for non-commercial use. Ctrl-C ends with what is measured.
"""

from __future__ import annotations

import argparse
import os
import sys

from molecules.thread_variables import thread_variables


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sections = ("search", "whole", "gradient", "evolution", "product", "values")
    parser.add_argument("--quick", action="store_true", help="small molecules")
    parser.add_argument("--large", action="store_true", help="16 orbitals half filled too: 13 GiB, many minutes")
    parser.add_argument("--threads", type=int, default=2, help="of both sides; 2 by default")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of a rival's turn; 60 by default")
    parser.add_argument("--python", action="append", default=[], help="an interpreter that has rivals; repeatable")
    parser.add_argument("--sections", nargs="+", choices=sections, default=list(sections))
    options = parser.parse_args()
    # before what reads them is loaded
    os.environ.update(thread_variables(options.threads))
    from molecules.campaign import run
    from molecules.contest import Bench

    pythons = [*options.python, sys.executable]
    run(options.sections, Bench(options.threads, options.limit, pythons, options.quick, options.large))


if __name__ == "__main__":
    main()
