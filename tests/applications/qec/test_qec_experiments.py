"""Tasks, batches and the runner: the same errors however a run is cut, shared or stopped; estimates without bias."""

import itertools
import json
import math
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import stim

from qtoolkit import Circuit, Parameter
from qtoolkit.applications.qec import (
    ExperimentResult,
    ExperimentTask,
    MatchingDecoder,
    MaximumLikelihoodDecoder,
    SlidingWindowDecoder,
    clopper_pearson,
    errors_for,
    memory_tasks,
    run_experiment,
    run_experiments,
)
from qtoolkit.errors import BackendError, InputError, MissingExtraError
from qtoolkit.noise import bit_flip

FLIP = "R 0 1\nX_ERROR(0.2) 0\nX_ERROR(0.1) 1\nM 0 1\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-2]"
"""Qubit 1 heralds nothing about qubit 0: an error of 0.2 that no decoder can see."""

HEAVY = memory_tasks("rotated-surface", [3], [0.02])[0]


class Compiled:
    """Says the same of every observable."""

    def __init__(self, num_observables, answer):
        self.shape, self.answer = num_observables, answer

    def decode_batch(self, events):
        return np.full((len(events), self.shape), self.answer)


@dataclass(frozen=True)
class Guessing:
    """A decoder of somebody else, which a store knows by its field."""

    answer: bool = False

    def compile(self, model):
        return Compiled(model.num_observables, self.answer)


class Denying:
    """One that holds nothing, and is known by its class."""

    def compile(self, model):
        return Compiled(model.num_observables, False)


class Holding:
    """One that holds something, and is not known."""

    def __init__(self):
        self.answer = False

    def compile(self, model):
        return Compiled(model.num_observables, self.answer)


def small(**changes):
    return ExperimentTask(FLIP, Guessing(), **{"batch_shots": 256, **changes})


def test_shots_continued_are_those_of_one_run():
    task = replace(HEAVY, batch_shots=512)
    whole = {shots: run_experiment(task, max_shots=shots, seed=5) for shots in (100, 512, 1_000, 1_024, 2_000)}
    for less, more in itertools.combinations(whole, 2):
        continued = run_experiment(task, max_shots=more, previous=whole[less])
        assert continued == whole[more]
        assert continued.accepted_before == whole[more].accepted_before
    assert run_experiment(task, max_shots=50, previous=whole[100]) == whole[100]


def test_ten_thousand_and_ten_thousand_more_are_twenty_thousand():
    """With the batches that are taken by default, and a limit on errors that is raised later."""
    first = run_experiment(HEAVY, max_shots=10_000, seed=1)
    assert run_experiment(HEAVY, max_shots=20_000, previous=first) == run_experiment(HEAVY, max_shots=20_000, seed=1)
    stopped = run_experiment(HEAVY, max_shots=10_000, max_errors=200, seed=1)
    raised = run_experiment(HEAVY, max_shots=40_000, max_errors=2_000, previous=stopped)
    assert raised == run_experiment(HEAVY, max_shots=40_000, max_errors=2_000, seed=1)


def test_executors_change_nothing():
    tasks = [replace(HEAVY, batch_shots=256), *memory_tasks("rotated-surface", [3], [0.004], batch_shots=256)]
    limits = {"max_shots": 4_000, "max_errors": 150, "seed": 3}
    alone = run_experiments(tasks, **limits)
    assert alone[0].shots < 4_000 == alone[1].shots
    with ThreadPoolExecutor(3) as threads:
        assert run_experiments(tasks, **limits, executor=threads) == alone
    with ProcessPoolExecutor(2) as processes:
        assert run_experiments(tasks, **limits, executor=processes) == alone


def test_threads_compile_decoders_of_their_own():
    seen = set()

    class Watched(Compiled):
        def decode_batch(self, events):
            seen.add((id(self), threading.get_ident()))
            return super().decode_batch(events)

    class Watching:
        def compile(self, model):
            return Watched(model.num_observables, False)

    with ThreadPoolExecutor(3) as threads:
        run_experiment(replace(small(), decoder=Watching()), max_shots=50_000, seed=1, executor=threads)
    assert len({decoder for decoder, _ in seen}) == len(seen)


def test_one_circuit_gives_one_stream_and_others_others():
    by_matching, by_table = (replace(HEAVY, decoder=name) for name in ("matching", Guessing()))
    assert by_matching.stream == by_table.stream
    assert by_matching.id != by_table.id
    other = memory_tasks("rotated-surface", [3], [0.0200001])[0]
    results = run_experiments(
        [replace(HEAVY, decoder=Guessing()), replace(other, decoder=Guessing())], max_shots=8192, seed=0
    )
    assert results[0].errors != results[1].errors


def test_circuits_of_ours_are_run_by_stim():
    circuit = Circuit(2, 2).append(bit_flip(0.2), 0).append(bit_flip(0.1), 1).measure([0, 1], [0, 1])
    circuit.detector([1]).observable([0])
    result = run_experiment(ExperimentTask(circuit, Guessing(), heralds=(0,)), max_shots=20_000, seed=1)
    low, high = result.confidence_interval
    assert low < 0.2 < high
    assert result.discard_rate == pytest.approx(0.1, abs=0.01)
    with pytest.raises(InputError, match="free parameters, got angle"):
        ExperimentTask(Circuit(1, 1).rx(Parameter("angle"), 0).measure(0, 0).observable([0]))


def test_a_limit_on_errors_is_looked_at_between_batches():
    task, seen = small(batch_shots=64), []
    result = run_experiment(
        task, max_shots=10_000, max_errors=100, seed=1, progress=lambda state: seen.append((state.shots, state.errors))
    )
    assert result.shots == 64 * len(seen) == seen[-1][0]
    assert seen[-2][1] < 100 <= seen[-1][1] == result.errors
    assert result.accepted_before == result.shots - 64
    by_error = run_experiment(task, max_shots=10_000, relative_error=0.1, seed=1)
    assert by_error == result
    assert math.sqrt(result.logical_error_rate / result.accepted) <= 0.1 * result.logical_error_rate * 1.02


@pytest.mark.parametrize(("relative_error", "errors"), [(0.1, 100), (0.05, 400), (0.01, 10_000), (1.0, 1), (0.3, 12)])
def test_errors_for_a_relative_error(relative_error, errors):
    assert errors_for(relative_error) == errors


def stopped_results(rate, size, max_errors, most):
    """Every outcome of batches of `size` shots, with its probability."""
    binomial = [math.comb(size, k) * rate**k * (1.0 - rate) ** (size - k) for k in range(size + 1)]
    running = {0: 1.0}
    for batch in range(1, most + 1):
        following = {}
        for (errors, weight), (more, chance) in itertools.product(running.items(), enumerate(binomial)):
            following[errors + more] = following.get(errors + more, 0.0) + weight * chance
        ends = {errors: w for errors, w in following.items() if errors >= max_errors or batch == most}
        for errors, weight in ends.items():
            yield made_up(batch * size, errors, (batch - 1) * size, max_errors), weight
        running = {errors: w for errors, w in following.items() if errors not in ends}


def made_up(shots, errors, before, max_errors, discards=0):
    return ExperimentResult("", {}, 1, "matching", shots, discards, errors, (errors,), before, max_errors, 0, 8)


@pytest.mark.parametrize(("size", "max_errors", "most"), [(1, 3, 60), (4, 3, 30), (7, 5, 12), (3, 1, 40), (20, 4, 6)])
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.45])
def test_rates_under_a_limit_on_errors_have_no_bias_and_intervals_cover(rate, size, max_errors, most):
    """Summed over every way that a run can go."""
    outcomes = list(stopped_results(rate, size, max_errors, most))
    assert sum(weight for _, weight in outcomes) == pytest.approx(1.0, abs=1e-12)
    mean = sum(weight * result.logical_error_rate for result, weight in outcomes)
    assert mean == pytest.approx(rate, rel=1e-9)
    plain = sum(weight * result.errors / result.shots for result, weight in outcomes)
    assert plain > rate * (1.0 + 1e-4)
    covered = sum(
        weight for result, weight in outcomes if result.confidence_interval[0] <= rate <= result.confidence_interval[1]
    )
    assert covered >= 0.95


def test_batches_of_one_shot_give_the_known_unbiased_rate():
    assert made_up(100, 7, 99, 7).logical_error_rate == pytest.approx(6 / 99, rel=1e-12)
    assert made_up(100, 7, 99, None).logical_error_rate == 0.07
    assert made_up(100, 7, 99, 8).logical_error_rate == 0.07
    assert made_up(10**9, 10**4, 10**9 - 8192, 10**4).logical_error_rate == pytest.approx(1e-5, rel=2e-4)


def test_heralds_discard_shots_and_are_counted():
    task = small(heralds=[0])
    result = run_experiment(task, max_shots=20_000, seed=2)
    low, high = result.discard_interval
    assert low < 0.1 < high
    assert result.accepted == 20_000 - result.discards
    assert result.discard_rate == result.discards / 20_000
    low, high = result.confidence_interval
    assert low < 0.2 < high
    assert (low, high) == clopper_pearson(result.errors, result.accepted)
    plain = run_experiment(small(), max_shots=20_000, seed=2)
    assert (plain.discards, plain.errors > result.errors) == (0, True)


def test_shots_that_are_all_discarded_say_so():
    task = ExperimentTask(FLIP.replace("X_ERROR(0.1)", "X_ERROR(1)"), Guessing(), heralds=(0,))
    result = run_experiment(task, max_shots=300, seed=1)
    assert (result.discards, result.accepted, result.errors) == (300, 0, 0)
    assert math.isnan(result.logical_error_rate)
    assert result.confidence_interval == (0.0, 1.0)


def test_results_can_be_gathered_in_sets():
    first, again = (run_experiment(small(), max_shots=300, seed=1) for _ in range(2))
    assert {first, again} == {first}


def test_each_observable_is_counted():
    text = "R 0 1\nX_ERROR(0.2) 0\nX_ERROR(0.3) 1\nM 0 1\nOBSERVABLE_INCLUDE(0) rec[-2]\nOBSERVABLE_INCLUDE(1) rec[-1]"
    result = run_experiment(ExperimentTask(text, Guessing()), max_shots=20_000, seed=1)
    assert [count / 20_000 for count in result.observable_errors] == pytest.approx([0.2, 0.3], abs=0.02)
    assert result.logical_error_rate == pytest.approx(1 - 0.8 * 0.7, abs=0.02)


def test_content_makes_the_id():
    task = small()
    assert small().id == task.id
    assert ExperimentTask(stim.Circuit(FLIP), Guessing(), batch_shots=256, labels={"distance": 3}).id == task.id
    changed = [
        small(batch_shots=128),
        small(heralds=(0,)),
        ExperimentTask(FLIP, Guessing(True), batch_shots=256),
        small(decompose=False),
        small(detector_error_model=stim.DetectorErrorModel("error(0.1) D0\nlogical_observable L0")),
        small(decoder_id="mine"),
        ExperimentTask(FLIP.replace("0.2", "0.21"), Guessing(), batch_shots=256),
        ExperimentTask(FLIP, "matching", batch_shots=256),
        ExperimentTask(FLIP, "correlated-matching", batch_shots=256),
        ExperimentTask(FLIP, SlidingWindowDecoder(window=4, commit=2), batch_shots=256),
        ExperimentTask(FLIP, SlidingWindowDecoder(window=4, commit=2, inner="bp-osd"), batch_shots=256),
        ExperimentTask(FLIP, Denying(), batch_shots=256),
    ]
    assert len({one.id for one in [task, *changed]}) == 1 + len(changed)
    assert ExperimentTask(FLIP, MatchingDecoder()).id == ExperimentTask(FLIP, "matching").id
    assert ExperimentTask(FLIP, MatchingDecoder(correlations=True)).id == ExperimentTask(FLIP, "correlated-matching").id
    assert not ExperimentTask(FLIP, Holding()).is_known
    assert set(task.content["versions"]) == {"stim"}
    assert set(HEAVY.content["versions"]) == {"stim", "pymatching"}
    for decoder, packages in (
        ("union-find", {"qtoolkit"}),
        ("belief-matching", {"ldpc", "pymatching"}),
        ("tesseract", {"tesseract_decoder"}),
        (SlidingWindowDecoder(window=4, commit=2, inner="bp-osd"), {"qtoolkit", "ldpc"}),
    ):
        assert set(ExperimentTask(FLIP, decoder).content["versions"]) == {"stim", *packages}
    json.dumps(task.content)


def test_a_missing_decoder_names_its_own_extra(monkeypatch):
    def absent(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr("qtoolkit.applications.qec.experiments.task.version", absent)
    monkeypatch.setitem(sys.modules, "tesseract_decoder", None)
    with pytest.raises(MissingExtraError, match=r"qtoolkit-quantum\[tesseract\]"):
        run_experiment(ExperimentTask(FLIP, "tesseract"), max_shots=10, seed=1)


def test_decoders_have_their_options_and_the_model_that_is_given():
    always = run_experiment(ExperimentTask(FLIP, Guessing(True)), max_shots=2_000, seed=1)
    assert always.logical_error_rate == pytest.approx(0.8, abs=0.05)
    known = stim.DetectorErrorModel("error(0.1) D0\nerror(0.3) D0 L0")
    correlated = FLIP.replace("X_ERROR(0.2) 0\nX_ERROR(0.1) 1", "CORRELATED_ERROR(0.2) X0 X1")
    seen = run_experiment(
        ExperimentTask(correlated, MaximumLikelihoodDecoder(), detector_error_model=known), max_shots=500, seed=1
    )
    assert seen.errors == 0


def test_a_hypergraph_is_kept_whole_for_a_decoder_that_takes_it():
    """One error flips three detectors, which no edges make up."""
    text = (
        "R 0 1 2 3\nCORRELATED_ERROR(0.1) X0 X1 X2 X3\nM 0 1 2 3\n"
        "DETECTOR rec[-4]\nDETECTOR rec[-3]\nDETECTOR rec[-2]\nOBSERVABLE_INCLUDE(0) rec[-1]"
    )
    assert run_experiment(ExperimentTask(text, "maximum-likelihood"), max_shots=1_000, seed=1).errors == 0
    assert run_experiment(ExperimentTask(text, MaximumLikelihoodDecoder()), max_shots=1_000, seed=1).errors == 0
    with pytest.raises(InputError, match=r"the circuit has no detector error model: .*decompose=False"):
        run_experiment(ExperimentTask(text, "matching"), max_shots=10, seed=1)
    with pytest.raises(InputError, match="at most two detectors"):
        run_experiment(ExperimentTask(text, "matching", decompose=False), max_shots=10, seed=1)


def test_ctrl_c_leaves_what_is_done():
    def stop(state):
        if state.shots >= 512:
            raise KeyboardInterrupt

    limits = {"max_shots": 2_000, "seed": 1}
    found = run_experiments([small(), small(heralds=(0,))], **limits, progress=stop)
    assert [result.interrupted for result in found] == [True]
    assert found[0] == run_experiment(small(), max_shots=512, seed=1)
    assert run_experiment(small(), max_shots=2_000, previous=found[0]) == run_experiment(small(), **limits)

    class Stopping:
        def compile(self, model):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiments([replace(small(), decoder=Stopping())], **limits)


def test_a_task_that_comes_twice_is_run_once():
    drawn = []
    results = run_experiments([small(), small()], max_shots=256, seed=1, progress=drawn.append)
    assert results[0] == results[1]
    assert len(drawn) == 1
    assert (drawn[0].share, drawn[0].finished, drawn[0].num_tasks) == (1.0, 1, 1)
    assert run_experiments([], max_shots=1) == ()


class Fatal:
    """Ends the process that it decodes in."""

    def compile(self, model):
        os._exit(3)


def test_workers_that_end_and_tasks_that_cannot_travel():
    with ProcessPoolExecutor(1) as processes, pytest.raises(BackendError, match="workers came to an end"):
        run_experiment(replace(small(), decoder=Fatal()), max_shots=10, seed=1, executor=processes)
    unpicklable = type("Local", (), {"compile": lambda self, model: Compiled(1, False)})()
    with ProcessPoolExecutor(1) as processes, pytest.raises(InputError, match="must be picklable"):
        run_experiment(replace(small(), decoder=unpicklable), max_shots=10, seed=1, executor=processes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExperimentTask(3), "must be a Circuit, a stim.Circuit or its text, got 3"),
        (lambda: ExperimentTask("NOT A GATE"), "must be one of Stim"),
        (lambda: ExperimentTask("R 0\nM 0\nDETECTOR rec[-1]"), "must have an observable, got none"),
        (lambda: ExperimentTask(FLIP, "psychic"), "decoder must be one of .*matching.*, got 'psychic'"),
        (
            lambda: ExperimentTask(FLIP, 3),
            r"must have a method compile\(model\), or be a name such as 'matching', got 3",
        ),
        (lambda: ExperimentTask(FLIP, rounds=0), "rounds must be"),
        (lambda: ExperimentTask(FLIP, heralds=[1]), "among the circuit's 1 detectors, got 1"),
        (lambda: ExperimentTask(FLIP, heralds=["0"]), "heralds must be an integer, got '0'"),
        (lambda: ExperimentTask(FLIP, labels={"p": math.nan}), "labels must map text to text or finite numbers"),
        (lambda: ExperimentTask(FLIP, labels=[1]), "labels must be a mapping"),
        (lambda: ExperimentTask(FLIP, batch_shots=0), "batch_shots must be"),
        (lambda: ExperimentTask(FLIP, decompose="yes"), "decompose must be True or False"),
        (lambda: ExperimentTask(FLIP, decoder_id=3), "decoder_id must be text, got 3"),
        (lambda: ExperimentTask(FLIP, detector_error_model="error(0.1) D0"), "must be a stim.DetectorErrorModel"),
        (
            lambda: ExperimentTask(FLIP, detector_error_model=stim.DetectorErrorModel("error(0.1) D1")),
            "the circuit's 1 detectors and 1 observables, got 2 and 0",
        ),
        (lambda: run_experiments([3], max_shots=1), "tasks must be ExperimentTasks, got 3"),
        (lambda: run_experiments(3, max_shots=1), "tasks must be ExperimentTasks, got 3"),
        (lambda: run_experiment(small(), max_shots=0), "max_shots must be"),
        (lambda: run_experiment(small(), max_shots=1, max_errors=0), "max_errors must be"),
        (lambda: run_experiment(small(), max_shots=1, relative_error=2.0), r"relative_error must be .*\[0, 1\], got 2"),
        (lambda: run_experiment(small(), max_shots=1, relative_error=0.0), r"must lie in \[1e-6, 1\], got 0"),
        (lambda: run_experiment(small(), max_shots=1, store="a.db"), "store must be an ExperimentStore, got 'a.db'"),
        (lambda: run_experiment(small(), max_shots=1, executor=3), "executor must be one of concurrent.futures, got 3"),
        (lambda: run_experiment(small(), max_shots=1, progress=3), "progress must be"),
        (lambda: run_experiment(small(), max_shots=1, seed=-1), "seed must be at least 0, got -1"),
        (lambda: run_experiment(small(), max_shots=1, previous=3), "previous must be an ExperimentResult, got 3"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_results_of_other_tasks_and_seeds_are_not_continued():
    part = run_experiment(small(), max_shots=100, seed=1)
    with pytest.raises(InputError, match="only a result of the same task"):
        run_experiment(small(batch_shots=128), max_shots=200, previous=part)
    with pytest.raises(InputError, match="keeps its seed 1, got 2"):
        run_experiment(small(), max_shots=200, previous=part, seed=2)


def test_detectors_that_are_random_are_named():
    with pytest.raises(InputError, match=r"no detector error model: .*non-deterministic"):
        run_experiment(ExperimentTask(FLIP.replace("R 0 1", "R 0\nRX 1")), max_shots=10, seed=1)
