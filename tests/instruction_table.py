"""The table of operations in the documentation, as the instruction set says it.

`PYTHONPATH=tests python tests/instruction_table.py` writes it there.
"""

from pathlib import Path
from types import SimpleNamespace

from qtoolkit_kernels.vector import isa

PAGE = Path(__file__).parents[1] / "docs/engine.md"
HEAD = "| operation | flops an amplitude | passes over the block | what |\n|---|---|---|---|\n"
SHARE = " · 2^−c"


class Letter(str):
    """A quantity, which writes down what is computed with it."""

    def __rmul__(self, factor):
        return Letter(f"{factor:g} · {self}")

    def __rpow__(self, base):
        return Letter(f"{base:g}^{self}")

    def __add__(self, other):
        return Letter(f"({self} + {other:g})")

    def __radd__(self, other):
        return Letter(f"({other:g} + {self})")

    def __sub__(self, other):
        return Letter(f"({self} − {other:g})")


def formula(amount, is_controlled):
    """An amount by letters, with the columns of the row all set or none of them."""
    found = []
    for flag in (1, 0):
        load = SimpleNamespace(row=[flag] * isa.ROW, bits=Letter("k"), block_bits=Letter("b"), steps=Letter("s"))
        value = amount(load) if callable(amount) else amount
        text = value if isinstance(value, str) else f"{value:g}"
        if is_controlled and text != "0":
            text = f"{text}{SHARE}".removeprefix("1 · ")
        found.append(text if SHARE in text else text.strip("()"))
    return " or ".join(dict.fromkeys(found))


def rewritten(page):
    """A page with the table as it should be."""
    lines = []
    for known in isa.INSTRUCTIONS:
        flops, passes = (formula(amount, known.is_controlled) for amount in known.amounts[:2])
        lines.append(f"| `{known.name}` | {flops} | {passes} | {known.does} |\n")
    before, rest = page.split(HEAD)
    return before + HEAD + "".join(lines) + rest[rest.index("\n\n") + 1 :]


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
