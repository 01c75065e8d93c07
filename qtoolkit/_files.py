"""Files written whole or not at all, and paths refused before what goes there is computed."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError, OutputError

__all__ = ["check_output", "read_text", "write_whole"]


def check_output(path: str | os.PathLike[str], name: str = "the output") -> None:
    """Try whether `write_whole` could write here, and leave no trace.

    Args:
        path: of a file, there or not.
        name: of the option or argument, for the message.

    Raises:
        InputError: if it names a directory, its folder is missing or refuses new files, or the file is write-protected.
    """
    try:
        target = _target(path)
        if target.is_dir():
            raise InputError(f"{name} names a file, got the directory {path}; give a file name such as report.html")
        if not target.parent.is_dir():
            raise InputError(f"the folder of {name} must exist, got {target.parent}; create it first")
        if target.exists() and not os.access(target, os.W_OK):
            raise InputError(f"{name} must be writable, got {path}; choose another place")
        if _is_replaceable(target):
            with _aside(target):
                pass
    except OSError as error:
        raise InputError(f"{name} must be writable, got {path} ({error.strerror}); choose another place") from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} must be a path, got {os.fspath(path)!r} ({error})") from None


def read_text(path: str | os.PathLike[str], name: str) -> str:
    """The text of a file in UTF-8.

    Args:
        path: of the file.
        name: for the error.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{name} {shown(str(path))} cannot be read: {error.strerror}") from None
    except ValueError as error:  # a path with a zero byte, or a file that is no text
        raise InputError(f"{name} {shown(str(path))} cannot be read: {error}") from None


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file aside, in the same folder, and move it into place when it is complete.

    Whoever reads the path meets the old content or the new one, never a part. A link stays and what it points to is
    replaced; the permissions of an old file stay. A device or a pipe is written to.

    Args:
        path: of the file.
        content: text is written in UTF-8.

    Raises:
        OutputError: if it cannot be written, on a full disk for example; the old file is then as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = _target(path)
        if not _is_replaceable(target):
            target.write_bytes(data)
            return
        with _aside(target) as file:
            file.write(data)
            file.flush()
            # Some disks say only now that they are full.
            os.fsync(file.fileno())
            if target.exists():
                os.chmod(file.name, stat.S_IMODE(target.stat().st_mode))
            file.close()
            os.replace(file.name, target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written ({reason}); what was there before is untouched") from None


def _target(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(path))


def _is_replaceable(target: Path) -> bool:
    return not target.exists() or target.is_file()


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[BufferedWriter]:
    """A file beside the target, open for writing; removed at the end unless it was moved."""
    target.is_symlink()  # raises where the name itself is impossible, such as one too long
    # A name of its own length: that of the target may be as long as names can be.
    aside = target.parent / f".qtoolkit-{secrets.token_hex(8)}.partial"
    try:
        with aside.open("xb") as file:
            yield file
    finally:
        aside.unlink(missing_ok=True)
