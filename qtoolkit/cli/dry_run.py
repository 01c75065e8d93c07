"""A dry run: the bytes that would leave, to files or stdout, and nothing sent."""

from __future__ import annotations

import hashlib
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import CostEstimate
    from qtoolkit.backends.cloud import Payload

__all__ = ["write_payloads"]

_ENDINGS = {"application/json": ".json"}


def write_payloads(payloads: Sequence[Payload], estimate: CostEstimate, folder: Path | None, as_json: bool) -> None:
    """Write the body of each submission to a file named by its index and format, or the only one to stdout.

    Args:
        payloads: the submissions, in order.
        estimate: of what they would cost, for JSON.
        folder: new or empty; None for stdout.
        as_json: whether stdout takes JSON about them: with the bodies where there is no folder.

    Raises:
        InputError: for a folder that holds something, or several submissions for stdout.
        OutputError: if a file cannot be written.
    """
    from qtoolkit.cli.output import note, print_json

    paths = None if folder is None else _written(payloads, folder)
    if as_json:
        parts = [_data(number, payload, paths) for number, payload in enumerate(payloads)]
        print_json({"estimate": estimate.to_json(), "parts": parts})
    elif paths is not None:
        for path in paths:
            print(path)
    elif len(payloads) == 1:
        sys.stdout.flush()
        sys.stdout.buffer.write(payloads[0].body)
        sys.stdout.buffer.flush()
        if sys.stdout.isatty():
            print()
    else:
        raise InputError(f"the circuits make {len(payloads)} submissions, stdout takes one; give --output FOLDER")
    note("Nothing was sent. A submission holds the same bytes, with another job's id in place of this one's.")


def _written(payloads: Sequence[Payload], folder: Path) -> list[Path]:
    from qtoolkit._files import write_whole

    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise InputError(f"--output must be a folder, got {folder} ({error.strerror}); choose another place") from None
    if not is_empty:
        raise InputError(f"--output must be a new or empty folder, got {folder}, which holds files; name another")
    paths = [folder / _name(number, payload) for number, payload in enumerate(payloads)]
    for path, payload in zip(paths, payloads, strict=True):
        write_whole(path, payload.body)
    return paths


def _name(number: int, payload: Payload) -> str:
    ending = _ENDINGS.get(payload.media_type, "")
    name = f"{number:03d}-{payload.format}"
    return name if name.endswith(ending) else name + ending


def _data(number: int, payload: Payload, paths: Sequence[Path] | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "index": number,
        "format": payload.format,
        "media_type": payload.media_type,
        "num_circuits": len(payload.bits),
        "num_bytes": len(payload.body),
        "sha256": hashlib.sha256(payload.body).hexdigest(),
    }
    if paths is not None:
        return {**data, "file": str(paths[number])}
    try:
        return {**data, "body": payload.body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**data, "body_base64": b64encode(payload.body).decode("ascii")}
