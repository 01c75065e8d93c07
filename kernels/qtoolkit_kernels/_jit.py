"""What every kernel is decorated with: compiled once for each processor, then loaded from disk without the compiler.

A decorated function looks for its machine code first in this process, then in the cache on disk (`_cache`), and only
then loads numba and compiles (`_compile`). A process that finds its kernels on disk never imports numba, which takes
longer than many a simulation. Where anything is off (an argument of another kind, a file that cannot be read, a numba
with other insides), plain numba does the work.

Modules of kernels therefore take `intrinsic`, `types` and `cgutils` from here, and import nothing of numba themselves.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import inspect
import logging
import math
import os
import sys
import threading
import time
import types as python_types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from qtoolkit_kernels import _ahead, _cache, _load
from qtoolkit_kernels._arguments import describe
from qtoolkit_kernels._room import check_room
from qtoolkit_kernels._slow_start import warn_once

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = [
    "FASTMATH", "REDUCTION_FASTMATH", "Kernel", "apart_njit", "cgutils", "compile_ahead", "compile_ordered",
    "compiled_kernels", "entry_of", "interpreted", "intrinsic", "is_at_hand", "njit", "reduction_njit", "run_now",
    "run_soon", "runner", "types", "waiting_for_compiler",
]  # fmt: skip

Function = TypeVar("Function", bound=Callable[..., Any])

FASTMATH = frozenset({"contract", "nsz"})
"""`contract` lets the compiler emit fused multiply-adds, `nsz` ignores the sign of zero; infinities and NaNs stay."""

REDUCTION_FASTMATH = FASTMATH | {"reassoc"}
"""For sums only: the order of additions is free, so that the loop runs in vector lanes."""

NOTICE_AFTER = 0.5
"""Seconds of compiling after which the user is told what takes so long."""

MOST_INTERPRETED = 2_000
"""Gates that are interpreted rather than waited for: half a second or some in all passes of the planner."""

LOOK_AGAIN = 0.5
"""Seconds after which the disk is asked again whether another process has compiled a kernel."""

_LOGGER = logging.getLogger("qtoolkit.kernels")

_lock = threading.RLock()
"""Held by who looks for machine code, and waits for it."""

_compiler_lock = threading.RLock()
"""Held by who compiles."""

_aside: dict[tuple[Kernel, tuple[str, ...]], Future[bytes | None]] = {}
"""What is being compiled by a thread of its own, or was and has not been asked for since."""

_NEEDED_IN_CHILDREN = ("qtoolkit", "numpy.random", "llvmlite", "numba")
"""Beginnings of the names of modules that a first simulation may be importing."""

_held_for_fork: list[Any] = []
"""Locks that a thread which forks holds meanwhile."""

_compiled: list[str] = []

_waiting: list[bool] = []
"""Not empty while `run_soon` compiles."""


def njit(function: Function) -> Function:
    """Compile a serial kernel: cached, without the interpreter lock, IEEE arithmetic but for fused multiply-adds."""
    return _kernel(function, FASTMATH)


def apart_njit(function: Function) -> Function:
    """Compile a kernel that no caller takes in, so that it is as fast whatever stands beside the call."""
    return cast(Function, Kernel(function, FASTMATH, is_apart=True))


def reduction_njit(function: Function) -> Function:
    """Compile a serial kernel whose sums may be reordered."""
    return _kernel(function, REDUCTION_FASTMATH)


def _kernel(function: Function, fastmath: frozenset[str]) -> Function:
    return cast(Function, Kernel(function, fastmath))


def _is_turned_off() -> bool:
    """Whether numba is told to compile nothing in this process, with `NUMBA_DISABLE_JIT`.

    That is for functions of the user's. Ours are written in LLVM's instructions, in part, and nothing else can run
    those, so another process compiles them.
    """
    config = sys.modules.get("numba.core.config")
    if config is None:
        return os.environ.get(_ahead.TURNED_OFF, "0") not in ("", "0")
    return bool(config.DISABLE_JIT)


def entry_of(kernel: Function, *arguments: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What a call with these arguments ends in, and the arguments as it takes them, for callers that keep both.

    It must be called with arguments of the same kinds, in arrays that this process has made.
    """
    described = describe(arguments)
    if not isinstance(kernel, Kernel) or described is None:
        return kernel, arguments
    return kernel.entry(*described) or kernel.dispatcher, described[1]


def compile_ahead(kernel: Function, *arguments: Any) -> None:
    """Have a kernel compiled for arguments of these kinds by another process, while this one compiles others.

    Its first call waits for that. Nothing happens where the machine code is kept already.
    """
    described = describe(arguments)
    if isinstance(kernel, Kernel) and described is not None:
        _ahead.begin(kernel, *described)


def is_at_hand(kernel: Function, *arguments: Any) -> bool:
    """Whether there is machine code for arguments of these kinds, as far as is known since half a second."""
    described = describe(arguments)
    return isinstance(kernel, Kernel) and described is not None and kernel.is_at_hand(described[0])


def compiled_kernels() -> tuple[str, ...]:
    """What this process had to compile, in order: the kernel and the kinds of its arguments."""
    return tuple(_compiled)


def run_soon(kernel: Callable[..., Any], *arguments: Any) -> Any:
    """Run a kernel without waiting for a compiler: what is not kept compiled is interpreted, and ordered.

    For kernels that call no intrinsics, and take neither markers nor named arguments.
    """
    if not isinstance(kernel, Kernel):
        return kernel(*arguments)
    for entry in kernel._entries:
        result = entry(*arguments)
        if result is not _load.DECLINED:
            return result
    described = describe(arguments)
    if described is None or _waiting or kernel.is_at_hand(described[0]):
        return kernel(*arguments)
    _ahead.order(kernel, described[0])
    return interpreted(kernel)(*arguments)


def run_now(kernel: Callable[..., Any], *arguments: Any) -> Any:
    """Run a kernel, compiled first if it must be."""
    return kernel(*arguments)


def runner(size: int) -> Callable[..., Any]:
    """What runs kernels that take so many gates: `run_soon`, or `run_now` where interpreting takes too long."""
    return run_soon if size <= MOST_INTERPRETED else run_now


@contextlib.contextmanager
def waiting_for_compiler() -> Iterator[None]:
    """Let `run_soon` compile what it would interpret, in all threads."""
    _waiting.append(True)
    try:
        yield
    finally:
        _waiting.pop()


def compile_ordered() -> None:
    """Have the kernels compiled that `run_soon` interpreted, by another process, for those who run them next."""
    _ahead.begin_ordered()


@functools.cache
def interpreted(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The Python function of a kernel, in which kernels that it calls, and those that these call, are such as well.

    Slow, and right wherever numba is; not for kernels that call intrinsics.
    """
    if not isinstance(kernel, Kernel):
        return kernel
    function = kernel.py_func
    names = dict(function.__globals__)
    plain = python_types.FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    for name in function.__code__.co_names:
        value = names.get(name)
        if isinstance(value, Kernel):
            names[name] = interpreted(value)
    return plain


class Kernel:
    """A function that numba can compile, called with raw arrays, numbers and markers.

    Args:
        py_func: the function itself.
        fastmath: LLVM's names of the liberties that its arithmetic may take.
        is_apart: whether it is never inlined.
    """

    def __init__(self, py_func: Callable[..., Any], fastmath: frozenset[str], is_apart: bool = False) -> None:
        functools.update_wrapper(self, py_func)
        self.py_func = py_func
        self.fastmath = fastmath
        self.is_apart = is_apart
        self._entries: tuple[Callable[..., Any], ...] = ()
        self._by_kinds: dict[tuple[str, ...], Callable[..., Any] | None] = {}
        self._looked_for: dict[tuple[str, ...], float] = {}
        self._surprise: str | None = None
        """What of numba was not as expected when this was compiled last."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the kernel; what was compiled for other arguments declines."""
        if not named:
            for entry in self._entries:
                result = entry(*arguments)
                if result is not _load.DECLINED:
                    return result
        return self._call_first_time(arguments, named)

    def call_compiled(self, *arguments: Any) -> None:
        """Run the kernel if that needs no compiling, else do nothing: for threads that another one waits for."""
        for entry in self._entries:
            if entry(*arguments) is not _load.DECLINED:
                return
        if None in self._by_kinds.values():
            self.dispatcher(*arguments)

    def __reduce__(self) -> str:
        return self.py_func.__qualname__

    def __repr__(self) -> str:
        return f"<kernel {self._name}>"

    @property
    def _name(self) -> str:
        return f"{self.py_func.__module__}.{self.py_func.__qualname__}"

    @functools.cached_property
    def dispatcher(self) -> Any:
        """The function as numba compiles it by itself, which takes arguments of every kind and is cached nowhere."""
        import numba

        options = {"nogil": True, "error_model": "numpy", "boundscheck": False}
        return numba.njit(fastmath=set(self.fastmath), **options)(self.py_func)

    @functools.cached_property
    def callee(self) -> Any:
        """What other kernels call: the function without a way in from Python."""
        try:
            from qtoolkit_kernels import _compile

            return _compile.callee(self)
        except Exception as error:
            _LOGGER.info("numba has other insides than expected: %s", error)
            return self.dispatcher

    @property
    def _numba_type_(self) -> Any:
        """The protocol by which numba learns the type of a global."""
        return self.callee._numba_type_

    def _call_first_time(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if named:
            bound = inspect.signature(self.py_func).bind(*arguments, **named)
            bound.apply_defaults()
            arguments = bound.args
        described = describe(arguments)
        if described is None:
            return self.dispatcher(*arguments)
        kinds, values = described
        entry = self.entry(kinds, values)
        result = _load.DECLINED if entry is None else entry(*values)
        return self.dispatcher(*values) if result is _load.DECLINED else result

    def entry(self, kinds: tuple[str, ...], values: tuple[Any, ...]) -> Callable[..., Any] | None:
        """The machine code for arguments of these kinds; None leaves them to numba."""
        with _lock:
            if kinds not in self._by_kinds:
                entry = self._by_kinds[kinds] = self._load_or_compile(kinds, values)
                if entry is not None:
                    self._entries = (*self._entries, entry)
        return self._by_kinds[kinds]

    def _load_or_compile(self, kinds: tuple[str, ...], values: tuple[Any, ...]) -> Callable[..., Any] | None:
        """Machine code for these kinds of arguments; None leaves them to numba."""
        place = _cache.place(self.py_func, kinds)
        entry = self._loaded(_cache.read(place), values)
        if entry is not None:
            return entry
        check_room()
        _compiled.append(f"{self._name}({', '.join(kinds)})")
        with _notice():
            if _is_turned_off():
                _ahead.begin(self, kinds, values, must=True)
            code = _ahead.wait_for(place)
            entry = self._loaded(code, values)
            if entry is None:
                code = _compile_aside(self, kinds, values)
                entry = self._loaded(code, values)
                if entry is None and self._surprise is not None:
                    warn_once(self._surprise)
        if code is not None and entry is not None:
            _cache.write(place, code)
        return entry

    def is_at_hand(self, kinds: tuple[str, ...]) -> bool:
        """Whether there is machine code for arguments of these kinds, as far as is known since half a second."""
        now = time.monotonic()
        if kinds in self._by_kinds:
            return True
        if now - self._looked_for.get(kinds, -math.inf) < LOOK_AGAIN:
            return False
        self._looked_for[kinds] = now
        place = _cache.place(self.py_func, kinds)
        return place is not None and _cache.is_kept(place)

    def compile(self, kinds: tuple[str, ...], values: tuple[Any, ...]) -> bytes | None:
        """Object code for these kinds of arguments, made anew; None leaves them to numba.

        Args:
            kinds: as `_arguments.describe` names them.
            values: arguments, of which only markers matter.
        """
        with _compiler_lock, _no_collection():
            try:
                from qtoolkit_kernels import _compile

                return _compile.machine_code(self.callee, kinds, values)
            except Exception as error:
                _LOGGER.info("%s is left to numba: %s", self._name, error)
                self._note(error)
                return None

    def _loaded(self, code: bytes | None, values: tuple[Any, ...]) -> Callable[..., Any] | None:
        if code is None:
            return None
        try:
            return _load.load(code, self.py_func, values)
        except Exception as error:
            _LOGGER.info("%s could not be loaded: %s", self._name, error)
            self._note(error)
            return None

    def _note(self, error: Exception) -> None:
        """Remember what should not happen; numba's own errors say what is wrong with a kernel, not with numba."""
        own = self.py_func.__module__.startswith(f"{__package__}.") and not type(error).__module__.startswith("numba.")
        self._surprise = f"{type(error).__name__}: {error}" if own else None


class Intrinsic:
    """A function that writes LLVM instructions; numba is imported when the first kernel that uses it is compiled."""

    def __init__(self, definition: Callable[..., Any]) -> None:
        self.__name__, self.__module__, self.__doc__ = definition.__name__, definition.__module__, definition.__doc__
        self._definition = definition

    def __call__(self, *_arguments: Any) -> Any:
        raise RuntimeError(
            f"{self.__name__} runs in compiled code only, and numba compiles nothing here; unset {_ahead.TURNED_OFF}"
        )

    @functools.cached_property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target
        from numba.extending import intrinsic as numba_intrinsic

        self._numba_intrinsic = numba_intrinsic(self._definition)  # which numba itself refers to weakly
        typing = cpu_target.typing_context
        typing.refresh()
        return typing.resolve_value_type(self._numba_intrinsic)


def intrinsic(definition: Callable[..., Any]) -> Callable[..., Any]:
    """Do what `numba.extending.intrinsic` does, without importing numba yet."""
    return cast("Callable[..., Any]", Intrinsic(definition))


class _Later:
    """A module that is imported when something is taken from it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


types: Any = _Later("numba.types")
cgutils: Any = _Later("numba.core.cgutils")
"""Modules of numba, for the insides of intrinsics."""


@contextlib.contextmanager
def _notice() -> Iterator[None]:
    """Say why it takes long, once in a process and only if it does."""
    timer = threading.Timer(NOTICE_AFTER, _say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Leave garbage alone: a compiler makes little of it, and looking for it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compile_aside(kernel: Kernel, kinds: tuple[str, ...], values: tuple[Any, ...]) -> bytes | None:
    """Compile a kernel in another thread if this is the main one, where signals come.

    Their handlers would wait for LLVM, and what they raise would leave numba in the middle of something. So the main
    thread waits, and who interrupts it finds the kernel compiled some time later.
    """
    from concurrent.futures import Future

    key = kernel, kinds
    coming = _aside.get(key)
    if coming is None:
        if threading.current_thread() is not threading.main_thread():
            return kernel.compile(kinds, values)
        coming = _aside[key] = Future()
        thread = threading.Thread(target=_compile_into, args=(coming, kernel, kinds, values), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            del _aside[key]
            return kernel.compile(kinds, values)
    code = coming.result()
    _aside.pop(key, None)
    return code


def _compile_into(
    coming: Future[bytes | None], kernel: Kernel, kinds: tuple[str, ...], values: tuple[Any, ...]
) -> None:
    try:
        coming.set_result(kernel.compile(kinds, values))
    except BaseException as error:
        coming.set_exception(error)


def _before_fork() -> None:
    """Wait until no other thread loads or compiles: what it has begun, and its locks, would stay so in the child.

    The same goes for imports of what a simulation needs: the child could never finish what another thread was at.
    """
    for name in list(sys.modules):
        if name.startswith(_NEEDED_IN_CHILDREN):
            with contextlib.suppress(Exception):  # an import that fails is the other thread's to tell
                importlib.import_module(name)
    compiler = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    for lock in (_lock, _compiler_lock, compiler):
        if lock is not None:
            lock.acquire()
            _held_for_fork.append(lock)


def _after_fork() -> None:
    while _held_for_fork:
        _held_for_fork.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


@functools.cache
def _say() -> None:
    _LOGGER.warning("qtoolkit: compiling kernels for this processor (some seconds, once) ...")
