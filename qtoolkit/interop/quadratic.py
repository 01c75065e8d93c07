"""Quadratic functions and programmes of bits to and from QUBO tables, dimod, docplex and Qiskit's optimisation.

The other packages are imported on first use; LP text is in `qtoolkit.interop.lp`.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Hashable, Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_flag, check_instance, items_of, shown
from qtoolkit._checks import require_array, require_number
from qtoolkit.errors import ConversionError, InputError, MissingExtraError
from qtoolkit.interop.lp import program_from_lp
from qtoolkit.operators.binary_program import BinaryProgram, LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic, names_of

__all__ = [
    "program_from_docplex",
    "program_from_qiskit",
    "program_to_docplex",
    "program_to_qiskit",
    "quadratic_from_dimod",
    "quadratic_from_qubo",
    "quadratic_to_dimod",
    "quadratic_to_dimod_json",
    "quadratic_to_qubo",
]


def quadratic_from_qubo(
    qubo: Mapping[tuple[Any, Any], float] | ArrayLike, offset: float = 0.0, names: Iterable[object] | None = None
) -> BinaryQuadratic:
    """Read a QUBO: ``xᵀQx + offset``.

    Args:
        qubo: Q as a matrix, symmetric or triangular, or as a mapping from pairs of labels to numbers; ``(u, u)`` is
            linear, and ``(u, v)`` and ``(v, u)`` add up.
        offset: constant.
        names: the labels in the order wanted, those included that no pair has. By default integers ascend, and others
            are in the order in which they first appear.

    Raises:
        ConversionError: if a key is no pair of labels, or has one that `names` lacks.
        InputError: if an entry is no finite number, or the matrix is not square.
    """
    if not isinstance(qubo, Mapping):
        return BinaryQuadratic(qubo, None, offset, names)
    for key in qubo:
        if not isinstance(key, tuple) or len(key) != 2:
            raise ConversionError(f"the keys of a QUBO are pairs of labels, got {shown(key)}")
    labels: list[Any] = list(dict.fromkeys(label for pair in qubo for label in pair))
    if names is not None:
        labels = list(items_of(names, "names must be a sequence of labels", ConversionError))
    elif all(isinstance(label, int | np.integer) and not isinstance(label, bool) for label in labels):
        labels.sort()
    found = _texts(labels)
    if not all(isinstance(label, Hashable) for label in labels):
        raise ConversionError("names must be text, numbers or tuples, as labels are, got others")
    place = {label: k for k, label in enumerate(labels)} | {name: k for k, name in enumerate(found)}
    matrix = np.zeros((len(found), len(found)))
    for (first, second), value in qubo.items():
        for label in (first, second):
            if label not in place:
                raise ConversionError(f"names must list every label of the QUBO, got none for {shown(label)}")
        matrix[place[first], place[second]] += require_number(f"the entry {shown((first, second))}", value)
    return BinaryQuadratic(matrix, None, offset, found)


def quadratic_to_qubo(form: BinaryQuadratic) -> tuple[dict[tuple[str, str], float], float]:
    """The QUBO as a mapping from pairs of names and the offset; as a matrix it is `BinaryQuadratic.matrix`.

    Each variable has its linear entry ``(u, u)``, 0 included; of each pair that interacts the earlier name comes first.
    """
    check_instance(form, BinaryQuadratic, "what is converted must be a BinaryQuadratic", ConversionError)
    table = {(name, name): value for name, value in zip(form.names, form.linear.tolist(), strict=True)}
    for j, k, value in zip(*(part.tolist() for part in form.interactions()), strict=True):
        table[form.names[j], form.names[k]] = value
    return table, form.offset


def quadratic_from_dimod(bqm: Any) -> BinaryQuadratic:
    """Convert a dimod `BinaryQuadraticModel`, binary or of spins, or the mapping of its `to_serializable`.

    Variables keep their order; labels that are no text become text. dimod's spins are ``s = 2x − 1``.

    Raises:
        ConversionError: if it is neither, a mapping lacks an entry or holds bytes, or two labels read the same.
    """
    if isinstance(bqm, Mapping):
        return _from_serializable(bqm)
    dimod = _package("dimod")
    check_instance(bqm, dimod.BinaryQuadraticModel, "what is converted must be dimod's model", ConversionError)
    labels = list(bqm.variables)
    vectors = bqm.to_numpy_vectors(variable_order=labels)
    rows, columns, values = vectors.quadratic
    return _from_vectors(labels, vectors.linear_biases, (rows, columns, values), vectors.offset, bqm.vartype.name)


def quadratic_to_dimod(form: BinaryQuadratic) -> Any:
    """Convert to dimod's `BinaryQuadraticModel` of binary variables, labelled by the names in their order.

    Raises:
        MissingExtraError: if dimod is not installed; `quadratic_to_dimod_json` does without.
    """
    check_instance(form, BinaryQuadratic, "what is converted must be a BinaryQuadratic", ConversionError)
    dimod = _package("dimod")
    return dimod.BinaryQuadraticModel.from_numpy_vectors(
        form.linear, form.interactions(), form.offset, "BINARY", variable_order=list(form.names)
    )


def quadratic_to_dimod_json(form: BinaryQuadratic) -> dict[str, Any]:
    """What `dimod.BinaryQuadraticModel.from_serializable` reads, of Python's own types, as JSON holds them."""
    check_instance(form, BinaryQuadratic, "what is converted must be a BinaryQuadratic", ConversionError)
    head, tail, values = form.interactions()
    return {
        "type": "BinaryQuadraticModel",
        "version": {"bqm_schema": "3.0.0"},
        "use_bytes": False,
        "index_type": "int32",
        "bias_type": "float64",
        "num_variables": form.num_variables,
        "num_interactions": len(values),
        "variable_labels": list(form.names),
        "variable_type": "BINARY",
        "offset": form.offset,
        "info": {},
        "linear_biases": form.linear.tolist(),
        "quadratic_biases": values.tolist(),
        "quadratic_head": head.tolist(),
        "quadratic_tail": tail.tolist(),
    }


def _from_serializable(table: Mapping[str, Any]) -> BinaryQuadratic:
    if check_flag(table.get("use_bytes", False), "use_bytes", ConversionError):
        raise ConversionError("a serialized model must hold lists, got bytes; write it with use_bytes=False")
    wanted = ("variable_labels", "linear_biases", "quadratic_head", "quadratic_tail", "quadratic_biases", "offset")
    missing = [name for name in (*wanted, "variable_type") if name not in table]
    if missing:
        raise ConversionError(f"a serialized model has the entry {missing[0]}, got {shown(list(table))}")
    labels, linear, head, tail, values, offset = (table[name] for name in wanted)
    return _from_vectors(labels, linear, (head, tail, values), offset, table["variable_type"])


def _from_vectors(labels: Any, linear: Any, quadratic: tuple[Any, Any, Any], offset: Any, kind: Any) -> BinaryQuadratic:
    names = _texts(labels)
    vector = require_array("linear_biases", linear, (len(names),))
    head, tail = (require_array("a quadratic index", part, (None,), kind="integer") for part in quadratic[:2])
    values = require_array("quadratic_biases", quadratic[2], (len(head),))
    if len(tail) != len(head) or np.any((head < 0) | (head >= len(names)) | (tail < 0) | (tail >= len(names))):
        raise ConversionError(f"quadratic indices are pairs of 0 to {len(names) - 1}, got others")
    matrix = np.zeros((len(names), len(names)))
    np.add.at(matrix, (head, tail), values)
    constant = require_number("offset", offset.item() if isinstance(offset, np.generic) else offset)
    if not isinstance(kind, str) or kind not in ("BINARY", "SPIN"):
        raise ConversionError(f"the variables of a model are BINARY or SPIN, got {shown(kind)}")
    if kind == "BINARY":
        return BinaryQuadratic(matrix, vector, constant, names)
    # s = 2x - 1 there is minus our spin
    return BinaryQuadratic.from_spins(-vector, matrix, constant, names)


def program_from_qiskit(program: Any) -> BinaryProgram:
    """Convert a `QuadraticProgram` of qiskit-optimization.

    Integers from 0 to 1 are bits. An objective to maximise comes back negated.

    Raises:
        ConversionError: if it is none, has another variable than bits, or a quadratic constraint; Qiskit's
            `IntegerToBinary` turns integers into bits.
    """
    optimization = _package("qiskit_optimization", "qiskit-optimization")
    check_instance(
        program, optimization.QuadraticProgram, "what is converted must be a QuadraticProgram", ConversionError
    )
    for variable in program.variables:
        kind = variable.vartype.name
        if kind == "CONTINUOUS" or variable.lowerbound < 0 or variable.upperbound > 1:
            raise ConversionError(
                f"variables must be binary, got {variable.name}, {kind.lower()} from {variable.lowerbound:g} to "
                f"{variable.upperbound:g}; IntegerToBinary of qiskit_optimization.converters turns integers into bits"
            )
    if program.quadratic_constraints:
        raise ConversionError(f"constraints must be linear, got {program.quadratic_constraints[0].name}")
    if not program.variables:
        raise ConversionError("a program needs at least one binary variable, got none")
    objective = program.objective
    names = [variable.name for variable in program.variables]
    form = BinaryQuadratic(
        objective.quadratic.to_array(), objective.linear.to_array(), float(objective.constant), names
    )
    maximise = objective.sense.name == "MAXIMIZE"
    rows = [
        LinearRow.of(row.linear.to_array(), row.sense.label, float(row.rhs), names=names, name=row.name)
        for row in program.linear_constraints
    ]
    for k, variable in enumerate(program.variables):
        if variable.lowerbound > 0 or variable.upperbound < 1:
            lower, upper = float(variable.lowerbound), float(variable.upperbound)
            rows.append(LinearRow(np.eye(len(names))[k], lower, upper, f"bounds of {variable.name}"))
    return BinaryProgram(-form if maximise else form, tuple(rows), maximise)


def program_to_qiskit(program: BinaryProgram) -> Any:
    """Convert to a `QuadraticProgram` of qiskit-optimization; a row with two limits becomes two constraints.

    Raises:
        MissingExtraError: if qiskit-optimization is not installed.
    """
    check_instance(program, BinaryProgram, "what is converted must be a BinaryProgram", ConversionError)
    result = _package("qiskit_optimization", "qiskit-optimization").QuadraticProgram()
    form = -program.objective if program.maximise else program.objective
    for name in form.names:
        result.binary_var(name)
    quadratic = np.triu(form.matrix, 1) * 2.0
    state = result.maximize if program.maximise else result.minimize
    state(constant=form.offset, linear=np.array(form.linear), quadratic=quadratic)
    for row, sense, limit, name in _one_sided(program.rows):
        result.linear_constraint(np.array(row.coefficients), sense, limit, name)
    return result


def program_from_docplex(model: Any) -> BinaryProgram:
    """Convert a docplex `Model`, through its LP text; variables keep their names and order.

    Raises:
        ConversionError: if it is none, or has what `program_from_lp` refuses.
    """
    mathematical = _package("docplex.mp.model", "docplex")
    check_instance(model, mathematical.Model, "what is converted must be a docplex Model", ConversionError)
    program = program_from_lp(model.export_as_lp_string())
    # LP text spells names in its own letters
    names = [variable.name for kind in (model.iter_binary_vars, model.iter_integer_vars) for variable in kind()]
    form = program.objective
    if len(names) == form.num_variables and all(names):
        form = BinaryQuadratic(form.matrix, None, form.offset, names)
    labels = [row.name for row in model.iter_constraints()]
    rows = [
        LinearRow(row.coefficients, row.lower, row.upper, label or row.name)
        for row, label in itertools.zip_longest(program.rows, labels[: len(program.rows)])
    ]
    return BinaryProgram(form, tuple(rows), program.maximise)


def program_to_docplex(program: BinaryProgram) -> Any:
    """Convert to a docplex `Model`; a row with two limits becomes two constraints.

    Raises:
        MissingExtraError: if docplex is not installed.
    """
    check_instance(program, BinaryProgram, "what is converted must be a BinaryProgram", ConversionError)
    model = _package("docplex.mp.model", "docplex").Model()
    form = -program.objective if program.maximise else program.objective
    bits = model.binary_var_list(list(form.names), name=lambda name: name)
    value = model.scal_prod(bits, form.linear.tolist()) + form.offset
    for j, k, factor in zip(*(part.tolist() for part in form.interactions()), strict=True):
        value += factor * bits[j] * bits[k]
    (model.maximize if program.maximise else model.minimize)(value)
    for row, sense, limit, name in _one_sided(program.rows):
        left = model.scal_prod(bits, row.coefficients.tolist())
        model.add_constraint(
            left == limit if sense == "==" else left <= limit if sense == "<=" else left >= limit, name
        )
    return model


def _one_sided(rows: Iterable[LinearRow]) -> list[tuple[LinearRow, str, float, str]]:
    """Row, sense, limit and name of each, and of the second limit of a range."""
    found = []
    for row in rows:
        if row.lower == row.upper:
            found.append((row, "==", row.upper, row.name))
            continue
        if not math.isinf(row.lower):
            found.append((row, ">=", row.lower, row.name))
        if not math.isinf(row.upper):
            found.append((row, "<=", row.upper, row.name if math.isinf(row.lower) else f"{row.name} (upper)"))
    return found


def _texts(labels: Iterable[Any]) -> tuple[str, ...]:
    """Labels as distinct names."""
    listed = items_of(labels, "labels must be a sequence", ConversionError)
    try:
        return names_of([label if isinstance(label, int | np.integer) else str(label) for label in listed])
    except InputError as error:
        raise ConversionError(str(error)) from None


def _package(module: str, distribution: str = "") -> ModuleType:
    """Import what no extra installs, since who passes its objects has it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = distribution or module
        raise MissingExtraError(f"this conversion needs {name}, which is not installed: pip install {name}") from error
