"""A process that forks while another of its threads loads or compiles kernels: the child can do both."""

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time

import numba
import pytest
from numba.core.compiler_lock import global_compiler_lock

from qtoolkit_kernels import _jit

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]


def answer_of_child(work) -> object:
    """What `work` returns in a child, or None where it takes longer than any kernel of a test."""
    receiver, sender = multiprocessing.Pipe()
    process = os.fork()
    if process == 0:
        try:
            sender.send(work())
        finally:
            os._exit(0)
    sender.close()
    answer = receiver.recv() if receiver.poll(60) else None
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return answer


@pytest.fixture
def kernel() -> _jit.Kernel:
    """A kernel that nobody has compiled."""

    def triple(value):
        return 3 * value

    return _jit.Kernel(triple, _jit.FASTMATH)


def test_while_another_thread_imports(tmp_path, monkeypatch) -> None:
    """A module of ours that another thread has begun to import can be used in the child."""
    (tmp_path / "qtoolkit_begun_elsewhere.py").write_text("import time\ntime.sleep(0.5)\nvalue = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    importing = threading.Thread(target=importlib.import_module, args=("qtoolkit_begun_elsewhere",))
    importing.start()
    while "qtoolkit_begun_elsewhere" not in sys.modules:
        time.sleep(0.001)
    assert answer_of_child(lambda: importlib.import_module("qtoolkit_begun_elsewhere").value) == 7
    importing.join()
    del sys.modules["qtoolkit_begun_elsewhere"]


def test_while_another_thread_compiles(kernel, monkeypatch) -> None:
    begun, forked = threading.Event(), threading.Event()
    compile_kernel = _jit.Kernel.compile

    def compile_slowly(self, kinds, values):
        begun.set()
        forked.wait(0.5)
        return compile_kernel(self, kinds, values)

    monkeypatch.setattr(_jit.Kernel, "compile", compile_slowly)
    compiling = threading.Thread(target=kernel, args=(1,))
    compiling.start()
    assert begun.wait(60)
    assert answer_of_child(lambda: (kernel(5), kernel(0.5))) == (15, 1.5)
    forked.set()
    compiling.join(60)
    assert kernel(7) == 21


def test_while_another_thread_compiles_with_numba_alone(kernel) -> None:
    begun = threading.Event()

    def compile_something_else() -> None:
        with global_compiler_lock:
            begun.set()
            threading.Event().wait(0.5)

    compiling = threading.Thread(target=compile_something_else)
    compiling.start()
    assert begun.wait(60)
    assert answer_of_child(lambda: kernel(5)) == 15
    assert answer_of_child(lambda: numba.njit(kernel.py_func)(5)) == 15
    compiling.join(60)


def test_a_thread_that_compiles_may_fork_itself(kernel) -> None:
    with _jit._lock:
        assert answer_of_child(lambda: kernel(5)) == 15
    assert kernel(5) == 15
