"""The grammar of the planner's tables: what holds of nodes, factors, actions and sweeps after every pass.

`checking` has every plan that is made meanwhile checked, pass by pass; the first rule that is broken is an assertion
that names the pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from planner_tables import LISTS, Form, Kind

from qtoolkit.compiler import SweepPart, planner
from qtoolkit_kernels.planner import merge, nodes, split
from qtoolkit_kernels.vector import isa, numbers

LENGTHS = {
    Form.MATRIX_1Q: 4, Form.DIAGONAL_1Q: 2, Form.PHASE_1Q: 1, Form.PAULI_1Q: 2, Form.MATRIX_2Q: 16,
    Form.DIAGONAL_2Q: 4, Form.PHASE_2Q: 1, Form.PAULI_2Q: 2, Form.CONTROLLED_MATRIX: 4, Form.CONTROLLED_DIAGONAL: 2,
}  # fmt: skip
"""Coefficients of a factor; those of *_ROTATION are a product's."""

OF_PRODUCTS = (Form.BEFORE_ROTATION, Form.AFTER_ROTATION)

TARGETS = {
    Kind.LOCAL: (1,), Kind.DENSE: (2,), Kind.PHASES: (0,), Kind.PHASE: (0,), Kind.EXCHANGE: (1,), Kind.SWAP: (2,),
    Kind.ROTATION: (1,), Kind.TABLE: (0,), Kind.CARTAN: (2,),
}  # fmt: skip
"""How many qubits a node may turn, where its kind says that."""

CONTROLLED = (Kind.EXCHANGE, Kind.SWAP, Kind.PAULI, Kind.MATRIX, Kind.TABLE, Kind.PERMUTE)

MERGED = (Kind.LOCAL, Kind.DENSE, Kind.PHASES)
"""What may have several factors, on just its qubits."""

FACTORS = dict.fromkeys((*MERGED, *LISTS, Kind.PAULI, Kind.PHASE), True) | dict.fromkeys(
    (Kind.EXCHANGE, Kind.SWAP), False
)
"""Kinds that have factors, and whether they must."""

LATE = {Kind.CARTAN: ("cartan", "split", "merge"), Kind.ROTATION: ("split", "merge")}
"""After which passes there may be nodes of some kinds."""

GONE = {
    Kind.LOCAL: ("split", "merge"),
    Kind.WHOLE: ("pairs", "relabel", "cancel", "fuse", "signs", "gather", "narrow", "split"),
}
"""After which there may be none."""


class Checker(planner._Planner):
    """A planner that looks at what each pass leaves."""

    checked: list[str]
    """Receives the name of each pass whose tables were looked at."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._places = self._probes.shape[1]
        self._forms = self._products = 0

    def _note(self, name: str, rows: np.ndarray) -> None:
        super()._note(name, rows)
        self._check(name, rows)

    def _without_runs(self, rows):
        rows, probes = super()._without_runs(rows)
        self._places = probes.shape[1]
        return rows, probes

    def _gathered(self, rows, probes):
        rows, probes = super()._gathered(rows, probes)
        self._places = probes.shape[1]
        return rows, probes

    def _cartan_forms(self, rows, probes):
        rows, probes, forms = super()._cartan_forms(rows, probes)
        self._places, self._forms = probes.shape[1], len(forms)
        return rows, probes, forms

    def _split(self, rows, probes):
        rows, products = super()._split(rows, probes)
        self._products = len(products)
        for first, parts, is_gentle in products[:, [split.PRODUCT_FIRST, split.PARTS, split.IS_GENTLE]].tolist():
            assert is_gentle in (0, 1)
            assert 0 <= parts < 16
            used = set()
            for factor in self._chain("split", first, None):
                assert factor[nodes.FORM] in (Form.MATRIX_1Q, Form.DIAGONAL_1Q, Form.PHASE_1Q, Form.PAULI_1Q)
                used.add(factor[nodes.QUBIT])
                self._check_place("split", factor)
            assert len(used) == 1, f"a product of one-qubit factors on qubits {used}"
        return rows, products

    def _merged(self, rows, from_zero_state):
        merged = super()._merged(rows, from_zero_state)
        self._check("merge", rows)
        self._check_actions(rows, merged)
        return merged

    def _packed(self, rows, merged, products, forms, constants):
        part = super()._packed(rows, merged, products, forms, constants)
        assert part.bits.shape[0] >= len(merged.bits)
        assert part.gates.sum() == rows[:, nodes.GATES].sum()
        check_part(part, self._places)
        self.checked.append("pack")
        return part

    def _check(self, name: str, rows: np.ndarray) -> None:
        used: set[int] = set()
        gates = 0
        for row in rows.tolist():
            gates += row[nodes.GATES]
            self._check_node(name, row)
            used_here = self._check_factors(name, row)
            assert not used & used_here, f"{name}: two nodes share a factor"
            used |= used_here
        # swaps that are put back where a state is given count as a gate each
        assert gates <= self._program.num_operations + self._layout.num_bits - 1, f"{name}: {gates} gates"
        self.checked.append(name)

    def _check_node(self, name: str, row: list[int]) -> None:
        assert 0 <= row[nodes.KIND] < len(nodes.KINDS), f"{name}: no kind {row[nodes.KIND]}"
        kind = Kind(row[nodes.KIND])
        what = f"{name}: {kind.name} {row}"
        targets, diagonal, controls = row[nodes.TARGETS], row[nodes.DIAGONAL], row[nodes.CONTROLS]
        assert name in LATE.get(kind, (name,)), what
        assert name not in GONE.get(kind, ()), what
        assert row[nodes.GATES] >= 0, what
        assert 0 <= (targets | diagonal) < 1 << self._layout.num_bits, f"{what}: qubits out of range"
        assert not targets & diagonal, f"{what}: diagonal in a target"
        assert not controls & ~diagonal, f"{what}: controls that it is not diagonal in"
        assert kind in CONTROLLED or not controls, f"{what}: controls of a kind that has none"
        assert not row[nodes.ZEROS] & ~(diagonal if kind is Kind.PHASE else controls), f"{what}: zeros no controls"
        assert not row[nodes.Y] & ~targets, f"{what}: Y where it is diagonal"
        assert kind is Kind.PAULI or not row[nodes.Y], what
        if kind is not Kind.WHOLE:
            assert targets | diagonal, f"{what}: no qubits"
            assert targets.bit_count() in TARGETS.get(kind, (targets.bit_count(),)), f"{what}: targets"
        most = {Kind.WHOLE: self._program.num_operations, Kind.ROTATION: self._products, Kind.CARTAN: self._forms}
        assert kind not in most or 0 <= row[nodes.EXTRA] < most[kind], f"{what}: nothing of this number"

    def _check_factors(self, name: str, row: list[int]) -> set[int]:
        """Look at a node's factors; where they stand."""
        kind, what = Kind(row[nodes.KIND]), f"{name}: {row}"
        chain = list(self._chain(what, row[nodes.FIRST], row[nodes.LAST]))
        assert kind in FACTORS or not chain, f"{what}: {len(chain)} factors"
        assert FACTORS.get(kind) is not True or chain, f"{what}: no factors"
        qubits, touched = row[nodes.TARGETS] | row[nodes.DIAGONAL], 0
        for factor in chain:
            if kind in LISTS:
                self._check_list(what, row, factor)
                continue
            self._check_place(what, factor)
            if kind in (Kind.PAULI, Kind.PHASE):
                continue  # whose qubits are the masks
            acted = [q for q in (factor[nodes.QUBIT], factor[nodes.OTHER]) if q != -1]
            assert len(set(acted)) == len(acted) > 0, f"{what}: qubits of {factor}"
            assert all(0 <= q < 63 and qubits >> q & 1 for q in acted), f"{what}: {factor}"
            touched |= sum(1 << q for q in acted)
        assert len(chain) < 2 or kind in MERGED, f"{what}: {len(chain)} factors"
        assert kind not in MERGED or touched == qubits, f"{what}: factors on {touched}"
        return set(self._numbers(row[nodes.FIRST]))

    def _check_list(self, what: str, row: list[int], factor: list[int]) -> None:
        begin, size = factor[nodes.QUBIT], factor[nodes.OTHER]
        assert 0 <= begin <= begin + size <= len(self._operands), f"{what}: operands"
        listed = self._operands[begin : begin + size].tolist()
        assert len(set(listed)) == size > 0, f"{what}: {listed}"
        own = (row[nodes.TARGETS] | row[nodes.DIAGONAL]) & ~row[nodes.CONTROLS]
        assert sum(1 << q for q in listed) == own, f"{what}: {listed}"
        place, kind = factor[nodes.PLACE], Kind(row[nodes.KIND])
        if kind is Kind.PERMUTE:
            values = self._program.table[place : place + (1 << size)]
            assert sorted(values.tolist()) == list(range(1 << size)), f"{what}: no permutation"
        else:
            assert 0 <= place <= self._places - (1 << (2 * size if kind is Kind.MATRIX else size)), what

    def _check_place(self, what: str, factor: list[int]) -> None:
        assert 0 <= factor[nodes.FORM] < len(numbers.FORMS), f"{what}: no form {factor}"
        form, place = Form(factor[nodes.FORM]), factor[nodes.PLACE]
        end = self._products - 1 if form in OF_PRODUCTS else self._places - LENGTHS[form]
        assert 0 <= place <= end, f"{what}: {factor} reads beyond {end}"
        assert 0 <= factor[nodes.DETAIL] < 16, f"{what}: {factor}"

    def _numbers(self, place: int) -> Iterator[int]:
        while place >= 0:
            yield place
            place = int(self._factors[place, nodes.NEXT])

    def _chain(self, what: str, first: int, last: int | None) -> Iterator[list[int]]:
        """The factors of a node in order; `last` is where they must end."""
        found = -1
        for count, place in enumerate(self._numbers(first)):
            assert count < self._num_factors, f"{what}: factors in a circle"
            assert place < self._num_factors, f"{what}: no factor {place}"
            found = place
            yield self._factors[place].tolist()
        assert last is None or found == last, f"{what}: factors end at {found}"

    def _check_actions(self, rows: np.ndarray, merged: planner._Merged) -> None:
        layout, start = self._layout, merged.action_start.tolist()
        assert start == sorted(start), "merge: action_start"
        assert (start[0], start[-1]) == (0, len(merged.actions)), "merge: action_start"
        assert len(start) == len(merged.bits) + 1 == len(merged.gates) + 1 == len(merged.unreached) + 1
        assert ((merged.unreached >= 0) & (merged.unreached <= layout.block_bits)).all()
        assert merged.gates.sum() == rows[:, nodes.GATES].sum()
        ran: list[int] = []
        for sweep, bits in enumerate(merged.bits.tolist()):
            assert sorted(bits) == list(range(layout.num_bits)), f"merge: bits {bits}"
            assert layout.block_bits == layout.num_bits or bits[: layout.chunk_bits] == [*range(layout.chunk_bits)]
            held = sum(1 << bit for bit in bits[: layout.block_bits])
            for action, first, last in merged.actions[start[sweep] : start[sweep + 1]].tolist():
                assert 0 <= action < len(merge.ACTIONS), f"merge: no action {action}"
                assert 0 <= first < last, "merge: an action of nothing"
                members = merged.members[first:last].tolist()
                assert all(0 <= member < len(rows) for member in members), f"merge: {members}"
                ran += members
                targets = rows[members, nodes.TARGETS].tolist()
                assert not any(mask & ~held for mask in targets), f"merge: targets outside of sweep {sweep}"
                kinds = set(rows[members, nodes.KIND].tolist())
                match merge.ACTIONS[action]:
                    case "NODE":
                        assert len(members) == 1
                    case "ROTATIONS":
                        assert kinds == {Kind.ROTATION}
                        assert sum(targets).bit_count() == len(members), "merge: two rotations of one qubit"
                    case "POLYNOMIAL":
                        assert kinds <= {Kind.PHASES, Kind.PAULI}
                        assert not any(targets)
                    case "STRINGS":
                        assert kinds == {Kind.PAULI}
                        assert not any(targets)
        assert sorted(ran) == list(range(len(rows))), "merge: nodes that run twice or never"


def check_part(part: SweepPart, num_places: int) -> None:
    """What holds of a planned program's arrays, given how many coefficients its gates have, constants included."""
    layout, num_rows, num_registers = part.layout, len(part.operations), part.registers.size
    formulas, num_strings, num_polynomials = part.formulas, len(part.strings), part.controls.size
    num_products = formulas.product_start.size - 1
    for name, starts, last in (
        ("operation_start", part.operation_start.tolist(), num_rows),
        ("product_start", formulas.product_start.tolist(), len(formulas.product_factors)),
        ("dense_start", formulas.dense_start.tolist(), len(formulas.dense_factors)),
    ):
        assert starts == sorted(starts), name
        assert (starts[0], starts[-1]) == (0, last), name
    assert part.operation_start.size == part.num_sweeps + 1 == part.gates.size + 1
    for bits in part.bits.tolist():
        assert sorted(bits) == list(range(layout.num_bits)), f"pack: bits {bits}"
    opcodes = part.operations[:, isa.OPCODE].tolist()
    assert all(0 <= opcode < len(isa.INSTRUCTIONS) for opcode in opcodes)
    assert ((part.operations[:, isa.UNREACHED] >= 0) & (part.operations[:, isa.UNREACHED] <= layout.block_bits)).all()
    for factors, forms in (
        (formulas.product_factors, [f for f in Form if f.name.endswith("1Q")]),
        (formulas.dense_factors, Form),
    ):
        for form, place, *_ in factors.tolist():
            assert form in list(forms)
            assert 0 <= place <= num_places - LENGTHS.get(Form(form), 0)
    for form, polynomial, first, second, place, _ in formulas.terms.tolist():
        assert 0 <= form < len(numbers.FORMS)
        assert 0 <= polynomial < num_polynomials
        assert 0 <= first < layout.num_bits
        assert -1 <= second < layout.num_bits
        assert second != first
        assert 0 <= place < (num_products if form in OF_PRODUCTS else num_places)
    assert all(-1 <= control < layout.num_bits for control in part.controls.tolist())
    for row, count, first, last, *_ in formulas.sets.tolist():
        assert 0 <= row < row + count <= num_rows
        assert 0 <= first <= last <= len(formulas.members)
    assert all(0 <= product < num_products for product in formulas.members[:, 1].tolist())
    for what, register, *_ in formulas.writes.tolist():
        assert 0 <= what < len(numbers.WRITES)
        assert 0 <= register < num_registers
    assert len(formulas.string_places) == num_strings
    assert all(0 <= place <= num_places - 2 for place in formulas.string_places.tolist())
    assert np.isfinite(part.registers).all()


@contextmanager
def checking() -> Iterator[list[str]]:
    """Check every plan that is made meanwhile; gives the passes that were looked at."""
    Checker.checked = []
    with mock.patch.object(planner, "_Planner", Checker):
        yield Checker.checked
