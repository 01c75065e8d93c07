"""Mappings by name."""

from __future__ import annotations

from collections.abc import Callable

from qtoolkit._arguments import shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import as_int
from qtoolkit.operators.mappings.bravyi_kitaev import bravyi_kitaev_encoding
from qtoolkit.operators.mappings.fermion_mapping import FermionMapping
from qtoolkit.operators.mappings.jordan_wigner import jordan_wigner_encoding
from qtoolkit.operators.mappings.parity import parity_encoding, reduced_parity_mapping
from qtoolkit.operators.mappings.ternary_tree import ternary_tree_mapping

__all__ = ["MAPPINGS", "fermion_mapping"]

_MAKERS: dict[str, Callable[[int], FermionMapping]] = {
    "jordan_wigner": jordan_wigner_encoding,
    "parity": parity_encoding,
    "bravyi_kitaev": bravyi_kitaev_encoding,
    "ternary_tree": ternary_tree_mapping,
}

MAPPINGS = tuple(_MAKERS)
"""Names that `fermion_mapping` knows."""


def fermion_mapping(name: str | FermionMapping, num_modes: int, nelec: tuple[int, int] | None = None) -> FermionMapping:
    """Return a mapping by its name, or a mapping of one's own as it is.

    Args:
        name: ``"jordan_wigner"``, ``"parity"``, ``"bravyi_kitaev"``, ``"ternary_tree"``, or a mapping.
        num_modes: number of modes, 1 to 62; for electrons, of spin orbitals, alpha before beta.
        nelec: numbers of alpha and beta electrons, with ``"parity"`` alone: the two qubits that hold their parities are
            left out. `Tapering` does the like for every mapping.

    Raises:
        OperatorError: if there is no mapping of this name, `num_modes` is out of range or not that of the mapping
            given, or `nelec` comes with another mapping than parity or is no pair of numbers of electrons.
    """
    num_modes = as_int("num_modes", num_modes)
    if isinstance(name, FermionMapping):
        if nelec is not None or name.num_modes != num_modes:
            raise OperatorError(
                f"the mapping {name.name!r} is one of {name.num_modes} modes and stays as it is, got "
                f"num_modes={shown(num_modes)}, nelec={shown(nelec)}"
            )
        return name
    if not isinstance(name, str) or name not in _MAKERS:
        raise OperatorError(f"a mapping is one of {', '.join(MAPPINGS)}, or a FermionMapping, got {shown(name)}")
    if nelec is None:
        return _MAKERS[name](num_modes)
    if name != "parity":
        raise OperatorError(f"nelec takes two qubits off the parity mapping, not off {name}; use Tapering there")
    return reduced_parity_mapping(num_modes, nelec)
