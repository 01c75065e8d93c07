"""Which decoder a task names: how it is compiled, how a store knows it, and whose versions its answers hang on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.decoders import Decoder, DecoderFactory, MatchingDecoder, MaximumLikelihoodDecoder
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["DecoderChoice", "compiled_decoder", "decoder_identity", "decoder_name", "decoder_packages", "decomposes"]

DecoderChoice: TypeAlias = "str | DecoderFactory"
"""A name, such as ``"matching"``, or what compiles a decoder for a detector error model."""


class _Known(NamedTuple):
    """A decoder with a name.

    Attributes:
        factory: compiles it.
        decomposes: whether it needs errors decomposed into graph-like parts.
        packages: whose versions its answers hang on.
    """

    factory: Callable[..., Decoder]
    decomposes: bool
    packages: tuple[str, ...]


_KNOWN = {
    "matching": _Known(MatchingDecoder, True, ("pymatching",)),
    "maximum-likelihood": _Known(MaximumLikelihoodDecoder, False, ("qtoolkit",)),
}


def decoder_name(decoder: object) -> str:
    """What results call it.

    Raises:
        InputError: if it is no name that is known, and nothing that compiles a decoder.
    """
    known = _known(decoder)
    if known is not None:
        return next(name for name, entry in _KNOWN.items() if entry is known)
    if not callable(decoder):
        raise InputError(
            f"a decoder must be one of {', '.join(_KNOWN)}, or compile one of a model, got {shown(decoder)}"
        )
    return str(getattr(decoder, "__name__", type(decoder).__name__))


def decoder_identity(decoder: DecoderChoice, options: Mapping[str, Any]) -> str:
    """Text that two decoders share exactly if they are the same one with the same options.

    A class or function of a module is known by its name there, a dataclass by its fields; of a lambda or an object that
    keeps things to itself nothing is known.

    Raises:
        InputError: if nothing is known of it, or an option is no JSON.
    """
    try:
        written = json.dumps(dict(options), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError):
        raise InputError(
            f"options of a decoder must be numbers, text, or lists of them, got {shown(dict(options))}"
        ) from None
    if _known(decoder) is not None:
        return f"{decoder_name(decoder)} {written}"
    qualified = getattr(decoder, "__qualname__", "")
    if qualified and "<" not in qualified:
        return f"{getattr(decoder, '__module__', '')}.{qualified} {written}"
    made: object = decoder
    if is_dataclass(made) and not isinstance(made, type):
        kind = type(made)
        kept = {field.name: repr(getattr(made, field.name)) for field in fields(made)}
        return f"{kind.__module__}.{kind.__qualname__} {json.dumps(kept, sort_keys=True)} {written}"
    raise InputError(
        f"a decoder of stored experiments must be a name, a class or function of a module, or a dataclass, so that it "
        f"is known again, got {shown(decoder)}; or give the task a decoder_id of your own"
    )


def decoder_packages(decoder: DecoderChoice) -> tuple[str, ...]:
    """Packages whose versions its answers hang on; of foreign decoders none is known."""
    known = _known(decoder)
    return () if known is None else known.packages


def decomposes(decoder: DecoderChoice) -> bool:
    """Whether it is given errors decomposed into graph-like parts, as foreign decoders are unless a task says no."""
    known = _known(decoder)
    return True if known is None else known.decomposes


def compiled_decoder(decoder: DecoderChoice, options: Mapping[str, Any], model: stim.DetectorErrorModel) -> Decoder:
    """The decoder, compiled for a model.

    Raises:
        InputError: if it does not take the model or an option, or what it compiles has no method decode_batch.
    """
    known = _known(decoder)
    factory: Any = decoder if known is None else known.factory
    try:
        compiled = factory(model, **options)
    except TypeError as error:
        if not options:
            raise
        raise InputError(f"{decoder_name(decoder)} takes no such options: {shown(dict(options))} ({error})") from error
    if not callable(getattr(compiled, "decode_batch", None)):
        raise InputError(f"a decoder must have a method decode_batch, got {shown(compiled)} of {decoder_name(decoder)}")
    return compiled  # type: ignore[no-any-return]  # what has a decode_batch is one; its answers are checked


def _known(decoder: object) -> _Known | None:
    if isinstance(decoder, str):
        if decoder not in _KNOWN:
            raise InputError(f"decoder must be one of {', '.join(_KNOWN)}, got {shown(decoder)}")
        return _KNOWN[decoder]
    return next((known for known in _KNOWN.values() if known.factory is decoder), None)
