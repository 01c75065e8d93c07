"""Some seconds of the attack on public callables; `attack` goes on for as long as it is told to."""

import time

import numpy as np
import pytest
from fuzz import odd_arguments
from fuzz.public_calls import calls

from qtoolkit import PauliSum
from qtoolkit.errors import OperatorError


def test_every_public_callable_is_attacked() -> None:
    names = {call.name for call in calls()}
    assert len(names) > 250
    assert {"Circuit", "Circuit.power", "PauliSum.from_list", "StatevectorSimulator.run", "FutureJob.result"} <= names


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        (lambda *_, **__: [][0], "IndexError"),
        (lambda *_, **__: bytearray(1 << 36), "MemoryError"),
        (lambda *_, **__: (_ for _ in ()).throw(OperatorError("")), "a message without a word"),
    ],
    ids=["foreign error", "memory", "message"],
)
def test_what_breaks_the_rules_is_found_and_told_as_text(monkeypatch, broken, wrong) -> None:
    monkeypatch.setattr(PauliSum, "zero", broken)
    monkeypatch.setattr(odd_arguments, "calls", lambda: [odd_arguments.Call("zero", ("PauliSum.zero",), {"x": ("1",)})])
    monkeypatch.setattr(odd_arguments, "namespace", lambda: {"PauliSum": PauliSum})
    count, failures = odd_arguments.attack(np.random.default_rng(1), time.monotonic() + 0.1)
    assert count > 0
    assert failures == [failures[0]]
    assert failures[0].startswith(f"PauliSum.zero(x=1): {wrong}")
