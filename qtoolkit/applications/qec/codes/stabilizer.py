"""Stabilizer codes: which operators are measured, and which act on the qubits that are stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit._checks import require_array, require_choice, require_integer
from qtoolkit._optional import require
from qtoolkit.applications.qec.codes._binary import Bits, rank, row_reduced, symplectic_product
from qtoolkit.applications.qec.codes._input import (
    PauliRows,
    Schedule,
    checked_points,
    string_of_bits,
    symplectic_rows,
)
from qtoolkit.applications.qec.codes._logicals import logical_pairs, refuse_wrong_logicals
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliString

if TYPE_CHECKING:
    import stim

    from qtoolkit.applications.qec.codes.distance import DistanceResult
    from qtoolkit.applications.qec.codes.encoding import Encoder

__all__ = ["CodeOptions", "StabilizerCode"]


class CodeOptions(TypedDict, total=False):
    """What every class of codes takes by keyword; see `StabilizerCode`."""

    name: str
    distance: int | None
    coordinates: ArrayLike | None
    check_coordinates: ArrayLike | None
    period: tuple[float, float] | None
    schedule: Iterable[Iterable[tuple[int, int]]] | None


@dataclass(frozen=True, init=False, eq=False, repr=False)
class StabilizerCode:
    """A stabilizer code [[n, k, d]]: all its operators have sign +1.

    Rows may depend on each other, as those of a torus do: each is measured, and k counts independent ones.

    Source: Gottesman, Stabilizer codes and quantum error correction, PhD thesis, Caltech (1997), chapters 3 and 4.

    Args:
        stabilizers: rows [x | z], shape (r, 2n), or labels as everywhere, the highest qubit leftmost; `from_strings`
            reads those of the literature.
        logical_x: logical X operators of the k stored qubits, likewise; found by symplectic Gram–Schmidt if not given.
        logical_z: logical Z operators, given together with `logical_x`.
        name: of the code.
        distance: as the literature states it; `find_distance` finds it.
        coordinates: of the qubits in a plane, shape (n, 2), for drawings and detectors.
        check_coordinates: of the measured operators, shape (r, 2); the mean of their qubits by default.
        period: width and height of a torus, on which coordinates go round; None in the plane.
        schedule: layers of pairs (measured operator, qubit) that meet at the same time, for extraction of syndromes.

    Attributes:
        stabilizers: uint8, shape (r, 2n), read-only.
        logical_x: uint8, shape (k, 2n), read-only.
        logical_z: uint8, shape (k, 2n), read-only.

    Raises:
        InputError: if two stabilizers anticommute (the message names both and the qubits where they clash), the
            product of some is −1, the logicals do not fit, the distance exceeds the weight of one of them, or an
            array or schedule is none.
        OperatorError: if a label is none.
    """

    stabilizers: Bits
    logical_x: Bits
    logical_z: Bits
    name: str
    distance: int | None
    coordinates: NDArray[np.float64] | None
    period: tuple[float, float] | None
    schedule: Schedule | None
    _check_points: NDArray[np.float64] | None

    def __init__(
        self,
        stabilizers: PauliRows,
        logical_x: PauliRows | None = None,
        logical_z: PauliRows | None = None,
        **options: Unpack[CodeOptions],
    ) -> None:
        rows = symplectic_rows("stabilizers", stabilizers)
        _refuse_clash(rows)
        _refuse_minus_one(rows)
        self._fill(rows, rows[:0], logical_x, logical_z, options)

    def _fill(
        self,
        rows: Bits,
        gauge: Bits,
        logical_x: PauliRows | None,
        logical_z: PauliRows | None,
        options: CodeOptions,
    ) -> None:
        """Set all fields; `gauge` holds the gauge operators of a subsystem code."""
        unknown = sorted(set(options) - set(CodeOptions.__annotations__))
        if unknown:
            raise InputError(f"a code takes {', '.join(CodeOptions.__annotations__)} by keyword, got {unknown[0]}")
        size = rows.shape[1] // 2
        if (logical_x is None) != (logical_z is None):
            raise InputError("logical_x and logical_z are given together or not at all, got one of them")
        fixed = np.vstack([rows, gauge])
        if logical_x is None or logical_z is None:
            pair = logical_pairs(fixed)
        else:
            pair = (
                symplectic_rows("logical_x", logical_x, size),
                symplectic_rows("logical_z", logical_z, size),
            )
            refuse_wrong_logicals(fixed, *pair)
        values = {"stabilizers": rows, "logical_x": pair[0], "logical_z": pair[1]}
        for name, array in values.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        name = check_instance(options.get("name", ""), str, "the name of a code must be text")
        object.__setattr__(self, "name", name)
        measured = len(gauge) or len(rows)
        object.__setattr__(self, "distance", self._checked_distance(options.get("distance")))
        object.__setattr__(self, "coordinates", checked_points("coordinates", options.get("coordinates"), size))
        points = checked_points("check_coordinates", options.get("check_coordinates"), measured)
        object.__setattr__(self, "_check_points", points)
        period = options.get("period")
        if period is not None:
            width, height = require_array("period", period, (2,)).tolist()
            period = (width, height)
        object.__setattr__(self, "period", period)
        object.__setattr__(self, "schedule", None)
        schedule = options.get("schedule")
        if schedule is not None:
            from qtoolkit.applications.qec.codes.schedule import checked_schedule

            object.__setattr__(self, "schedule", checked_schedule(self.measured_operators, schedule))

    def _checked_distance(self, distance: int | None) -> int | None:
        if distance is None:
            return None
        found = require_integer("distance", distance, minimum=1)
        for kind, rows in (("X", self.logical_x), ("Z", self.logical_z)):
            for index, row in enumerate(rows):
                weight = int(np.count_nonzero(row[: self.num_qubits] | row[self.num_qubits :]))
                if weight < found:
                    raise InputError(
                        f"the distance is at most the weight of each logical operator, got {shown(found)} and logical "
                        f"{kind} of qubit {index} of weight {weight}"
                    )
        return found

    @classmethod
    def from_strings(
        cls,
        stabilizers: Iterable[str],
        logical_x: Iterable[str] | None = None,
        logical_z: Iterable[str] | None = None,
        *,
        first: Literal["left", "right"] = "right",
        **options: Unpack[CodeOptions],
    ) -> StabilizerCode:
        """A code from labels such as ``["XZZXI", ...]``.

        Args:
            stabilizers: labels, one for each.
            logical_x: labels of logical X operators.
            logical_z: labels of logical Z operators.
            first: where qubit 0 stands: ``"right"`` as everywhere in the toolkit, ``"left"`` as in most papers.
            options: see the class.

        Raises:
            InputError: as the class does.
            OperatorError: if a label is none.
        """
        require_choice("first", first, ("left", "right"))
        step = -1 if first == "left" else 1

        def read(name: str, labels: Iterable[str]) -> list[PauliString]:
            items = items_of(labels, f"{name} must be labels")
            for item in items:
                check_instance(item, str, f"{name} must be labels")
            return [PauliString(item[::step]) for item in items]

        pair = (
            None if labels is None else read(name, labels)
            for name, labels in (("logical_x", logical_x), ("logical_z", logical_z))
        )
        return StabilizerCode(read("stabilizers", stabilizers), *pair, **options)

    @property
    def num_qubits(self) -> int:
        """Physical qubits n."""
        return int(self.stabilizers.shape[1]) // 2

    @property
    def num_logical(self) -> int:
        """Stored qubits k."""
        return len(self.logical_x)

    @property
    def num_stabilizers(self) -> int:
        """Rows of `stabilizers`, dependent ones among them."""
        return len(self.stabilizers)

    @cached_property
    def rank(self) -> int:
        """Independent stabilizers."""
        return rank(self.stabilizers)

    @property
    def measured_operators(self) -> Bits:
        """What an experiment measures, rows [x | z]: the stabilizers, or the gauge operators of a subsystem code."""
        return self.stabilizers

    @cached_property
    def check_coordinates(self) -> NDArray[np.float64] | None:
        """Places of the measured operators, shape (r, 2); None where qubits have none."""
        if self._check_points is not None or self.coordinates is None:
            return self._check_points
        size = self.num_qubits
        support = (self.measured_operators[:, :size] | self.measured_operators[:, size:]).astype(np.float64)
        means: NDArray[np.float64] = support @ self.coordinates / np.maximum(support.sum(axis=1, keepdims=True), 1)
        means.setflags(write=False)
        return means

    @property
    def is_css(self) -> bool:
        """Whether every stabilizer has only X or only Z."""
        size = self.num_qubits
        mixed = self.stabilizers[:, :size].any(axis=1) & self.stabilizers[:, size:].any(axis=1)
        return not bool(mixed.any())

    def stabilizer_strings(self) -> tuple[PauliString, ...]:
        """The stabilizers as `PauliString`."""
        return tuple(map(string_of_bits, self.stabilizers))

    def logical_strings(self) -> tuple[tuple[PauliString, PauliString], ...]:
        """Logical X and Z of each stored qubit as `PauliString`."""
        return tuple(
            (string_of_bits(x), string_of_bits(z)) for x, z in zip(self.logical_x, self.logical_z, strict=True)
        )

    def syndrome(self, errors: PauliRows) -> NDArray[np.bool_]:
        """Which stabilizers each error flips, bool of shape (errors, r).

        Args:
            errors: rows [x | z], labels or Pauli strings.

        Raises:
            InputError: if an error acts on another number of qubits.
        """
        rows = symplectic_rows("errors", errors, self.num_qubits)
        return symplectic_product(rows, self.stabilizers).astype(np.bool_)

    def logical_action(self, errors: PauliRows) -> NDArray[np.bool_]:
        """Which logical operators each error flips: X of the k qubits, then Z; bool of shape (errors, 2k).

        Raises:
            InputError: if an error acts on another number of qubits.
        """
        rows = symplectic_rows("errors", errors, self.num_qubits)
        return symplectic_product(rows, np.vstack([self.logical_x, self.logical_z])).astype(np.bool_)

    def find_distance(self, *, max_states: int = 500_000, seed: int = 0) -> DistanceResult:
        """The distance, with a proof where `max_states` suffice; see `qtoolkit.applications.qec.codes.distance`.

        Args:
            max_states: partial operators to hold at once, of some 300 bytes each.
            seed: of the random search for a light operator, which gives the upper bound.

        Raises:
            InputError: if the code stores no qubit, or an argument is out of range.
            InsufficientMemoryError: if there is no memory for so many.
        """
        from qtoolkit.applications.qec.codes.distance import find_distance

        return find_distance(self, max_states=max_states, seed=seed)

    def encoder(self) -> Encoder:
        """A circuit that encodes the k qubits; see `qtoolkit.applications.qec.codes.encoding`."""
        from qtoolkit.applications.qec.codes.encoding import encoder

        return encoder(self)

    def to_stim(self) -> stim.Tableau:
        """Stim's tableau whose images of Z are independent stabilizers, then the logical Z operators.

        Raises:
            MissingExtraError: if Stim is not installed.
        """
        stim = require("stim", extra="qec")
        independent = self.stabilizers[row_reduced(self.stabilizers.T)[1]]
        size = self.num_qubits
        return stim.Tableau.from_stabilizers(
            [
                stim.PauliString.from_numpy(xs=row[:size].astype(bool), zs=row[size:].astype(bool))
                for row in np.vstack([independent, self.logical_z])
            ],
            allow_underconstrained=True,
        )

    def draw(self, theme: Literal["light", "dark"] = "light") -> str:
        """The lattice as an SVG document.

        Raises:
            InputError: if the code has no coordinates, or the theme is neither light nor dark.
        """
        from qtoolkit.applications.qec.codes.drawing import lattice_svg

        return lattice_svg(self, theme)

    def __eq__(self, other: object) -> bool:
        """Whether stabilizers, what is measured and logicals are the same, row by row."""
        return isinstance(other, StabilizerCode) and all(
            np.array_equal(a, b) for a, b in zip(self._content(), other._content(), strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(array.tobytes() for array in self._content()))

    def _content(self) -> tuple[Bits, ...]:
        return self.stabilizers, self.measured_operators, self.logical_x, self.logical_z

    @property
    def parameters(self) -> str:
        """[[n, k, d]], with a question mark where no distance is stated."""
        return f"[[{self.num_qubits}, {self.num_logical}, {self.distance or '?'}]]"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{f' {self.name}' if self.name else ''} {self.parameters}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _refuse_clash(rows: Bits) -> None:
    clashes = np.argwhere(np.triu(symplectic_product(rows, rows)))
    if clashes.size == 0:
        return
    first, second = map(int, clashes[0])
    size = rows.shape[1] // 2
    one, two = rows[first], rows[second]
    qubits = np.flatnonzero(one[:size] & two[size:] ^ one[size:] & two[:size]).tolist()
    raise InputError(
        f"stabilizers must commute, got rows {first} and {second} that anticommute: they clash on the qubits "
        f"{shown(qubits)}, an odd number"
    )


def _refuse_minus_one(rows: Bits) -> None:
    """Refuse rows some of which multiply to −1, so that no state has all at +1."""
    size = rows.shape[1] // 2
    if (
        not (rows[:, :size] & rows[:, size:]).any()
        and not (rows[:, :size].any(axis=1) & rows[:, size:].any(axis=1)).any()
    ):
        return  # products of pure X and of pure Z rows have no sign
    reduced, pivots = row_reduced(rows.T)
    strings = list(map(string_of_bits, rows))
    for dependent in sorted(set(range(len(rows))) - set(pivots)):
        members = [pivot for pivot, row in zip(pivots, reduced, strict=True) if row[dependent]]
        sign, product = 1 + 0j, strings[dependent]
        for member in members:
            phase, product = product.multiply(strings[member])
            sign *= phase
        if sign.real < 0:
            raise InputError(
                f"no state has all stabilizers at +1: the product of rows {shown([*members, dependent])} is −1"
            )
