"""`LocalBackend`: results, seeds, batches, and the life of a job."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, names, two_register_circuit, uneven_circuit
from random_circuits import turned_bricks

from qtoolkit import Circuit, Parameter, StatevectorSimulator
from qtoolkit.backends import BackendSampler, JobStatus, LocalBackend, get_backend
from qtoolkit.errors import CircuitError, InputError, InsufficientMemoryError, JobError, UnboundParameterError
from qtoolkit.primitives import Result, Sampler

BELL = Circuit(2).h(0).cx(0, 1).measure_all()


class ManualExecutor(Executor):
    """Holds calls until they are told to run, so that every status can be looked at."""

    def __init__(self) -> None:
        self.waiting: list = []

    def submit(self, function, /, *arguments, **keywords) -> Future:
        future: Future = Future()
        self.waiting.append((future, function, arguments))
        return future

    def start(self) -> None:
        """Take the first call from the queue without finishing it."""
        assert self.waiting[0][0].set_running_or_notify_cancel()

    def finish(self) -> None:
        future, function, arguments = self.waiting.pop(0)
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)


@pytest.fixture
def executor() -> ManualExecutor:
    return ManualExecutor()


@pytest.mark.parametrize("name", ["local", "local:single"])
def test_qubit_0_is_the_rightmost_bit(name) -> None:
    result = get_backend(name).run(Circuit(3).x(0).measure_all(), 50, seed=1).result()
    assert dict(result.counts) == {"001": 50}
    assert result.backend_name == name
    assert result.metadata["precision"] == ("single" if name == "local:single" else "double")
    assert result.memory is not None
    assert result.memory.shape == (50, 3)


def test_registers_keep_their_names_and_order() -> None:
    result = LocalBackend().run(two_register_circuit(), 10).result()
    assert dict(result.counts) == {"010": 10}
    assert names(result.registers) == ["low", "high"]
    assert dict(result.register("low").counts) == {"10": 10}


@pytest.mark.parametrize("name", ["local", "local:single"])
def test_distribution(name) -> None:
    circuit = uneven_circuit(4)
    result = get_backend(name).run(circuit, 20_000, seed=11).result()
    assert chi_squared_p_value(result.counts, circuit) > 1e-3


def test_the_same_as_the_simulator_with_the_same_seed() -> None:
    result = LocalBackend().run(BELL, 200, seed=5).result()
    reference = StatevectorSimulator().run(BELL, 200, seed=5)
    assert np.array_equal(result.memory, reference.memory)
    assert result.seed == 5


def test_without_a_seed_the_result_has_the_one_that_repeats_it() -> None:
    first = LocalBackend().run(BELL, 200).result()
    again = LocalBackend().run(BELL, 200, seed=first.seed).result()
    other = LocalBackend().run(BELL, 200).result()
    assert np.array_equal(first.memory, again.memory)
    assert not np.array_equal(first.memory, other.memory)


def test_a_generator_moves_on_and_results_are_repeatable() -> None:
    rng = np.random.default_rng(3)
    first, second = (LocalBackend().run(BELL, 200, seed=rng).result() for _ in range(2))
    assert not np.array_equal(first.memory, second.memory)
    assert np.array_equal(first.memory, LocalBackend().run(BELL, 200, seed=first.seed).result().memory)


def test_a_batch_gives_equal_circuits_independent_seeds() -> None:
    backend = LocalBackend()
    first, second = backend.run([BELL, BELL], 300, seed=8).result()
    assert not np.array_equal(first.memory, second.memory)
    assert np.array_equal(first.memory, backend.run([BELL, BELL], 300, seed=8).result()[0].memory)
    assert np.array_equal(second.memory, backend.run(BELL, 300, seed=second.seed).result().memory)


def test_a_batch_of_one_is_a_list() -> None:
    assert isinstance(LocalBackend().run([BELL], 10).result(), list)
    assert isinstance(LocalBackend().run(BELL, 10).result(), Result)


def test_parameters_of_one_circuit_and_of_several() -> None:
    circuit = Circuit(1).rx(Parameter("a"), 0).measure_all()
    backend = LocalBackend()
    assert dict(backend.run(circuit, 9, parameters={"a": np.pi}).result().counts) == {"1": 9}
    results = backend.run([circuit, BELL, circuit], 9, parameters=[[0.0], None, [np.pi]]).result()
    assert dict(results[0].counts) == {"0": 9}
    assert dict(results[2].counts) == {"1": 9}


def test_mid_circuit_measurement_reset_and_condition() -> None:
    circuit = Circuit(2, 3).x(0).measure(0, 0).reset(0).measure(0, 1)
    circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(1)).measure(1, 2)
    assert dict(LocalBackend().run(circuit, 20).result().counts) == {"101": 20}


def test_a_circuit_may_grow_while_its_job_waits(executor) -> None:
    circuit = Circuit(1).x(0).measure_all()
    job = LocalBackend(executor=executor).run(circuit, 5)
    circuit.x(0)
    executor.start()
    executor.finish()
    assert dict(job.result().counts) == {"1": 5}


def test_life_of_a_job(executor) -> None:
    backend = LocalBackend(executor=executor)
    job = backend.run(BELL, 10)
    assert job.status() is JobStatus.QUEUED
    assert not job.done()
    assert backend.job(job.id) is job
    assert job.id in repr(job)
    executor.start()
    assert job.status() is JobStatus.RUNNING
    with pytest.raises(JobError, match=r"is running after 0.01 s; ask for the result again"):
        job.result(timeout=0.01)
    assert not job.cancel()
    executor.finish()
    assert job.status() is JobStatus.DONE
    assert job.done()
    assert not job.cancel()
    assert job.result().shots == 10
    assert job.result().metadata["job_id"] == job.id


def test_cancel_a_queued_job(executor) -> None:
    job = LocalBackend(executor=executor).run(BELL, 10)
    assert job.cancel()
    assert job.status() is JobStatus.CANCELLED
    assert job.done()
    with pytest.raises(JobError, match=rf"job {job.id} on local was cancelled"):
        job.result()
    assert not executor.waiting[0][0].set_running_or_notify_cancel()


def test_cancel_a_batch_that_has_begun(executor) -> None:
    job = LocalBackend(executor=executor).run([BELL, BELL, BELL], 10)
    executor.start()
    executor.finish()
    assert job.status() is JobStatus.RUNNING
    executor.start()
    assert job.cancel()
    assert job.status() is JobStatus.CANCELLED


def test_cancel_behind_a_running_job_on_a_real_thread() -> None:
    gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.wait)
        backend = LocalBackend(executor=pool)
        first, second = backend.run(BELL, 10), backend.run(BELL, 10)
        assert (first.status(), second.status()) == (JobStatus.QUEUED, JobStatus.QUEUED)
        assert second.cancel()
        gate.set()
        assert first.result(timeout=60).shots == 10
    assert second.status() is JobStatus.CANCELLED


def test_a_failure_has_its_cause(executor, monkeypatch) -> None:
    backend = LocalBackend(executor=executor)
    monkeypatch.setattr(backend._simulator, "run", lambda *_: 1 / 0)
    job = backend.run(BELL, 10)
    executor.start()
    executor.finish()
    assert job.status() is JobStatus.FAILED
    with pytest.raises(JobError, match=r"^job \w+ on local failed: ZeroDivisionError: division by zero") as caught:
        job.result()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_failure_in_a_batch_names_the_circuit(executor) -> None:
    job = LocalBackend(executor=executor).run([BELL, BELL], 10)
    executor.start()
    executor.finish()
    executor.waiting[0][0].set_running_or_notify_cancel()
    executor.waiting[0][0].set_exception(TimeoutError("device asleep"))
    assert job.status() is JobStatus.FAILED
    with pytest.raises(JobError, match=r"^circuit 1 of job \w+ on local failed: TimeoutError: device asleep"):
        job.result(timeout=5)


def test_unknown_job() -> None:
    backend = LocalBackend()
    with pytest.raises(JobError, match="local has no job 'abc' in this process"):
        backend.job("abc")
    job_id = backend.run(BELL, 1).id
    gc.collect()
    with pytest.raises(JobError, match="keep the Job that run returns"):
        backend.job(job_id)


def test_nothing_is_submitted_when_one_circuit_is_refused(executor) -> None:
    backend = LocalBackend(executor=executor)
    with pytest.raises(CircuitError, match="measure"):
        backend.run([BELL, Circuit(1).h(0)], 10)
    with pytest.raises(InsufficientMemoryError, match=r"state of 100 qubits needs .* bytes but .* are free"):
        backend.run(turned_bricks(100, 20), 10)
    with pytest.raises(UnboundParameterError, match="a"):
        backend.run(Circuit(1).rx(Parameter("a"), 0).measure_all(), 10)
    assert executor.waiting == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 10), "at least one circuit"),
        ((["circuit"], 10), "a Circuit or a sequence of them, got str"),
        (([BELL], 10, 1, [[], []]), "1 circuits take as many sets of parameter values, got 2"),
        ((BELL, 10, -1), "a seed must be at least 0, got -1"),
        ((BELL, 0), "shots must be an integer of at least 1, got 0"),
    ],
)
def test_bad_input(arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        LocalBackend().run(*arguments)


def test_bad_precision() -> None:
    with pytest.raises(InputError, match="precision"):
        LocalBackend(precision="half")


def test_the_sampler_of_a_backend() -> None:
    sampler = BackendSampler(LocalBackend(), timeout=60)
    assert isinstance(sampler, Sampler)
    assert sampler.run(BELL, 40, seed=2).counts == StatevectorSimulator().run(BELL, 40, seed=2).counts
    assert [result.shots for result in sampler.run_batch([BELL, BELL], 7)] == [7, 7]
    assert "local" in repr(sampler)


@pytest.mark.slow
def test_circuits_run_in_other_processes() -> None:
    circuit = Circuit(2, 2).h(0).measure(0, 0)
    circuit.if_(0, lambda body: body.x(1)).measure(1, 1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        results = LocalBackend(executor=pool).run([circuit, BELL], 50, seed=4).result(timeout=300)
    here = LocalBackend().run([circuit, BELL], 50, seed=4).result()
    assert [result.counts for result in results] == [result.counts for result in here]


def test_what_nothing_touches_costs_nothing() -> None:
    wide = Circuit(127).h(126).cx(126, 3).measure_all()
    alone = Circuit(2).h(1).cx(1, 0).measure_all()
    for name in ("local", "local:single"):
        backend = get_backend(name)
        counts = backend.run(wide, 500, seed=3).result().counts
        expected = backend.run(alone, 500, seed=3).result().counts
        ones = "".join("1" if qubit in (3, 126) else "0" for qubit in reversed(range(127)))
        assert counts == {"0" * 127: expected["00"], ones: expected["11"]}
