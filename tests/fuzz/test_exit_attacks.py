"""Whatever a process ran and however it ends, its exit code is the one that it chose."""

import pytest
from fuzz import exit_attacks


@pytest.mark.parametrize("kind", exit_attacks.KINDS)
def test_every_kind_of_run(kind):
    assert exit_attacks.complaint([kind], "the end") is None


@pytest.mark.parametrize("ending", exit_attacks.ENDINGS)
def test_every_ending(ending):
    assert exit_attacks.complaint(["threads", "values"], ending) is None
