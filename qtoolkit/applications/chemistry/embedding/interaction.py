"""Interaction energies of a fragment with a partner molecule or with charges, and what their error bars contain."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from qtoolkit._arguments import check_flag, items_of, shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.active_space import ActiveSpace, AtomicValenceSpace, NaturalOrbitalSpace
from qtoolkit.applications.chemistry.embedding.correlated_references import METHODS, CorrelatedMethod
from qtoolkit.applications.chemistry.embedding.parts import (
    MeanFields,
    Part,
    PartSolution,
    SolveOptions,
    hartree_fock_energy,
    solve_part,
)
from qtoolkit.applications.chemistry.embedding.placement import in_unit_of, join_molecules, require_molecule
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.ground_state import HARTREE_IN_KCAL_PER_MOL
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.errors import InputError
from qtoolkit.primitives import Estimator

__all__ = ["InteractionEnergy", "interaction_energy"]


@dataclass(frozen=True, eq=False)
class InteractionEnergy:
    """An interaction energy and its evidence; energies in hartree, negative where the parts attract each other.

    `error_bar` is the sum of three parts, and of nothing else: `solver_error`, `standard_error` and `space_error`. The
    basis set, orbitals that are not active (most of dispersion), the geometry and its strain, temperature and solvent
    are not in it; `references` at the same geometry tell how much the active space leaves out.

    Attributes:
        energy: by the ansatz.
        hartree_fock_energy: the same difference of Hartree–Fock energies.
        exact_energy: the same difference of exact energies of the active spaces; None where one is too large.
        references: the same difference by other methods with all orbitals but the noble-gas cores correlated;
            none for open shells.
        solver_error: how far `energy` can be from `exact_energy`: their distance, with shots that of the
            noisy values; where it is unknown, the sum over parts of `PartSolution.error`.
        standard_error: of `energy` from shot noise, one standard deviation; 0 without.
        space_error: how far the energy moves at most in the active spaces of `variations`; None without any.
        variations: the interaction energy in each other active space, by its text.
        superposition_error: by how much Hartree–Fock would overrate the attraction without ghosts; None where no
            partner lends basis functions.
        counterpoise: whether each part has the basis functions of the whole.
        parts: by name: ``"complex"``, ``"fragment"`` and ``"partner"``; or ``"in charges"`` and ``"fragment"``.
        active_space: the rule, in words.
        seed: of the searches.
        wall_time: seconds.
    """

    energy: float
    hartree_fock_energy: float
    exact_energy: float | None
    references: dict[CorrelatedMethod, float]
    solver_error: float
    standard_error: float
    space_error: float | None
    variations: dict[str, float] = field(repr=False)
    superposition_error: float | None
    counterpoise: bool
    parts: dict[str, PartSolution] = field(repr=False)
    active_space: str
    seed: int
    wall_time: float

    @property
    def error_bar(self) -> float:
        """``solver_error + standard_error + space_error`` in hartree."""
        return self.solver_error + self.standard_error + (self.space_error or 0.0)

    @property
    def error_bar_contents(self) -> str:
        """What `error_bar` contains, in words."""
        known = self.exact_energy is not None
        words = ["distance from the exact energy of the active space" if known else "residuals of the states"]
        if self.standard_error:
            words.append("one standard error of shot noise")
        if self.space_error is not None:
            count = len(self.variations)
            words.append(f"change in {count} other active space{'' if count == 1 else 's'}")
        return ", ".join(words)

    @property
    def correlation_energy(self) -> float:
        """``energy - hartree_fock_energy``: what correlation among the active electrons adds."""
        return self.energy - self.hartree_fock_energy

    @property
    def energy_kcal_per_mol(self) -> float:
        """`energy` in kcal/mol."""
        return HARTREE_IN_KCAL_PER_MOL * self.energy

    @property
    def error_bar_kcal_per_mol(self) -> float:
        """`error_bar` in kcal/mol."""
        return HARTREE_IN_KCAL_PER_MOL * self.error_bar

    @property
    def num_qubits(self) -> int:
        """Of the largest part."""
        return max((part.state.num_qubits for part in self.parts.values() if part.state is not None), default=0)


def interaction_energy(
    fragment: Molecule,
    partner: Molecule | PointCharges,
    *,
    active_space: ActiveSpace = None,
    variations: Sequence[ActiveSpace] = (),
    counterpoise: bool = True,
    environment: PointCharges | None = None,
    references: Sequence[CorrelatedMethod] = ("mp2", "ccsd"),
    ansatz: AnsatzName = "uccsd",
    num_starts: int = 1,
    estimator: Estimator | None = None,
    optimizer: Optimizer | None = None,
    seed: int = 0,
) -> InteractionEnergy:
    """The energy of a fragment beside its partner, less those of both alone, at fixed geometries.

    With a molecule as partner, E(AB) − E(A) − E(B), each part with the basis functions of the whole (S. F. Boys and F.
    Bernardi, Mol. Phys. 19, 553 (1970)) and an active space by the same rule. With charges as partner, E(A in charges)
    − E(A): electrostatics with nuclei and electrons of A and the polarisation of A, without the repulsion of closed
    shells, dispersion, or polarisation of what the charges stand for. Nothing classical is left to take away, since the
    charges' energy among themselves is in neither.

    Args:
        fragment: such as a piece of a ligand.
        partner: a molecule in the same frame, which `move_molecule` puts there, or charges.
        active_space: a rule that every part can follow: None, ``"frozen_core"``, `avas` or `natural_orbitals`; with
            charges as partner any active space. Labels of `avas` that begin with a number name an atom, those of the
            partner counted on after those of the fragment; a part that has none of the orbitals is left to
            Hartree–Fock.
        variations: other active spaces, for `InteractionEnergy.space_error`.
        counterpoise: whether parts have the basis functions of the whole.
        environment: charges around both, in whose field each part is.
        references: of ``"mp2"``, ``"ccsd"``, ``"ccsd(t)"``, for closed shells; their time grows with the fifth to
            seventh power of the basis.
        ansatz: by name, for every part; see `ground_state`.
        num_starts: see `ground_state`.
        estimator: see `ground_state`; with shots, its standard errors enter.
        optimizer: see `ground_state`.
        seed: of each search.

    Raises:
        InputError: if the rule chooses another number of electrons or orbitals in the whole than in the parts
            together, an argument breaks its rule, or as for `join_molecules` and `ground_state`.
        ConvergenceError: if Hartree–Fock, coupled cluster or an exact reference does not converge, or a search ends in
            another spin.
        InsufficientMemoryError: if integrals, amplitudes or states do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    counterpoise = check_flag(counterpoise, "counterpoise")
    require_choice("ansatz", ansatz, get_args(AnsatzName))
    options = SolveOptions(
        ansatz,
        require_integer("num_starts", num_starts, 1),
        estimator,
        optimizer,
        require_integer("seed", seed, 0),
    )
    parts = _parts(fragment, partner, counterpoise, environment)
    others = items_of(variations, "variations are a sequence of active spaces")
    for rule in (active_space, *others):
        _check_rule(rule, partner)
    methods = _methods(references, parts)
    mean_fields = MeanFields()

    def solved(rule: ActiveSpace, named: tuple[CorrelatedMethod, ...]) -> dict[str, PartSolution]:
        found = {name: solve_part(part, rule, options, named, mean_fields) for name, part in parts.items()}
        _check_balance(found, rule)
        return found

    found = solved(active_space, methods)
    energy = _energy_of(found)
    varied = {_text(rule): _energy_of(solved(rule, ())) for rule in others}
    exact = [(part.weight, part.exact_energy) for part in found.values()]
    exact_energy = None
    if all(value is not None for _, value in exact):
        exact_energy = _difference([(weight, value) for weight, value in exact if value is not None])
    return InteractionEnergy(
        energy=energy,
        hartree_fock_energy=_difference([(part.weight, part.hartree_fock_energy) for part in found.values()]),
        exact_energy=exact_energy,
        references={
            method: _difference([(part.weight, part.references[method]) for part in found.values()])
            for method in methods
        },
        solver_error=sum(part.error for part in found.values()) if exact_energy is None else abs(energy - exact_energy),
        standard_error=math.hypot(*(part.standard_error for part in found.values())),
        space_error=max(abs(other - energy) for other in varied.values()) if varied else None,
        variations=varied,
        superposition_error=_superposition_error(found) if counterpoise and isinstance(partner, Molecule) else None,
        counterpoise=counterpoise and isinstance(partner, Molecule),
        parts=found,
        active_space=_text(active_space),
        seed=options.seed,
        wall_time=time.perf_counter() - begin,
    )


def _parts(
    fragment: Molecule, partner: Molecule | PointCharges, counterpoise: bool, environment: PointCharges | None
) -> dict[str, Part]:
    require_molecule("fragment", fragment)
    if environment is not None and not isinstance(environment, PointCharges):
        raise InputError(f"environment must be PointCharges or None, got {shown(environment)}")
    count = len(fragment.geometry)
    if isinstance(partner, PointCharges):
        if environment is not None:
            raise InputError("charges are the partner or the environment, got both; put all of them into one")
        if fragment.environment is not None:
            raise InputError("a fragment that charges are brought to has no environment, got one with some")
        inside = dataclasses.replace(fragment, environment=partner)
        return {"in charges": Part(inside, 1, range(count)), "fragment": Part(fragment, -1, range(count))}
    if not isinstance(partner, Molecule):
        raise InputError(f"partner must be a Molecule or PointCharges, got {shown(partner)}")
    whole = dataclasses.replace(join_molecules(fragment, partner), environment=environment)
    own, other = fragment.geometry, in_unit_of(fragment, partner)
    lent = counterpoise
    first = dataclasses.replace(fragment, ghosts=other if lent else (), environment=environment)
    second = dataclasses.replace(
        partner, geometry=other, unit=fragment.unit, ghosts=own if lent else (), environment=environment
    )
    return {
        "complex": Part(whole, 1, range(len(whole.geometry))),
        "fragment": Part(first, -1, range(count)),
        "partner": Part(second, -1, range(count, len(whole.geometry))),
    }


def _check_rule(rule: ActiveSpace, partner: Molecule | PointCharges) -> None:
    """Refuse a space that names orbitals where parts have different ones."""
    if isinstance(partner, PointCharges) or rule is None or isinstance(rule, str):
        return
    if not isinstance(rule, AtomicValenceSpace | NaturalOrbitalSpace):
        raise InputError(
            'the active space of an interaction energy is a rule for all parts: None, "frozen_core", avas(...) or '
            f"natural_orbitals(...), got {shown(rule)}"
        )


def _check_balance(found: dict[str, PartSolution], rule: ActiveSpace) -> None:
    """Refuse a difference of energies with different orbitals correlated, which is off by all that is left out."""
    sizes = {name: part.active_size for name, part in found.items()}
    for place, unit in enumerate(("electrons", "orbitals")):
        whole = sum(sizes[name][place] for name, part in found.items() if part.weight > 0)
        parts = sum(sizes[name][place] for name, part in found.items() if part.weight < 0)
        if whole != parts and isinstance(rule, AtomicValenceSpace | NaturalOrbitalSpace):
            listed = ", ".join(f"{size} in the {name}" for name, size in sizes.items())
            raise InputError(
                f"{rule} must choose as many {unit} in the whole as in its parts together, got (electrons, orbitals) "
                f"{listed}; change its threshold or its labels"
            )


def _methods(references: Sequence[CorrelatedMethod], parts: dict[str, Part]) -> tuple[CorrelatedMethod, ...]:
    named = items_of(references, "references are a sequence of names")
    for name in named:
        if name not in METHODS:
            raise InputError(f"references must be of {', '.join(METHODS)}, got {shown(name)}")
    closed = all(part.molecule.spin == 0 for part in parts.values())
    return tuple(method for method in METHODS if method in named) if closed else ()


def _superposition_error(found: dict[str, PartSolution]) -> float:
    """How much lower Hartree–Fock parts are with the basis functions of the whole."""
    error = 0.0
    for part in found.values():
        if part.molecule.ghosts:
            error += hartree_fock_energy(dataclasses.replace(part.molecule, ghosts=())) - part.hartree_fock_energy
    return error


def _energy_of(found: dict[str, PartSolution]) -> float:
    return _difference([(part.weight, part.energy) for part in found.values()])


def _difference(terms: Sequence[tuple[int, float]]) -> float:
    return math.fsum(weight * value for weight, value in terms)


def _text(rule: ActiveSpace) -> str:
    if rule is None:
        return "all orbitals"
    return "frozen core" if rule == "frozen_core" else str(rule)
