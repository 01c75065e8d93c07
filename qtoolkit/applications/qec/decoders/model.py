"""Detector error models as sparse arrays: which detectors and observables each error mechanism flips, and how often."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array
from qtoolkit._files import write_whole
from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders._binary import bits_of, from_columns, mod2, symptoms_of
from qtoolkit.applications.qec.decoders._dem_lines import read_flat
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["DetectorErrorModel", "DetectorErrorParts", "ModelLike", "as_model", "check_model", "model_of_parts"]

Matrix: TypeAlias = "sparse.csc_array[Any]"

_BYTES_PER_MECHANISM = 500
_BYTES_PER_DETECTOR = 200


class DetectorErrorParts(NamedTuple):
    """How mechanisms are decomposed into parts, of which the mechanism is the sum modulo 2.

    Attributes:
        owner: int64 (parts,), the mechanism that each part belongs to, ascending.
        detector_matrix: uint8 csc (detectors, parts).
        observable_matrix: uint8 csc (observables, parts).
    """

    owner: NDArray[np.int64]
    detector_matrix: Matrix
    observable_matrix: Matrix


@dataclass(frozen=True, eq=False, repr=False)
class DetectorErrorModel:
    """Independent error mechanisms, each of which flips a set of detectors and observables; without loops or shifts.

    The format is that of Stim's detector error models: Gidney, Quantum 5, 497 (2021). Wherever this class is taken,
    `stim.DetectorErrorModel` is, too.

    Args:
        probabilities: float64 (mechanisms,), each in [0, 1].
        detector_matrix: 0 or 1, (detectors, mechanisms), dense or sparse; kept as uint8 csc. A parity-check matrix.
        observable_matrix: 0 or 1, (observables, mechanisms), dense or sparse; kept as uint8 csc.
        coordinates: of each detector, () for all without; detectors may have as many numbers as they like.
        parts: how mechanisms are decomposed; None where none is.

    Raises:
        InputError: if a probability, an entry or a shape is none of these, or parts do not add up to their mechanism.
    """

    probabilities: NDArray[np.float64]
    detector_matrix: Matrix
    observable_matrix: Matrix
    coordinates: tuple[tuple[float, ...], ...] = ()
    parts: DetectorErrorParts | None = None

    def __post_init__(self) -> None:
        probabilities = require_array("probabilities", self.probabilities, (None,))
        outside = np.flatnonzero((probabilities < 0.0) | (probabilities > 1.0))
        if outside.size:
            k = int(outside[0])
            raise InputError(f"probabilities must lie in [0, 1], got {probabilities[k]:g} for mechanism {k}")
        detectors = bits_of("the detector matrix", self.detector_matrix, probabilities.size)
        observables = bits_of("the observable matrix", self.observable_matrix, probabilities.size)
        if not isinstance(self.coordinates, tuple) or len(self.coordinates) not in (0, detectors.shape[0]):
            raise InputError(
                f"coordinates must be a tuple with an entry for each of the {detectors.shape[0]} detectors or none, "
                f"got {shown(self.coordinates)}"
            )
        for name, value in (
            ("probabilities", probabilities), ("detector_matrix", detectors), ("observable_matrix", observables),
        ):  # fmt: skip
            object.__setattr__(self, name, value)
        if self.parts is not None:
            object.__setattr__(self, "parts", self._checked_parts(self.parts))

    def _checked_parts(self, parts: DetectorErrorParts) -> DetectorErrorParts:
        owner = require_array("owners of parts", parts.owner, (None,), kind="integer")
        if np.any(np.diff(owner) < 0) or not np.array_equal(np.unique(owner), np.arange(self.num_mechanisms)):
            raise InputError("owners of parts must ascend and name every mechanism")
        detectors = bits_of("the detector matrix of parts", parts.detector_matrix, owner.size)
        observables = bits_of("the observable matrix of parts", parts.observable_matrix, owner.size)
        sums = sparse.csc_array((np.ones(owner.size, np.uint8), owner, np.arange(owner.size + 1)),
                                shape=(self.num_mechanisms, owner.size)).T  # fmt: skip
        for matrix, whole in ((detectors, self.detector_matrix), (observables, self.observable_matrix)):
            # A sum modulo 2 is zero where both are equal.
            wrong = mod2(mod2(matrix @ sums) + whole) if matrix.shape[0] == whole.shape[0] else None
            if wrong is None or wrong.nnz:
                where = "" if wrong is None else f", not so for mechanism {int(wrong.nonzero()[1][0])}"
                raise InputError(f"the parts of a mechanism must add up to it{where}")
        return DetectorErrorParts(owner, detectors, observables)

    @property
    def num_detectors(self) -> int:
        """Rows of the detector matrix."""
        return int(self.detector_matrix.shape[0])

    @property
    def num_observables(self) -> int:
        """Rows of the observable matrix."""
        return int(self.observable_matrix.shape[0])

    @property
    def num_mechanisms(self) -> int:
        """Columns of both matrices."""
        return int(self.probabilities.size)

    @cached_property
    def symptoms(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """By mechanism: the detectors and the observables that it flips."""
        return symptoms_of(self.detector_matrix, self.observable_matrix)

    @cached_property
    def symptoms_of_parts(self) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
        """By mechanism: the detectors and observables of each of its parts; of itself where it has none."""
        if self.parts is None:
            return [[symptom] for symptom in self.symptoms]
        found: list[list[tuple[tuple[int, ...], tuple[int, ...]]]] = [[] for _ in range(self.num_mechanisms)]
        symptoms = symptoms_of(self.parts.detector_matrix, self.parts.observable_matrix)
        for owner, symptom in zip(self.parts.owner.tolist(), symptoms, strict=True):
            found[owner].append(symptom)
        return found

    def describe(self, mechanism: int) -> str:
        """A mechanism as a line of Stim's format, for messages."""
        parts = [
            " ".join([f"D{d}" for d in detectors] + [f"L{o}" for o in observables])
            for detectors, observables in self.symptoms_of_parts[mechanism]
        ]
        return f"error({self.probabilities[mechanism]:.6g}) {' ^ '.join(parts)}".rstrip()

    def __repr__(self) -> str:
        return (
            f"DetectorErrorModel({self.num_detectors} detectors, {self.num_observables} observables, "
            f"{self.num_mechanisms} mechanisms{'' if self.parts is None else ', decomposed'})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DetectorErrorModel):
            return NotImplemented
        return (
            (self.num_detectors, self.num_observables) == (other.num_detectors, other.num_observables)
            and np.array_equal(self.probabilities, other.probabilities)
            and self.symptoms_of_parts == other.symptoms_of_parts
            and self.coordinates == other.coordinates
        )

    __hash__ = None  # type: ignore[assignment]

    def with_probabilities(self, probabilities: NDArray[np.float64] | Sequence[float]) -> DetectorErrorModel:
        """The same mechanisms with other probabilities.

        Raises:
            InputError: if they are not one number in [0, 1] for each mechanism.
        """
        return DetectorErrorModel(
            np.asarray(probabilities), self.detector_matrix, self.observable_matrix, self.coordinates, self.parts
        )

    def undecomposed(self) -> DetectorErrorModel:
        """The same mechanisms without their parts."""
        return DetectorErrorModel(self.probabilities, self.detector_matrix, self.observable_matrix, self.coordinates)

    def merged(self) -> DetectorErrorModel:
        """One mechanism for each set of flipped detectors and observables, and none that flips nothing.

        Two mechanisms of probabilities p and q that flip the same are one of p(1 − q) + q(1 − p). The parts are those
        of the likeliest of them.
        """
        merged: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, int]] = {}
        for k, symptom in enumerate(self.symptoms):
            if symptom == ((), ()):
                continue
            p = float(self.probabilities[k])
            q, likeliest = merged.get(symptom, (0.0, k))
            if p > self.probabilities[likeliest]:
                likeliest = k
            merged[symptom] = p + q - 2.0 * p * q, likeliest
        kept = [k for _, k in merged.values()]
        return self.selected(kept, np.array([p for p, _ in merged.values()], np.float64))

    def selected(self, kept: Sequence[int], probabilities: NDArray[np.float64] | None = None) -> DetectorErrorModel:
        """Some of the mechanisms, with probabilities of their own where given; detectors and observables stay.

        Raises:
            InputError: if probabilities are not one number in [0, 1] for each.
        """
        columns = [self.symptoms_of_parts[k] for k in kept]
        return model_of_parts(
            self.probabilities[list(kept)] if probabilities is None else probabilities,
            columns,
            (self.num_detectors, self.num_observables),
            self.coordinates,
            self.parts is not None,
        )

    @classmethod
    def from_check_matrix(
        cls,
        checks: object,
        probabilities: float | NDArray[np.float64] | Sequence[float],
        logicals: object,
        coordinates: tuple[tuple[float, ...], ...] = (),
    ) -> DetectorErrorModel:
        """The model of independent bit flips under perfect checks.

        Args:
            checks: 0 or 1, (detectors, bits), dense or sparse: the parity of which bits each detector is.
            probabilities: that a bit flips, one number for all or one for each, in [0, 1].
            logicals: 0 or 1, (observables, bits): the parity of which bits each observable is.
            coordinates: of the detectors.

        Raises:
            InputError: if shapes, entries or probabilities are none of these.
        """
        checks = bits_of("the check matrix", checks)
        rates = require_array("probabilities", probabilities)
        if rates.ndim == 0:
            rates = np.full(checks.shape[1], float(rates))
        return cls(rates, checks, bits_of("the logicals", logicals, checks.shape[1]), coordinates)

    @classmethod
    def from_stim(cls, model: stim.DetectorErrorModel) -> DetectorErrorModel:
        """The mechanisms of a model of Stim's, its loops written out.

        Raises:
            InputError: if it is none.
            InsufficientMemoryError: if there is no memory for its loops, written out.
        """
        if not isinstance(model, require("stim", extra="qec").DetectorErrorModel):
            raise InputError(f"the model must be a stim.DetectorErrorModel, got {shown(model)}")
        num_detectors, num_observables = int(model.num_detectors), int(model.num_observables)
        check_memory(
            _BYTES_PER_MECHANISM * int(model.num_errors) + _BYTES_PER_DETECTOR * (num_detectors + num_observables),
            f"{model.num_errors} mechanisms, {num_detectors} detectors and {num_observables} observables",
            "take fewer rounds",
        )
        read = read_flat(str(model.flattened()))
        places = tuple(read.coordinates.get(k, ()) for k in range(num_detectors)) if read.coordinates else ()
        detectors, observables = (
            mod2(sparse.csc_array((np.ones(len(numbers), np.uint8), (numbers, parts)), shape=(size, len(read.owner))))
            for (numbers, parts), size in ((read.detectors, num_detectors), (read.observables, num_observables))
        )
        found = _assembled(read.probabilities, read.owner, detectors, observables, places)
        if detectors.nnz + observables.nnz == len(read.detectors[0]) + len(read.observables[0]):
            found.__dict__["_stims"] = model.copy()
        return found

    def to_stim(self) -> stim.DetectorErrorModel:
        """The same as a model of Stim's.

        Raises:
            MissingExtraError: if Stim is not installed.
        """
        return self._stims.copy()

    @cached_property
    def _stims(self) -> stim.DetectorErrorModel:
        """The same as a model of Stim's; the one it came from, unless targets there cancel each other."""
        stim = require("stim", extra="qec")
        detector, observable = stim.target_relative_detector_id, stim.target_logical_observable_id
        model = stim.DetectorErrorModel()
        for probability, parts in zip(self.probabilities.tolist(), self.symptoms_of_parts, strict=True):
            targets: list[Any] = []
            for detectors, observables in filter(any, parts):
                if targets:
                    targets.append(stim.target_separator())
                targets += [detector(d) for d in detectors] + [observable(o) for o in observables]
            model.append(stim.DemInstruction("error", [probability], targets))
        for k in range(self.num_detectors):
            place = self.coordinates[k] if self.coordinates else ()
            if place or k == self.num_detectors - 1:
                model.append("detector", place, [detector(k)])
        if self.num_observables:
            model.append("logical_observable", [], [observable(self.num_observables - 1)])
        return model

    @classmethod
    def from_text(cls, text: str) -> DetectorErrorModel:
        """A model from the text of Stim's format.

        Raises:
            InputError: naming the line and what is wrong with it, if the text is broken or ends too soon.
        """
        from qtoolkit.applications.qec.decoders._dem_text import parse_model

        return cls.from_stim(parse_model(text, "the text"))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> DetectorErrorModel:
        """A model from a ``.dem`` file.

        Raises:
            InputError: if it cannot be read, or naming the line and what is wrong with it, if it is broken or cut off.
        """
        from qtoolkit.applications.qec.decoders._dem_text import parse_model, read_text

        return cls.from_stim(parse_model(read_text(path), str(path)))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.dem`` file, whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        write_whole(path, f"{self.to_stim()}\n")


ModelLike: TypeAlias = "DetectorErrorModel | stim.DetectorErrorModel"
"""What every decoder is compiled for."""


def as_model(model: ModelLike) -> DetectorErrorModel:
    """Our class, from either.

    Raises:
        InputError: if it is neither.
    """
    return model if isinstance(model, DetectorErrorModel) else DetectorErrorModel.from_stim(check_model(model))


def check_model(model: ModelLike) -> ModelLike:
    """Refuse what is neither our class nor Stim's.

    Raises:
        InputError: saying so.
    """
    # What is no class of Stim's needs no Stim to be refused.
    is_stims = type(model).__module__.partition(".")[0] == "stim" and type(model).__name__ == "DetectorErrorModel"
    if is_stims or isinstance(model, DetectorErrorModel):
        return model
    remedy = ""
    if isinstance(model, str):
        remedy = "; read it by DetectorErrorModel.from_text or from_file"
    elif callable(getattr(model, "detector_error_model", None)):
        remedy = "; take its detector_error_model(decompose_errors=True)"
    elif isinstance(model, Circuit):
        remedy = "; take to_stim(circuit).detector_error_model(decompose_errors=True)"
    raise InputError(f"a decoder needs a DetectorErrorModel or a stim.DetectorErrorModel, got {shown(model)}{remedy}")


def model_of_parts(
    probabilities: NDArray[np.float64],
    columns: Sequence[Sequence[tuple[Iterable[int], Iterable[int]]]],
    shape: tuple[int, int],
    coordinates: tuple[tuple[float, ...], ...],
    decomposed: bool,
) -> DetectorErrorModel:
    """A model from the detectors and observables of the parts of each mechanism, and how many there are of both."""
    num_detectors, num_observables = shape
    flat = [part for parts in columns for part in parts]
    owner = np.repeat(np.arange(len(columns)), [len(parts) for parts in columns])
    detectors = from_columns([d for d, _ in flat], num_detectors)
    observables = from_columns([o for _, o in flat], num_observables)
    if not decomposed:
        return DetectorErrorModel(probabilities, detectors, observables, coordinates)
    return _assembled(probabilities, owner, detectors, observables, coordinates, decomposed=True)


def _assembled(
    probabilities: NDArray[np.float64],
    owner: NDArray[np.int64],
    detectors: Matrix,
    observables: Matrix,
    coordinates: tuple[tuple[float, ...], ...],
    decomposed: bool = False,
) -> DetectorErrorModel:
    """A model from the mechanism of each part, and the matrices of the parts."""
    if not decomposed and owner.size == probabilities.size:
        return DetectorErrorModel(probabilities, detectors, observables, coordinates)
    sums = sparse.csc_array((np.ones(owner.size, np.uint8), (np.arange(owner.size), owner)),
                            shape=(owner.size, probabilities.size))  # fmt: skip
    return DetectorErrorModel(
        probabilities,
        mod2(detectors @ sums),
        mod2(observables @ sums),
        coordinates,
        DetectorErrorParts(owner, detectors, observables),
    )
