"""Which way small circuits take: planned unless a test asks for `unplanned` or `either_way`."""

import pytest

from qtoolkit.compiler import plans
from qtoolkit.simulators import planning


@pytest.fixture(autouse=True)
def planned(request, monkeypatch):
    """Plan every circuit, however small, and know none from before."""
    plans.forget()
    if not {"unplanned", "either_way"} & set(request.fixturenames):
        monkeypatch.setattr(planning, "MOST_QUBITS", -1)


@pytest.fixture
def unplanned():
    """Leave it to the circuit's size."""


@pytest.fixture(params=["planned", "unplanned"])
def either_way(request, monkeypatch):
    """Try both."""
    if request.param == "planned":
        monkeypatch.setattr(planning, "MOST_QUBITS", -1)
