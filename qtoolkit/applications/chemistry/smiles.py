"""A conformer of a molecule that is given by its bonds, through RDKit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.geometry import Atom
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["Conformer", "conformer_of_smiles"]

_EXTRA = "smiles"
_MAX_STEPS = 10_000
_LARGEST_SEED = 2**31 - 2


@dataclass(frozen=True)
class Conformer:
    """Places of the atoms of a molecule, and what its bonds say of its electrons.

    Attributes:
        atoms: symbols and coordinates in angstrom, hydrogens included.
        charge: sum of the formal charges.
        num_radicals: electrons that are in no pair.
    """

    atoms: tuple[Atom, ...]
    charge: int
    num_radicals: int


def conformer_of_smiles(smiles: str, seed: int) -> Conformer:
    """One conformer: distance geometry with torsions of crystals, ETKDGv3 (Wang, Witek, Landrum and Riniker, J. Chem.
    Inf. Model. 60, 2044 (2020)), relaxed in the force field MMFF94, or UFF where that lacks an atom.

    Raises:
        MissingExtraError: if RDKit is not installed.
        InputError: if the text is no SMILES, or a seed is none.
        ConvergenceError: if no conformer is found, no force field knows the atoms, or it does not come to rest.
    """
    if not isinstance(smiles, str) or not smiles.strip() or not smiles.isascii():
        raise InputError(f'SMILES is a text such as "CCO", got {shown(smiles)}')
    seed = require_integer("seed", seed, 0, _LARGEST_SEED)
    chemistry = require("rdkit.Chem", extra=_EXTRA)
    with require("rdkit.rdBase", extra=_EXTRA).BlockLogs():
        plain = chemistry.MolFromSmiles(smiles)
        if plain is None or not plain.GetNumAtoms():
            raise InputError(
                f"RDKit reads no molecule from the SMILES {shown(smiles)}; check brackets, rings, valences"
            )
        molecule = chemistry.AddHs(plain)
        if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
            raise InputError(f"every atom of a SMILES must be an element, got {shown(smiles)} with a place for any")
        if len(chemistry.GetMolFrags(molecule)) > 1:
            raise InputError(
                f"a SMILES names one molecule, got {shown(smiles)} with several, whose places it does not tell; "
                "give a geometry"
            )
        _place(molecule, smiles, seed)
        _relax(molecule, smiles)
    places = molecule.GetConformer().GetPositions().tolist()
    return Conformer(
        atoms=tuple(
            (atom.GetSymbol(), (float(x), float(y), float(z)))
            for atom, (x, y, z) in zip(molecule.GetAtoms(), places, strict=True)
        ),
        charge=int(chemistry.GetFormalCharge(molecule)),
        num_radicals=sum(int(atom.GetNumRadicalElectrons()) for atom in molecule.GetAtoms()),
    )


def _place(molecule: Any, smiles: str, seed: int) -> None:
    geometry = require("rdkit.Chem.rdDistGeom", extra=_EXTRA)
    options = geometry.ETKDGv3()
    options.randomSeed = seed + 1  # RDKit takes 0 and 1 for the same
    if geometry.EmbedMolecule(molecule, options) < 0:
        # large rings and cages are found from places at random only
        options.useRandomCoords = True
        if geometry.EmbedMolecule(molecule, options) < 0:
            raise ConvergenceError(f"RDKit finds no conformer of {shown(smiles)}; try another seed, or give a geometry")


def _relax(molecule: Any, smiles: str) -> None:
    if molecule.GetNumAtoms() == 1:
        return
    fields = require("rdkit.Chem.rdForceFieldHelpers", extra=_EXTRA)
    if fields.MMFFHasAllMoleculeParams(molecule):
        status = fields.MMFFOptimizeMolecule(molecule, maxIters=_MAX_STEPS)
    elif fields.UFFHasAllMoleculeParams(molecule):
        status = fields.UFFOptimizeMolecule(molecule, maxIters=_MAX_STEPS)
    else:
        raise ConvergenceError(f"no force field knows all atoms of {shown(smiles)}; give a geometry")
    if status:
        raise ConvergenceError(
            f"the force field leaves {shown(smiles)} moving after {_MAX_STEPS} steps; try another seed"
        )
