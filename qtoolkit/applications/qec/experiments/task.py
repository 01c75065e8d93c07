"""`ExperimentTask`: a circuit, a decoder and what is thrown away, known by the hash of all that the counts hang on."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, items_of, shown
from qtoolkit._checks import require_integer
from qtoolkit._optional import require
from qtoolkit._version import __version__
from qtoolkit.applications.qec._validation import require_count
from qtoolkit.applications.qec.decoders import CheckedDecoder, Decoder, compile_decoder
from qtoolkit.applications.qec.decoders.protocol import check_decoder, decoder_name
from qtoolkit.applications.qec.experiments.content import circuit_text, has_decoders
from qtoolkit.applications.qec.experiments.decoding import decoder_identity, decoder_packages, decomposes
from qtoolkit.applications.qec.experiments.sampling import (
    SampledCircuit,
    SamplingReport,
    reason_for,
    sampled_circuit,
    shots_of,
)
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["BATCH_FORMAT", "ExperimentTask", "Label"]

Label: TypeAlias = "str | int | float"

BATCH_FORMAT = 1
"""Of how batches are drawn: another number, another random stream, and so another task."""

_MOST_BATCH_BITS = 1 << 26
_MOST_BATCH_SHOTS = 8192
_FEWEST_BATCH_SHOTS = 256
"""Below some hundred shots Stim's vectors run empty."""


@dataclass(frozen=True, eq=False)
class ExperimentTask:
    """What is sampled and decoded; the same content has the same `id`, in every process and on every day.

    Args:
        circuit: ours, Stim's or the text of one of Stim's, with detectors, observables and all of its noise. Stim
            samples Pauli noise on Clifford gates; where there is anything else, such as rotations, amplitude damping
            or decoders in between, the near-Clifford simulator does, see `explain`.
        decoder: a name of `DECODERS`, or an object with ``compile(model)``; None predicts no flips, for experiments
            that discard or correct by themselves.
        rounds: of error correction in the circuit, by which rates per round are told.
        labels: what the task is to its reader, such as ``{"distance": 3, "physical_error_rate": 0.01}``. They are no
            part of the content.
        heralds: detectors that discard a shot where one of them fires: flags, heralded losses, post-selection.
        detector_error_model: what the decoder is compiled for; that of the circuit if left out, or of its Pauli twirl
            where its channels are no Pauli errors, see `qtoolkit.noise.twirled_circuit`.
        decompose: whether errors of the circuit's model are decomposed into graph-like parts; by default where the
            decoder takes parts, and for every decoder that does not say.
        batch_shots: shots that are drawn at once. They are part of the content, as Stim's random stream depends on
            them; by default 8192, half of that where Stim does not sample, and fewer for circuits of many detectors.
        decoder_id: what a decoder of your own is known by in a store, where its name in a module does not tell all.

    Raises:
        InputError: if the circuit is none, has no observable or free parameters, a herald is no detector of it, or
            another argument is not as described.
        MissingExtraError: if Stim is not installed.
    """

    circuit: SampledCircuit
    decoder: Decoder | str | None = "matching"
    rounds: int = 1
    labels: Mapping[str, Label] = field(default_factory=dict)
    heralds: tuple[int, ...] = ()
    detector_error_model: stim.DetectorErrorModel | None = None
    decompose: bool | None = None
    batch_shots: int | None = None
    decoder_id: str | None = None

    def __post_init__(self) -> None:
        circuit = sampled_circuit(self.circuit)
        if circuit.num_observables == 0:
            raise InputError(
                "a circuit of an experiment must have an observable, got none: observable() adds one, and "
                "OBSERVABLE_INCLUDE to one of Stim"
            )
        if self.decoder is not None:
            check_decoder(self.decoder)
        values = {
            "circuit": circuit,
            "rounds": require_count("rounds", self.rounds),
            "labels": _checked_labels(self.labels),
            "heralds": _checked_heralds(self.heralds, circuit.num_detectors),
            "batch_shots": _batch_shots(
                self.batch_shots,
                circuit.num_detectors + circuit.num_observables,
                _MOST_BATCH_SHOTS // (2 if isinstance(circuit, Circuit) else 1),
            ),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if self.decompose is not None:
            object.__setattr__(self, "decompose", check_flag(self.decompose, "decompose"))
        if self.decoder_id is not None and not isinstance(self.decoder_id, str):
            raise InputError(f"decoder_id must be text, got {shown(self.decoder_id)}")
        if self.detector_error_model is not None:
            _check_model(self.detector_error_model, circuit)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is worked out of it: a compiled decoder goes to no other process."""
        return {entry.name: self.__dict__[entry.name] for entry in fields(self)}

    def __repr__(self) -> str:
        labels = ", ".join(f"{name}={value}" for name, value in self.labels.items())
        return f"ExperimentTask({labels or self.id[:12]}, decoder={self.decoder_name!r})"

    @property
    def decoder_name(self) -> str:
        """What results call the decoder."""
        if self.decoder is None:
            return "none"
        return self.decoder if isinstance(self.decoder, str) else decoder_name(self.decoder)

    @cached_property
    def id(self) -> str:
        """SHA-256 of the content, in hexadecimal: circuit, decoder, heralds, batches, and versions that matter."""
        return _hash(self.content)

    @cached_property
    def stream(self) -> int:
        """64 bits of the circuit and of how its batches are drawn: what seeds of batches are made of.

        Tasks of one circuit draw the same shots for the same seed, so that decoders are compared on equal terms; tasks
        of other circuits draw independent ones.
        """
        return int(_hash([self._text, self.batch_shots, BATCH_FORMAT])[:16], 16)

    @cached_property
    def _text(self) -> str:
        return circuit_text(self.circuit) if isinstance(self.circuit, Circuit) else str(self.circuit)

    def check_known(self) -> None:
        """Refuse a decoder that a store cannot tell from others.

        Raises:
            InputError: if nothing is known of the decoder, or of one that the circuit calls.
        """
        if self.decoder_id is not None:
            return
        if isinstance(self.circuit, Circuit) and has_decoders(self.circuit):
            raise InputError(
                "a decoder that a circuit calls in between is not known again in a store; give the task a decoder_id "
                "of your own"
            )
        if self.decoder is not None:
            decoder_identity(self.decoder)

    @cached_property
    def is_known(self) -> bool:
        """Whether tasks of the same `id` have the same decoder."""
        try:
            self.check_known()
        except InputError:
            return False
        return True

    @cached_property
    def content(self) -> dict[str, Any]:
        """All that the counts hang on, as JSON types; what `id` is the hash of."""
        if self.decoder_id is not None:
            identity = self.decoder_id
        elif not self.is_known:
            identity = f"unknown {self.decoder_name}"
        else:
            identity = "none" if self.decoder is None else decoder_identity(self.decoder)
        return {
            "circuit": self._text,
            "decoder": identity,
            "detector_error_model": None if self.detector_error_model is None else str(self.detector_error_model),
            "decompose": self.is_decomposed,
            "heralds": list(self.heralds),
            "batch_shots": self.batch_shots,
            "batch_format": BATCH_FORMAT,
            "versions": {name: self.versions[name] for name in (self._sampled_by, *self._decoder_packages)},
        }

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of what samples and decodes, by package; Stim with the vectors that it was built for."""
        stim = require("stim", extra="qec")
        found = {"qtoolkit": __version__, "numpy": np.__version__, "stim": str(stim.__version__)}
        for package in self._decoder_packages:
            found.setdefault(package, _version(package))
        return found

    @property
    def sampler(self) -> str:
        """What samples the circuit: ``"stim"`` or ``"near-clifford"``."""
        return "near-clifford" if isinstance(self.circuit, Circuit) else "stim"

    @cached_property
    def sampler_reason(self) -> str:
        """Why it is that one."""
        return reason_for(self.circuit)

    @property
    def _sampled_by(self) -> str:
        """The package whose version the shots hang on."""
        return "qtoolkit" if isinstance(self.circuit, Circuit) else "stim"

    @property
    def _decoder_packages(self) -> tuple[str, ...]:
        return () if self.decoder is None else decoder_packages(self.decoder)

    def explain(self) -> SamplingReport:
        """What samples the circuit and why, what a shot takes, and where the decoder's model is from; print it.

        Raises:
            InputError: if the circuit cannot be sampled.
        """
        if self.decoder is None:
            model = "none: no flips are predicted"
        elif self.detector_error_model is not None:
            model = f"{self.decoder_name}, for a detector error model that was given"
        else:
            of = "the circuit's Pauli twirl" if isinstance(self.circuit, Circuit) else "the circuit"
            model = f"{self.decoder_name}, for the detector error model of {of}"
        return shots_of(self.circuit).report(model)

    @property
    def is_decomposed(self) -> bool:
        """Whether errors of the model are decomposed into graph-like parts."""
        if self.decompose is not None:
            return self.decompose
        return self.decoder is not None and decomposes(self.decoder)

    @cached_property
    def model(self) -> stim.DetectorErrorModel:
        """What the decoder is compiled for.

        Raises:
            InputError: if a detector of the circuit is not deterministic without noise, an error cannot be decomposed,
                or gates of a circuit that Stim does not sample are no Clifford gates.
        """
        if self.detector_error_model is not None:
            return self.detector_error_model
        return shots_of(self.circuit).model(self.is_decomposed)

    def compiled(self) -> CheckedDecoder:
        """The decoder, compiled anew for the model.

        Raises:
            InputError: if the decoder does not take the model, or compiles to none.
        """
        if self.decoder is None:
            return NoFlips("none", int(self.circuit.num_detectors), int(self.circuit.num_observables))
        return compile_decoder(self.decoder, self.model)


class NoFlips(CheckedDecoder):
    """Predicts that no observable was flipped."""

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.zeros((len(events), self.num_observables), np.bool_)

    def _decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.zeros((len(events), -(-self.num_observables // 8)), np.uint8)


def _check_model(model: object, circuit: SampledCircuit) -> None:
    if not isinstance(model, require("stim", extra="qec").DetectorErrorModel):
        raise InputError(f"detector_error_model must be a stim.DetectorErrorModel, got {shown(model)}")
    ours = (circuit.num_detectors, circuit.num_observables)
    theirs = (model.num_detectors, model.num_observables)
    if ours != theirs:
        raise InputError(
            f"detector_error_model must have the circuit's {ours[0]} detectors and {ours[1]} observables, got "
            f"{theirs[0]} and {theirs[1]}"
        )


def _checked_labels(labels: object) -> dict[str, Label]:
    if not isinstance(labels, Mapping):
        raise InputError(f"labels must be a mapping from names to values, got {shown(labels)}")
    checked: dict[str, Label] = {}
    for name, value in labels.items():
        if isinstance(value, np.number):
            value = value.item()
        is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
        if not isinstance(name, str) or not is_plain or (isinstance(value, float) and not math.isfinite(value)):
            raise InputError(f"labels must map text to text or finite numbers, got {shown({name: value})}")
        checked[name] = value
    return checked


def _checked_heralds(heralds: Iterable[int], num_detectors: int) -> tuple[int, ...]:
    found = {
        require_integer("heralds", herald) for herald in items_of(heralds, "heralds must be detectors of the circuit")
    }
    for herald in found:
        if not 0 <= herald < num_detectors:
            raise InputError(f"heralds must be among the circuit's {num_detectors} detectors, got {shown(herald)}")
    return tuple(sorted(found))


def _batch_shots(batch_shots: int | None, columns: int, most_shots: int) -> int:
    if batch_shots is not None:
        return require_count("batch_shots", batch_shots)
    most = 1 << (_MOST_BATCH_BITS // max(columns, 1)).bit_length() - 1 if columns < _MOST_BATCH_BITS else 1
    return max(_FEWEST_BATCH_SHOTS, min(most_shots, most))


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        extra = "tesseract" if package == "tesseract_decoder" else "qec"
        return str(getattr(require(package, extra=extra), "__version__", "unknown"))
