"""Fermionic operators and Pauli sums to and from OpenFermion.

OpenFermion's molecules alternate the spins: mode 2p is orbital p alpha, mode 2p + 1 the same orbital beta. Ours come in
blocks: p alpha, norb + p beta. Its operators themselves know no spin, so nothing can tell which order one is in; say
``interleaved=True`` where modes alternate.
"""

from __future__ import annotations

from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from qtoolkit._arguments import MOST_ITEMS, check_flag, check_integer, shown
from qtoolkit._masks import bits_of
from qtoolkit._optional import require
from qtoolkit.errors import ConversionError
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator, PauliString, PauliSum

if TYPE_CHECKING:
    import openfermion

__all__ = ["from_openfermion", "to_openfermion"]

_INTERLEAVED_STRINGS = (
    "the strings of a mapping depend on the order of modes, which cannot be changed afterwards: reorder the fermionic "
    "operator with interleaved=True and map it then"
)


def from_openfermion(
    op: Any, num_qubits: int | None = None, *, interleaved: bool = False, norb: int | None = None
) -> FermionOperator | PauliSum:
    """Convert an operator of OpenFermion: a `QubitOperator` to a `PauliSum`, all others to a `FermionOperator`.

    Args:
        op: a `QubitOperator`, a `FermionOperator`, or what `openfermion.get_fermion_operator` makes one of, as an
            `InteractionOperator`.
        num_qubits: of a Pauli sum, by default one more than the highest qubit in use.
        interleaved: whether modes alternate between alpha and beta, as those of OpenFermion's molecules; they come out
            in two blocks. By default modes keep their numbers.
        norb: number of spatial orbitals, which says where the block of beta begins; needed with `interleaved` for a
            `FermionOperator`, an `InteractionOperator` has it.

    Raises:
        ConversionError: if it is none of these, a coefficient is no number, modes are to be reordered without `norb`
            or lie beyond it, qubits are to be reordered, or there are more than 62.
        MissingExtraError: if OpenFermion is not installed.
    """
    package = _package()
    check_flag(interleaved, "interleaved", ConversionError)
    if isinstance(op, package.QubitOperator):
        if interleaved:
            raise ConversionError(_INTERLEAVED_STRINGS)
        return _pauli_sum(op, num_qubits)
    if num_qubits is not None:
        raise ConversionError(f"num_qubits is for a QubitOperator, got {shown(num_qubits)} and a {type(op).__name__}")
    if not isinstance(op, package.FermionOperator):
        if norb is None and isinstance(op, package.PolynomialTensor):
            norb = op.n_qubits // 2
        try:
            op = package.get_fermion_operator(op)
        except (TypeError, ValueError, AttributeError) as error:
            raise ConversionError(
                "an operator from OpenFermion must be a QubitOperator, a FermionOperator or what get_fermion_operator "
                f"takes, got {type(op).__name__}"
            ) from error
    terms = {product: _number(value) for product, value in op.terms.items()}
    if interleaved:
        half = _checked_norb(norb)
        _check_modes(1 + max((mode for product in terms for mode, _ in product), default=-1), half)
        terms = {
            tuple((mode % 2 * half + mode // 2, action) for mode, action in product): value
            for product, value in terms.items()
        }
    return FermionOperator(terms)


@overload
def to_openfermion(
    op: FermionOperator | ElectronicHamiltonian, *, interleaved: bool = False, norb: int | None = None
) -> openfermion.FermionOperator: ...


@overload
def to_openfermion(
    op: PauliSum | PauliString, *, interleaved: bool = False, norb: int | None = None
) -> openfermion.QubitOperator: ...


def to_openfermion(
    op: FermionOperator | ElectronicHamiltonian | PauliSum | PauliString,
    *,
    interleaved: bool = False,
    norb: int | None = None,
) -> openfermion.FermionOperator | openfermion.QubitOperator:
    """Convert to OpenFermion's `FermionOperator`, a Pauli sum to its `QubitOperator`.

    Args:
        op: what to convert; equal strings of a Pauli sum are added up, and its idle qubits are unknown there.
        interleaved: whether modes shall alternate between alpha and beta, as OpenFermion's own functions for molecules
            expect; ours come in two blocks. By default modes keep their numbers.
        norb: number of spatial orbitals, which says where the block of beta begins; needed with `interleaved` for a
            `FermionOperator`, an `ElectronicHamiltonian` has it.

    Raises:
        ConversionError: if it is none of ours, modes are to be reordered without `norb` or lie beyond it, or qubits are
            to be reordered.
        MissingExtraError: if OpenFermion is not installed.
    """
    package = _package()
    check_flag(interleaved, "interleaved", ConversionError)
    if isinstance(op, PauliSum | PauliString):
        if interleaved:
            raise ConversionError(_INTERLEAVED_STRINGS)
        return _qubit_operator(package, op.to_sum() if isinstance(op, PauliString) else op)
    if isinstance(op, ElectronicHamiltonian):
        norb = op.norb if norb is None else norb
        op = op.to_fermion_operator()
    if not isinstance(op, FermionOperator):
        raise ConversionError(f"what is converted must be a fermionic operator or a Pauli sum, got {shown(op)}")
    place: Any = range(op.num_modes)
    if interleaved:
        half = _checked_norb(norb)
        _check_modes(op.num_modes, half)
        place = [2 * (mode % half) + mode // half for mode in range(2 * half)]
    theirs = package.FermionOperator()
    theirs.terms = {tuple((place[mode], int(creates)) for mode, creates in product): value for product, value in op}
    return theirs


def _package() -> ModuleType:
    return require("openfermion", extra="interop")


def _checked_norb(norb: int | None) -> int:
    if norb is None:
        raise ConversionError("modes are reordered between two blocks and alternating spins: give norb, their half")
    return check_integer(norb, "norb", 1, MOST_ITEMS, error=ConversionError)


def _check_modes(num_modes: int, norb: int) -> None:
    if num_modes > 2 * norb:
        raise ConversionError(f"{norb} spatial orbitals have {2 * norb} modes, but the operator acts on {num_modes}")


def _number(value: Any) -> complex:
    try:
        return complex(value)
    except (TypeError, ValueError) as error:
        raise ConversionError(f"coefficients must be numbers, got {shown(value)}: substitute symbols first") from error


def _pauli_sum(op: Any, num_qubits: int | None) -> PauliSum:
    coefficients = np.array([_number(value) for value in op.terms.values()], np.complex128)
    lengths = np.fromiter(map(len, op.terms), np.int64, len(op.terms))
    qubits, letters = tuple(zip(*chain.from_iterable(op.terms), strict=True)) or ((), ())
    used = 1 + max(qubits, default=-1)
    if num_qubits is None:
        if used == 0:
            raise ConversionError("an operator without qubits has no register of its own: give num_qubits")
        num_qubits = used
    num_qubits = check_integer(num_qubits, "num_qubits", 1, PauliSum.max_qubits, ConversionError)
    if used > num_qubits:
        raise ConversionError(f"the operator acts on {used} qubits, more than num_qubits={num_qubits}")
    names = np.frombuffer("".join(letters).encode(), np.uint8)
    bits = np.int64(1) << np.array(qubits, np.int64)
    term = np.repeat(np.arange(len(lengths)), lengths)
    masks = np.zeros((2, len(lengths)), np.int64)
    for mask, other in zip(masks, "ZX", strict=True):
        np.bitwise_or.at(mask, term, np.where(names == ord(other), 0, bits))
    return PauliSum(masks[0], masks[1], coefficients, num_qubits)


def _qubit_operator(package: ModuleType, op: PauliSum) -> Any:
    theirs = package.QubitOperator()
    for x, z, value in zip(op.x_masks.tolist(), op.z_masks.tolist(), op.coefficients.tolist(), strict=True):
        letters = tuple((qubit, "IXZY"[(x >> qubit & 1) + 2 * (z >> qubit & 1)]) for qubit in bits_of(x | z))
        theirs.terms[letters] = theirs.terms.get(letters, 0.0) + value
    return theirs
