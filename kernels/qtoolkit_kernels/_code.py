"""The code of this package's modules as this process runs it, and hashes of it.

A file may be replaced while a process runs what it held before, with a time and a size that do not tell. So what is
hashed is no file but the code object that a module was made of: modules of this package pass through a loader that
remembers it. A module that is not imported yet is loaded, not run, and will be run from what was loaded.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Iterator
from importlib.machinery import BYTECODE_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import Any

__all__ = ["dependencies", "digest", "module_digest", "watch"]

_PACKAGE = __name__.partition(".")[0]
_ROOT = os.path.dirname(__file__)

_codes: dict[str, CodeType | None] = {}
"""By module; None where it was run anew and others may still hold what it was before."""

_run: set[str] = set()


class _Loader(SourceFileLoader):
    """Loads a module and remembers its code."""

    def get_code(self, fullname: str) -> CodeType | None:
        code = _codes.get(fullname) or super().get_code(fullname)
        return _codes.setdefault(fullname, code) or code

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if name in _run:
            _codes[name] = None
            module_digest.cache_clear()
            _alone.cache_clear()
        _run.add(name)
        super().exec_module(module)
        for folder in getattr(module, "__path__", ()):
            watch(folder)


def watch(folder: str) -> None:
    """Have the modules in a folder loaded by way of here."""
    loaders = (_Loader, SOURCE_SUFFIXES), (SourcelessFileLoader, BYTECODE_SUFFIXES)
    sys.path_importer_cache[folder] = FileFinder(folder, *loaders)


@functools.cache
def module_digest(module: str) -> str | None:
    """Hash of a module's code and of that of all modules of this package that it imports, directly or not.

    Returns:
        None where that code is not known: for modules of other packages, modules not loaded from their source, modules
        that were run twice.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        known = _alone(name)
        if known is None:
            return None
        found[name], imported = known
        waiting += imported
    return hashlib.blake2b(repr(sorted(found.items())).encode(), digest_size=10).hexdigest()


@functools.cache
def _alone(module: str) -> tuple[str, list[str]] | None:
    """Hash of a module's own code, and what it imports but for this module, which only names files."""
    code = _code_of(module)
    return None if code is None else (digest(code), [name for name in dependencies(code) if name != __name__])


def digest(code: CodeType) -> str:
    """Hash of what a code object does, equal in every process: without lines, files and what Python has learnt."""
    return hashlib.blake2b(repr(_content(code)).encode(), digest_size=10).hexdigest()


def _content(constant: Any) -> Any:
    if isinstance(constant, CodeType):
        return (
            constant.co_name, constant.co_flags, constant.co_code, constant.co_exceptiontable, constant.co_names,
            constant.co_argcount, constant.co_posonlyargcount, constant.co_kwonlyargcount, constant.co_varnames,
            constant.co_cellvars, constant.co_freevars, _content(constant.co_consts),
        )  # fmt: skip
    if isinstance(constant, tuple):
        return tuple(map(_content, constant))
    if isinstance(constant, frozenset):
        return "frozenset", sorted(map(repr, constant))
    return constant


def dependencies(code: CodeType) -> Iterator[str]:
    """Modules of this package that a module's code imports, in functions too; packages hold no code."""
    parts = list(_parts(code))
    for base in {name for part in parts for name in part.co_names if name.partition(".")[0] == _PACKAGE}:
        folder = _folder(base)
        if not os.path.isdir(folder):
            yield base
            continue
        listed = {name for part in parts for names in part.co_consts if isinstance(names, tuple) for name in names}
        for name in listed:
            if isinstance(name, str) and os.path.isfile(os.path.join(folder, f"{name}.py")):
                yield f"{base}.{name}"


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _folder(module: str) -> str:
    return os.path.join(_ROOT, *module.split(".")[1:])


def _code_of(module: str) -> CodeType | None:
    if module in _codes or module in sys.modules or module.partition(".")[0] != _PACKAGE:
        return _codes.get(module)
    try:
        return _Loader(module, f"{_folder(module)}.py").get_code(module)
    except (ImportError, OSError, SyntaxError):
        return None


if isinstance(sys.path_importer_cache.get(_ROOT), FileFinder):
    watch(_ROOT)
