"""A sliding window: any decoder on a few rounds at a time, of which the earlier ones are decided for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_integer, require_number
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model, model_of_parts
from qtoolkit.applications.qec.decoders.protocol import (
    CheckedDecoder,
    Decoder,
    check_decoder,
    compile_decoder,
    decoder_name,
)
from qtoolkit.errors import InputError

__all__ = ["CompiledSlidingWindow", "SlidingWindowDecoder"]


@dataclass(frozen=True)
class SlidingWindowDecoder:
    """Decodes a window of rounds, decides the errors of its first ones, and moves on with what they leave behind.

    A window holds the detectors whose time lies within its length. Errors that flip a detector of its commit region are
    decided; the detectors beyond that they flip are carried into the next window. The rest of the window, its buffer,
    is decoded again. Errors that reach out of the window at its end flip what they flip within. The last window decides
    all, so that one window over all rounds is the inner decoder itself.

    Any inner decoder will do: it sees each window as a model of its own, whose observables are those of the model and
    the detectors to be carried over.

    Source: Dennis, Kitaev, Landahl and Preskill, J. Math. Phys. 43, 4452 (2002), section 6.2 ("overlapping recovery");
    Skoric et al., Nat. Commun. 14, 7040 (2023).

    Args:
        inner: the decoder of a window: a decoder, or a name of `DECODERS`.
        window: its length in the unit of the time coordinate; a buffer (`window` − `commit`) of the code's distance
            or more costs next to nothing in accuracy.
        commit: the length of its commit region, which is how far it moves each time; above 0 and at most `window`.
        axis: which coordinate of the detectors is time; the last one in Stim's generated circuits.

    Raises:
        InputError: if an option is none of these; at `compile`, if a detector has no such coordinate, or the inner
            decoder does not take a window.
    """

    inner: Decoder | str = "matching"
    window: float = 20.0
    commit: float = 10.0
    axis: int = -1

    def __post_init__(self) -> None:
        check_decoder(self.inner, "inner")
        object.__setattr__(self, "window", require_number("window", self.window))
        object.__setattr__(self, "commit", require_number("commit", self.commit))
        object.__setattr__(self, "axis", require_integer("axis", self.axis))
        if not 0.0 < self.commit <= self.window:
            raise InputError(f"commit must lie in (0, window], got {self.commit:g} and the window {self.window:g}")

    @property
    def name(self) -> str:
        """As on the command line."""
        return "sliding-window"

    def compile(self, model: ModelLike) -> CompiledSlidingWindow:
        """The decoder for this model; the class says what it raises."""
        return CompiledSlidingWindow(self, as_model(model))


class _Window(NamedTuple):
    """A window: its detectors, those that it carries events over to, and the decoder, which predicts both."""

    detectors: NDArray[np.int64]
    carried: NDArray[np.int64]
    decoder: CheckedDecoder


class _Unit(NamedTuple):
    """What is decided as one: a mechanism, or a part of one where the inner decoder takes those apart."""

    owner: int
    detectors: tuple[int, ...]
    observables: tuple[int, ...]
    start: float


class CompiledSlidingWindow(CheckedDecoder):
    """A decoder for each window.

    Attributes:
        num_windows: how many there are.
    """

    def __init__(self, decoder: SlidingWindowDecoder, model: DetectorErrorModel) -> None:
        inner = decoder.inner if isinstance(decoder.inner, str) else decoder_name(decoder.inner)
        super().__init__(f"sliding-window({inner})", model.num_detectors, model.num_observables)
        chosen = check_decoder(decoder.inner)
        times = _times(model, decoder.axis)
        columns = model.symptoms_of_parts if getattr(chosen, "takes_parts", False) else [[s] for s in model.symptoms]
        units = [
            _Unit(k, detectors, observables, min(times[list(detectors)]))
            for k, parts in enumerate(columns)
            for detectors, observables in parts
            if detectors
        ]
        self._windows: list[_Window] = []
        start, end = (float(times.min()), float(times.max())) if times.size else (0.0, -1.0)
        while start <= end:
            is_last = start + decoder.window > end
            committed = np.inf if is_last else start + decoder.commit
            spans = start, committed, start + decoder.window
            self._windows.append(_window(chosen, model, times, [u for u in units if u.start >= start], spans))
            start = np.inf if is_last else committed
        self.num_windows = len(self._windows)

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        left = events.copy()
        predictions = np.zeros((len(events), self.num_observables), np.bool_)
        for window in self._windows:
            found = window.decoder.decode_batch(left[:, window.detectors])
            predictions ^= found[:, : self.num_observables]
            left[:, window.carried] ^= found[:, self.num_observables :]
        return predictions


def _times(model: DetectorErrorModel, axis: int) -> NDArray[np.float64]:
    times = np.zeros(model.num_detectors)
    for k in range(model.num_detectors):
        place = model.coordinates[k] if model.coordinates else ()
        if not -len(place) <= axis < len(place):
            raise InputError(
                f"a sliding window needs coordinate {axis} of every detector for its time, but D{k} has {place}: give "
                "detectors coordinates, or take another axis"
            )
        times[k] = place[axis]
    return times


def _window(
    inner: Decoder, model: DetectorErrorModel, times: NDArray[np.float64], units: list[_Unit],
    spans: tuple[float, float, float],
) -> _Window:  # fmt: skip
    """The window from `start` on, given with the ends of its commit region and of itself."""
    start, committed, end = spans
    detectors = np.flatnonzero((times >= start) & (times < end))
    local = {int(detector): k for k, detector in enumerate(detectors)}
    within = [unit for unit in units if unit.start < end]
    decided = [unit for unit in within if unit.start < committed]
    carried = sorted({d for unit in decided for d in unit.detectors if times[d] >= committed})
    place = {detector: model.num_observables + k for k, detector in enumerate(carried)}
    mechanisms: dict[int, list[tuple[list[int], list[int]]]] = {}
    for unit in within:
        flips: list[int] = []
        if unit.start < committed:
            flips = [*unit.observables, *(place[d] for d in unit.detectors if d in place)]
        mechanisms.setdefault(unit.owner, []).append(([local[d] for d in unit.detectors if d in local], flips))
    return _Window(
        detectors,
        np.array(carried, np.int64),
        compile_decoder(
            inner,
            model_of_parts(
                model.probabilities[list(mechanisms)],
                list(mechanisms.values()),
                (len(detectors), model.num_observables + len(carried)),
                tuple(model.coordinates[k] for k in detectors),
                any(len(parts) > 1 for parts in mechanisms.values()),
            ),
        ),
    )
