import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest

from qtoolkit.report import plots

RATES = np.array([0.001, 0.01])
DRAWINGS = {
    "frontier": lambda: plots.efficient_frontier(
        {"any number": ([0.01, 0.02], [1e-4, 2e-4]), "five": ([0.012, 0.03], [1e-4, 2e-4])}, {"QAOA": (0.02, 1e-4)}
    ),
    "probabilities": lambda: plots.optimum_probabilities({"luck": 1e-4, "ring": 0.02}),
    "dissociation": lambda: plots.dissociation(
        [1.0, 2.0, 3.0], [-7.0, -7.1, -6.9], [-7.2, -7.3, -7.1], [-7.2, -7.31, -7.12], 1.6e-3, "LiH"
    ),
    "convergence": lambda: plots.convergence({"H2": [0.1, 1e-6, 0.0], "LiH": [0.2]}, 1.6e-3),
    "logical": lambda: plots.logical_error_rates(
        RATES, {3: [1e-3, 1e-2], 5: [0.0, 2e-2]}, {3: [[5e-4, 9e-3], [2e-3, 2e-2]], 5: [[0.0, 1e-2], [1e-4, 3e-2]]}
    ),
    "coherent": lambda: plots.coherent_errors(
        [1, 2], [1e-3, 2e-3], [1e-3, 1.9e-3], [0.0, 2e-3], [[0.0, 1e-3], [3e-3, 4e-3]]
    ),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_figure_is_svg_and_the_same_each_time(draw):
    """Zeros, which a logarithmic axis cannot show, must not warn or fail either."""
    svg = draw()
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert svg == draw()
    assert "<dc:date>" not in svg


def test_drawing_leaves_the_users_style_alone():
    before = {name: value for name, value in matplotlib.rcParams.items() if name != "backend"}
    DRAWINGS["convergence"]()
    assert {name: value for name, value in matplotlib.rcParams.items() if name != "backend"} == before


def test_an_error_in_drawing_is_not_swallowed():
    with pytest.raises(ValueError, match="shape"):
        plots.convergence({"H2": [[0.1, 0.2], [0.3]]}, 1e-3)


def test_error_bars_span_the_intervals():
    np.testing.assert_allclose(
        plots._bars([0.5, 0.2], [[0.4, 0.2], [0.7, 0.1]]),
        [[0.1, 0.0], [0.2, 0.0]],
        err_msg="an end on the wrong side of its value by rounding gives no negative bar",
    )


def test_palette_is_hex():
    assert all(re.fullmatch(r"#[0-9a-fA-F]{6}", color) for color in plots.PALETTE.values())
