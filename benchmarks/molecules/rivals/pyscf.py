"""PySCF: H|ψ⟩ by `pyscf.fci.direct_spin1.contract_2e`."""

from __future__ import annotations

import numpy as np
from pyscf import ao2mo, lib
from pyscf.fci import cistring, direct_spin1

from molecules.job import Case, Job, fingerprint, random_state

__all__ = ["PACKAGE", "QUESTIONS"]

PACKAGE = "pyscf"


def product(case: Case, threads: int) -> Job:
    """Of a random real state; the integrals are merged before, and strings linked."""
    lib.num_threads(threads)
    norb, nelec = case["norb"], tuple(case["nelec"])
    links = tuple(cistring.gen_linkstr_index_trilidx(range(norb), count) for count in nelec)
    two_body = ao2mo.restore(1, np.array(case["two_body"]), norb)
    merged = direct_spin1.absorb_h1e(np.array(case["one_body"]), two_body, norb, nelec, 0.5)
    merged = ao2mo.restore(4, merged, norb)
    state = random_state(tuple(cistring.num_strings(norb, count) for count in nelec), case["seed"], True)
    return Job(lambda: direct_spin1.contract_2e(merged, state, norb, nelec, links), fingerprint)


QUESTIONS = {"product": product}
