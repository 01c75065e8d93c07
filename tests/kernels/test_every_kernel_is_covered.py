"""Every public kernel has a twin with its name, and both the equality test and the benchmarks know it."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import instruction_table
import numpy as np
import pytest
from vector_rows import CASES, RandomRows, Shape

import qtoolkit_kernels
from qtoolkit_kernels._jit import Kernel
from qtoolkit_kernels.vector import isa

ROOT = Path(__file__).parents[2]
FOLDER = Path(qtoolkit_kernels.__file__).parent
NOT_KERNELS = {"team", "threads"}
MODULES = sorted({path.stem for path in FOLDER.glob("[!_]*.py")} - NOT_KERNELS)
PLANNER_MODULES = sorted(path.stem for path in FOLDER.glob("planner/[!_]*.py"))
FERMION_MODULES = sorted(path.stem for path in FOLDER.glob("fermion/[!_]*.py"))
VECTOR_MODULES = {
    "_".join(path.relative_to(FOLDER / "vector").with_suffix("").parts): path
    for path in sorted(FOLDER.glob("vector/**/[!_]*.py"))
}
"""By the names that tests import them under: a folder's comes first."""

BY_CIRCUITS = {
    "adjoint_alone.adjoint_alone": "simulators/test_gradient.py",
    "adjoint_numbers.add_derivatives": "simulators/test_gradient_sweeps.py",
    "adjoint_numbers.fill_adjoint": "simulators/test_gradient_sweeps.py",
    "batch_run.run_batch": "simulators/test_batches.py",
    "frame_run.run_blocks": "simulators/test_near_clifford.py",
    "batch_numbers.fill_numbers": "simulators/test_batches.py",
    "batch_numbers.write_number": "simulators/test_batches.py",
    "matrix_numbers.entry_of": "simulators/test_wide_gates.py",
    "matrix_numbers.targets_of": "simulators/test_wide_gates.py",
    "matrix_numbers.write_matrix": "simulators/test_wide_gates.py",
    "matrix_numbers.write_pair": "kernels/test_vector_numbers.py",
    "matrix_numbers.write_table": "simulators/test_wide_gates.py",
    "numbers.fill_numbers": "kernels/test_vector_numbers.py",
    "numbers.multiply_dense": "kernels/test_vector_numbers.py",
    "numbers.multiply_products": "kernels/test_vector_numbers.py",
    "numbers.split_unitary": "kernels/test_vector_numbers.py",
    "pauli_few.pack_few": "kernels/test_pauli_packing.py",
    "pauli_forms.pack_terms": "kernels/test_pauli_packing.py",
    "pauli_parities.add_parity": "kernels/test_pauli_packing.py",
    "pauli_parities.fold_mirrors": "kernels/test_pauli_packing.py",
    "pauli_passes.add_pass": "kernels/test_pauli_packing.py",
    "pauli_passes.has_room": "kernels/test_pauli_packing.py",
    "pauli_passes.order_passes": "kernels/test_pauli_packing.py",
    "pauli_sorting.sort_by_keys": "kernels/test_pauli_packing.py",
    "pauli_sorting.sort_terms": "kernels/test_pauli_packing.py",
    "small_arrays.apply_array": "simulators/test_unplanned.py",
    "small_block.back_product": "simulators/test_small_programs.py",
    "small_block.back_string": "simulators/test_small_programs.py",
    "small_block.multiply": "simulators/test_small_programs.py",
    "small_block.turn_product": "simulators/test_small_programs.py",
    "small_block.turn_string": "simulators/test_small_programs.py",
    "small_first.first_run": "simulators/test_first_runs.py",
    "small_gradient.small_gradient": "simulators/test_small_programs.py",
    "small_gradient.small_gradients": "simulators/test_small_programs.py",
    "small_state.bind_turns": "simulators/test_first_runs.py",
    "small_state.prepare_state": "simulators/test_small_programs.py",
    "small_state.run_forward": "simulators/test_first_runs.py",
    "small_state.write_state": "simulators/test_first_runs.py",
    "small_state.small_value": "simulators/test_small_programs.py",
    "small_prepare.lower_gates": "simulators/test_small_programs.py",
    "small_prepare.write_program": "simulators/test_small_programs.py",
    "small_tape.lower": "simulators/test_unplanned.py",
    "small_tape.run_tape": "simulators/test_unplanned.py",
    "small_write.add_array": "simulators/test_unplanned.py",
    "small_write.add_cell": "simulators/test_unplanned.py",
    "small_write.add_factor": "simulators/test_unplanned.py",
    "small_write.add_quaternion": "simulators/test_unplanned.py",
    "small_write.add_rotation": "simulators/test_unplanned.py",
    "small_write.add_string": "simulators/test_unplanned.py",
    "small_write.add_turn": "simulators/test_unplanned.py",
    "small_write.close": "simulators/test_unplanned.py",
    "small_write.pattern": "simulators/test_unplanned.py",
    "strings.back_string": "simulators/test_small_programs.py",
}
"""Vector kernels that turn gates into rows or Pauli sums into passes, or run circuits whole: what holds them to
matrices of gates or values of sums, not twins.
"""

STEPS = {
    "frame_symbols.flip_column": "frame_symbols.draw_symbols",
    "pauli_sweep.superblock_image": "pauli_sweep.program_image",
    "pauli_sweep.superblock_sums": "pauli_sweep.program_values",
    "phases.begin_walk": "phases.apply_phases",
    "phases.next_step": "phases.apply_phases",
    "phases.prepare_phases": "phases.apply_phases",
    "phases.tables_size": "phases.apply_phases",
    "trigonometry.bind_angles": "trigonometry.bind_gates",
    "trigonometry.bind_coefficients": "trigonometry.bind_gates",
    "trigonometry.fill_powers": "trigonometry.bind_gates",
    "butterflies.apply_butterflies": "block.run_block",
    "cartan.apply_cartan": "block.run_block",
    "reorder.reorder": "block.run_block",
    "strings.turn_string": "block.run_block",
    "matrices.apply_matrix": "block.run_block",
    "matrices.apply_table": "block.run_block",
    "matrices.exchange_values": "block.run_block",
}
"""Vector kernels that are steps of others."""

BY_ROWS = {
    "block.run_block": "sweep.run_sweeps",
    "phases.apply_phases": "sweep.run_sweeps",
    "adjoint_block.turn_back_block": "adjoint_sweep.turn_back_sweeps",
}
"""Vector kernels that the tests reach through the rows that another kernel runs."""


def _kernels_called_by(kernel: Kernel) -> set[Kernel]:
    """The kernels that one calls, and those that they call."""
    found: set[Kernel] = set()
    waiting = [kernel]
    while waiting:
        function = waiting.pop().py_func
        values = {function.__globals__.get(name) for name in function.__code__.co_names}
        called = {value for value in values if isinstance(value, Kernel)} - found
        found |= called
        waiting += called
    return found


def _functions(module: ModuleType) -> set[str]:
    """Public functions and kernels that a module defines itself, but for the named tuples that they take."""
    return {
        name
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
        and not isinstance(value, type)
    }


def _vector_kernels() -> set[str]:
    """Public vector kernels, as module and name."""
    found = set()
    for name in VECTOR_MODULES:
        module = import_module(_dotted(name, "qtoolkit_kernels"))
        found |= {f"{name}.{public}" for public in module.__all__ if isinstance(getattr(module, public), Kernel)}
    return found


def _dotted(name: str, package: str) -> str:
    """The module of a vector kernel, or of its twin."""
    return ".".join([package, *VECTOR_MODULES[name].relative_to(FOLDER).with_suffix("").parts])


def _tests() -> str:
    own = Path(__file__)
    paths = [*own.parent.glob("test_*.py"), *own.parents[1].glob("vector_*.py")]
    return "".join(path.read_text() for path in paths if path != own)


@pytest.mark.parametrize("name", MODULES)
def test_twins_have_the_names_of_the_kernels(name: str) -> None:
    kernels = _functions(import_module(f"qtoolkit_kernels.{name}"))
    twins = _functions(import_module(f"qtoolkit_kernels.reference.{name}"))
    assert kernels
    assert kernels == twins - {"apply_pauli"}


@pytest.mark.parametrize("name", MODULES)
def test_tests_and_benchmarks_call_every_kernel(name: str) -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_kernel*.py"))
    benchmarks = (ROOT / "benchmarks/kernels/kernel_calls.py").read_text()
    for kernel in _functions(import_module(f"qtoolkit_kernels.{name}")):
        assert re.search(rf"\b{name}(_kernels)?\.{kernel}\b", tests), kernel
        assert re.search(rf"\b{name}\.{kernel}\b", benchmarks), kernel


def test_vector_kernels_have_twins_that_tests_call() -> None:
    kernels, tests = _vector_kernels(), _tests()
    assert set(BY_CIRCUITS) | set(STEPS) | set(BY_ROWS) <= kernels
    for kernel in sorted(kernels - set(BY_CIRCUITS)):
        module, name = STEPS.get(kernel, kernel).split(".")
        assert hasattr(import_module(_dotted(module, "qtoolkit_kernels.reference")), name), kernel
        called = BY_ROWS.get(f"{module}.{name}", f"{module}.{name}")
        assert re.search(rf"\b{re.escape(called)}\b", tests), kernel


@pytest.mark.parametrize("name", FERMION_MODULES)
def test_kernels_of_fermions_have_twins_that_tests_call(name: str) -> None:
    module = import_module(f"qtoolkit_kernels.fermion.{name}")
    twins = import_module(f"qtoolkit_kernels.reference.fermion.{name}")
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_kernel_fermion*.py"))
    public = [kernel for kernel in module.__all__ if isinstance(getattr(module, kernel), Kernel)]
    assert public
    for kernel in public:
        assert hasattr(twins, kernel), kernel
        assert re.search(rf"\b{name}\.{kernel}\b", tests), kernel


def test_planner_kernels_are_called_by_tests_or_by_kernels_that_are() -> None:
    """By name in `tests/planner_passes.py`, or in a test of a pass."""
    folder = Path(__file__).parents[1]
    tests = "".join(path.read_text() for path in [folder / "planner_passes.py", *folder.glob("compiler/test_*.py")])
    public: dict[Kernel, str] = {}
    called: set[Kernel] = set()
    for name in PLANNER_MODULES:
        module = import_module(f"qtoolkit_kernels.planner.{name}")
        for kernel in module.__all__:
            value = getattr(module, kernel)
            if isinstance(value, Kernel):
                public[value] = f"{name}.{kernel}"
                if re.search(rf"\b{name}(_kernels)?\.{kernel}\b", tests):
                    called |= {value} | _kernels_called_by(value)
    assert len(public) > 30
    assert sorted(public[kernel] for kernel in public.keys() - called) == []


def test_what_holds_the_other_vector_kernels_exists() -> None:
    for kernel, test in BY_CIRCUITS.items():
        assert (Path(__file__).parents[1] / test).is_file(), kernel


def test_batches_know_the_opcodes_that_they_should() -> None:
    """That there are random rows of each opcode is asserted beside those rows."""
    text = (ROOT / "qtoolkit/simulators/batch/plan.py").read_text()
    named = set(re.findall(r"case isa\.(\w+):", text))
    assert named == {known.name for known in isa.INSTRUCTIONS if known.is_batched}


def test_numbers_and_columns_of_the_instruction_set() -> None:
    for number, known in enumerate(isa.INSTRUCTIONS):
        assert getattr(isa, known.name) == number
        assert set(known.operands.values()) <= set(range(isa.ROW)) - {isa.OPCODE, isa.UNREACHED}
        assert len(set(known.operands.values())) == len(known.operands)
        assert known.is_undone or not (known.is_batched or known.is_derived)


def test_rows_set_every_column_of_their_opcode() -> None:
    """Those that tests draw."""
    for known in isa.INSTRUCTIONS:
        rows = RandomRows(Shape(np.float64, 32), seed=0)
        for draw in CASES[known.name].values():
            draw(rows, 0)
            draw(rows, 0)
        for name, column in known.operands.items():
            assert rows.operations[:, column].any(), f"{known.name}_{name}"


def test_the_documentation_has_the_table_of_operations() -> None:
    """Where it differs, `python tests/instruction_table.py` writes it."""
    page = instruction_table.PAGE.read_text("utf-8")
    assert instruction_table.rewritten(page) == page


def test_benchmarks_run() -> None:
    command = [sys.executable, "-m", "pytest", "benchmarks/kernels", "--benchmark-disable", "--qubits=8", "-q"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d+ passed", result.stdout)
