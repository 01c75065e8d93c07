"""The table in the documentation of what decides between methods, as the code that decides says it.

`PYTHONPATH=tests python tests/methods_table.py` writes it there.
"""

from pathlib import Path

from qtoolkit.simulators.automatic.costs import CONSTANTS
from qtoolkit.simulators.run_report import value_of

PAGE = Path(__file__).parents[1] / "docs/how-to/choose-a-method.md"
HEAD = "| constant | value | what |\n|---|---|---|\n"


def rewritten(page):
    """A page with the table as it should be, at its end."""
    rows = [f"| `{constant.name}` | {value_of(constant)} | {constant.reason} |\n" for constant in CONSTANTS]
    return page.split(HEAD)[0] + HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
