"""Calls of compiled kernels: which arguments they take, what they return, and how they fail."""

import pickle
import sys
import threading
import weakref

import numpy as np
import pytest

from qtoolkit_kernels import measurement
from qtoolkit_kernels._arguments import describe
from qtoolkit_kernels._jit import compiled_kernels, njit
from qtoolkit_kernels.vector.lanes import Lanes


@njit
def add_scaled(values, factor, count, doubled=False):
    """Add a number to the first values; NumPy's rules for types."""
    for i in range(count):
        values[i] += 2 * factor if doubled else factor


@njit
def same(value):
    return value


@njit
def first_of(values):
    return values[0]


@njit
def use_memory(size):
    scratch = np.empty(size, np.float64)
    scratch[:] = 1.0
    return scratch.sum()


@njit
def raise_error(index):
    if index > 1:
        raise ValueError("too large")
    return index


@njit
def copy_into(target, source):
    target[:] = source


@njit
def calls_another(values):
    return first_of(values) + use_memory(3)


@njit
def halves(value):
    return value / 2, np.nextafter(value, np.inf), 7


@njit
def width(marker):
    return 1


class Subclass(np.ndarray):
    """As `numpy.memmap` is one."""


def number_compiled(kernel):
    return sum(f".{kernel.py_func.__name__}(" in name for name in compiled_kernels())


def test_numbers_of_python_and_numpy_share_code():
    values = np.zeros(4)
    for factor in (0.5, np.float64(0.5)):
        for count in (2, np.int64(2)):
            for doubled in (False, True, np.False_, np.True_):
                values[:] = 0
                assert add_scaled(values, factor, count, doubled) is None
                assert values.tolist() == [0.5 * (1 + bool(doubled))] * 2 + [0, 0]
    assert number_compiled(add_scaled) == 1


def test_names_and_defaults():
    values = np.zeros(2)
    add_scaled(values, count=1, factor=1.5)
    add_scaled(values, 1.5, 1)
    assert values.tolist() == [3.0, 0.0]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, int),
        (-1, int),
        (-(2**63), int),
        (2.5, float),
        (np.float32(0.1), float),
        (True, bool),
        (2 - 3j, complex),
        (None, type(None)),
        (2**63, int),
        (np.complex64(1 + 2j), complex),
        (np.uint8(7), int),
    ],
)
def test_scalars_come_back(value, kind):
    for _ in range(2):
        result = same(value)
        assert result == value
        assert type(result) is kind


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64", "float32", "float64", "complex64"])
def test_arrays_of_every_dtype(dtype):
    values = np.array([1, 0]).astype(dtype)
    assert first_of(values) == 1
    assert first_of(values[::-1]) == 0


def test_largest_unsigned_integer():
    assert first_of(np.array([2**64 - 1], np.uint64)) == 2**64 - 1


def test_arrays_that_are_not_plain():
    values = np.arange(12.0).reshape(3, 4)
    unpickled = pickle.loads(pickle.dumps(values))
    unaligned = np.frombuffer(b"x" + values.tobytes(), np.uint8)[1:].view(np.float64)
    read_only = values.copy()
    read_only.flags.writeable = False
    for array in (values[0], unpickled[0], unaligned, read_only[0], np.broadcast_to(0.0, 3)):
        for _ in range(2):
            assert first_of(array) == 0.0
    for array in (values[:, 1], values.T[1], values[0, 1:], values[0, 1:].view(Subclass)):
        assert first_of(array) == 1.0


def test_code_for_one_kind_declines_another():
    single, double = np.full(2, 0.1, np.float32), np.full(2, 0.1)
    for _ in range(2):
        assert first_of(single) == np.float32(0.1)
        assert first_of(double) == 0.1
        assert first_of(double[::-1]) == 0.1


def test_strides_of_several_dimensions():
    source = np.arange(24.0).reshape(2, 3, 4)
    target = np.zeros((4, 3, 2))
    copy_into(target, source.transpose())
    np.testing.assert_array_equal(target, source.transpose())


def test_writing_to_what_is_read_only_is_refused():
    values = np.zeros(2)
    values.flags.writeable = False
    with pytest.raises(Exception, match="readonly"):
        add_scaled(values, 1.0, 1)


def test_wrong_numbers_of_arguments_are_refused():
    with pytest.raises(TypeError):
        first_of()
    with pytest.raises(TypeError):
        first_of(np.zeros(1), 1, 2)
    with pytest.raises(TypeError):
        first_of(values=np.zeros(1), other=1)


def test_an_exception_inside_is_one_outside():
    assert raise_error(1) == 1
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a compiled kernel failed"):
            raise_error(2)
    with pytest.raises(RuntimeError, match="a compiled kernel failed"):
        copy_into(np.zeros(3), np.zeros(2))
    with pytest.raises(RuntimeError, match="memory"):
        use_memory(2**58)


def test_memory_is_given_back():
    resource = pytest.importorskip("resource")
    use_memory(1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(200):
        use_memory(1 << 20)
    unit = 1 if sys.platform == "darwin" else 1024
    assert unit * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 64 << 20


def test_arrays_of_a_first_call_are_freed():
    @njit
    def last_of(values):
        return values[-1]

    values = np.ones(3)
    gone = weakref.ref(values)
    assert last_of(values) == 1.0
    del values
    assert gone() is None


def test_kernels_call_kernels():
    assert calls_another(np.ones(2)) == 4.0


def test_several_results():
    assert halves(3.0) == (1.5, np.nextafter(3.0, 4.0), 7)
    assert halves.dispatcher(3.0) == halves(3.0)


def test_markers_are_one_per_name():
    assert describe((Lanes(64),)) == describe((Lanes(64),))
    assert describe((Lanes(64),)) != describe((Lanes(32),))
    assert [width(Lanes(64)), width(Lanes(32)), width(Lanes(64))] == [1, 1, 1]
    assert number_compiled(width) == 2


def test_threads_compile_once():
    ready = threading.Barrier(4)
    results = []

    @njit
    def slow_to_compile(values):
        total = 0.0
        for i in range(values.size):
            total += values[i] * i
        return total

    def call():
        ready.wait()
        results.append(slow_to_compile(np.arange(4.0)))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [14.0] * 4
    assert number_compiled(slow_to_compile) == 1


def test_the_interpreter_lock_is_free_inside():
    """Two threads in one kernel, each waiting for the other, would otherwise wait for ever."""
    from qtoolkit_kernels.threads import counters, wait_for_counter

    turns = counters(1)
    waiting = threading.Thread(target=wait_for_counter, args=(turns, 0, 1), daemon=True)
    waiting.start()
    turns[0, 0] = 1
    waiting.join(timeout=60)
    assert not waiting.is_alive()


def test_kernels_are_pickled_by_name():
    assert pickle.loads(pickle.dumps(measurement.norm_squared)) is measurement.norm_squared
