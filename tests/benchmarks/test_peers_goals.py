"""Goals, tables, the picture and the file of results, from results made by hand."""

import dataclasses
import math
import re

import pytest
from peers.goals import GOALS, goal_of, in_cache_share, limits, verdicts
from peers.picture import draw
from peers.results import Measurement, Race, Results, load_results, save_results
from peers.table import BEGIN, END, disturbance_line, duration, goal_lines, markdown, race_line, write_into
from peers.tasks import Case

RATES = {"bandwidth": 50e9, "gate_double": 100e9, "fma_double": 80e9, "gate_single": 200e9, "fma_single": 210e9}


def race(question, circuit, num_qubits, ours, peers, precision="double", flops=320.0):
    entries = [Measurement("qtoolkit", precision, "ok", turns=[ours] * 3, disturbance=[0.0] * 3)]
    entries += [Measurement(name, "double", "ok", turns=[seconds]) for name, seconds in peers.items()]
    work = {"gates": 10.0, "flops_per_amplitude": flops}
    return Race(Case(question, circuit, num_qubits, precision), "NumPy", work, entries)


def results(*races):
    rivals = {
        "qtoolkit": {"title": "qtoolkit", "versions": {"numba": "1"}, "note": ""},
        "prism_q": {"title": "PRISM-Q", "versions": {"prism-q": "1"}, "note": "double precision only"},
        "aer": {"title": "Aer", "versions": {"qiskit-aer": "1"}, "note": ""},
        "qokit": {"absent": "ModuleNotFoundError"},
    }
    return Results({"processor": "P", "memory": "8 GiB"}, RATES, {"threads": 2}, rivals, list(races))


SOME = results(
    race("state", "qft", 24, 1.0, {"prism_q": 6.0, "aer": 9.0}),
    race("state", "ghz", 20, 1.0, {"prism_q": 1.5, "aer": 3.0}),
    race("state", "qft", 8, 1e-5, {"prism_q": 1e-5}),
    race("state", "quantum-volume", 24, 2**24 * 320 / 70e9, {"aer": 1.0}),
    race("expectation", "lih", 12, 1e-3, {"aer": 1e-2}),
    race("gradient", "ansatz", 8, 1e-3, {"aer": 1e-3, "prism_q": 5e-3}),
)


def found(title, precision="double", of=SOME):
    (verdict,) = [v for v in verdicts(of) if v.goal.title.startswith(title) and v.precision == precision]
    return verdict


def test_the_mean_is_geometric_and_over_the_fastest_peers():
    verdict = found("state vector, 20–26 qubits, geometric mean")
    volume = 1.0 / (2**24 * 320 / 70e9)
    assert verdict.value == pytest.approx((6.0 * 1.5 * volume) ** (1 / 3))
    assert (verdict.count, verdict.is_met, verdict.misses) == (3, verdict.value >= 4, ())


def test_each_ratio_below_the_goal_is_a_miss():
    verdict = found("state vector, 20–26 qubits, each")
    assert (verdict.value, verdict.is_met) == (1.5, False)
    assert [(race.case.circuit, value) for race, value in verdict.misses] == [("ghz", 1.5)]
    assert found("state vector, 2–19").is_met is True
    assert found("Pauli sums").value == pytest.approx(10.0)


def test_only_the_rivals_that_a_goal_names_count_for_it():
    assert found("adjoint gradient").value == pytest.approx(5.0)


def test_the_share_of_arithmetic_is_of_the_better_measured_rate():
    verdict = found("quantum volume")
    assert verdict.value == pytest.approx(0.7)
    assert (verdict.shown, verdict.goal.wanted, verdict.is_met) == ("70 %", "≥ 60 %", True)


def test_what_was_not_measured_has_no_verdict():
    verdict = found("10^6 samples")
    assert (verdict.value, verdict.is_met, verdict.shown) == (None, None, "not measured")
    assert all(verdict.is_met is None for verdict in verdicts(results()))


def test_a_peer_that_was_wrong_or_is_missing_does_not_count():
    one = race("state", "qft", 24, 1.0, {"prism_q": 0.1, "aer": 9.0})
    one.entries[1].status = "wrong"
    assert one.ratio() == 9.0
    one.entries[0].status = "failed"
    assert (one.ours, one.ratio(), limits(one, SOME)) == (None, None, "")


def test_the_highest_goal_of_a_case_is_shown_with_it():
    assert goal_of(Case("state", "qft", 24, "double")) == (5.0, ())
    assert goal_of(Case("state", "ghz", 24, "double")) == (2.0, ())
    assert goal_of(Case("expectation", "labs", 20, "double")) == (5.0, ("qokit", "lightning", "aer"))
    assert goal_of(Case("startup", "qft", 10, "double")) is None


def test_goals_cover_cases_that_are_measured():
    from peers.tasks import FULL, chosen_cases

    cases = chosen_cases(FULL)
    assert all(any(goal.covers(case) for case in cases) for goal in GOALS)


def test_limits_name_arithmetic_and_passes():
    text = limits(SOME.races[0], SOME)
    passes = 50e9 / (2 * 16 * 2**24)
    assert (
        text == f"{100 * 320 * 2**24 / 100e9:.1f} % of in-cache arithmetic, the time of {passes:.1f} passes over memory"
    )
    planned = race("state", "qft", 24, 1.0, {"aer": 6.0})
    planned.entries[0].figures = {"sweeps": 3.0, "bytes_per_amplitude": 96.0, "flops_per_amplitude": 640.0}
    text = limits(planned, SOME)
    assert f"({100 * 640 * 2**24 / 100e9:.0f} % as planned)" in text
    assert f"3 sweeps, {100 * 96 * 2**24 / 50e9:.1f} % of bandwidth" in text
    unrated = Results({}, {}, {})
    assert in_cache_share(planned, unrated) is None
    assert limits(planned, unrated) == ""


def test_lines_fit_80_columns():
    lines = [race_line(race) for race in SOME.races] + list(goal_lines(SOME))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["state", "qft", "24", "f64", "1", "s", "prism_q", "6.00x", "goal", "5x"]
    assert "MISS 2x" in lines[1]
    assert any("MISSED" in line for line in lines)
    assert any(line.strip().startswith("ghz 20: 1.50") for line in lines)
    failed = race("state", "qft", 24, 1.0, {})
    assert race_line(failed).endswith("no peer")
    failed.entries[0] = Measurement("qtoolkit", "double", "failed", "a very long reason " * 9)
    assert len(race_line(failed)) <= 80
    assert all(len(f"{goal.title} (double)") <= 56 for goal in GOALS), "the columns behind would be cut"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (123.4, "123 s"),
        (1.0, "1 s"),
        (0.0123456, "12.3 ms"),
        (3.4e-6, "3.4 µs"),
        (2e-8, "0.02 µs"),
        (0.9999, "1e+03 ms"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text.replace("1e+03", "1000")


def test_a_busy_machine_is_said():
    assert list(disturbance_line(SOME)) == []
    busy = race("state", "qft", 24, 1.0, {"aer": 9.0})
    busy.entries[0].disturbance = [0.5, 0.4, None]
    (line,) = disturbance_line(results(busy))
    assert "1 of 1 cases" in line


def test_the_page_shows_goals_misses_times_and_versions(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(page, markdown(SOME))
    write_into(page, markdown(SOME))
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "| state | ghz | 20 | double | ≥ 2x | 1.50x |" in text
    assert "| qft | 24 | 6.00x | **1 s** | 6 s | 9 s |" in text
    assert "| PRISM-Q | prism-q 1 | double precision only |" in text
    assert "| qokit | not installed | |" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="must hold the lines"):
        write_into(page, "text")


def test_results_survive_their_file(tmp_path):
    path = tmp_path / "results.json"
    save_results(SOME, path)
    loaded, text = load_results(path), path.read_text()
    assert [race.case for race in loaded.races] == [race.case for race in SOME.races]
    for race, expected in zip(loaded.races, SOME.races, strict=True):
        for entry, other in zip(race.entries, expected.entries, strict=True):
            assert entry.turns == pytest.approx(other.turns, rel=1e-5)
            assert dataclasses.replace(entry, turns=other.turns) == other
    assert loaded.machine == SOME.machine
    assert max(len(number.replace(".", "").strip("0")) for number in re.findall(r"\d+\.\d+", text)) <= 6
    save_results(loaded, path)
    assert load_results(path) == loaded
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 0}', "[1]", '{"schema": 1, "races": [{}]}'])
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="results of the benchmark"):
        load_results(path)


def test_a_race_replaces_an_earlier_one_of_its_case():
    some = results(race("state", "qft", 8, 1.0, {"aer": 2.0}))
    some.put(race("state", "qft", 8, 1.0, {"aer": 3.0}))
    assert [r.ratio() for r in some.races] == [3.0]
    assert some.race(Case("state", "qft", 8, "single")) is None


def test_the_picture_is_the_same_for_the_same_numbers(tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("one.svg", "two.svg"):
        draw(SOME, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert first == second
    assert b"<svg" in first
    with pytest.raises(ValueError, match="none in these results"):
        draw(results(), tmp_path / "none.svg")


def test_the_arithmetic_of_circuits_is_counted():
    from peers.circuits import CIRCUITS
    from peers.convert import portable_circuit
    from peers.roofline import circuit_work

    assert circuit_work(portable_circuit(CIRCUITS["quantum-volume"](6))) == {
        "gates": 30.0,
        "flops_per_amplitude": 960.0,
    }
    assert circuit_work(portable_circuit(CIRCUITS["ghz"](6)))["flops_per_amplitude"] == 4.0


@pytest.mark.slow
def test_rates_are_those_of_a_machine():
    from peers.roofline import measure_rates

    rates = measure_rates(1, seconds=0.05)
    assert set(rates) == {"threads", "bandwidth", "gate_double", "gate_single", "fma_double", "fma_single"}
    assert all(math.isfinite(value) and value > 1e8 for name, value in rates.items() if name != "threads")
