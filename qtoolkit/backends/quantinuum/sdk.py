"""Imports of TKET and of its extension for Quantinuum's devices."""

from __future__ import annotations

from types import ModuleType

from qtoolkit._optional import require
from qtoolkit.errors import OutputError

__all__ = ["sdk"]


def sdk(module: str = "pytket.extensions.quantinuum") -> ModuleType:
    """Import a module of pytket, of its extension for Quantinuum, or of the emulators.

    When pytket is imported first, it writes a file of empty settings into the user's folder of settings, if there is
    none; its own display needs that file, so it stays.

    Raises:
        MissingExtraError: if pytket-quantinuum is not installed.
        OutputError: if pytket cannot write its file.
    """
    try:
        return require(module, extra="quantinuum")
    except OSError as error:
        raise OutputError(
            f"pytket cannot write its file of settings: {error}; set XDG_CONFIG_HOME to a folder that can be written"
        ) from error
