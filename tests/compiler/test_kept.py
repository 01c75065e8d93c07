"""Keys of what is kept with plans: none is another one, and copies of simulators find what they kept."""

import copy
import importlib
import pickle
import pkgutil

import numpy as np
import pytest

import qtoolkit
from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.compiler import Kept, Key
from qtoolkit.compiler.sweeps import SWEEPS
from qtoolkit.errors import MissingExtraError


def globals_of_all_modules():
    for module in pkgutil.walk_packages(qtoolkit.__path__, "qtoolkit."):
        try:
            found = importlib.import_module(module.name)
        except MissingExtraError:
            continue
        yield from ((module.name, name, value) for name, value in vars(found).items())


def test_keys_are_told_apart_by_what_they_are():
    first, second = Key(__name__, "first"), Key(__name__, "first")
    kept = Kept()
    kept[first] = 1
    assert kept.get(second) is None
    assert first.at("double", 3) is first.at("double", 3)
    assert len({first, second, first.at("double", 3), first.at("double", 4), second.at("double", 3)}) == 5
    assert first.at("double", 3).family is first.family is first
    assert repr(first.at("double", 3)) == f"<key {__name__}.first['double', 3]>"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda key: pickle.loads(pickle.dumps(key))])
def test_copies_are_the_key_itself(copied):
    assert copied(SWEEPS) is SWEEPS
    assert copied(SWEEPS.at("double", 3)) is SWEEPS.at("double", 3)


def test_every_key_stands_where_it_says():
    keys = {}
    for module, name, value in globals_of_all_modules():
        if isinstance(value, Key):
            keys.setdefault(value, []).append(f"{module}.{name}")
    assert len(keys) > 5
    for key, places in keys.items():
        assert repr(key)[5:-1] in places


def test_a_copied_simulator_finds_what_was_kept():
    circuit = Circuit(3).h(0).cx(0, 1).rx(Parameter("a"), 2)
    simulator, observable, values = StatevectorSimulator(), PauliSum.from_list([("ZZI", 0.5), ("IIY", 1)]), np.ones(1)
    plan, bound = simulator.compile(circuit), simulator.compile(circuit.bind([1.0]))
    other = pickle.loads(pickle.dumps(simulator))
    found = [
        (each.expectation_value(plan, observable, values), each.state_vector(bound)) for each in (simulator, other)
    ]
    assert found[0][0] == found[1][0]
    assert np.array_equal(found[0][1], found[1][1])
    kept = [*plan.only_step.kept, *bound.only_program.kept]
    assert len(kept) == len({(key.family, *key._details) for key in kept})
    assert not pickle.loads(pickle.dumps(bound)).only_program.kept
