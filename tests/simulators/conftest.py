"""Which way small circuits take: planned unless a test asks for `unplanned` or `either_way`."""

import pytest

from qtoolkit.compiler import plans
from qtoolkit.simulators import planning


@pytest.fixture(autouse=True)
def planned(request, monkeypatch):
    """Plan every circuit, however small, and know none from before."""
    plans.forget()
    if not {"unplanned", "either_way"} & set(request.fixturenames):
        _plan_all(monkeypatch)


def _plan_all(monkeypatch):
    for threshold in ("MOST_QUBITS", "ALWAYS_QUBITS"):
        monkeypatch.setattr(planning, threshold, -1)


@pytest.fixture
def unplanned():
    """Leave it to the circuit's size."""


@pytest.fixture(params=["planned", "unplanned"])
def either_way(request, monkeypatch):
    """Try both."""
    if request.param == "planned":
        _plan_all(monkeypatch)
