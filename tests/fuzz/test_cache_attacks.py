"""No damage to the cache of kernels makes a process wait, fail or count wrongly."""

import random
import time

import numpy as np
import pytest
from fuzz import cache_attacks


@pytest.mark.parametrize("damage", cache_attacks.DAMAGES)
def test_damaged_entries(damage):
    assert [cache_attacks.damaged_entry(random.Random(seed), damage) for seed in range(20)] == [None] * 20


@pytest.mark.parametrize("change", cache_attacks.FOLDERS)
def test_strange_folders(change):
    assert [cache_attacks.strange_folder(random.Random(seed), change) for seed in range(20)] == [None] * 20


def test_random_attacks():
    count, failures = cache_attacks.attack(np.random.default_rng(1), time.monotonic() + 1)
    assert count
    assert failures == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 0, 5])
def test_processes(seed):
    """Seeds that damage an entry, kill a process, and replace sources."""
    assert cache_attacks.process(random.Random(seed)) is None
