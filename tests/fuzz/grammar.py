"""A grammar fuzzer for OpenQASM 2 and 3.

Random valid programs must be read as the circuits that they were written with, and as Qiskit reads them; mutated and
hostile texts may raise nothing but the toolkit's own errors, within a budget of time and memory.
"""

import contextlib
import resource
import time
import traceback
import warnings

import numpy as np
from fuzz.hostile import hostile_text, mutated
from fuzz.programs import Program, random_program

from qtoolkit.circuit import Circuit, Gate, IfElse, Measure, Reset
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.interop.qiskit import from_qiskit

__all__ = ["attack"]

_MAX_OPERATIONS = 5_000
_MAX_SECONDS = 20.0
"""Processor time for one text; what these texts may unroll to takes a fraction of a second on an idle machine."""

_MAX_GROWTH = 2 << 30
_TOLERANCE = 1e-9
_SHARE_FOR_QISKIT = 0.05
_SHARES = {"valid": 0.35, "mutated": 0.6, "hostile": 0.05}


def attack(rng: np.random.Generator, deadline: float) -> tuple[int, list[str]]:
    """Try texts until a time.

    Args:
        rng: where the seeds of the texts come from.
        deadline: by `time.monotonic`.

    Returns:
        How many texts were tried, and for each that failed its seed, the reason and a text cut down to what fails.
    """
    count = 0
    failures: list[str] = []
    while time.monotonic() < deadline and len(failures) < 10:
        seed = int(rng.integers(1 << 62))
        failure = failure_of(seed)
        count += 1
        if failure:
            failures.append(f"grammar, seed {seed}: {failure}")
    return count, failures


def failure_of(seed: int) -> str:
    """What is wrong with how the text of a seed is read; empty where nothing is."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(list(_SHARES), p=list(_SHARES.values()))
    if kind == "valid":
        return _wrong_meaning(random_program(rng), rng)
    text = mutated(rng, random_program(rng).text()) if kind == "mutated" else hostile_text(rng)
    reason = _escaped(text)
    return f"{reason}\n{_minimised(text, reason)}" if reason else ""


def _escaped(text: str) -> str:
    """What a text does that it must not."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    reason = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            from_qasm(text, max_operations=_MAX_OPERATIONS)
    except QToolkitError:
        pass
    except BaseException as error:  # a panic of a compiled parser is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        reason = f"{type(error).__name__} escaped: {traceback.format_exc(limit=-1)[-300:]}"
    seconds = time.process_time() - started
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    if not reason and seconds > _MAX_SECONDS:
        reason = f"took {seconds:.0f} s of processor time"
    if not reason and growth > _MAX_GROWTH:
        reason = f"took {growth >> 20} MiB more"
    return reason


def _minimised(text: str, reason: str) -> str:
    """The text with parts left out as long as the same kind of failure stays."""
    size = len(text) // 2
    deadline = time.monotonic() + 60
    while size and time.monotonic() < deadline:
        start = 0
        while start < len(text) and time.monotonic() < deadline:
            shorter = text[:start] + text[start + size :]
            if _escaped(shorter).split(":")[0].split(" s ")[0][:12] == reason[:12]:
                text = shorter
            else:
                start += size
        size //= 2
    return text if len(text) <= 2000 else f"{text[:1000]} … {text[-1000:]}"


def _wrong_meaning(program: Program, rng: np.random.Generator) -> str:
    """How a program is misread, with statements left out as long as it still is."""
    by_qiskit = program.for_qiskit and rng.random() < _SHARE_FOR_QISKIT
    reason = _difference(program, by_qiskit=by_qiskit)
    if not reason:
        return ""
    for k in reversed(range(len(program.pieces))):
        if program.pieces[k][0].startswith("gate"):
            continue  # later statements mean it
        shorter = Program(**{**vars(program), "pieces": program.pieces[:k] + program.pieces[k + 1 :]})
        found = _difference(shorter, by_qiskit=by_qiskit)
        if found:
            program, reason = shorter, found
    return f"{reason}\n{program.text()}"


def _difference(program: Program, *, by_qiskit: bool) -> str:
    text = program.text()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            circuit = from_qasm(text)
            again = from_qasm(to_qasm(circuit, 3))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__} on a valid text: {error}"
    names = [parameter.name for parameter in circuit.parameters]
    if names != program.inputs:
        return f"parameters are {names}, declared as {program.inputs}"
    values = {name: 0.3 + k for k, name in enumerate(program.inputs)}
    expected = program.circuit()
    wanted = _outcomes(expected.bind({n: values[n] for n in (p.name for p in expected.parameters)}))
    for what, found in (("read", circuit), ("written and read again", again)):
        if not _close(_outcomes(found.bind(values)), wanted):
            return f"the circuit {what} is another one"
    if by_qiskit:
        theirs = _read_by_qiskit(program)
        bound = None if theirs is None else theirs.bind({p.name: values[p.name] for p in theirs.parameters})
        if bound is not None and not _close(_outcomes(bound), wanted):
            return "Qiskit reads it otherwise"
    return ""


def _read_by_qiskit(program: Program) -> Circuit | None:
    """Qiskit's reading; None where its readers lack something."""
    from qiskit import qasm2, qasm3

    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        if program.version == 2:
            return from_qiskit(qasm2.loads(program.text(), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS))
        return from_qiskit(qasm3.loads(program.text()))
    return None


Branches = dict[int, list[np.ndarray]]


def _outcomes(circuit: Circuit) -> dict[int, np.ndarray]:
    """The unnormalised density matrix for each value of the classical bits, or the unitary's columns without any."""
    start = np.zeros((2,) * circuit.num_qubits, dtype=np.complex128)
    start[(0,) * circuit.num_qubits] = 1.0
    # A superposition with distinct phases makes every gate count.
    for k in range(circuit.num_qubits):
        start = _applied(start, np.array([[0.6, 0.8], [0.8j, -0.6j]]) * np.exp(0.2j * k), [k])
    branches = _run(circuit, [(start, 0)])
    total: dict[int, np.ndarray] = {}
    for state, clbits in branches:
        flat = state.reshape(-1)
        total[clbits] = total.get(clbits, 0.0) + np.outer(flat, flat.conj())
    if len(branches) == 1:
        total[-1] = branches[0][0].reshape(-1)  # with its global phase
    return {clbits: density for clbits, density in total.items() if np.abs(density).max() > _TOLERANCE}


def _run(circuit: Circuit, branches: list) -> list:
    for operation in circuit:
        gate = operation.gate
        if isinstance(gate, Gate):
            matrix = gate.matrix()
            branches = [(_applied(state, matrix, operation.qubits), bits) for state, bits in branches]
        elif isinstance(gate, Measure | Reset):
            branches = [piece for branch in branches for piece in _projected(branch, operation)]
        elif isinstance(gate, IfElse):
            branches = [piece for branch in branches for piece in _run_branch(gate, branch)]
    return branches


def _applied(state: np.ndarray, matrix: np.ndarray, qubits) -> np.ndarray:
    total, k = state.ndim, len(qubits)
    axes = [total - 1 - q for q in reversed(qubits)]
    product = np.tensordot(matrix.reshape((2,) * (2 * k)), state, axes=(list(range(k, 2 * k)), axes))
    return np.moveaxis(product, list(range(k)), axes)


def _projected(branch, operation) -> list:
    state, bits = branch
    pieces = []
    for value in (0, 1):
        keep = np.diag([1.0 - value, float(value)])
        if isinstance(operation.gate, Reset):
            keep = np.array([[1.0 - value, float(value)], [0.0, 0.0]])
            written = bits
        else:
            clbit = operation.clbits[0]
            written = bits & ~(1 << clbit) | value << clbit
        piece = _applied(state, keep, operation.qubits)
        if np.abs(piece).max() > 1e-12:
            pieces.append((piece, written))
    return pieces


def _run_branch(gate: IfElse, branch) -> list:
    bits = branch[1]
    held = sum((bits >> c & 1) << k for k, c in enumerate(gate.condition.clbits))
    if held == gate.condition.value:
        return _run(gate.body, [branch])
    return [branch] if gate.else_body is None else _run(gate.else_body, [branch])


def _close(left: dict[int, np.ndarray], right: dict[int, np.ndarray]) -> bool:
    return left.keys() == right.keys() and all(np.abs(left[k] - right[k]).max() < _TOLERANCE for k in left)
