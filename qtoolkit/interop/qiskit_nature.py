"""Fermionic operators to and from Qiskit Nature, whose modes come in two blocks of spin as ours do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtoolkit._arguments import check_integer, shown
from qtoolkit._optional import require
from qtoolkit.errors import ConversionError
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator

if TYPE_CHECKING:
    from types import ModuleType

    from qiskit_nature.second_q.operators import FermionicOp

__all__ = ["from_qiskit_nature", "to_qiskit_nature"]

_FACTOR = re.compile(r"([+-])_(\d+)")


def from_qiskit_nature(op: FermionicOp) -> FermionOperator:
    """Convert a `FermionicOp` of Qiskit Nature; mode k stays mode k.

    Its Hamiltonians, as `ElectronicEnergy`, give one by their ``second_q_op()``.

    Raises:
        ConversionError: if it is none, or a coefficient has an unbound parameter.
        MissingExtraError: if Qiskit Nature is not installed.
    """
    if not isinstance(op, _operators().FermionicOp):
        raise ConversionError(
            f"a fermionic operator from Qiskit Nature must be a FermionicOp, got {type(op).__name__}; "
            "second_q_op() makes one of a Hamiltonian"
        )
    terms: dict[tuple[tuple[int, bool], ...], complex] = {}
    for label, value in op.items():
        product = tuple((int(mode), action == "+") for action, mode in _FACTOR.findall(label))
        try:
            terms[product] = terms.get(product, 0j) + complex(value)
        except (TypeError, ValueError) as error:
            raise ConversionError(
                f"coefficients must be numbers, got {shown(value)}: call assign_parameters first"
            ) from error
    return FermionOperator(terms)


def to_qiskit_nature(op: FermionOperator | ElectronicHamiltonian, num_spin_orbitals: int | None = None) -> FermionicOp:
    """Convert to Qiskit Nature's `FermionicOp`; mode k stays mode k.

    Args:
        op: what to convert.
        num_spin_orbitals: of the result, by default the modes that the operator uses; those of an
            `ElectronicHamiltonian`, two for each orbital.

    Raises:
        ConversionError: if it is none of ours, or acts on more modes than `num_spin_orbitals`.
        MissingExtraError: if Qiskit Nature is not installed.
    """
    operators = _operators()
    used = 0
    if isinstance(op, ElectronicHamiltonian):
        used, op = op.num_qubits, op.to_fermion_operator()
    if not isinstance(op, FermionOperator):
        raise ConversionError(f"what is converted must be a fermionic operator, got {shown(op)}")
    used = max(used, op.num_modes)
    if num_spin_orbitals is not None:
        used = check_integer(num_spin_orbitals, "num_spin_orbitals", used, error=ConversionError)
    terms = {" ".join(f"{'+' if creates else '-'}_{mode}" for mode, creates in product): value for product, value in op}
    return operators.FermionicOp(terms, num_spin_orbitals=used, copy=False)


def _operators() -> ModuleType:
    return require("qiskit_nature.second_q.operators", extra="interop")
