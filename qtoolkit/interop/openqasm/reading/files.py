"""Files that a text includes, from one folder and from nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.reading.tokens import shown

__all__ = ["included_text"]

_MAX_BYTES = 1 << 26
_MAX_NESTED = 16


def included_text(file: str, folder: Path | None, standard: str, including: Sequence[str]) -> str:
    """The text of a file.

    Args:
        file: as the text names it, relative to the folder.
        folder: the only one that is read; None for none at all.
        standard: the file that needs none.
        including: the files that are being read already, outermost first.

    Raises:
        ConversionError: if there is no folder, the file lies outside of it or cannot be read, or files include one
            another. The message shows nothing of what stands in a file.
    """
    if folder is None:
        raise ConversionError(
            f"unable to find {shown(file)}: only {standard!r} is known; give include_path to read others from a folder"
        )
    if len(including) >= _MAX_NESTED or file in including:
        raise ConversionError(f"files that include files may nest {_MAX_NESTED} deep and not include themselves")
    try:
        root = folder.resolve()
        path = (root / file).resolve()
        if not path.is_relative_to(root):
            raise ConversionError(f"included files lie in {str(folder)!r}, got {shown(file)}")
        if not path.is_file():
            raise ConversionError(f"unable to find {shown(file)} in {str(folder)!r}")
        if path.stat().st_size > _MAX_BYTES:
            raise ConversionError(f"an included file has at most {_MAX_BYTES >> 20} MiB, got a larger {shown(file)}")
        return path.read_text(encoding="utf-8")
    except (OSError, RuntimeError) as error:
        raise ConversionError(f"cannot read {shown(file)} in {str(folder)!r}: {type(error).__name__}") from error
    except ValueError as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(f"an included file is text in UTF-8, got something else in {shown(file)}") from error
