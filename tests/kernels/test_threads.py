"""Teams of threads: every block is done once, whoever comes late or fails, and no thread outlives its team."""

import gc
import multiprocessing
import os
import signal
import threading
import time
import weakref

import numba
import numpy as np
import pytest

from qtoolkit_kernels.team import Stop, StoppedError, Team, _Call, _Helpers, check_stop
from qtoolkit_kernels.threads import (
    add_to_counter,
    claim_block,
    counters,
    finish_block,
    read_counter,
    wait_for_blocks,
    wait_for_counter,
)

BLOCKS = 200


@numba.njit(nogil=True)
def _count_visits(visits, threads, turns, thread):
    block = claim_block(turns)
    while block < visits.size:
        for _ in range(1000):
            visits[block] += 1
        threads[thread] += 1
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, visits.size)


@numba.njit(nogil=True)
def _add(array, row, value, times):
    for _ in range(times):
        add_to_counter(array, row, value)
    return read_counter(array, row)


@numba.njit(nogil=True)
def _wait(array, value):
    wait_for_counter(array, 1, value)


@numba.njit(nogil=True)
def _never_end(visits, turns, thread):
    block = claim_block(turns)
    while block < 1 << 38:
        visits[thread] += 1
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, 1 << 38)


def _run(team: Team, blocks: int = BLOCKS, **options: int) -> np.ndarray:
    visits, threads = np.zeros(blocks, np.int64), np.zeros(team.num_threads, np.int64)
    team.run(_count_visits, visits, threads, counters(2), **options)
    assert np.all(visits == 1000)
    return threads


def _interrupt_when_all_visit(visits: np.ndarray) -> None:
    while not visits.all():
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)


def _helpers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "qtoolkit"]


@pytest.mark.parametrize("num_threads", [1, 2, 3, 5])
def test_every_block_is_done_once_when_the_call_returns(num_threads: int) -> None:
    team = Team(num_threads)
    for blocks in (1, 2, 7, BLOCKS):
        for _ in range(20):
            assert _run(team, blocks).sum() == blocks


def test_fewer_threads_than_the_team_has() -> None:
    team = Team(3)
    before = set(_helpers())
    assert _run(team, num_threads=1)[1:].sum() == 0
    assert set(_helpers()) <= before  # those of teams that have gone may be ending
    assert _run(team, num_threads=2)[2] == 0


def test_a_late_helper_finds_nothing_to_do() -> None:
    team = Team(2)
    _run(team)
    entered, release = threading.Event(), threading.Event()

    def hold(thread: int) -> None:
        if thread:
            entered.set()
            release.wait()

    team.run(hold)
    assert entered.wait(10)
    late = np.zeros(BLOCKS, np.int64), np.zeros(2, np.int64)
    team.run(_count_visits, *late, counters(2))
    assert late[1].tolist() == [BLOCKS, 0]
    release.set()
    time.sleep(0.05)
    assert late[1].tolist() == [BLOCKS, 0]
    assert np.all(late[0] == 1000)


def test_two_python_threads_at_once() -> None:
    team = Team(2)
    sums: list[int] = []

    def work() -> None:
        sums.extend(int(_run(team).sum()) for _ in range(50))

    callers = [threading.Thread(target=work) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sums == [BLOCKS] * 150


def test_helpers_end_with_their_team() -> None:
    before = set(_helpers())
    team = Team(4)
    _run(team)
    started = set(_helpers()) - before
    assert len(started) == 3
    del team
    gc.collect()
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()


def test_a_failing_call_frees_the_team() -> None:
    team = Team(2)

    def fail(thread: int) -> None:
        if thread == 0:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        team.run(fail)
    assert _run(team).sum() == BLOCKS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_after_a_fork_the_child_has_its_own_helpers() -> None:
    team = Team(2)
    _run(team)
    # The parent forks while the team is at work, so that its lock stays taken in the child.
    assert team._helpers.reserve(_Call(_add, ()))
    receiver, sender = multiprocessing.Pipe()
    process = os.fork()
    if process == 0:
        try:
            _run(team)
            sender.send(len(team._helpers.user))
        finally:
            os._exit(0)
    team._helpers.user.clear()
    assert receiver.poll(30)
    assert receiver.recv() == 0
    os.waitpid(process, 0)
    assert _run(team).sum() == BLOCKS


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_long_calls_do_every_block_once(num_threads: int) -> None:
    team = Team(num_threads)
    for _ in range(20):
        assert _run(team, long=True).sum() == BLOCKS


@pytest.mark.parametrize("num_threads", [1, 3])
def test_a_signal_ends_a_long_call_and_no_thread_stays_in_it(num_threads: int) -> None:
    team = Team(num_threads)
    visits = np.zeros(num_threads, np.int64)
    interrupting = threading.Thread(target=_interrupt_when_all_visit, args=(visits,))
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        team.run(_never_end, visits, counters(2), long=True)
    reached = visits.copy()
    assert _run(team, long=True).sum() == BLOCKS
    assert np.array_equal(visits, reached)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that send signals")
def test_signals_that_come_one_after_another_end_a_long_call_once() -> None:
    team = Team(2)

    def interrupt(number, frame) -> None:
        while frame is not None:
            if frame.f_code is Team.run.__code__:
                raise KeyboardInterrupt
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.0005)
    try:
        for _ in range(100):
            with pytest.raises(KeyboardInterrupt):
                team.run(_never_end, np.zeros(2, np.int64), counters(2), long=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert _run(team, long=True).sum() == BLOCKS
    assert team._helpers.user == {}


def test_a_handler_that_raises_nothing_lets_a_long_call_go_on() -> None:
    team = Team(2)
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        while not seen:
            assert _run(team, long=True).sum() == BLOCKS
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("on_main_thread", [True, False])
def test_a_stop_ends_a_long_call_and_what_comes_after(on_main_thread: bool) -> None:
    team, stop = Team(2), Stop()
    ends: list[str] = []

    def work() -> None:
        with stop.watched():
            check_stop()
            for _ in range(2):
                try:
                    team.run(_never_end, np.zeros(2, np.int64), counters(2), long=True)
                except StoppedError:
                    ends.append("call")
            try:
                check_stop()
            except StoppedError:
                ends.append("check")
        check_stop()
        ends.append("outside")

    timer = threading.Timer(0.1, stop.set)
    timer.start()
    if on_main_thread:
        work()
    else:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join(60)
    assert ends == ["call", "call", "check", "outside"]
    assert _run(team).sum() == BLOCKS


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("failing", [0, 1])
def test_a_thread_that_fails_ends_the_call_for_all(failing: int, long: bool) -> None:
    team = Team(2)
    entered = threading.Barrier(2)

    def fail(visits, turns, thread: int) -> None:
        entered.wait(30)
        if thread == failing:
            claim_of(turns)
            raise MemoryError("no memory for a block")
        _never_end(visits, turns, thread)

    def claim_of(turns) -> None:
        _add(turns, 0, 1, 1)  # a block that nobody will finish

    for _ in range(3):
        with pytest.raises(MemoryError, match="no memory for a block"):
            team.run(fail, np.zeros(2, np.int64), counters(2), long=long)
    assert _run(team).sum() == BLOCKS


@pytest.mark.parametrize("long", [False, True])
def test_threads_that_cannot_start_leave_the_work_to_others(long: bool, monkeypatch) -> None:
    monkeypatch.setattr("qtoolkit_kernels.team._stand_in", _Helpers(1))

    def refuse(self) -> None:
        raise RuntimeError("can't start new thread")

    class Arguments(np.ndarray):
        pass

    with monkeypatch.context() as refusing:
        refusing.setattr(threading.Thread, "start", refuse)
        team = Team(3)
        for _ in range(3):
            assert _run(team, long=long).tolist() == [BLOCKS, 0, 0]
            array = np.zeros(2, np.int64).view(Arguments)
            gone = weakref.ref(array)
            team.run(lambda *_: None, array, counters(2), long=long)
            del array
            assert gone() is None
    assert _run(team, long=long).sum() == BLOCKS
    assert team._helpers._started == 2


def test_a_team_that_many_threads_use_first_at_once_starts_its_helpers_once() -> None:
    for _ in range(50):
        before = set(_helpers())
        team, sums = Team(3), []
        gate = threading.Barrier(4)

        def work(team=team, gate=gate, sums=sums) -> None:
            gate.wait()
            sums.append(int(_run(team, 20).sum()))

        callers = [threading.Thread(target=work) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert sums == [20] * 4
        assert team._helpers._started == 2
        assert len(set(_helpers()) - before) == 2


def test_counters() -> None:
    array = counters(3)
    assert array.shape[0] == 3
    assert _add(array, 1, 5, 4) == 20
    assert array[:, 0].tolist() == [0, 20, 0]
    waiter = threading.Thread(target=_wait, args=(array, 25))
    _wait(array, 20)
    waiter.start()
    waiter.join(0.05)
    assert waiter.is_alive()
    _add(array, 1, 5, 1)
    waiter.join(10)
    assert not waiter.is_alive()


def test_no_step_between_threads_is_lost() -> None:
    array = counters(2)
    workers = [threading.Thread(target=_add, args=(array, 0, 1, 100_000)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert array[0, 0] == 400_000
