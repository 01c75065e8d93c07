"""The options that commands of molecules share, checked and made into problems."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtoolkit.applications.chemistry import ActiveSpace, MolecularIntegrals, Molecule

__all__ = [
    "AnsatzChoice",
    "AnsatzOptions",
    "Geometry",
    "MoleculeOptions",
    "Reference",
    "Unit",
]

_MOLECULE, _ANSATZ = "Molecule", "Ansatz and search"
_SMILES = "smiles:"

Geometry = Annotated[
    str,
    typer.Argument(
        metavar="GEOMETRY",
        help='Atoms such as "Li 0 0 0; H 0 0 1.595", a file .xyz or .fcidump, or a SMILES such as smiles:CCO.',
    ),
]


class Unit(StrEnum):
    """Of coordinates."""

    ANGSTROM = "angstrom"
    BOHR = "bohr"


class Reference(StrEnum):
    """Kinds of Hartree–Fock."""

    AUTO = "auto"
    RHF = "rhf"
    ROHF = "rohf"
    UHF = "uhf"


class AnsatzChoice(StrEnum):
    """Ansätze by name."""

    UCCSD = "uccsd"
    K_UPCCGSD = "k-upccgsd"
    PAIR_UCCD = "pair-uccd"
    UCJ = "ucj"
    LUCJ = "lucj"
    HARDWARE_EFFICIENT = "hardware-efficient"


@dataclass(frozen=True)
class MoleculeOptions:
    """What is computed."""

    basis: Annotated[
        str, typer.Option(help="Basis set, such as sto-3g, 6-31g or cc-pvdz.", rich_help_panel=_MOLECULE)
    ] = "sto-3g"
    charge: Annotated[
        int | None, typer.Option(help="Total charge; 0, or what the SMILES says.", rich_help_panel=_MOLECULE)
    ] = None
    spin: Annotated[
        int | None,
        typer.Option(
            min=0, help="Unpaired electrons, 2S; the fewest there can be by default.", rich_help_panel=_MOLECULE
        ),
    ] = None
    unit: Annotated[Unit, typer.Option(help="Of the coordinates.", rich_help_panel=_MOLECULE)] = Unit.ANGSTROM
    active: Annotated[
        str,
        typer.Option(
            metavar="SPACE",
            help="all, frozen-core, ELECTRONS,ORBITALS such as 10,8, or avas:LABELS such as avas:C 2pz.",
            rich_help_panel=_MOLECULE,
        ),
    ] = "all"
    reference: Annotated[Reference, typer.Option(help="Kind of Hartree–Fock.", rich_help_panel=_MOLECULE)] = (
        Reference.AUTO
    )

    @property
    def active_space(self) -> ActiveSpace:
        """As chemistry takes it.

        Raises:
            InputError: if the text is none of what there is.
        """
        from qtoolkit.applications.chemistry import avas
        from qtoolkit.errors import InputError

        text = self.active.strip()
        if text == "all":
            return None
        if text == "frozen-core":
            return "frozen_core"
        if text.startswith("avas:"):
            return avas([label.strip() for label in text.removeprefix("avas:").split(",")])
        numbers = text.split(",")
        if len(numbers) != 2 or not all(number.strip().isdecimal() for number in numbers):
            raise InputError(
                f"--active is all, frozen-core, ELECTRONS,ORBITALS or avas:LABELS, got {self.active!r}: 10,8 takes 10 "
                "electrons in 8 orbitals"
            )
        return int(numbers[0]), int(numbers[1])

    def molecule(self, geometry: str) -> Molecule:
        """The molecule of a text.

        Raises:
            InputError: if it cannot be read, or charge and spin do not fit.
            MissingExtraError: if a SMILES is given without RDKit.
        """
        from qtoolkit.applications.chemistry import Molecule

        if geometry.startswith(_SMILES):
            text = geometry.removeprefix(_SMILES)
            return Molecule.from_smiles(text, self.basis, self.charge, self.spin)
        charge = 0 if self.charge is None else self.charge
        if geometry.endswith(".xyz"):
            return self._with_spin(lambda spin: Molecule.from_xyz(Path(geometry), self.basis, charge, spin))
        unit: Literal["angstrom", "bohr"] = "bohr" if self.unit is Unit.BOHR else "angstrom"
        return self._with_spin(lambda spin: Molecule.from_string(geometry, self.basis, charge, spin, unit))

    def _with_spin(self, made: Callable[[int], Molecule]) -> Molecule:
        """With the spin that is stated, or the least that the electrons can have."""
        from qtoolkit.errors import InputError

        if self.spin is not None:
            return made(self.spin)
        try:
            return made(0)
        except InputError as error:
            if "unpaired" not in str(error):
                raise
        return made(1)

    def integrals(self, geometry: str) -> MolecularIntegrals:
        """The integrals of a molecule, or those that a file holds.

        Raises:
            InputError: if the text cannot be read, or options come with a file that has its own.
            ConvergenceError: if Hartree–Fock does not converge.
            MissingExtraError: if PySCF is needed and not there.
        """
        from qtoolkit.applications.chemistry import MolecularIntegrals, compute_integrals
        from qtoolkit.errors import InputError

        if not self.reads_integrals(geometry):
            return compute_integrals(self.molecule(geometry), self.active_space, self.reference.value)
        if self != MoleculeOptions():
            raise InputError(
                "basis, charge, spin, unit, active space and reference are those of the FCIDUMP file; leave --basis, "
                "--charge, --spin, --unit, --active and --reference out"
            )
        return MolecularIntegrals.from_fcidump(geometry)

    def reads_integrals(self, geometry: str) -> bool:
        """Whether the text names a file of integrals."""
        return Path(geometry).suffix.lower() == ".fcidump" or Path(geometry).name.upper() == "FCIDUMP"

    def packages(self, geometry: str) -> dict[str, str]:
        """What it takes, with the extras that install it."""
        if self.reads_integrals(geometry):
            return {}
        return {"pyscf": "chemistry"} | ({"rdkit": "smiles"} if geometry.startswith(_SMILES) else {})


@dataclass(frozen=True)
class AnsatzOptions:
    """What is tuned, and how."""

    ansatz: Annotated[
        AnsatzChoice, typer.Option(help="The circuit whose energy is lowered.", rich_help_panel=_ANSATZ)
    ] = AnsatzChoice.UCCSD
    no_symmetry: Annotated[
        bool,
        typer.Option("--no-symmetry", help="Keep excitations that the point group forbids.", rich_help_panel=_ANSATZ),
    ] = False
    starts: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Searches from different points, of which the lowest counts; 1, or 5 for k-upccgsd.",
            rich_help_panel=_ANSATZ,
        ),
    ] = None
    seed: Annotated[int, typer.Option(min=0, help="Of random starts and directions.", rich_help_panel=_ANSATZ)] = 0

    def check_unused(self, method: str) -> None:
        """Refuse options that a method has no use for.

        Raises:
            InputError: naming them.
        """
        from qtoolkit.errors import InputError

        if (self.ansatz, self.no_symmetry, self.starts) != (AnsatzChoice.UCCSD, False, None):
            raise InputError(f"--method {method} has no use for --ansatz, --no-symmetry and --starts; leave them out")

    def uses_symmetry(self, integrals: MolecularIntegrals | None = None) -> bool:
        """Whether excitations are left out by symmetry, where there is one to leave them out by."""
        if self.no_symmetry or self.ansatz is not AnsatzChoice.UCCSD:
            return False
        return integrals is None or integrals.orbital_symmetries is not None
