"""Signatures stay short: what belongs together is handed on as one tuple or object, which is described once."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_PARAMETERS = 15


def num_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return len(named) + (given.vararg is not None) + (given.kwarg is not None)


def long_signatures(source: str) -> list[str]:
    """Functions with too many parameters, by name and line."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return [
        f"{getattr(node, 'name', 'lambda')} in line {node.lineno}: {num_parameters(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, functions) and num_parameters(node) > MOST_PARAMETERS
    ]


def test_no_function_has_more_than_fifteen_parameters():
    paths = [path for folder in ("qtoolkit", "kernels") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(paths) > 100
    found = {path.relative_to(ROOT).as_posix(): long_signatures(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: long for name, long in found.items() if long} == {}


def test_parameters_of_all_kinds_count():
    names = ", ".join(f"p{k}" for k in range(12))
    assert long_signatures(f"def f({names}, /, a, *b, c, **d): pass") == ["f in line 1: 16"]
    assert long_signatures(f"f = lambda {names}, a, b, c, d: 0") == ["lambda in line 1: 16"]
    assert long_signatures(f"async def f({names}, /, a, *, b, **c): pass") == []
