"""Some seconds of every attack; `make fuzz` gives them an hour."""

import time

import numpy as np
import pytest
from fuzz import campaign, differential

SECONDS = {"differential": 40, "grammar": 30, "odd_arguments": 30, "cache_attacks": 10, "exit_attacks": 10}


@pytest.mark.slow
@pytest.mark.parametrize("kind", campaign.KINDS)
def test_nothing_is_wrong_and_nothing_escapes(kind):
    count, failures = campaign.attack_of(kind)(np.random.default_rng(1), time.monotonic() + SECONDS[kind])
    assert count
    assert failures == []


def test_the_campaign_tells_what_it_tried(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "SLICE", 0.01)
    monkeypatch.setattr(campaign, "attack_of", lambda _: lambda rng, deadline: (3, ["h on [0]: off by 1"]))
    assert campaign.main(["--minutes", "0.001", "--seed", "5", "differential"]) == 1
    out = capsys.readouterr().out
    assert "differential: h on [0]: off by 1" in out
    assert out.splitlines()[-1].endswith("failures, seed 5")
    monkeypatch.setattr(campaign, "attack_of", lambda _: lambda rng, deadline: (3, []))
    assert campaign.main(["--minutes", "0.001"]) == 0
    with pytest.raises(SystemExit, match="2"):
        campaign.main(["nonsense"])


def test_a_wrong_answer_is_found_and_made_small(monkeypatch):
    """The fuzzer must see a fault: here, states whose sign is wrong wherever a circuit has a Y gate."""
    honest = differential._expected

    def dishonest(question, *arguments, **named):
        names = [operation.gate.name for operation in question.circuit.operations]
        return honest(question, *arguments, **named) * (-1 if "y" in names else 1)

    monkeypatch.setattr(differential, "_expected", dishonest)
    monkeypatch.setattr(differential, "WEIGHTS", dict.fromkeys(differential.QUESTIONS, 0) | {"state": 1})
    monkeypatch.setattr(differential, "LARGE_SHARE", 0.0)
    found = next(found for seed in range(2000) if (found := differential.check(seed)))
    assert "state off by" in found
    assert "; 1 of " in found
    assert found.startswith("seed ")
    monkeypatch.setattr(differential, "_expected", honest)
    assert differential.check(int(found.split()[1].rstrip(":"))) is None
