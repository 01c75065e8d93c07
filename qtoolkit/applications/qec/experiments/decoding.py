"""How a store knows a task's decoder again, and whose versions its answers hang on."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.decoders import Decoder, SlidingWindowDecoder
from qtoolkit.applications.qec.decoders.protocol import check_decoder, decoder_name
from qtoolkit.errors import InputError

__all__ = ["decoder_identity", "decoder_packages", "decomposes"]

_PACKAGES = {
    "matching": ("pymatching",),
    "correlated-matching": ("pymatching",),
    "bp-osd": ("ldpc",),
    "bp-lsd": ("ldpc",),
    "belief-matching": ("ldpc", "pymatching"),
    "tesseract": ("tesseract_decoder",),
}
"""Of decoders that hand all of the work to others; those that are ours hang on our own version."""


def decoder_identity(decoder: Decoder | str) -> str:
    """Text that two decoders share exactly if they are alike.

    A dataclass is known by its class and its fields, an object that holds nothing by its class, if that is one of a
    module. Of others nothing is known.

    Raises:
        InputError: if nothing is known of it.
    """
    made: object = check_decoder(decoder)
    kind = type(made)
    if "<" not in kind.__qualname__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if is_dataclass(made):
            return f"{name} {json.dumps({field.name: _told(getattr(made, field.name)) for field in fields(made)})}"
        if not getattr(made, "__dict__", {}) and not hasattr(kind, "__slots__"):
            return name
    raise InputError(
        "a decoder of stored experiments must be a name, a dataclass, or an object of a module's class that holds "
        f"nothing, so that it is known again, got {shown(made)}; or give the task a decoder_id of your own"
    )


def decoder_packages(decoder: Decoder | str) -> tuple[str, ...]:
    """Packages whose versions its answers hang on; of foreign decoders none is known."""
    made: object = check_decoder(decoder)
    if not type(made).__module__.startswith("qtoolkit."):
        return ()
    if isinstance(made, SlidingWindowDecoder):
        return tuple(dict.fromkeys(("qtoolkit", *decoder_packages(made.inner))))
    return _PACKAGES.get(decoder_name(made), ("qtoolkit",))


def decomposes(decoder: Decoder | str) -> bool:
    """Whether it is given errors decomposed into graph-like parts, as foreign decoders are unless a task says no."""
    made: object = check_decoder(decoder)
    if isinstance(made, SlidingWindowDecoder):
        return decomposes(made.inner)
    default = not type(made).__module__.startswith("qtoolkit.")
    return bool(getattr(made, "takes_parts", default))


def _told(value: object) -> str:
    """A field of a decoder, which may be a decoder itself."""
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__qualname__} {[_told(getattr(value, field.name)) for field in fields(value)]}"
    return repr(value)
