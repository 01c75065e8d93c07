"""Memory of states is used again when nothing refers to it, and not a moment sooner."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qtoolkit import Circuit, PauliSum, StatevectorSimulator
from qtoolkit.simulators import recycling
from qtoolkit.simulators.recycling import KEPT_BYTES, recycled_empty

MIB = 1 << 20


@pytest.fixture(autouse=True)
def nothing_idle():
    for memories in recycling._idle.sizes.values():
        memories.clear()


def idle_bytes():
    return sum(memory.nbytes for memories in recycling._idle.sizes.values() for memory in memories)


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("nbytes", [4 * MIB, 8 * MIB, 32 * MIB])
def test_memory_that_is_idle_is_used_again(nbytes, dtype):
    size = nbytes // np.dtype(dtype).itemsize
    state = recycled_empty(size, dtype)
    assert (state.shape, state.dtype) == ((size,), dtype)
    assert state.flags.carray
    place = address(state)
    assert place % (2 * MIB) == 0
    del state
    assert idle_bytes() == nbytes
    again = recycled_empty(size, dtype)
    assert address(again) == place
    assert idle_bytes() == 0


@pytest.mark.parametrize("nbytes", [16, MIB, 2 * MIB, 5 * MIB, 64 * MIB])
def test_other_sizes_are_not_kept(nbytes):
    recycled_empty(nbytes // 16, np.complex128)
    assert idle_bytes() == 0


@pytest.mark.parametrize(
    "view",
    [
        lambda state: state[5:9],
        lambda state: state.reshape(-1, 2),
        lambda state: state.real,
        lambda state: state.view(np.float64)[::2],
        lambda state: memoryview(state),
        lambda state: [state],
        lambda state: np.asarray(state[1:]).T,
    ],
)
def test_views_hold_their_memory(view):
    state = recycled_empty(1 << 18, np.complex128)
    held = view(state)
    del state
    assert idle_bytes() == 0
    del held
    assert idle_bytes() == 4 * MIB


def test_no_more_is_kept_than_promised():
    states = [recycled_empty(MIB // 16 * mib, np.complex128) for mib in (4, 4, 4, 4, 8, 8, 8, 16, 16, 32)]
    most = 0
    while states:
        states.pop(0)
        most = max(most, idle_bytes())
        assert most <= KEPT_BYTES
    assert most == KEPT_BYTES
    assert idle_bytes() == 32 * MIB  # the newest, for which all others went


def test_threads_never_share_memory():
    def work(seed):
        rng = np.random.default_rng(seed)
        for turn in range(60):
            mark = complex(seed, turn)
            state = recycled_empty(1 << int(rng.integers(18, 21)), np.complex128)
            state[:: 1 << 10] = mark
            part = state[:: 1 << 11]
            del state
            if (part != mark).any():
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))
    assert idle_bytes() <= KEPT_BYTES


@pytest.mark.parametrize(("precision", "num_qubits"), [("double", 18), ("single", 19)])
def test_what_an_earlier_state_left_changes_nothing(precision, num_qubits):
    circuit = Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.1 + 0.3 * qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    small = Circuit(num_qubits)
    small.h(0)
    observable = PauliSum.from_list([("Z" * num_qubits, 1.0), ("X" * num_qubits, 0.5)])
    simulator = StatevectorSimulator(precision)

    def results():
        states = [simulator.state_vector(item) for item in (circuit, small)]
        return *states, simulator.expectation_value(circuit, observable), simulator.variance(circuit, observable)

    expected = results()
    copies = [np.array(item) for item in expected]
    for _ in range(3):
        litter = [recycled_empty(1 << num_qubits, expected[0].dtype) for _ in range(4)]
        for item in litter:
            item[:] = np.nan
        del litter, item
        for found, value in zip(results(), copies, strict=True):
            assert np.array_equal(found, value)
    for held, value in zip(expected, copies, strict=True):
        assert np.array_equal(held, value)


def test_states_that_live_until_the_end_of_a_process_do_no_harm():
    program = (
        "import builtins, sys, threading\n"
        "import qtoolkit\n"
        "from qtoolkit.simulators import memory, recycling\n"
        "circuit = qtoolkit.Circuit(18)\n"
        "states = [qtoolkit.StatevectorSimulator().state_vector(circuit) for _ in range(5)]\n"
        "class Own: pass\n"
        "Own.state, Own.own = states.pop(), Own\n"
        "threading.modules = [memory, recycling]  # which are emptied then, rather than forgotten\n"
        "threading.held, qtoolkit.held, builtins.held = states.pop(), states.pop(), states.pop()\n"
    )
    StatevectorSimulator().state_vector(Circuit(18))  # lest it says that it compiles
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
