"""A molecule as PySCF has it: basis functions, effective core potentials and point group, or an error of ours."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import Any

import numpy as np

from qtoolkit._memory import free_bytes
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError

__all__ = ["build_structure", "field_of", "first_line", "is_ghost"]

_ABELIAN_SUBGROUP = {"Coov": "C2v", "Dooh": "D2h", "SO3": "D2h"}
_NEEDS_CORE_POTENTIAL = re.compile(r"^(ccecp|bfd|gth|.*cc-p.*-pp$)")
"""Names of basis sets that leave out the core of every element that they have; others do so for heavy elements only."""
_SHARE_OF_MEMORY = 0.5
_LEAST_OVERLAP = 1e-13
"""An eigenvalue below this is rounding. PySCF leaves out functions from 1e-6 on by itself."""
_LEAST_CORE_EXPONENT = 0.6
"""Times Z²: the sharpest s function of an all-electron basis is no wider. Of STO-3G, the widest, it is 1.8 Z²."""


def build_structure(molecule: Molecule, *, symmetric: bool = True) -> Any:
    """PySCF's `Mole` in the largest Abelian point group, or without symmetry, in the same frame.

    In the field of an environment it has no symmetry; the charges are no part of it, see `field_of`.

    Raises:
        MissingExtraError: if PySCF is not installed.
        InputError: if the basis set does not exist for an element, needs a core potential that PySCF does not have
            under its name, or is too small.
    """
    structure = require("pyscf.gto", extra="chemistry").Mole()
    structure.atom = [*molecule.geometry, *((f"GHOST-{symbol}", place) for symbol, place in molecule.ghosts)]
    structure.basis = molecule.basis
    structure.charge, structure.spin = molecule.charge, molecule.spin
    structure.unit = molecule.unit
    structure.verbose = 0
    structure.symmetry = symmetric and molecule.environment is None
    free = free_bytes()
    if free is not None:
        # what PySCF takes for integrals that it can also compute again or keep on disk, in MB
        structure.max_memory = min(structure.max_memory, _SHARE_OF_MEMORY * free / 1e6)
    structure.ecp = _core_potentials(molecule)
    try:
        with warnings.catch_warnings():
            # PySCF advises another package when it does not know a basis set; the error below says what is wrong.
            warnings.simplefilter("ignore", UserWarning)
            structure.build(dump_input=False, parse_arg=False)
            if structure.groupname in _ABELIAN_SUBGROUP:
                structure.symmetry_subgroup = _ABELIAN_SUBGROUP[structure.groupname]
                structure.build(dump_input=False, parse_arg=False)
    except Exception as error:
        errors = require("pyscf.lib.exceptions", extra="chemistry")
        if symmetric and isinstance(error, errors.PointGroupSymmetryError):
            # nuclei that miss a symmetry by about PySCF's tolerance: without any, all is right, if slower
            return build_structure(molecule, symmetric=False)
        what = (
            f"basis must be a set that PySCF has for every element of {molecule.formula}, got {molecule.basis!r}"
            if isinstance(error, errors.BasisNotFoundError)
            else f"PySCF cannot build {molecule.formula} in {molecule.basis!r}"
        )
        raise InputError(f"{what}: {first_line(error)}") from error
    _check_core(structure, molecule)
    _check_independent(structure, molecule)
    if structure.nelectron < 1:
        raise InputError(
            f"the core potentials of {molecule.basis} must leave an electron of {molecule.formula}, but leave none; "
            "choose an all-electron basis"
        )
    if max(structure.nelec) > structure.nao:
        raise InputError(
            f"a basis must have an orbital for every electron of a spin, got {structure.nao} in {molecule.basis} for "
            f"{tuple(int(count) for count in structure.nelec)} electrons; choose a larger basis"
        )
    return structure


def field_of(molecule: Molecule) -> Any:
    """The charges of a molecule's environment as PySCF's `qmmm` takes them; None without an environment.

    Raises:
        MissingExtraError: if PySCF is not installed.
    """
    charges = molecule.environment
    if charges is None:
        return None
    return require("pyscf.qmmm.mm_mole", extra="chemistry").create_mm_mol(
        charges.coordinates, np.array(charges.charges), unit="Bohr"
    )


def is_ghost(structure: Any, atom: int) -> bool:
    """Whether an atom of PySCF's has basis functions only."""
    return int(structure.atom_charge(atom)) + int(structure.atom_nelec_core(atom)) == 0


def first_line(error: Exception) -> str:
    """What another package says is wrong, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _core_potentials(molecule: Molecule) -> dict[str, str]:
    """Elements that PySCF has an effective core potential for under the name of the basis, with that name."""
    basis = require("pyscf.gto.basis", extra="chemistry")
    found = {}
    for symbol in dict.fromkeys(symbol for symbol, _ in molecule.geometry):
        # what has none is told by many kinds of errors, and by a warning about another package
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            if basis.load_ecp(molecule.basis, symbol):
                found[symbol] = molecule.basis
    return found


def _check_core(structure: Any, molecule: Molecule) -> None:
    """Refuse a basis without core functions where no potential stands in for the core."""
    charge_of = require("pyscf.gto", extra="chemistry").charge
    named = bool(_NEEDS_CORE_POTENTIAL.match(molecule.basis.strip().lower()))
    for symbol in dict.fromkeys(symbol for symbol, _ in molecule.geometry):
        charge = charge_of(symbol)
        sharpest = max(
            (primitive[0] for shell in structure._basis[symbol] if shell[0] == 0 for primitive in _primitives(shell)),
            default=0.0,
        )
        if symbol not in structure._ecp and (named or (charge > 2 and sharpest < _LEAST_CORE_EXPONENT * charge**2)):
            raise InputError(
                f"basis {molecule.basis!r} has no core functions for {symbol}, and PySCF no effective core potential "
                "under this name; choose an all-electron basis, or one whose potentials it has, such as def2-svp"
            )


def _check_independent(structure: Any, molecule: Molecule) -> None:
    """Refuse basis functions of which one is a combination of others as far as numbers tell."""
    least = float(np.linalg.eigvalsh(structure.intor_symmetric("int1e_ovlp"))[0])
    if least < _LEAST_OVERLAP:
        raise InputError(
            f"basis functions must be independent, but the overlap matrix of {molecule.formula} in {molecule.basis} "
            f"has an eigenvalue of {least:.1g}; choose a basis with fewer diffuse functions, or check the geometry"
        )


def _primitives(shell: Any) -> list[Any]:
    """Exponents with their coefficients, of a shell in PySCF's format, which may tell a spin-orbit number first."""
    return [entry for entry in shell[1:] if isinstance(entry, list | tuple | np.ndarray)]
