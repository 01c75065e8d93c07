"""Teams of threads: every block is done once, whoever comes late, and no thread outlives its team."""

import gc
import multiprocessing
import os
import threading
import time

import numba
import numpy as np
import pytest

from qtoolkit_kernels.threads import (
    Team,
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


def _run(team: Team, blocks: int = BLOCKS, **options: int) -> np.ndarray:
    visits, threads = np.zeros(blocks, np.int64), np.zeros(team.num_threads, np.int64)
    team.run(_count_visits, visits, threads, counters(2), **options)
    assert np.all(visits == 1000)
    return threads


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
    team._busy.acquire()
    receiver, sender = multiprocessing.Pipe()
    process = os.fork()
    if process == 0:
        try:
            _run(team)
            sender.send(team._busy.locked())
        finally:
            os._exit(0)
    team._busy.release()
    assert receiver.poll(30)
    assert receiver.recv() is False
    os.waitpid(process, 0)
    assert _run(team).sum() == BLOCKS


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
