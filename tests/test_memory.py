"""What memory is free, by the machine and by control groups of both versions; errors before an allocation."""

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator, _memory
from qtoolkit._memory import check_memory, free_bytes
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InsufficientMemoryError

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
