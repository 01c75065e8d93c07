"""The tables in the documentation of when a circuit is planned, as the code that decides says it.

`PYTHONPATH=tests python tests/planning_table.py` writes them there.
"""

from pathlib import Path

from qtoolkit.simulators.run_report import value_of
from qtoolkit.simulators.ways import THRESHOLDS, WAYS

PAGE = Path(__file__).parents[1] / "docs/engine.md"

TABLES = {
    "| circuit | what happens | why |\n|---|---|---|\n": [way[:3] for way in WAYS],
    "| constant | value | what |\n|---|---|---|\n": [(f"`{t.name}`", value_of(t), t.reason) for t in THRESHOLDS],
}


def rewritten(page):
    """A page with the tables as they should be."""
    for head, rows in TABLES.items():
        before, rest = page.split(head)
        lines = [f"| {' | '.join(row)} |\n" for row in rows]
        page = before + head + "".join(lines) + rest[rest.index("\n\n") + 1 :]
    return page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
