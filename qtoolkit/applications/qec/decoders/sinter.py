"""Decoders of ours in sinter, and sinter's here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, Decoder, check_decoder, decoder_name
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import sinter

__all__ = ["ForeignSinterDecoder", "from_sinter", "to_sinter"]


def to_sinter(decoder: Decoder | str) -> sinter.Decoder:
    """A decoder for sinter's ``custom_decoders``, from one of ours or yours.

    Sinter asks for decompositions where its task was given them; a `MatchingDecoder` needs them.

    Args:
        decoder: a decoder, or a name of `DECODERS`.

    Raises:
        InputError: if it is no decoder.
        MissingExtraError: if sinter is not installed.
    """
    check_decoder(decoder)
    require("sinter", extra="qec")
    from qtoolkit.applications.qec.decoders._sinter_classes import SinterDecoder

    adapted: sinter.Decoder = SinterDecoder(decoder)
    return adapted


def from_sinter(decoder: sinter.Decoder | str) -> ForeignSinterDecoder:
    """A decoder of ours from one of sinter's, or from the name of one that sinter has.

    Raises:
        InputError: if it is none.
        MissingExtraError: if sinter is not installed.
    """
    module = require("sinter", extra="qec")
    name = decoder if isinstance(decoder, str) else decoder_name(decoder)
    if isinstance(decoder, str):
        if decoder not in module.BUILT_IN_DECODERS:
            known = ", ".join(sorted(module.BUILT_IN_DECODERS))
            raise InputError(f"sinter has the decoders {known}, got {shown(decoder)}")
        decoder = module.BUILT_IN_DECODERS[decoder]
    if not isinstance(decoder, module.Decoder):
        raise InputError(f"from_sinter takes an object of sinter.Decoder, or a name, got {shown(decoder)}")
    return ForeignSinterDecoder(decoder, name)


@dataclass(frozen=True)
class ForeignSinterDecoder:
    """A decoder of sinter's; made by `from_sinter`."""

    decoder: sinter.Decoder
    name: str

    @property
    def takes_parts(self) -> bool:
        """Whether it uses how mechanisms are decomposed: it is given them."""
        return True

    def compile(self, model: ModelLike) -> CheckedDecoder:
        """The decoder for this model; what it raises of its own accord passes."""
        ours = as_model(model)
        stims = model.to_stim() if isinstance(model, DetectorErrorModel) else model
        try:
            compiled = self.decoder.compile_decoder_for_dem(dem=stims)
        except NotImplementedError:
            return _ThroughFiles(self, ours, stims)
        return _Compiled(self, ours, compiled)


class _Packed(CheckedDecoder):
    """What sinter's decoders take and return is packed."""

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        packed = self._decode_packed(np.packbits(events, axis=1, bitorder="little"))
        return np.unpackbits(packed, axis=1, count=self.num_observables, bitorder="little").view(np.bool_)

    def _checked_packed(self, predictions: object, shots: int) -> NDArray[np.uint8]:
        shape = (shots, -(-self.num_observables // 8))
        if not isinstance(predictions, np.ndarray) or predictions.dtype != np.uint8 or predictions.shape != shape:
            got = (
                f"{predictions.dtype} of shape {predictions.shape}"
                if isinstance(predictions, np.ndarray)
                else shown(predictions)
            )
            raise InputError(f"the predictions of {self.name} must be packed into uint8 of shape {shape}, got {got}")
        return predictions


class _Compiled(_Packed):
    """A compiled decoder of sinter's."""

    def __init__(self, decoder: ForeignSinterDecoder, model: DetectorErrorModel, compiled: Any) -> None:
        super().__init__(decoder.name, model.num_detectors, model.num_observables)
        self._compiled = compiled

    def _decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = self._compiled.decode_shots_bit_packed(bit_packed_detection_event_data=np.ascontiguousarray(events))
        return self._checked_packed(found, len(events))


class _ThroughFiles(_Packed):
    """A decoder of sinter's that reads and writes files."""

    def __init__(self, decoder: ForeignSinterDecoder, model: DetectorErrorModel, stims: Any) -> None:
        super().__init__(decoder.name, model.num_detectors, model.num_observables)
        self._decoder = decoder.decoder
        self._model = stims

    def _decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with tempfile.TemporaryDirectory() as folder:
            model, dets, out, scratch = (Path(folder) / name for name in ("model.dem", "dets.b8", "obs.b8", "scratch"))
            scratch.mkdir()
            self._model.to_file(model)
            events.tofile(dets)
            self._decoder.decode_via_files(
                num_shots=len(events),
                num_dets=self.num_detectors,
                num_obs=self.num_observables,
                dem_path=model,
                dets_b8_in_path=dets,
                obs_predictions_b8_out_path=out,
                tmp_dir=scratch,
            )
            found = np.fromfile(out, np.uint8)
        width = -(-self.num_observables // 8)
        whole = found.size == len(events) * width
        return self._checked_packed(found.reshape(len(events), width) if whole else found, len(events))
