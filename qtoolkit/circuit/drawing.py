"""Text drawings of circuits."""

from __future__ import annotations

from qtoolkit.circuit.annotations import Observable
from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.decode import Decode
from qtoolkit.circuit.gate import Gate, StandardGate
from qtoolkit.circuit.operation import Barrier, IfElse, Measure, Operation, Reset
from qtoolkit.circuit.structured_gates import PauliRotationGate

__all__ = ["draw"]


def draw(circuit: Circuit, width: int) -> str:
    """Draw a circuit with one line per qubit, qubit 0 at the top, and one for its classical bits.

    Args:
        circuit: what to draw.
        width: columns at which the drawing wraps, at least 20.
    """
    names = [f"q{k}: " for k in range(circuit.num_qubits)]
    if circuit.num_clbits:
        names.append(f"c{circuit.num_clbits}: ")
    if not names:
        return "(no qubits)"
    margin = max(len(name) for name in names)
    names = [name.rjust(margin) for name in names]
    blocks: list[list[str]] = []
    lines = list(names)
    for column in _columns(circuit):
        if len(lines[0]) + len(column[0]) > max(width, 20) and len(lines[0]) > margin:
            blocks.append(lines)
            lines = list(names)
        lines = [line + cell for line, cell in zip(lines, column, strict=True)]
    blocks.append(lines)
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


def _columns(circuit: Circuit) -> list[list[str]]:
    """Cells of equal width, one list per column, one cell per line."""
    num_lines = circuit.num_qubits + bool(circuit.num_clbits)
    free_from = [0] * num_lines
    grid: list[dict[int, str]] = []
    links: list[dict[int, str]] = []
    for operation in circuit.operations:
        if operation.clbits and not operation.qubits:
            cells = {circuit.num_qubits: _classical(operation)}
        else:
            cells = _cells(operation) or {0: _label(operation)}
            if operation.clbits:
                cells[circuit.num_qubits] = ",".join(str(c) for c in operation.clbits)
        first, last = min(cells), max(cells)
        column = max(free_from[first : last + 1])
        while len(grid) <= column:
            grid.append({})
            links.append({})
        grid[column].update(cells)
        for line in range(first + 1, last):
            if line not in cells:
                links[column][line] = "║" if operation.clbits else "│"
        for line in range(first, last + 1):
            free_from[line] = column + 1
    return [_render(cells, link, circuit.num_qubits, num_lines) for cells, link in zip(grid, links, strict=True)]


def _render(cells: dict[int, str], links: dict[int, str], num_qubits: int, num_lines: int) -> list[str]:
    width = max(len(text) for text in cells.values())
    column = []
    for line in range(num_lines):
        wire = "─" if line < num_qubits else "═"
        text = cells.get(line, links.get(line, ""))
        column.append(wire + text.center(width, wire) + wire)
    return column


def _classical(operation: Operation) -> str:
    """What is done with classical bits alone."""
    gate, bits = operation.gate, [str(clbit) for clbit in operation.clbits]
    if isinstance(gate, Decode):
        return f"decode({','.join(bits[: gate.num_in])}→{','.join(bits[gate.num_in :])})"
    if isinstance(gate, Observable):
        return f"L{gate.index}({','.join(bits)})"
    name = {"detector": "D", "readout_error": "readout"}.get(gate.name, _label(operation))
    return f"{name}({','.join(bits)})"


def _cells(operation: Operation) -> dict[int, str]:
    gate = operation.gate
    if isinstance(gate, Measure):
        return {operation.qubits[0]: "M"}
    if isinstance(gate, Reset):
        return {operation.qubits[0]: "|0⟩"}
    if isinstance(gate, Barrier):
        return dict.fromkeys(operation.qubits, "░")
    if isinstance(gate, IfElse):
        return dict.fromkeys(operation.qubits, f"if {gate.condition}")
    if isinstance(gate, PauliRotationGate):
        letters = reversed(gate.label)
        angle = _angle(gate.params[0])
        return {q: f"R{letter}({angle})" for q, letter in zip(operation.qubits, letters, strict=True) if letter != "I"}
    cells: dict[int, str] = {}
    targets = operation.qubits
    label = _label(operation)
    if isinstance(gate, Gate):
        base, num_controls, state = gate.control_structure()
        for position, qubit in enumerate(operation.qubits[:num_controls]):
            cells[qubit] = "●" if state >> position & 1 else "○"
        targets = operation.qubits[num_controls:]
        if num_controls and base.name == "z":
            label = "●"
    if len(targets) == 1 or label == "x":
        cells.update(dict.fromkeys(targets, label))
    else:
        cells.update({qubit: f"{label}:{position}" for position, qubit in enumerate(targets)})
    return cells


def _label(operation: Operation) -> str:
    gate = operation.gate
    symbol = gate.name
    if isinstance(gate, Gate):
        base, _, _ = gate.control_structure()
        symbol = base.record.symbol if isinstance(base, StandardGate) else base.name
    if not gate.params:
        return symbol
    return f"{symbol}({','.join(_angle(p) for p in gate.params)})"


def _angle(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
