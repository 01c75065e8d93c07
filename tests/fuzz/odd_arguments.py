"""An attack on every public callable: arguments of wrong kinds, sizes and values must be refused as the rules say.

What escapes is a `QToolkitError` with one line of text, and nothing takes more memory or time than a sound call.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.public_calls import Call, calls, namespace

from qtoolkit.backends import Job
from qtoolkit.errors import QToolkitError

__all__ = ["attack"]

ATOMS = (
    *("None", "True", "'x'", "''", "'q\\n'", "'\\ud800'", "'Z' * 100000", "b'x'", "bytearray(2)"),
    *("0", "1", "2", "5", "-1", "0.5", "-0.0", "1e300", "1e-300", "2.0", "nan", "inf", "-inf", "1j", "1j * nan"),
    *("10**9", "2**63", "2**64", "10**30", "-(10**30)", "10**400", "10**5000", "-(10**5000)"),
    *("np.int64(-1)", "np.uint64(1)", "np.float32(0.5)", "np.float64(nan)", "np.complex128(1j)", "np.bool_(True)"),
    *("np.array(1)", "np.array([])", "np.array([1, 'x'], object)", "np.array(['a'])", "np.array([1j])"),
    *("np.array([nan])", "np.full(3, nan)", "np.eye(3)", "np.zeros((2, 2, 2))", "np.zeros((0, 3))", "np.ones(3, bool)"),
    *("np.array([None])", "np.array([10**400])", "np.arange(8)", "np.full((8, 8), nan)", "np.array('2020', 'M8[D]')"),
    *("np.ma.masked", "np.full(2, 1e300)", "np.full(8, 1e200 + 1e200j)"),
    *("object()", "Ellipsis", "NotImplemented", "Fraction(1, 2)", "Decimal('1')", "Decimal('sNaN')"),
    *("[]", "()", "{}", "set()", "{0, 1}", "{'a': 1}", "{1: 2}", "[[]]", "[[1], [1, 2]]", "['a']", "[None]"),
    *("range(3)", "range(10**12)", "iter([1, 2])", "(k for k in (0, 1))", "zip([0], [1])", "memoryview(b'ab')"),
    *(
        "Parameter('z')",
        "2 * Parameter('z')",
        "Circuit(1)",
        "Circuit(70)",
        "Circuit(2, 2)",
        "Circuit",
        "PauliString('X')",
    ),
    *("HEISENBERG", "1j * HEISENBERG", "StandardGate('h')", "Measure()", "Condition((0,), 1)", "Condition((9,), 1)"),
    *("ANSATZ", "BELL", "SIMULATOR", "BACKEND", "FermionOperator.zero()", "lambda *_, **__: None", "lambda *_: nan"),
)
"""Texts of values, hardly any of which fits anywhere."""

WRAPPINGS = (
    *("{}",) * 12,
    *("[{}]", "({}, {})", "[{}, 0]", "[0, {}]", "[[{}]]", "{{{}}}", "iter([{}])", "[{}] * 3", "[{}] * 8"),
    *(
        "{{'a': {}}}",
        "{{'a': {}, 'b': 0.1}}",
        "{{0: {}}}",
        "{{{}: 1}}",
        "[({}, 1.0)]",
        "[('Z', {})]",
        "[('Z', {}, 1.0)]",
    ),
    *("[('Z', [{}], 1.0)]", "[({}, [0], 1.0)]", "{{((0, {}),): 1.0}}", "{{(({}, True),): 1.0}}", "lambda *_: {}"),
    *("np.array([{}, None], object)", "np.array([0, {}], object)", "(0.1, {})", "lambda x, *_: ({}, x)"),
)
"""Where such a value may hide."""

HUGE = ("10**9", "2**63", "2**64", "10**30", "10**400", "10**5000")

NEVER_THERE = {
    "shots": ("10**9",),
    "max_evaluations": HUGE,
    "num_starts": HUGE,
    "sampler": ("SIMULATOR", "BACKEND"),
    "store": ("None",),
}
"""By parameter, values that are sound: the call takes as long as they say, or reaches jobs of whoever runs this."""

TEXTS = "texts_of_calls"

LONGEST_MESSAGE = 600
STATUS = Path("/proc/self/statm")

MEMORY = 3 << 30
"""Bytes that a call may take beyond what the process has."""

SECONDS = 60
"""Of the processor that a call may take; a kernel may have to be compiled meanwhile."""


TOO_LONG = "takes more than its share of the processor"


class _OverBudgetError(BaseException):
    pass


@dataclass(frozen=True)
class _Attempt:
    call: Call
    receiver: str
    arguments: dict[str, str]

    @property
    def text(self) -> str:
        return self.call.text(self.receiver, self.arguments)


def attack(rng: np.random.Generator, deadline: float) -> tuple[int, list[str]]:
    """Call public callables with odd arguments until a time of `time.monotonic`, from the main thread.

    Returns:
        How many calls were made, and each kind of failure once: the call as Python text, and what came of it.
    """
    known = namespace() | {"__name__": TEXTS, "nan": np.nan, "inf": np.inf, "Fraction": Fraction, "Decimal": Decimal}
    targets = list(calls())
    count, failures = 0, dict[tuple[str, ...], str]()
    with _limits():
        while time.monotonic() < deadline:
            attempt = _random_attempt(rng, targets[rng.integers(len(targets))])
            count += 1
            wrong = _outcome(attempt, known)
            if wrong is not None and wrong != TOO_LONG:
                attempt, wrong = _minimised(attempt, wrong, known)
            if wrong is not None:
                key = (attempt.call.name, *sorted(attempt.arguments), wrong.split(":")[0])
                failures.setdefault(key, f"{attempt.text}: {wrong}")
    return count, list(failures.values())


def _random_attempt(rng: np.random.Generator, call: Call) -> _Attempt:
    receiver = str(rng.choice(call.receivers))
    arguments = {name: str(rng.choice(texts)) for name, texts in call.parameters.items()}
    if arguments:
        for name in rng.choice(list(arguments), min(len(arguments), int(rng.integers(1, 3))), replace=False):
            odd = str(rng.choice([atom for atom in ATOMS if atom not in NEVER_THERE.get(name, ())]))
            arguments[str(name)] = str(rng.choice(WRAPPINGS)).replace("{}", odd).replace("{{", "{").replace("}}", "}")
    return _Attempt(call, receiver, arguments)


def _minimised(attempt: _Attempt, wrong: str, known: dict[str, Any]) -> tuple[_Attempt, str]:
    """The same failure with as many sound or simple arguments as possible."""
    for name, texts in attempt.call.parameters.items():
        for simpler in (*texts, *ATOMS):
            if simpler == attempt.arguments[name]:
                break
            if simpler in NEVER_THERE.get(name, ()):
                continue
            tried = _Attempt(attempt.call, attempt.receiver, attempt.arguments | {name: simpler})
            again = _outcome(tried, known)
            if again is not None and again.split(":")[0] == wrong.split(":")[0]:
                attempt, wrong = tried, again
                break
    return attempt, wrong


def _outcome(attempt: _Attempt, known: dict[str, Any]) -> str | None:
    """What is wrong with a call's answer; None where nothing is."""
    try:
        values = {name: eval(text, known) for name, text in attempt.arguments.items()}
    except Exception:
        return None  # no such value exists: a set of arrays
    try:
        with _time_limit():
            collected = [value for name, value in values.items() if name[0] == "*"]
            named = {name: value for name, value in values.items() if name[0] != "*"}
            answer = eval(attempt.receiver, known)(*collected, **named)
            if isinstance(answer, Job):
                answer.result()
            repr(answer)
    except QToolkitError as error:
        return _fault_of(error)
    except _OverBudgetError:
        return TOO_LONG
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def _fault_of(error: QToolkitError) -> str | None:
    message = str(error)
    if not message.strip():
        return "a message without a word"
    if len(message.splitlines()) > 1:
        return f"a message of several lines: {message!r}"
    if len(message) > LONGEST_MESSAGE:
        return f"a message of {len(message)} letters: {message[:200]}"
    return None


@contextlib.contextmanager
def _limits() -> Iterator[None]:
    """Where an allocation beyond the budget fails, and doubtful arithmetic is an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if STATUS.exists():  # elsewhere than on Linux, memory has no limit
        limit = int(STATUS.read_text(encoding="ascii").split()[0]) * resource.getpagesize() + MEMORY
        if soft == resource.RLIM_INFINITY or limit < soft:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    previous = signal.signal(signal.SIGPROF, _raise_over_budget)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)
            warnings.filterwarnings("ignore", module=TEXTS)  # of functions among the arguments
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            yield
    finally:
        signal.signal(signal.SIGPROF, previous)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _raise_over_budget(*_: object) -> None:
    raise _OverBudgetError
