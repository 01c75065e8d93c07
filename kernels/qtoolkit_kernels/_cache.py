"""Where compiled kernels are kept between processes.

An entry is one file. Its name is the kernel's, then a hash of what decides which entry is meant (kinds of arguments),
then a hash of what decides whether it is right: the source of the kernel's module and of all that it imports, the
processor, and the versions of Python, NumPy, numba and llvmlite. Nothing in it can become stale, so nothing is ever
checked but that the file is whole. Writing replaces a file in one step: processes may come at once. What was edited
after this process began may not be what it runs, and is neither looked for nor kept.

The folder is `QTOOLKIT_CACHE_DIR` where that is set; else the one that Python keeps compiled modules in, beside this
file, or the user's cache folder where that one cannot be written.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import logging
import os
import platform
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite
import numpy as np
from llvmlite import binding

from qtoolkit_kernels._load import MachineCode

__all__ = [
    "FOLDER_VARIABLE", "Place", "can_be_written", "folders", "is_kept", "machine", "place", "read", "source_digest",
    "used_folder", "write",
]  # fmt: skip

FOLDER_VARIABLE = "QTOOLKIT_CACHE_DIR"
"""Environment variable that names the folder."""

KEPT = 8
"""Entries of one kernel and kinds of arguments, made from other sources or by other machines, that stay."""

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parent
_SUFFIX = ".kernel"
_COMPILER_OPTIONS = (
    "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX", "NUMBA_OPT", "NUMBA_LOOP_VECTORIZE",
    "NUMBA_SLP_VECTORIZE", "NUMBA_BOUNDSCHECK", "NUMBA_LLVM_REFPRUNE_PASS",
)  # fmt: skip

_BEGINNING = time.time()

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
        return (Path(chosen).expanduser(),)
    return (_ROOT / "__pycache__", _user_folder())


def used_folder() -> Path | None:
    """Where this process last found or kept an entry; None if it could keep none, or none was needed."""
    return _used[-1] if _used else None


def place(function: Callable[..., Any], kinds: tuple[str, ...]) -> Place | None:
    """The place of a kernel's code for some kinds of arguments.

    Returns:
        None if the source does not tell which code is meant: for functions made by other functions, whose code
        depends on what they were made with, for functions of other packages, and where the source cannot be read or
        has changed since this process began.
    """
    module, name = function.__module__, function.__qualname__
    if "<locals>" in name or _path(module) is None:
        return None
    try:
        version = _digest(source_digest(module), machine())
    except OSError:
        return None
    return Place(f"{module.removeprefix(f'{_PACKAGE}.')}.{name}-{_digest(*kinds)}", version)


def is_kept(place: Place) -> bool:
    """Whether there is an entry at a place; it may turn out not to be whole."""
    return any((folder / place.file_name).is_file() for folder in folders())


def can_be_written() -> bool:
    """Whether entries can probably be kept: whether a folder, or what it would be made in, lets itself be written."""
    existing = (next((path for path in (folder, *folder.parents) if path.exists()), folder) for folder in folders())
    return any(path.is_dir() and os.access(path, os.W_OK) for path in existing)


def read(place: Place | None) -> MachineCode | None:
    """What is kept at a place; None if that is nothing, or no whole entry."""
    if place is None:
        return None
    for folder in folders():
        try:
            content = (folder / place.file_name).read_bytes()
        except OSError:
            continue
        entry = _unpack(content)
        if entry is not None:
            _used.append(folder)
            return entry
    return None


def write(place: Place | None, machine_code: MachineCode) -> None:
    """Keep an entry; a user without a folder that can be written is told so once in a process."""
    if place is None:
        return
    reasons = []
    for folder in folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / place.file_name, _pack(machine_code))
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror or error}")
            continue
        with contextlib.suppress(OSError):
            _remove_oldest(folder, place)
        _used.append(folder)
        return
    _say_not_kept("; ".join(reasons))


def _remove_oldest(folder: Path, place: Place) -> None:
    versions = sorted(folder.glob(f"{place.which}-*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in versions[:-KEPT]:
        path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _pack(machine_code: MachineCode) -> bytes:
    payload = json.dumps(machine_code.table).encode() + b"\n" + machine_code.code
    return hashlib.blake2b(payload).digest() + payload


def _unpack(content: bytes) -> MachineCode | None:
    size = hashlib.blake2b().digest_size
    digest, payload = content[:size], content[size:]
    if hashlib.blake2b(payload).digest() != digest:
        return None
    table, _, code = payload.partition(b"\n")
    return MachineCode(code, tuple(json.loads(table)))


_said: set[str] = set()


def _say_not_kept(reasons: str) -> None:
    if not _said:
        _said.add(reasons)
        _LOGGER.warning(
            "qtoolkit: compiled kernels cannot be kept, and every process compiles its own (%s); "
            "set %s to a folder that can be written",
            reasons,
            FOLDER_VARIABLE,
        )


def _user_folder() -> Path:
    """The folder for caches of this user, as each system has it."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return root / "qtoolkit" / "kernels"


@functools.cache
def machine() -> str:
    """What machine code depends on beside its source: the processor and the versions of all that takes part."""
    try:
        features = binding.get_host_cpu_features().flatten()
    except RuntimeError:
        features = ""
    return "\n".join(
        [
            platform.machine(), sys.platform, binding.get_host_cpu_name(), features,
            sys.version, str(sys.implementation.cache_tag), str(object.__basicsize__), str(sys.maxsize),
            np.__version__, llvmlite.__version__, _numba_version(),
            *(f"{name}={os.environ.get(name)}" for name in _COMPILER_OPTIONS),
        ]
    )  # fmt: skip


def _numba_version() -> str:
    """numba's version, without importing it."""
    spec = importlib.util.find_spec("numba")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        try:
            return (Path(folder) / "_version.py").read_text(encoding="utf-8")
        except OSError:
            continue
    from importlib.metadata import version

    return version("numba")


@functools.cache
def source_digest(module: str) -> str:
    """Hash of a module's source and of all modules of this package that it imports, directly or not.

    Raises:
        OSError: if a source cannot be read or is younger than this process.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None:
            continue
        if path.stat().st_mtime > _BEGINNING:
            raise OSError(f"{path} was edited while in use")
        source = path.read_text(encoding="utf-8")
        found[name] = source
        waiting += _imported(source)
    return _digest(*(f"{name}\n{found[name]}" for name in sorted(found)))


_IMPORT = re.compile(
    rf"^[ \t]*(?:from[ \t]+({_PACKAGE}[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))", re.MULTILINE
)


def _imported(source: str) -> Iterator[str]:
    """Names of the package that a source imports; some may be functions and no modules."""
    for base, names, modules in _IMPORT.findall(source):
        for name in re.findall(r"[\w.]+", names):
            yield f"{base}.{name}"
        if base:
            yield base
        yield from re.findall(rf"\b{_PACKAGE}[\w.]*", modules)


def _path(module: str) -> Path | None:
    if module != _PACKAGE and not module.startswith(f"{_PACKAGE}."):
        return None
    base = _ROOT.joinpath(*module.split(".")[1:])
    for path in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _digest(*parts: Any) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()
