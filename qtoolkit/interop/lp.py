"""LP text, the format of CPLEX, for quadratic programmes of bits: what docplex, dimod, Qiskit and SCIP read or write.

Objectives with a bracket of products, linear rows, bounds, binary and general variables. Source: CPLEX, "LP file
format: algebraic representation".
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Sequence

import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit.errors import ConversionError
from qtoolkit.interop._lp_reader import INFINITE, Row, Source, is_header, read_source
from qtoolkit.operators.binary_program import BinaryProgram, LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["program_from_lp", "program_to_lp"]

_SAFE_NAME = re.compile(r"(?![eE][0-9])[A-Za-z_][A-Za-z0-9_.]{0,254}")
"""What every reader takes; LP itself allows more."""

_WIDTH = 100


def program_from_lp(text: str) -> BinaryProgram:
    """Read LP text.

    Variables are in the order in which the sections of binary and of general variables list them. General variables
    between 0 and 1 are bits. Tighter bounds of a bit become rows. A continuous variable that only fills up one row, as
    docplex writes ranges, becomes the range of this row. An objective to maximise comes back negated.

    Raises:
        ConversionError: naming the line where the text is no LP, or the variable that is no bit, or a row that is
            quadratic.
    """
    check_instance(text, str, "LP text must be a string", ConversionError)
    return _program(read_source(text))


def _program(source: Source) -> BinaryProgram:
    """Turn variables into bits, or say which one is none."""
    whole = dict.fromkeys([*source.binaries, *source.generals])
    objective = source.objective
    used = dict.fromkeys(
        [
            *objective.linear,
            *(name for pair in objective.products for name in pair),
            *(name for row in source.rows for name in row.linear),
        ]
    )
    rows = list(source.rows)
    for name in used:
        if name not in whole:
            rows = _without_slack(name, rows, source)
    if not whole:
        raise ConversionError("a program needs at least one binary variable, got none")
    for name in source.generals:
        lower, upper = source.bounds.get(name, (0.0, math.inf))
        if lower < 0.0 or upper > 1.0:
            raise ConversionError(
                f"variables must be binary, got {name}, an integer from {lower:g} to {upper:g}; write it in bits"
            )
    names = list(whole)
    place = {name: k for k, name in enumerate(names)}
    matrix, linear = np.zeros((len(names), len(names))), np.zeros(len(names))
    for (first, second), value in objective.products.items():
        matrix[place[first], place[second]] += value
    for name, value in objective.linear.items():
        linear[place[name]] += value
    labels = [source.renamed.get(("variable", name), name) for name in names]
    form = BinaryQuadratic(matrix, linear, objective.constant, labels)
    found: list[LinearRow] = []
    for row in rows:
        vector = np.zeros(len(names))
        for name, value in row.linear.items():
            vector[place[name]] = value
        label = source.renamed.get(("row", row.name), row.name)
        lower, upper = row.lower, row.upper
        if found and found[-1].name == label and np.array_equal(found[-1].coefficients, vector):
            last = found.pop()  # the other limit of a range
            lower, upper = max(lower, last.lower), min(upper, last.upper)
        found.append(LinearRow(vector, lower, upper, label))
    for name in names:
        lower, upper = source.bounds.get(name, (0.0, 1.0))
        if lower > 0.0 or upper < 1.0:
            found.append(LinearRow(np.eye(len(names))[place[name]], lower, upper, f"bounds of {labels[place[name]]}"))
    return BinaryProgram(-form if source.maximise else form, tuple(found), source.maximise)


def _without_slack(name: str, rows: list[Row], source: Source) -> list[Row]:
    """The rows where a continuous variable that fills up one of them is its range."""
    holders = [row for row in rows if row.linear.get(name, 0.0) != 0.0]
    free = name not in source.objective.linear and not any(name in pair for pair in source.objective.products)
    if not free or len(holders) > 1:
        raise ConversionError(
            f"variables must be binary, got {name}, which is continuous; list it under Binaries, or solve for it apart"
        )
    bounds = source.bounds.get(name, (0.0, math.inf))
    found = []
    for row in rows:
        factor = row.linear.get(name, 0.0)
        rest = {other: value for other, value in row.linear.items() if other != name}
        # the value of the row, less what the variable can add
        ends = sorted(factor * bound for bound in bounds) if factor else [0.0, 0.0]
        found.append(Row(row.name, rest, row.lower - ends[1], row.upper - ends[0]))
    return found


def program_to_lp(program: BinaryProgram) -> str:
    """Write LP text.

    Numbers are written with all their digits. Names that LP does not allow are replaced, and comments say by what, so
    that `program_from_lp` gives the same programme back.

    Raises:
        ConversionError: if it is no programme.
    """
    check_instance(program, BinaryProgram, "what is written must be a BinaryProgram", ConversionError)
    form = -program.objective if program.maximise else program.objective
    names, notes = _safe("variable", "x", form.names)
    labels, more_notes = _safe("row", "row", [row.name for row in program.rows])
    first, second, values = form.interactions()
    linear = [(value, names[k]) for k, value in enumerate(form.linear.tolist()) if value]
    # the value is half of what the brackets hold
    products = [
        (2.0 * value, f"{names[j]} * {names[k]}")
        for j, k, value in zip(first.tolist(), second.tolist(), values.tolist(), strict=True)
    ]
    words = ["obj:", *_terms(linear or [(0.0, names[0])])]
    if products:
        words += ["+ [", *_terms(products), "] / 2"]
    if form.offset:
        words += _terms([(form.offset, "")])
    lines = [*notes, *more_notes, "Maximize" if program.maximise else "Minimize", *_wrapped(words), "Subject To"]
    for label, row in zip(labels, program.rows, strict=True):
        terms = [(value, names[k]) for k, value in enumerate(row.coefficients.tolist()) if value]
        body = _terms(terms or [(0.0, names[0])])
        if row.lower == row.upper:
            lines += _wrapped([f"{label}:", *body, f"= {_number(row.upper)}"])
        elif math.isinf(row.lower):
            lines += _wrapped([f"{label}:", *body, f"<= {_number(row.upper)}"])
        elif math.isinf(row.upper):
            lines += _wrapped([f"{label}:", *body, f">= {_number(row.lower)}"])
        else:  # SCIP and dimod read no range in one row
            other = next(name for k in itertools.count() if (name := f"{label}_{k}") not in labels)
            lines.append(f"\\ row {other} is {json.dumps(row.name)}")
            lines += _wrapped([f"{label}:", *body, f">= {_number(row.lower)}"])
            lines += _wrapped([f"{other}:", *body, f"<= {_number(row.upper)}"])
    lines += ["Binaries", *_wrapped(names), "End", ""]
    return "\n".join(lines)


def _safe(kind: str, letter: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names that LP allows, and the comments that say what they stand for."""
    kept = {name for name in names if _is_safe(name)}
    found, notes = [], []
    for place, name in enumerate(names):
        safe = name
        if name not in kept:
            safe = f"{letter}{place}"
            while safe in kept:
                safe += "_"
            notes.append(f"\\ {kind} {safe} is {json.dumps(name)}")
        found.append(safe)
    return found, notes


def _is_safe(name: str) -> bool:
    is_word = is_header(name) or name.lower() in {*INFINITE, "free"}
    return _SAFE_NAME.fullmatch(name) is not None and not is_word


def _terms(terms: list[tuple[float, str]]) -> list[str]:
    return [f"{'-' if value < 0 else '+'} {_number(abs(value))} {name}".rstrip() for value, name in terms]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _wrapped(words: Sequence[str]) -> list[str]:
    """Lines of words, each begun by a space."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = ""
        line += f" {word}"
    return [*lines, line]
