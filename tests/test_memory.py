"""What memory is free, by the machine and by control groups of both versions; errors before an allocation."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator, _memory
from qtoolkit._memory import check_memory, free_bytes, reserve_more, reserved, return_some
from qtoolkit.algorithms import QAOA, dicke_state
from qtoolkit.circuit import Circuit, DiagonalGate, PauliRotationGate, PermutationGate, StandardGate
from qtoolkit.errors import InsufficientMemoryError
from qtoolkit.operators import PauliSum
from qtoolkit.simulators import SectorSimulator
from qtoolkit.simulators.engine import Engine

resource = pytest.importorskip("resource")

GIB = 1 << 30


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def no_earlier_look(monkeypatch):
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))


@pytest.fixture
def root(tmp_path):
    write(tmp_path, {"proc/meminfo": f"MemTotal: {9 << 20} kB\nMemAvailable:   {8 << 20} kB\nSwapFree: 1 kB\n"})
    return tmp_path


def test_the_machine_alone(root):
    assert free_bytes(root) == 8 * GIB


def test_control_groups_of_version_2_bound_a_process_with_their_parents(root):
    group = "sys/fs/cgroup/job/step"
    write(root, {"proc/self/cgroup": "0::/job/step\n", f"{group}/memory.max": "max\n", f"{group}/memory.current": "5"})
    assert free_bytes(root) == 8 * GIB
    write(root, {"sys/fs/cgroup/job/memory.max": f"{4 * GIB}\n", "sys/fs/cgroup/job/memory.current": f"{3 * GIB}\n"})
    assert free_bytes(root) == GIB
    write(root, {"sys/fs/cgroup/job/memory.stat": f"anon {GIB}\ninactive_file {GIB // 2}\n"})
    assert free_bytes(root) == GIB + GIB // 2


def test_control_groups_of_version_1(root):
    # A container sees its own group at the mount point and the machine's path to it in /proc.
    write(root, {"proc/self/cgroup": "7:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n0::/\n"})
    mount = "sys/fs/cgroup/memory"
    write(root, {f"{mount}/memory.limit_in_bytes": f"{2 * GIB}\n", f"{mount}/memory.usage_in_bytes": f"{GIB}\n"})
    write(root, {f"{mount}/memory.stat": "inactive_file 9\ntotal_inactive_file 4096\n"})
    assert free_bytes(root) == GIB + 4096
    write(root, {f"{mount}/memory.usage_in_bytes": f"{3 * GIB}\n"})
    assert free_bytes(root) == 0


def test_where_nothing_is_said_the_machines_size_counts(tmp_path):
    assert free_bytes(tmp_path) > 0


def test_error_states_both_figures_and_the_remedy(monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 3 * GIB)
    check_memory(3 * GIB, "that", "buy more")
    with pytest.raises(MemoryError, match=r"^that needs 3,221,225,473 bytes but 3,221,225,472 are free: buy more$"):
        check_memory(3 * GIB + 1, "that", "buy more")


def test_a_gradient_needs_two_states_and_probabilities_a_vector_beside(monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 32 << 20)
    simulator = StatevectorSimulator()
    assert simulator.state_vector(Circuit(21)).size == 1 << 21
    with pytest.raises(InsufficientMemoryError, match="of 21 qubits with its probabilities needs 50,331,648 bytes"):
        simulator.probabilities(Circuit(21).h(range(21)))
    with pytest.raises(InsufficientMemoryError, match=r"2 times a double-precision state .* 67,108,864 bytes"):
        simulator.gradient(Circuit(21).h(range(21)), np.ones(1 << 21), [])
    with pytest.raises(InsufficientMemoryError, match="200000000 shots of 1 bits needs"):
        simulator.run(Circuit(1).measure_all(), 200_000_000)


def test_a_look_vouches_for_small_requests_only_and_not_for_long(monkeypatch):
    free = 16 * GIB
    monkeypatch.setattr(_memory, "free_bytes", lambda: free)
    check_memory(GIB, "that", "buy more")
    free = 0
    check_memory(GIB, "that", "buy more")
    with pytest.raises(MemoryError):
        check_memory(GIB + 1, "that", "buy more")
    free = 16 * GIB
    check_memory(GIB, "that", "buy more")
    free = 0
    monkeypatch.setattr(_memory.time, "monotonic", lambda now=_memory.time.monotonic: now() + _memory.LOOKS_LAST)
    with pytest.raises(MemoryError):
        check_memory(GIB, "that", "buy more")


def test_the_limits_of_a_process_count(root, monkeypatch):
    """`ulimit -v` and `ulimit -d`: what this process may still map, and what it may still write."""
    page = os.sysconf("SC_PAGE_SIZE")
    write(root, {"proc/self/statm": f"{GIB // page} 10 5 1 0 {GIB // 2 // page} 0"})
    limits = {resource.RLIMIT_AS: resource.RLIM_INFINITY, resource.RLIMIT_DATA: resource.RLIM_INFINITY}
    monkeypatch.setattr(_memory.resource, "getrlimit", lambda kind: (limits[kind], limits[kind]))
    assert free_bytes(root) == 8 * GIB
    limits[resource.RLIMIT_AS] = 5 * GIB
    assert free_bytes(root) == 4 * GIB
    limits[resource.RLIMIT_DATA] = GIB
    assert free_bytes(root) == GIB // 2


class Machine:
    """What `_memory` asks of a machine, and what this process fills of it."""

    def __init__(self, monkeypatch, free):
        self.resident = 0
        monkeypatch.setattr(_memory, "free_bytes", lambda: free - self.resident)
        monkeypatch.setattr(_memory, "_process_pages", lambda: _memory._Pages(0, self.resident, 0))


def in_thread(call):
    """The result of a call on another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def fits(nbytes):
    """Whether work of another thread finds so much."""

    def work():
        with reserved(nbytes, "that", "buy more"):
            return True

    try:
        return in_thread(work)
    except InsufficientMemoryError:
        return False


def test_what_runs_keeps_its_memory_from_other_threads(monkeypatch):
    machine = Machine(monkeypatch, 10 * GIB)
    with reserved(6 * GIB, "this", "buy more"):
        assert not fits(4 * GIB)
        assert fits(4 * GIB - _memory.WORKING_MEMORY)
        # What the first has filled is no longer free, and no longer kept back.
        machine.resident = 5 * GIB
        assert not fits(4 * GIB)
        assert fits(4 * GIB - _memory.WORKING_MEMORY)
        check_memory(5 * GIB, "a part of this", "buy more")
        with reserved(6 * GIB, "a part of this", "buy more"):
            assert fits(4 * GIB - _memory.WORKING_MEMORY)
    assert not fits(5 * GIB)
    machine.resident = 0
    assert fits(10 * GIB - _memory.WORKING_MEMORY)


def test_a_result_that_stays_is_not_taken_for_what_others_filled(monkeypatch):
    machine = Machine(monkeypatch, 10 * GIB)
    begun, end = threading.Event(), threading.Event()

    def other():
        with reserved(4 * GIB, "that", "buy more"):
            begun.set()
            end.wait()

    with ThreadPoolExecutor(1) as pool:
        with reserved(3 * GIB, "this", "buy more", kept=3 * GIB):
            waiting = pool.submit(other)
            begun.wait()
            with reserved(GIB, "a part of this", "buy more", kept=GIB):
                machine.resident = 3 * GIB
            assert not fits(3 * GIB)
            assert fits(3 * GIB - _memory.WORKING_MEMORY)
        assert not fits(3 * GIB)  # 7 GiB are free, 4 of them are promised
        end.set()
        waiting.result()
    assert fits(4 * GIB)


def test_work_may_ask_for_more_and_returns_all(monkeypatch):
    Machine(monkeypatch, 10 * GIB)
    with reserved(GIB, "this", "buy more"):
        reserve_more(5 * GIB, "a branch", "measure less")
        assert not fits(4 * GIB)
        with pytest.raises(InsufficientMemoryError, match="a branch needs"):
            reserve_more(5 * GIB, "a branch", "measure less")
        return_some(5 * GIB)
        assert fits(8 * GIB)
        reserve_more(5 * GIB, "a branch", "measure less")
    assert fits(9 * GIB)


@pytest.mark.parametrize("nbytes", [10, GIB])
def test_errors_of_the_system_become_ours(nbytes, monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 2 * GIB)
    with pytest.raises(InsufficientMemoryError, match="the system gives"), reserved(nbytes, "this", "buy more"):
        np.empty(1 << 59, np.uint8)
    with pytest.raises(ZeroDivisionError), reserved(nbytes, "this", "buy more"):
        _ = 1 // 0
    assert _memory._held.nbytes == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_begins_without_its_parents_work(monkeypatch):
    Machine(monkeypatch, 10 * GIB)
    with reserved(6 * GIB, "this", "buy more"), _memory._account._lock:
        child = os.fork()
        if child == 0:
            _memory._held.nbytes = 0
            os._exit(0 if _memory._account._reserved == 0 and fits(9 * GIB) else 1)
        assert os.waitpid(child, 0)[1] == 0


def big_sum(letters):
    return PauliSum.from_list([(letters * 40, 1.0), ("Z" * 40, 0.5)])


@pytest.mark.parametrize(
    "call",
    [
        lambda: big_sum("X").ground_state(),
        lambda: big_sum("I").ground_state(),
        lambda: big_sum("X").eigenvalues(3),
        lambda: big_sum("X").eigenvalues(),
        lambda: big_sum("X").to_matrix(),
        lambda: big_sum("X").to_sparse(),
        lambda: big_sum("I").diagonal(),
        lambda: QAOA(PauliSum.from_list([("Z" * 40, 1.0)]), 1),
        lambda: DiagonalGate(np.ones(1 << 18)).matrix(),
        lambda: PermutationGate(range(1 << 18)).matrix(),
        lambda: PauliRotationGate("X" * 40, 0.3).matrix(),
        lambda: StandardGate("x").controlled(30).matrix(),
        lambda: dicke_state(45, 3),
        lambda: SectorSimulator(25).basis(50),
        lambda: SectorSimulator(25).state_vector(Circuit(50).x(range(25))),
    ],
)
def test_what_no_machine_holds_is_refused_before_it_is_tried(call):
    with pytest.raises(InsufficientMemoryError, match=r"needs [\d,]+ bytes but [\d,]+ are free"):
        call()


def test_two_jobs_on_two_threads_count_both(monkeypatch):
    """Both would fit alone."""
    Machine(monkeypatch, 200 << 20)
    monkeypatch.setattr(_memory, "WORKING_MEMORY", 0)
    began, end = threading.Event(), threading.Event()
    original = Engine.run

    def run(engine, *arguments, **options):
        began.set()
        end.wait()
        original(engine, *arguments, **options)

    monkeypatch.setattr(Engine, "run", run)
    simulator = StatevectorSimulator("single", num_threads=1)
    circuit = Circuit(24).h(range(24)).measure_all()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(simulator.run, circuit, 10, 1)
        began.wait()
        with pytest.raises(InsufficientMemoryError, match="24 qubits"):
            pool.submit(simulator.run, circuit, 10, 2).result()
        end.set()
        assert first.result().shots == 10


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
def test_under_ulimit_errors_are_ours():
    """Of a process that may map no more than 320 MiB beyond what it has, at sizes on both sides of that."""
    code = (
        "import resource, numpy as np\n"
        "from qtoolkit import Circuit, StatevectorSimulator\n"
        "from qtoolkit.errors import InsufficientMemoryError\n"
        "from qtoolkit._memory import _process_pages\n"
        "simulator = StatevectorSimulator(num_threads=1)\n"
        "simulator.state_vector(Circuit(20).h(range(20)))\n"
        "limit = _process_pages().addresses + (320 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "kept = []\n"
        "for num_qubits in (22, 22, 23, 24, 26, 30):\n"
        "    try:\n"
        "        kept.append(simulator.state_vector(Circuit(num_qubits).h(range(num_qubits))))\n"
        "        print(num_qubits, end=' ')\n"
        "    except InsufficientMemoryError as error:\n"
        "        print('refused', end=' ')\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["22", "22", "23", "refused", "refused", "refused"]


@pytest.mark.slow
@pytest.mark.skipif(_memory.resource is None, reason="this system has no ulimit")
def test_who_may_not_compile_is_told_before_the_compiler_ends_the_process(tmp_path):
    code = """
import resource
from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.errors import InsufficientMemoryError
resource.setrlimit(resource.RLIMIT_AS, (600 << 20, resource.RLIM_INFINITY))
try:
    StatevectorSimulator().state_vector(Circuit(2).h(0))
except InsufficientMemoryError as error:
    print(error)
"""
    environment = {**os.environ, "QTOOLKIT_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "compiling kernels needs 471,859,200 bytes of addresses but ulimit -v leaves" in done.stdout
