"""Sinter's classes, filled in; imported only where sinter is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, Decoder, compile_decoder

__all__ = ["SinterDecoder"]

if TYPE_CHECKING:
    import sinter
else:
    sinter = require("sinter", extra="qec")


class _CompiledSinterDecoder(sinter.CompiledDecoder):  # type: ignore[misc]
    def __init__(self, decoder: CheckedDecoder) -> None:
        self._decoder = decoder

    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self._decoder.decode_packed(bit_packed_detection_event_data)


class SinterDecoder(sinter.Decoder):  # type: ignore[misc]
    """One of our decoders as one of sinter's; goes to worker processes if the decoder does."""

    def __init__(self, decoder: Decoder | str) -> None:
        self._decoder = decoder

    def compile_decoder_for_dem(self, *, dem: Any) -> _CompiledSinterDecoder:
        """Ours, compiled."""
        return _CompiledSinterDecoder(compile_decoder(self._decoder, dem))
