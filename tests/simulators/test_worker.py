"""Calls of a worker: in order, stopped where nobody waits for them, in the process that asked for them."""

import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import CancelledError

import pytest

from qtoolkit import Circuit
from qtoolkit.backends import LocalBackend
from qtoolkit.simulators.worker import Worker, abandon
from qtoolkit_kernels.team import check_stop


def run_until_stopped(begun: threading.Event) -> None:
    begun.set()
    while True:
        check_stop()


def test_calls_run_one_by_one_in_order_on_one_thread() -> None:
    worker, seen = Worker("worker under test"), []
    runs = [worker.submit(lambda k=k: seen.append((k, threading.current_thread().name))) for k in range(20)]
    for run in runs:
        run.result(60)
    assert seen == [(k, "worker under test") for k in range(20)]


def test_arguments_results_and_errors_pass_through() -> None:
    worker = Worker("worker")
    assert worker.submit(divmod, 7, 2).result(60) == (3, 1)
    assert worker.submit(int, "11", base=2).result(60) == 3
    with pytest.raises(ZeroDivisionError):
        worker.submit(divmod, 7, 0).result(60)
    assert worker.submit(divmod, 9, 2).result(60) == (4, 1)


def test_what_runs_and_what_waits_can_be_stopped() -> None:
    worker, begun = Worker("worker"), threading.Event()
    runs = [worker.submit(run_until_stopped, begun) for _ in range(3)]
    assert begun.wait(60)
    abandon(tuple(runs))
    for run in runs:
        with pytest.raises(CancelledError):
            run.result(60)
    assert not runs[0].cancelled()
    assert runs[1].cancelled()
    assert worker.submit(divmod, 7, 2).result(60) == (3, 1)


def test_the_thread_ends_with_the_worker_and_after_its_calls() -> None:
    worker, gate = Worker("a worker that goes"), threading.Event()
    runs = [worker.submit(gate.wait, 60) for _ in range(3)]
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "a worker that goes")
    del worker
    gc.collect()
    gate.set()
    assert all(run.result(60) for run in runs)
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_has_a_thread_of_its_own() -> None:
    backend, begun = LocalBackend(), threading.Event()
    circuit = Circuit(1).x(0).measure_all()
    backend.run(circuit, 10).result()
    running = backend._executor.submit(run_until_stopped, begun)
    assert begun.wait(60)
    receiver, sender = multiprocessing.Pipe()
    process = os.fork()
    if process == 0:
        try:
            sender.send(dict(backend.run(circuit, 10).result().counts))
        finally:
            os._exit(0)
    sender.close()
    counts = receiver.recv() if receiver.poll(60) else None
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    running.stop()
    assert counts == {"1": 10}
