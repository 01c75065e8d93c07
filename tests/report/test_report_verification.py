import io
from dataclasses import replace

from rich.console import Console

from qtoolkit.backends.verification import CircuitVerification, Comparison, Verification
from qtoolkit.report.verification import MOST_CIRCUITS, verification_notes, verification_table


def printed(table, width=80):
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def comparison(p_value, **changes):
    fields = {
        "reference": "exact, by a state vector",
        "reference_shots": None,
        "shots": 1000,
        "total_variation": 0.123,
        "expected": 0.021,
        "bound": 0.06,
        "chi_square": 40.0,
        "degrees": 7,
        "outcomes_p_value": p_value,
        "bits_p_value": 1.0,
        "worst_bits": (0,),
        "p_value": p_value,
        "fidelity": 0.95,
        **changes,
    }
    return Comparison(**fields)


def verification(*circuits, **changes):
    return Verification("ibm-1", "ibm:here", circuits, **changes)


NOISY = CircuitVerification(
    0, 1000, 3, comparison(1e-9), comparison(0.4, reference="exact, by a density matrix"), 0.118
)
GOOD = CircuitVerification(1, 1000, 3, comparison(0.25, total_variation=0.02))
FAILED = CircuitVerification(2, 0, 3, reason="it [bold]melted[/bold]")


def test_distances_side_by_side_in_80_columns():
    text = printed(verification_table(verification(NOISY, GOOD, FAILED)))
    assert max(map(len, text.splitlines())) <= 80
    for part in ("0.123", "0.021 <0.060", "0.118", "1e-09", "0.250"):
        assert part in text
    flat = " ".join(text.split())
    assert "[bold]melted[/bold]" in flat
    assert "as the calibration" in flat
    assert text.index("circuit 2") < text.index("circuit 0") < text.index("circuit 1")


def test_many_circuits_are_cut_behind_those_that_differ():
    circuits = [replace(GOOD, index=k) for k in range(30)]
    circuits[29] = replace(FAILED, index=29)
    text = printed(verification_table(verification(*circuits)))
    assert text.index("circuit 29") < text.index("circuit 0")
    assert f"{30 - MOST_CIRCUITS} more, of which {30 - MOST_CIRCUITS} agree" in " ".join(text.split())


def test_notes_say_how():
    found = verification(NOISY, GOOD, calibration="d of 2026-05-06 07:08", payload_distance=1e-13, seed=4)
    text = "\n".join(verification_notes(found))
    assert (
        "noise by the calibration of d of 2026-05-06 07:08: exact, by a density matrix; p of the counts 0.400" in text
    )
    assert "1.0e-13 at most" in text
    assert "seed" not in text
    sampled = replace(GOOD, ideal=comparison(0.0, reference="20,000 shots", reference_shots=20_000))
    assert "seed 4" in verification_notes(verification(sampled, seed=4))
    assert not any("noise by" in note for note in verification_notes(verification(FAILED)))
