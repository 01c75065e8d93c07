"""Imports of packages that only an extra installs, with an error that says how to get them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from qtoolkit.errors import MissingExtraError

__all__ = ["is_installed", "require"]


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or say which extra installs it.

    Raises:
        MissingExtraError: if the package is absent.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        if error.name is not None and error.name.partition(".")[0] != top:
            raise  # the package is there but broken inside: hiding that would mislead
        raise MissingExtraError(
            f'this feature needs the package "{top}", which is not installed: pip install "qtoolkit-quantum[{extra}]"'
        ) from error


def is_installed(module: str) -> bool:
    """Whether `module` could be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
