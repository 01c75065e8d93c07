"""`benchmarks/chemistry.py`: rows, verdicts, what is left out; and what rivals are asked against ours."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyscf")

from molecules.campaign import run
from molecules.clock import seconds
from molecules.contest import Bench, Goal, check_equal
from molecules.descent import descend
from molecules.job import Job, fingerprint, random_state
from molecules.problems import hamiltonian_of, integrals_of, product_case, random_product_case

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "chemistry.py"


def test_goals_are_judged_from_the_side_that_they_are_for():
    assert Goal(20.0).text(30.0) == "30x | >= 20: met"
    assert Goal(20.0).text(19.0) == "19x | >= 20: MISSED"
    assert Goal(5.0, of_rival=True).text(0.5) == "2.00 of its | <= 5: met"
    assert Goal(5.0, of_rival=True).text(0.1) == "10 of its | <= 5: MISSED"
    assert Goal(0.0).text(3.0) == "3.00x | "


def test_calls_are_repeated_until_they_take_long_enough():
    ticks = iter(range(0, 1000, 1))
    calls = []
    assert seconds(lambda: calls.append(next(ticks)), lambda: float(next(ticks)), least=10.0) == pytest.approx(17 / 16)
    assert len(calls) == 1 + 4 + 16


def test_a_search_ends_at_its_target():
    def bowl(at):
        return float(at @ at) - 1.0, 2.0 * at

    found = descend(bowl, [1.0, 2.0])
    assert found.energy == pytest.approx(-1.0, abs=1e-12)
    sooner = descend(bowl, [1.0, 2.0], 5.0)
    assert sooner.num_evaluations < found.num_evaluations
    assert sooner.energy <= 5.0
    with pytest.raises(ArithmeticError, match=r"above -2\.0"):
        descend(bowl, [1.0, 2.0], -2.0)


def test_answers_that_differ_are_refused():
    check_equal("other", [1.0, 200.0], [1.0, 200.0000001], 1e-8)
    with pytest.raises(ArithmeticError, match=r"other and qtoolkit differ by 0\.1 in one of 1 figures"):
        check_equal("other", [1.0], [1.1], 1e-8)
    with pytest.raises(ArithmeticError, match="differ by nan"):
        check_equal("other", [1.0], [np.nan], 1e-8)
    with pytest.raises(ArithmeticError, match="gives 2 figures, qtoolkit 1"):
        check_equal("other", [1.0], [1.0, 1.0], 1e-8)


def test_fingerprints_tell_states_apart():
    state = random_state((70, 70), 1)
    assert fingerprint(state)[0] == pytest.approx(1.0)
    np.testing.assert_array_equal(state, random_state((70, 70), 1))
    turned = state.copy()
    turned[[3, 4]] = turned[[4, 3]]
    assert abs(fingerprint(turned)[1] - fingerprint(state)[1]) > 1e-6
    assert random_state((2, 3), 1, is_real=True).dtype == np.float64


def test_packed_integrals_are_those_of_the_molecule():
    integrals = integrals_of("LiH")
    hamiltonian = hamiltonian_of(json.loads(json.dumps(product_case("LiH"))))
    np.testing.assert_array_equal(hamiltonian.two_body("alpha", "beta"), integrals.two_body_tensor)
    np.testing.assert_array_equal(hamiltonian.one_body("alpha"), integrals.one_body_tensor)


def test_a_rival_answers_as_ours_and_takes_its_turns():
    from molecules.strings import own_product

    from qtoolkit.simulators.fermion import FermionSimulator

    case = random_product_case(4, (2, 1))
    with Bench(1, 10.0) as bench:
        found = bench.against(own_product(FermionSimulator(1), case), "pyscf", "product", case)
        assert min(found.own, found.rival, found.times_as_fast) > 0.0
        wrong = Job(lambda: None, lambda _: [0.0, 0.0, 0.0])
        with pytest.raises(ArithmeticError, match="pyscf and qtoolkit differ"):
            bench.against(wrong, "pyscf", "product", case)


def test_what_is_not_there_or_fails_costs_only_its_rows(capsys):
    with Bench(1, 10.0) as bench, bench.table("Title", ("what", "|ψ⟩")) as table:
        for rival, question in (("nobody", "product"), ("pyscf", "weather")):
            with bench.attempt(table, rival):
                bench.prepare(rival, question, random_product_case(3, (1, 1)))
        table.row("this", "2x | >= 20: MISSED")
    assert [text.split(":")[0] for text in bench.failures] == ["nobody", "pyscf"]
    assert bench.missed == ["Title: this | 2x | >= 20: MISSED"]
    out = capsys.readouterr().out
    assert "| what | \\|ψ⟩ |" in out
    assert "<!-- nobody left out: AbsentError: nobody is not there" in out


def test_ctrl_c_keeps_what_was_measured(monkeypatch, capsys):
    def interrupted(bench):
        bench.missed.append("a row: MISSED")
        raise KeyboardInterrupt

    monkeypatch.setattr("molecules.campaign.SECTIONS", {"values": interrupted})
    run(["values"], Bench(1, 1.0))
    out = capsys.readouterr().out
    assert "Stopped; the rest was not measured." in out
    assert "Goals missed: 1\n- a row: MISSED" in out


def test_excitations_of_lightning_are_ours():
    """Where they are installed: the same energy and gradient, signs included."""
    from molecules.problems import uccsd_case

    from qtoolkit.applications.chemistry import UCCSD
    from qtoolkit.simulators.fermion import FermionSimulator

    lightning = pytest.importorskip("molecules.rivals.lightning", exc_type=ImportError)
    integrals, case = integrals_of("H4"), uccsd_case("H4")
    program = UCCSD(integrals.norb, integrals.nelec).program
    energy, gradient = FermionSimulator(1).gradient(program, integrals.hamiltonian, case["parameters"])
    job = lightning.QUESTIONS["gradient"](case, 1)
    np.testing.assert_allclose(job.figures(job.run()), [energy, *gradient], atol=1e-10)


@pytest.mark.slow
def test_small_molecules_are_measured(monkeypatch, capsys):
    arguments = ["--quick", "--threads", "1", "--sections", "whole", "gradient", "evolution", "product", "values"]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    out = capsys.readouterr().out
    assert "| UCCSD | H4 | 6 x 6 | 26 |" in out
    values = out[out.index("\nValues") :].partition("Goals missed")[0]  # which are of times too
    assert "MISSED" not in values
    assert "| LiH, strings | 631 | 631 | 0 |" in values
    assert "left out: rotation in 8 orbitals" in out or "| orbital rotation | ffsim |" in out
