"""What a decoder is: compiled once for a detector error model, then run on many shots, its input and output checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array
from qtoolkit.applications.qec._validation import require_bits, require_predictions
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, check_model
from qtoolkit.errors import InputError

__all__ = [
    "CheckedDecoder",
    "CompiledDecoder",
    "Decoder",
    "ReweightingDecoder",
    "check_decoder",
    "compile_decoder",
    "decoder_name",
    "impossible_events",
]


@runtime_checkable
class CompiledDecoder(Protocol):
    """Predicts which logical observables were flipped, for the model that it was compiled for.

    `decode_batch` is all that a decoder of your own needs. `num_detectors` and `num_observables`, where it has them,
    must be those of the model; `name` is shown in results.
    """

    def decode_batch(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors)."""
        ...


@runtime_checkable
class Decoder(Protocol):
    """A way to decode, with its options; `compile` fits it to a detector error model."""

    def compile(self, model: ModelLike) -> CompiledDecoder:
        """A decoder for this model."""
        ...


class CheckedDecoder(ABC):
    """A compiled decoder that checks what it takes; the base of all that the toolkit compiles.

    It is pickled and copied as the arguments that it was made with.

    Attributes:
        name: as on the command line.
        num_detectors: bits of each shot.
        num_observables: bits of each prediction.
    """

    _made_of: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        """Keep the arguments, of which a copy is made."""
        made = super().__new__(cls)
        made._made_of = arguments, options
        return made

    def __init__(self, name: str, num_detectors: int, num_observables: int) -> None:
        self.name = name
        self.num_detectors = num_detectors
        self.num_observables = num_observables

    def __repr__(self) -> str:
        return f"<{self.name} decoder of {self.num_detectors} detectors and {self.num_observables} observables>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Decoders of other packages cannot be pickled: a copy is compiled again.
        return _made_again, (type(self), *self._made_of)

    def decode_batch(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, bool of shape (shots, observables), for events of shape (shots, detectors).

        Raises:
            InputError: if the events are no bits of this shape, or no errors of the model give them.
        """
        bits = self._checked_events(events)
        return self._checked(self._decode(bits), len(bits))

    def decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same for bits packed into bytes along each shot, the lowest bit first.

        Args:
            events: uint8 (shots, ⌈detectors / 8⌉), as Stim's samplers give with ``bit_packed=True``.

        Returns:
            uint8 (shots, ⌈observables / 8⌉).

        Raises:
            InputError: if the events have another shape, dtype or bits beyond the last detector, or no errors give
            them.
        """
        return self._decode_packed(_require_packed(events, self.num_detectors))

    def _checked_events(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return require_bits("detection events", events, self.num_detectors, "detectors")

    def _checked(self, predictions: object, shots: int) -> NDArray[np.bool_]:
        name = f"the predictions of {self.name}"
        return require_bits(name, predictions, self.num_observables, "observables", shots)

    @abstractmethod
    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predictions for checked events."""

    def _decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        bits = np.unpackbits(events, axis=1, count=self.num_detectors, bitorder="little").view(np.bool_)
        return np.packbits(self._checked(self._decode(bits), len(bits)), axis=1, bitorder="little")


class ReweightingDecoder(CheckedDecoder):
    """A compiled decoder that takes other probabilities of the mechanisms for each shot: soft and heralded input."""

    def __init__(self, name: str, model: DetectorErrorModel) -> None:
        super().__init__(name, model.num_detectors, model.num_observables)
        self._model = model

    @abstractmethod
    def _compiled(self, model: DetectorErrorModel) -> ReweightingDecoder:
        """The same decoder for another model."""

    @abstractmethod
    def _decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Predictions for checked events under probabilities of shape (shots, mechanisms)."""

    def decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Predictions where more is known of each shot than the model says: heralded errors, drift, analog readout.

        Args:
            events: bits, (shots, detectors).
            probabilities: of every mechanism of the model, in its order, in [0, 1]: (shots, mechanisms), or
                (mechanisms,) for all shots.

        Raises:
            InputError: if either is none of these, or no errors give the events.
        """
        events = self._checked_events(events)
        rates = require_array("probabilities", probabilities)
        shape = (len(events), self._model.num_mechanisms)
        if rates.shape not in (shape, shape[1:]):
            raise InputError(
                f"probabilities must have shape {shape}, a row for each shot and a column for each mechanism of the "
                f"model, or {shape[1:]}, got {rates.shape}"
            )
        if rates.size and (rates.min() < 0.0 or rates.max() > 1.0):
            raise InputError(f"probabilities must lie in [0, 1], got {rates[(rates < 0) | (rates > 1)][0]:g}")
        return self._decode_reweighted(events, np.broadcast_to(rates, shape))

    def decode_erasures(self, events: NDArray[np.bool_], erased: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predictions where it is known which mechanisms were erased: those are as likely as not.

        Source: Delfosse and Zémor, Phys. Rev. Research 2, 033042 (2020).

        Args:
            events: bits, (shots, detectors).
            erased: bits, (shots, mechanisms), in the order of the model.

        Raises:
            InputError: if either is none of these, or no errors give the events.
        """
        events = self._checked_events(events)
        lost = require_bits("erasures", erased, self._model.num_mechanisms, "mechanisms", len(events))
        return self._decode_reweighted(events, np.where(lost, 0.5, self._model.probabilities))

    def decode_soft(self, log_likelihood_ratios: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Predictions from how sure each detection event is.

        An event k is taken to have happened where its ratio is negative, and to be read wrongly, independently of all
        else, with probability 1 / (1 + exp|ratio|). Where one analog measurement enters two detectors, give the
        mechanism that it is probabilities of its own by `decode_reweighted` instead.

        Source: Pattison, Beverland, da Silva and Delfosse, arXiv:2107.13589 (2021).

        Args:
            log_likelihood_ratios: log(P(no event) / P(event)) of each detector, float64 (shots, detectors).

        Raises:
            InputError: if they are no numbers of this shape.
        """
        ratios = require_array("log-likelihood ratios", log_likelihood_ratios, (None, self.num_detectors))
        misread = 1.0 / (1.0 + np.exp(np.abs(ratios)))
        base = np.broadcast_to(self._model.probabilities, (len(ratios), self._model.num_mechanisms))
        return self._with_misreadings._decode_reweighted(ratios < 0.0, np.hstack([base, misread]))

    @cached_property
    def _with_misreadings(self) -> ReweightingDecoder:
        """The decoder with a mechanism more for each detector, which flips it alone."""
        model = self._model
        alone = sparse.eye_array(self.num_detectors, dtype=np.uint8, format="csc")
        none = sparse.csc_array((self.num_observables, self.num_detectors), dtype=np.uint8)
        parts = model.parts
        if parts is not None:
            owner = np.concatenate([parts.owner, model.num_mechanisms + np.arange(self.num_detectors)])
            parts = type(parts)(
                owner,
                sparse.hstack([parts.detector_matrix, alone], format="csc"),
                sparse.hstack([parts.observable_matrix, none], format="csc"),
            )
        return self._compiled(
            DetectorErrorModel(
                np.concatenate([model.probabilities, np.full(self.num_detectors, 0.25)]),
                sparse.hstack([model.detector_matrix, alone], format="csc"),
                sparse.hstack([model.observable_matrix, none], format="csc"),
                model.coordinates,
                parts,
            )
        )


class _Foreign(CheckedDecoder):
    """Somebody's compiled decoder, whose predictions are checked."""

    def __init__(self, name: str, decoder: CompiledDecoder, model: ModelLike) -> None:
        super().__init__(name, int(model.num_detectors), int(model.num_observables))
        for what in ("num_detectors", "num_observables"):
            theirs = getattr(decoder, what, None)
            if theirs is not None and theirs != getattr(self, what):
                raise InputError(
                    f"{name} must be compiled for the model it is given, of {what} {getattr(self, what)}, "
                    f"got {shown(theirs)}"
                )
        self._decoder = decoder

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return require_predictions(self._decoder, events, self.num_observables)


def _made_again(kind: type[CheckedDecoder], arguments: tuple[Any, ...], options: dict[str, Any]) -> CheckedDecoder:
    return kind(*arguments, **options)


def decoder_name(decoder: object) -> str:
    """What results call a decoder: its name, or that of its class."""
    name = getattr(decoder, "name", None)
    return name if isinstance(name, str) else type(decoder).__name__


def check_decoder(decoder: Decoder | str, what: str = "a decoder") -> Decoder:
    """A decoder, from itself or from its name.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(decoder, str):
        from qtoolkit.applications.qec.decoders.registry import decoder_named

        return decoder_named(decoder)
    if isinstance(decoder, type) or not callable(getattr(decoder, "compile", None)):
        remedy = f"; make one: {decoder.__name__}()" if isinstance(decoder, type) else ""
        raise InputError(
            f"{what} must have a method compile(model), or be a name such as 'matching', got {shown(decoder)}{remedy}"
        )
    return decoder


def compile_decoder(decoder: Decoder | str, model: ModelLike) -> CheckedDecoder:
    """A decoder for a model, whose input and output are checked whoever wrote it.

    Args:
        decoder: an object with a method ``compile(model)``, or a name of `DECODERS`.
        model: ours or Stim's.

    Raises:
        InputError: if it is no decoder, compiles to none, or does not take the model.
        MissingExtraError: if it needs a package that is not installed.
    """
    chosen = check_decoder(decoder)
    check_model(model)
    compiled = chosen.compile(model)
    if isinstance(compiled, type) or not callable(getattr(compiled, "decode_batch", None)):
        raise InputError(
            f"compile of a decoder must return an object with a method decode_batch, got {shown(compiled)} from "
            f"{decoder_name(chosen)}"
        )
    foreign = _Foreign(decoder_name(compiled), compiled, model)
    # Ours check by themselves, and have more methods.
    if isinstance(compiled, CheckedDecoder) and type(compiled).decode_batch is CheckedDecoder.decode_batch:
        return compiled
    return foreign


def impossible_events(events: NDArray[np.bool_], shot: int, first: int = 0) -> InputError:
    """The error for a shot that no errors of the model give; `first` is the number of the first of these shots."""
    seen = np.flatnonzero(events[shot])
    named = " ".join(f"D{k}" for k in seen[:8]) + (" …" if seen.size > 8 else "")
    return InputError(
        f"detection events must be those of errors in the model, but those of shot {first + shot} are not: {named}"
    )


def _require_packed(events: object, num_detectors: int) -> NDArray[np.uint8]:
    width = -(-num_detectors // 8)
    if not isinstance(events, np.ndarray) or events.dtype != np.uint8 or events.shape[1:] != (width,):
        got = f"{events.dtype} of shape {events.shape}" if isinstance(events, np.ndarray) else shown(events)
        raise InputError(
            f"packed detection events must be uint8 of shape (shots, {width}), eight of the {num_detectors} detectors "
            f"in each byte, got {got}"
        )
    spare = num_detectors % 8
    if spare and np.any(events[:, -1] >> spare):
        raise InputError(
            f"packed detection events must leave the last {8 - spare} bits of each shot zero, beyond its "
            f"{num_detectors} detectors; pack the lowest bit first"
        )
    return events
