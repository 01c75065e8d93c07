"""Tests run what is compiled: they wait for the planner, which is interpreted where it is not compiled yet."""

import pytest

from qtoolkit_kernels import _jit


@pytest.fixture(scope="session", autouse=True)
def _compiled_planner():
    with _jit.waiting_for_compiler():
        yield
