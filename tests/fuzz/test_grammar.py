import time

import numpy as np
import pytest
from fuzz.grammar import attack


@pytest.mark.parametrize("seed", range(3))
def test_texts_are_read_as_what_they_mean_or_refused(seed):
    count, failures = attack(np.random.default_rng(seed), time.monotonic() + 2.0)
    assert count
    assert not failures, "\n\n".join(failures)
