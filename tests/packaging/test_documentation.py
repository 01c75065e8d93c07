"""The code in the documentation runs, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
GUIDES = sorted(path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "docs").rglob("*.md"))
PAGES = [*GUIDES, "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def python_blocks(text: str) -> list[str]:
    """Blocks marked `python`; fragments that cannot run by themselves are marked `py`."""
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [page for page in GUIDES if python_blocks((CHECKOUT / page).read_text("utf-8"))])
def test_code_of_the_page_runs(page):
    """The blocks of one page build on each other."""
    names: dict[str, object] = {"__name__": page}
    for block in python_blocks((CHECKOUT / page).read_text(encoding="utf-8")):
        exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page):
    path = CHECKOUT / page
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    broken = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert broken == []
