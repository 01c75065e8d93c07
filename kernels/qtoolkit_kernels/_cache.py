"""Where compiled kernels are kept between processes.

An entry is one file. Its name is the kernel's, then a hash of what decides which entry is meant (kinds of arguments),
then a hash of what decides whether it is right: the code of the kernel's module and of all that it imports, as this
process runs it (`_code`), the processor, and the versions of Python, NumPy, numba and llvmlite. Nothing in it can
become stale, so nothing is ever checked but that the file is whole and the one that its name says. Writing replaces a
file in one step: processes may come at once.

The folder is `QTOOLKIT_CACHE_DIR` where that is set; else the one that Python keeps compiled modules in, beside this
file, or the user's cache folder where that one cannot be used. What is in it is run: a folder or a file that belongs to
somebody else, or that others can write, is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import logging
import os
import stat
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtoolkit_kernels._code import module_digest
from qtoolkit_kernels._machine import is_current, machine

__all__ = [
    "FOLDER_VARIABLE", "Place", "claim", "folders", "is_kept", "pack", "place", "read", "unpack", "used_folder",
    "write",
]  # fmt: skip

FOLDER_VARIABLE = "QTOOLKIT_CACHE_DIR"
"""Environment variable that names the folder."""

KEPT = 8
"""Entries of one kernel and kinds of arguments, made from other sources or by other machines, that stay."""

LARGEST = 1 << 26
"""Bytes of a file beyond which it is no entry; ours have some hundred thousand at most."""

ABANDONED = 600.0
"""Seconds after which a file that is still being written is one of a process that was killed."""

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parent
_SUFFIX = ".kernel"
_used: deque[Path] = deque(maxlen=1)

_LOGGER = logging.getLogger("qtoolkit.kernels")


@dataclass(frozen=True)
class Place:
    """Which entry is meant.

    Attributes:
        which: the kernel and a hash of the kinds of its arguments.
        version: a hash of source, processor and versions.
    """

    which: str
    version: str

    @property
    def file_name(self) -> str:
        """The entry's name in a folder."""
        return f"{self.which}-{self.version}{_SUFFIX}"


def folders() -> tuple[Path, ...]:
    """Where entries are looked for, in order; they are written to the first that lets them."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return (Path(os.path.expanduser(chosen)),)
    of_user = _user_folder()
    return (_ROOT / "__pycache__", *([] if of_user is None else [of_user]))


def used_folder() -> Path | None:
    """Where this process last found or kept an entry; None if it could keep none, or none was needed."""
    return _used[-1] if _used else None


def place(function: Callable[..., Any], kinds: tuple[str, ...]) -> Place | None:
    """The place of a kernel's code for some kinds of arguments.

    Returns:
        None if the module's code does not tell which code is meant: for functions made by other functions, whose code
        depends on what they were made with, for functions of other packages, and where the module's code is not known.
    """
    module, name = function.__module__, function.__qualname__
    code = None if "<locals>" in name else module_digest(module)
    if code is None:
        return None
    version = _digest(code, machine())
    return Place(f"{module.removeprefix(f'{_PACKAGE}.')}.{name}-{_digest(*kinds)}", version)


def is_kept(place: Place) -> bool:
    """Whether there is an entry at a place."""
    return read(place) is not None


def read(place: Place | None) -> bytes | None:
    """The object code that is kept at a place; None if that is nothing, or no whole entry."""
    if place is None:
        return None
    for folder in folders():
        try:
            _check(folder)
            code = unpack(place, _content(folder / place.file_name))
        except OSError as error:
            _LOGGER.debug("%s: %s", folder, error)
            continue
        if code is not None:
            _used.append(folder)
            return code
    return None


def claim(name: str) -> Path | None:
    """A file that says that a process is making some entries, for it to remove; None if another one is, or none can."""
    for folder in folders():
        path = folder / f".{name}.claimed"
        try:
            _check(folder, make=True)
            if path.exists():
                if time.time() - path.lstat().st_mtime <= ABANDONED:
                    return None
                path.unlink(missing_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        except OSError:
            continue
        return path
    return None


def write(place: Place | None, code: bytes | None) -> None:
    """Keep object code; a user without a folder that can be used is told so once in a process."""
    if place is None or code is None or not is_current():
        return
    reasons = []
    for folder in folders():
        try:
            _check(folder, make=True)
            _replace(folder / place.file_name, pack(place, code))
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror or error}")
            continue
        with contextlib.suppress(OSError):
            _tidy(folder, place)
        _used.append(folder)
        return
    _say_not_kept("; ".join(reasons))


def _check(folder: Path, make: bool = False) -> None:
    """Raise an OSError unless a folder is one that only this user, or who could change this program, can write."""
    if str(folder).startswith("~"):
        raise FileNotFoundError(errno.ENOENT, "the home folder is not known")
    if make:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = folder.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    _check_owner(status)


def _check_owner(status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return
    if status.st_uid not in {os.geteuid(), 0, _owner_of_package()}:
        raise PermissionError(errno.EPERM, "it belongs to another user")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EPERM, "others can write there (chmod go-w)")


@functools.cache
def _owner_of_package() -> int:
    try:
        return os.stat(__file__).st_uid
    except OSError:  # in an archive
        return 0


_READ_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY"))
"""No link is followed, and no pipe or device waited for."""


def _content(path: Path) -> bytes:
    handle = os.open(path, _READ_FLAGS)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return b""
        _check_owner(status)
        return os.read(handle, status.st_size)
    finally:
        os.close(handle)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _tidy(folder: Path, place: Place) -> None:
    """Remove the oldest entries for a place, and what killed processes have left half written."""
    entries = []
    for path in folder.iterdir():
        changed = path.lstat().st_mtime
        if path.name.startswith(f"{place.which}-") and path.name.endswith(_SUFFIX):
            entries.append((changed, path))
        elif path.name.startswith(".") and f"{_SUFFIX}." in path.name and time.time() - changed > ABANDONED:
            path.unlink(missing_ok=True)
    for _, path in sorted(entries)[:-KEPT]:
        path.unlink(missing_ok=True)


def pack(place: Place, code: bytes) -> bytes:
    """What a file for a place holds: a hash over its name and the code, then the code."""
    return _seal(place, code) + code


def unpack(place: Place, content: bytes) -> bytes | None:
    """The code in what `pack` made for this place; None if it was made for another, or damaged."""
    size = hashlib.blake2b().digest_size
    seal, code = content[:size], content[size:]
    return code if seal == _seal(place, code) else None


def _seal(place: Place, code: bytes) -> bytes:
    return hashlib.blake2b(place.file_name.encode() + b"\0" + code).digest()


_said: set[str] = set()


def _say_not_kept(reasons: str) -> None:
    if not _said:
        _said.add(reasons)
        _LOGGER.warning(
            "qtoolkit: compiled kernels cannot be kept, and every process compiles its own (%s); "
            "set %s to a folder that this user alone can write",
            reasons,
            FOLDER_VARIABLE,
        )


def _user_folder() -> Path | None:
    """The folder for caches of this user, as each system has it; None where there is no home folder."""
    home = Path("" if os.environ.get("HOME") == "" else os.path.expanduser("~"))
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or "")
        root = root if root.is_absolute() else home / ".cache"
    return root / "qtoolkit" / "kernels" if root.is_absolute() else None


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()
