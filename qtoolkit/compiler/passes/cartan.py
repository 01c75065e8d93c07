"""Chains of two-qubit matrices in Cartan's form.

A two-qubit gate is ``(A⊗B) · exp(i(x XX + y YY + z ZZ)) · (C⊗D)`` (Kraus and Cirac, Phys. Rev. A 63, 062309 (2001),
eq. 5), and with ``A = Rz Ry Rz`` the product in the middle and the Z rotation beside it mix |00> with |11> and |01>
with |10> alone. Where the gates before it on its two qubits are matrices too, they take in C and D, and those behind it
take in the outer Z rotations. What remains, rotations about Y after a matrix that keeps the parity, costs 11.5 fused
multiply-adds an amplitude instead of 16.

That matrix is phases, a real rotation of |00> and |11>, one of |01> and |10>, and phases again. Without their cosines,
as ``1 + i t`` and ``[[1, -t], [t, 1]]``, the steps cost 9 in all. What is left out is handed to the gates behind: for
each qubit one number if it is 0 and one if it is 1, together with the Z rotation. A matrix that cannot hand it on, or
would hand on too much for the range of the amplitudes, makes up for it instead.

C and D come from the eigenvectors of ``mᵀm``, m being the gate in Bell's basis, where one-qubit gates are real.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import CartanForm, Factor, Form, Kind, Node, TangentForm
from qtoolkit.compiler.passes.split import decompose, product_of

__all__ = ["LEAST_QUBITS", "cartan_forms", "dense_product"]

LEAST_QUBITS = 16
"""Below, planning takes longer than it saves."""

ComplexArray = NDArray[np.complex128]

BELL: ComplexArray = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]])
"""√2 times the basis in which the product of two one-qubit gates of determinant 1 is real, in columns; it is exact."""

ONE: ComplexArray = np.eye(2, dtype=np.complex128)
PAULI_Y: ComplexArray = np.array([[0, -1j], [1j, 0]])
PHASE_GATE: ComplexArray = np.diag([1, 1j])

MIXTURES = tuple(math.pi * (k + 0.5) / 8 for k in range(8))
"""Angles that mix a symmetric unitary's real and imaginary part; where eigenvalues of one are equal by chance, those of
another are not.
"""

COINCIDENCE = 1e-6
"""Eigenvalues nearer than this count as one, whose eigenvectors any basis will do for."""

ASYMMETRIC = np.sqrt([2.0, 3.0, 5.0, 7.0])
"""A vector that no eigenvector is orthogonal to but by chance: it fixes their signs."""

PARITY_CHANGES = np.eye(4) + np.fliplr(np.eye(4)) == 0
"""Entries of a 4x4 matrix that mix even with odd."""

TOLERANCE = 1e-14
"""What may be left where a form has zeros."""

EXPONENTS = {8: (90, 64), 16: (90, 900)}
"""Powers of two by which amplitudes may be too small and too large for a while, by their bytes.

Single precision holds 2^127: rotations may leave out another 2^50 before it is made up for, steps within a gate 2^12.
"""

STEEPEST = 64.0
"""No larger tangent is used."""


def cartan_forms(
    nodes: Sequence[Node], probes: Sequence[ComplexArray], layout: Layout
) -> tuple[list[Node], ComplexArray]:
    """Replace matrices that follow matrices on both qubits.

    Args:
        nodes: in time order, merged.
        probes: coefficients at generic parameter values, planner's constants behind them.
        layout: of the state, by which amplitudes have a range.

    Returns:
        The nodes, and constants that some of them use: factors name their places behind those of `probes`.
    """
    return _Chains(nodes, probes, layout).run()


class _Chains:
    def __init__(self, nodes: Sequence[Node], probes: Sequence[ComplexArray], layout: Layout) -> None:
        self._nodes = list(nodes)
        self._probes = probes
        self._constants: list[complex] = []
        self._phase = 1.0 + 0.0j
        self._outer: dict[int, _Pair] = {}
        """Diagonals that wait for a node to take them in, by qubit."""
        # Each qubit has its share: in whatever order a sweep runs nodes, those of one qubit keep theirs.
        small, large = EXPONENTS[layout.amplitude_bytes]
        self._least, self._most = 2.0 ** -(large / layout.num_bits), 2.0 ** (small / layout.num_bits)
        self._lane_bits = layout.lane_bits

    def run(self) -> tuple[list[Node], ComplexArray]:
        before = self._predecessors()
        forms = self._split(before)
        if not forms:
            return self._nodes, np.zeros(0, np.complex128)
        followed = self._followed(forms)
        result: list[Node] = []
        for k, node in enumerate(self._nodes):
            if k in forms:
                result.append(self._with_form(node, forms[k], k in followed))
                continue
            behind = [q for q in node.targets if q in self._outer]
            if node.kind in (Kind.DENSE, Kind.LOCAL):
                node = replace(node, factors=[*(self._outer_factor(q) for q in behind), *node.factors])
            else:
                result += self._outer_phases(behind)
            result.append(node)
        result += self._outer_phases(list(self._outer))
        first = next(k for k, node in enumerate(result) if node.kind is Kind.DENSE)
        phase = self._factor(Form.DIAGONAL_1Q, result[first].targets[0], [self._phase, self._phase])
        result[first] = replace(result[first], factors=[*result[first].factors, phase])
        return result, np.array(self._constants, np.complex128)

    def _followed(self, forms: dict[int, _Split]) -> set[int]:
        """Forms behind which there are matrices on both qubits that can take in any diagonal."""
        found = set()
        ready: dict[int, bool] = {}
        for k in range(len(self._nodes) - 1, -1, -1):
            node = self._nodes[k]
            if k in forms and all(ready.get(q, False) for q in node.targets):
                found.add(k)
            ready |= dict.fromkeys(node.targets, node.kind is Kind.DENSE)
        return found

    def _predecessors(self) -> dict[int, tuple[int, int]]:
        """Matrices without parameters that follow matrices on both qubits, and which they follow."""
        last: dict[int, int] = {}
        found = {}
        for k, node in enumerate(self._nodes):
            if node.kind is Kind.DENSE:
                first, second = (last.get(q, -1) for q in sorted(node.targets))
                if first >= 0 and second >= 0 and self._are_matrices(first, second) and self._is_constant(node):
                    found[k] = (first, second)
            last |= dict.fromkeys(node.qubits, k)
        return found

    def _are_matrices(self, *numbers: int) -> bool:
        return all(self._nodes[k].kind is Kind.DENSE for k in numbers)

    def _is_constant(self, node: Node) -> bool:
        first = dense_product(node.factors, node.targets, self._probes[0])
        return all(np.array_equal(first, dense_product(node.factors, node.targets, p)) for p in self._probes[1:])

    def _split(self, before: dict[int, tuple[int, int]]) -> dict[int, _Split]:
        """From the last gate to the first: hand inner one-qubit gates to the gates before."""
        forms = {}
        inner: dict[int, list[tuple[int, ComplexArray]]] = {}
        for k in range(len(self._nodes) - 1, -1, -1):
            node = self._nodes[k]
            received = inner.pop(k, [])
            split = None
            if k in before:
                low, high = sorted(node.targets)
                matrix = dense_product(node.factors, (low, high), self._probes[0])
                for qubit, gate in received:
                    matrix = _on_two(gate, int(qubit == high)) @ matrix
                split = _split(matrix)
            if split is not None:
                forms[k] = split = split.with_real_rotations([p not in before for p in before[k]])
                for previous, qubit, gate in zip(before[k], (low, high), split.inner, strict=True):
                    inner.setdefault(previous, []).append((qubit, gate))
            elif received:
                factors = [self._factor(Form.MATRIX_1Q, qubit, gate.ravel().tolist()) for qubit, gate in received]
                self._nodes[k] = replace(node, factors=node.factors + factors)
        return forms

    def _with_form(self, node: Node, split: _Split, is_followed: bool) -> Node:
        """Take in the diagonals before, and leave those behind."""
        low, high = sorted(node.targets)
        before = self._outer.pop(low, (1.0, 1.0)), self._outer.pop(high, (1.0, 1.0))
        found = None
        if is_followed and high >= self._lane_bits:
            found = self._by_tangents(split, before)
        if found is None:
            found = _general(split, before, self._most if is_followed else 1.0)
        self._outer[low], self._outer[high] = found.behind
        self._phase *= found.phase
        return replace(node, kind=Kind.CARTAN, targets=(low, high), factors=[], form=found.form)

    def _by_tangents(self, split: _Split, before: tuple[_Pair, _Pair]) -> _Formed | None:
        """Row 0 leaves out least, so first with that value of each bit there of which more has been left out."""
        best = sum((abs(pair[1]) < abs(pair[0])) << side for side, pair in enumerate(before))
        for flips in (best, best ^ 1, best ^ 2, best ^ 3):
            found = _by_tangents(split, before, flips)
            if found and all(self._least <= abs(x) <= self._most for pair in found.behind for x in pair):
                return found
        return None

    def _outer_factor(self, qubit: int) -> Factor:
        return self._factor(Form.DIAGONAL_1Q, qubit, self._outer.pop(qubit))

    def _outer_phases(self, qubits: Sequence[int]) -> list[Node]:
        return [Node(Kind.PHASES, diagonal=(q,), factors=[self._outer_factor(q)], operations=0) for q in qubits]

    def _factor(self, form: Form, qubit: int, entries: Sequence[complex]) -> Factor:
        place = self._probes[0].size + len(self._constants)
        self._constants += entries
        return Factor(form, place, (qubit,))


_Pair: TypeAlias = tuple[complex, complex]


class _Formed(NamedTuple):
    """A form, and what it leaves out: a phase, and diagonals on the low and on the high bit."""

    form: CartanForm | TangentForm
    phase: complex
    behind: tuple[_Pair, _Pair]


class _Split(NamedTuple):
    """A two-qubit gate as ``(Rz⊗Rz) · (Ry⊗Ry) · kept · (C⊗D)``; pairs begin with the low bit.

    Attributes:
        kept: mixes |00> with |11> and |01> with |10> alone, shape ``(4, 4)``.
        outer: angles of the Z rotations, in radians.
        middle: angles of the Y rotations, within [-π/2, π/2].
        inner: one-qubit gates, shape ``(2, 2)``.
    """

    kept: ComplexArray
    outer: tuple[float, float]
    middle: tuple[float, float]
    inner: tuple[ComplexArray, ComplexArray]

    def with_real_rotations(self, takes_in: Sequence[bool]) -> _Split:
        """The same with a phase gate more in front, if one of the gates before takes in anything.

        Without Z rotations before it, exp(i(x XX + y YY)) rotates about X; this makes it phases after real rotations.
        """
        if not any(takes_in):
            return self
        side = takes_in.index(True)
        inner = list(self.inner)
        inner[side] = PHASE_GATE @ inner[side]
        return self._replace(kept=self.kept @ _on_two(PHASE_GATE.conj(), side), inner=(inner[0], inner[1]))


def _split(matrix: ComplexArray) -> _Split | None:
    """Take a unitary apart; None if rounding gets in the way."""
    bell = BELL.conj().T @ matrix @ BELL / (2 * np.linalg.det(matrix) ** 0.25)
    vectors = _common_eigenvectors(bell.T @ bell)
    if vectors is None:
        return None
    inner = list(_factors_of(BELL @ vectors.T @ BELL.conj().T / 2))
    turned = bell @ vectors
    real = (turned / np.sqrt(np.sum(turned * turned, axis=0))).real
    if np.linalg.det(real) < 0:
        real[:, 0] *= -1
    kept = matrix @ _kron(inner[1], inner[0]).conj().T
    outer, middle = [0.0, 0.0], [0.0, 0.0]
    for side, gate in enumerate(_factors_of(BELL @ real @ BELL.conj().T / 2)):
        (a, b), (c, d) = gate.tolist()
        angles = decompose((a, b, c, d))
        outer[side], middle[side] = angles.beta, 2 * angles.theta
        if abs(middle[side]) > math.pi / 2:
            # Ry(θ) Rz(φ) is Ry(θ∓π) Rz(-φ) Y, and Y passes on through what keeps the parity.
            middle[side] -= math.copysign(math.pi, middle[side])
            kept = kept @ _on_two(PAULI_Y, side)
            inner[side] = PAULI_Y @ inner[side]
        kept = _on_two(_z_rotation(outer[side]) @ _y_rotation(middle[side]), side).conj().T @ kept
    if np.abs(kept[PARITY_CHANGES]).max() > TOLERANCE:
        return None
    kept[PARITY_CHANGES] = 0.0
    return _Split(kept, (outer[0], outer[1]), (middle[0], middle[1]), (inner[0], inner[1]))


def _general(split: _Split, before: tuple[_Pair, _Pair], share: float) -> _Formed:
    """The matrix after diagonals on both bits, with the cosines of the Y rotations in it, and over `share` squared."""
    kept = split.kept * _on_both(*before) / share**2
    for angle in split.middle:
        kept = kept * math.cos(angle / 2)
    phase = cmath.rect(1.0, cmath.phase(kept[0, 0]))
    kept = kept / phase
    low, high = (math.tan(angle / 2) for angle in split.middle)
    form = CartanForm(
        own=tuple(kept.diagonal().tolist()),
        cross=tuple(np.fliplr(kept).diagonal().tolist()),
        rotations=(low, low, high, high),
    )
    first, second = ((share * a, share * b) for a, b in map(_rz_entries, split.outer))
    return _Formed(form, phase, (first, second))


def _by_tangents(split: _Split, before: tuple[_Pair, _Pair], flips: int) -> _Formed | None:
    """The same by tangents; None if one of them is too large.

    Row k is ``scale[k]`` times what is computed; at the end the scales are those of a product of two diagonals.
    """
    order = [k ^ flips for k in range(4)]
    diagonal = _on_both(*before)[order]
    scale = np.abs(diagonal)
    kept = (split.kept[np.ix_(order, order)] * (diagonal / scale)).tolist()
    even = decompose((kept[0][0], kept[0][3], kept[3][0], kept[3][3]))
    odd = decompose((kept[1][1], kept[1][2], kept[2][1], kept[2][2]))
    first = odd.alpha - even.alpha
    inner = (first, first + odd.gamma, even.gamma)
    turns = (even.theta, odd.theta)
    if max(abs(math.tan(angle)) for angle in (*inner, *turns, odd.beta)) > STEEPEST:
        return None
    scale *= np.cos(np.array([0.0, *inner]))
    mixed = (*_tilted(turns[0], scale[3] / scale[0]), *_tilted(turns[1], scale[2] / scale[1]))
    scale *= np.cos(np.array([turns[0], turns[1], turns[1], turns[0]]))
    scale[2] *= math.cos(odd.beta)
    ratios = float(scale[1] / scale[0]), float(scale[2] / scale[0])
    signs = [-1 if flips >> side & 1 else 1 for side in range(2)]
    halves = [sign * angle / 2 for sign, angle in zip(signs, split.middle, strict=True)]
    common = float(scale[0]) * math.cos(halves[0]) * math.cos(halves[1])
    behind = []
    for sign, angle, ratio in zip(signs, split.outer, ratios, strict=True):
        zero, one = _rz_entries(sign * angle)
        pair = math.sqrt(abs(common)) * zero, math.sqrt(abs(common)) * ratio * one
        behind.append(pair if sign > 0 else pair[::-1])
    form = TangentForm(
        flips=flips,
        before=(math.tan(inner[0]), math.tan(inner[1]), math.tan(inner[2])),
        mixed=mixed,
        after=math.tan(odd.beta),
        factor=cmath.rect(float(scale[3]) / (float(scale[0]) * ratios[0] * ratios[1]), even.beta),
        rotations=(*_tilted(halves[0], ratios[0]), *_tilted(halves[1], ratios[1])),
    )
    return _Formed(form, cmath.rect(math.copysign(1.0, common), even.alpha), (behind[0], behind[1]))


def _on_both(low: _Pair, high: _Pair) -> ComplexArray:
    """The product of two diagonals."""
    return np.array([a * b for b in high for a in low], np.complex128)


def _tilted(angle: float, ratio: float) -> tuple[float, float]:
    """a and b of a rotation where what the second row leaves out is so many times as large as the first row's."""
    return math.tan(angle) * float(ratio), math.tan(angle) / float(ratio)


def _common_eigenvectors(symmetric: ComplexArray) -> NDArray[np.float64] | None:
    """Real eigenvectors of a symmetric unitary, of determinant 1: its real and imaginary part share them.

    The mixture is chosen by how far its eigenvalues stand apart, not by what rounding leaves, and signs are fixed; so
    different libraries of linear algebra find the same vectors, where eigenvalues don't coincide.
    """
    best, widest = None, -1.0
    for angle in MIXTURES:
        values, vectors = np.linalg.eigh(math.cos(angle) * symmetric.real + math.sin(angle) * symmetric.imag)
        product = vectors.T @ symmetric @ vectors
        gaps = np.diff(values)
        gap = float(gaps[gaps > COINCIDENCE].min(initial=math.inf))
        if gap > widest and np.abs(product - np.diag(product.diagonal())).max() <= TOLERANCE:
            best, widest = vectors, gap
    if best is None:
        return None
    best = best * np.where(ASYMMETRIC @ best < 0, -1.0, 1.0)
    if np.linalg.det(best) < 0:
        best[:, 0] *= -1
    return best


def _factors_of(product: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """The one-qubit gates of determinant 1, low bit first, whose product this is."""
    blocks = product.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3)
    row, column = divmod(int(np.abs(blocks).sum(axis=(2, 3)).argmax()), 2)
    low: ComplexArray = blocks[row, column] / np.sqrt(np.linalg.det(blocks[row, column]))
    high: ComplexArray = np.einsum("ijkl,kl->ij", blocks, low.conj()) / 2
    return low, high


def _on_two(gate: ComplexArray, side: int) -> ComplexArray:
    """A gate on the low (0) or the high (1) bit of two."""
    return _kron(ONE, gate) if side == 0 else _kron(gate, ONE)


def _kron(high: ComplexArray, low: ComplexArray) -> ComplexArray:
    """The product of a gate on the high and one on the low bit."""
    product: ComplexArray = np.einsum("ij,kl->ikjl", high, low).reshape(4, 4)
    return product


def _z_rotation(angle: float) -> ComplexArray:
    return np.diag(_rz_entries(angle))


def _rz_entries(angle: float) -> _Pair:
    return cmath.rect(1.0, -angle / 2), cmath.rect(1.0, angle / 2)


def _y_rotation(angle: float) -> ComplexArray:
    cosine, sine = math.cos(angle / 2), math.sin(angle / 2)
    return np.array([[cosine, -sine], [sine, cosine]], np.complex128)


def dense_product(factors: Sequence[Factor], qubits: tuple[int, ...], coefficients: ComplexArray) -> ComplexArray:
    """The product of one- and two-qubit factors in time order, shape ``(4, 4)``; ``qubits[0]`` is the low bit."""
    product: ComplexArray = np.eye(4, dtype=np.complex128)
    for factor in factors:
        if len(factor.qubits) == 1:
            gate = np.array(product_of([factor], coefficients)).reshape(2, 2)
            product = _on_two(gate, qubits.index(factor.qubits[0])) @ product
            continue
        matrix = _two_qubit_matrix(factor, coefficients)
        if factor.qubits != qubits:
            matrix = matrix[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
        product = matrix @ product
    return product


def _two_qubit_matrix(factor: Factor, coefficients: ComplexArray) -> ComplexArray:
    numbers = coefficients[factor.place : factor.place + 16]
    matrix: ComplexArray = np.eye(4, dtype=np.complex128)
    match factor.form:
        case Form.MATRIX_2Q:
            return numbers.reshape(4, 4)
        case Form.DIAGONAL_2Q:
            return np.diag(numbers[:4])
        case Form.PHASE_2Q:
            matrix[factor.detail, factor.detail] = numbers[0]
        case Form.CONTROLLED_MATRIX | Form.CONTROLLED_DIAGONAL:
            on = slice(2 * factor.detail, 2 * factor.detail + 2)
            matrix[on, on] = (
                numbers[:4].reshape(2, 2) if factor.form is Form.CONTROLLED_MATRIX else np.diag(numbers[:2])
            )
        case _:
            letters = (np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1]), PAULI_Y)
            string = np.kron(letters[factor.detail >> 2], letters[factor.detail & 3])
            matrix = numbers[0].real * matrix - 1j * numbers[1].real * string
    return matrix
