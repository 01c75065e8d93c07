"""Drawings of lattices: well-formed, with every qubit and check, in both themes."""

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from qtoolkit.applications.qec import CODES, CSSCode, HoneycombCode, code_named
from qtoolkit.errors import InputError

SINGLE = [name for name in CODES if name not in {"honeycomb", "bivariate-bicycle"}]
NAMESPACE = "{http://www.w3.org/2000/svg}"


def shapes(document):
    """How many shapes there are of each kind, and of circles those that are dots of qubits."""
    return Counter(element.tag.removeprefix(NAMESPACE) for element in ET.fromstring(document).iter())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SINGLE)
def test_every_qubit_is_a_dot(name, theme):
    code = code_named(name, **({"distance": 5} if CODES[name].takes_distance else {}))
    document = code.draw(theme)
    assert shapes(document)["circle"] == code.num_qubits
    assert code.parameters in document
    numbers = [float(x) for x in re.findall(r'c[xy]="(-?[\d.]+)"', document)]
    assert min(numbers) >= 0
    assert max(numbers) <= 520


def test_checks_are_faces_arcs_and_lines():
    rotated = shapes(code_named("rotated-surface", distance=5).draw())
    assert (rotated["polygon"], rotated["path"]) == (16, 8)
    assert shapes(code_named("bacon-shor", distance=3).draw())["line"] == 12
    colour = code_named("color-666", distance=5)
    assert shapes(colour.draw())["polygon"] == len(colour.x_checks)


def test_faces_of_colour_codes_have_three_colours():
    for name in ("color-666", "color-488"):
        document = code_named(name, distance=7).draw()
        assert len(set(re.findall(r'<polygon [^>]*fill="(#\w+)"', document))) == 3


def test_the_honeycomb_has_its_edges_from_both_ends():
    code = HoneycombCode(6, 6)
    found = shapes(code.draw("dark"))
    assert (found["circle"], found["polygon"], found["line"]) == (24, 12, 72)


def test_codes_without_coordinates_and_other_themes_are_refused():
    with pytest.raises(InputError, match="pass coordinates=… to the code"):
        CSSCode([[1, 1, 1, 1]], [[1, 1, 1, 1]]).draw()
    for code in (code_named("steane"), HoneycombCode(3, 3)):
        with pytest.raises(InputError, match="theme must be one of light, dark"):
            code.draw("blue")
