"""Processes that run circuits in every way and end in every way: which exit code they leave.

Freed memory is overwritten where the C library can do that, and objects that hold compiled kernels are tied into a
cycle which the interpreter takes apart last, so that what is freed too early shows in every run and not in some.
"""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np

__all__ = ["ENDINGS", "KINDS", "attack", "complaint"]

PATIENCE = 300.0
"""Seconds after which a process counts as hanging; a first use compiles."""

START = """
import gc, os, sys
import numpy as np
from qtoolkit import Circuit, PauliSum, ParameterVector, StatevectorSimulator

simulator = StatevectorSimulator()
angles = ParameterVector("a", 4)
ansatz = Circuit(4).h(range(4)).cx(0, 1)
for q in range(4):
    ansatz.ry(angles[q], q).rzz(0.3, q, (q + 1) % 4)
values = [0.1, 0.2, 0.3, 0.4]
bound = ansatz.bind(values)
energy = PauliSum.from_list([("ZZII", 1.0), ("IXXI", 0.5), ("YIIY", 0.25)])
results = []
"""

KINDS = {
    "state vector": "results.append(simulator.state_vector(bound))",
    "single precision": "results.append(StatevectorSimulator('single').state_vector(bound))",
    "small state at values": "results.append(simulator.state_vector(ansatz, values))",
    "probabilities": "results.append(simulator.probabilities(bound, [0, 2]))",
    "shots": "results.append(simulator.run(bound.copy().measure_all(), 100, seed=1))",
    "trajectories": """
branching = Circuit(2, 2).h(0).measure(0, 0)
branching.if_(branching.clbit(0) == 1, lambda body: body.x(1)).reset(0).measure(1, 1)
results += [simulator.trajectory(branching, seed=1), simulator.run(branching, 20, seed=2)]
""",
    "values": "results += [simulator.expectation_value(ansatz, energy, values), simulator.variance(bound, energy)]",
    "gradients": "results.append(simulator.gradient(ansatz, energy, values))",
    "batches": "results.append(simulator.expectation_value(ansatz, energy, np.array([values] * 9)))",
    "sectors": """
from qtoolkit import SectorSimulator

sector = SectorSimulator(2)
results.append(sector.expectation_value(Circuit(4).x([0, 1]).rxx(0.4, 1, 2).ryy(0.4, 1, 2), energy))
""",
    "Pauli sums": "results += [energy.ground_state(seed=1), energy.expectation_value(np.full(16, 0.25))]",
    "threads": """
wide = Circuit(16).h(range(16)).cx(0, 15)
wide.measure_all()
results.append(StatevectorSimulator(num_threads=max(1, min(2, os.cpu_count() or 1))).run(wide, 10, seed=1))
""",
    "OpenQASM 3": """
from qtoolkit import from_qasm, to_qasm

text = to_qasm(Circuit(4).compose(bound), version=3)
long = from_qasm(text)
for _ in range(6):
    results.append(simulator.state_vector(long))
""",
    "OpenQASM 2": """
from qtoolkit import from_qasm, to_qasm

results.append(simulator.state_vector(from_qasm(to_qasm(bound, version=2))))
""",
    "backend": """
from qtoolkit import get_backend

results.append(get_backend("local").run(bound.copy().measure_all(), 10, seed=1).result())
""",
    "backend left alone": """
from qtoolkit import get_backend

job = get_backend("local").run(bound.copy().measure_all(), 10, seed=1)
""",
    "what only numba takes": """
from qtoolkit_kernels import measurement

results.append(measurement.norm_squared(np.ones(8)[::2]))
""",
}
"""What a process runs, by name; each may follow any other."""

KNOT = """
from qtoolkit_kernels._jit import Kernel

knot = [results, simulator, *(item._entries for item in gc.get_objects() if isinstance(item, Kernel))]
knot.append(knot)
os.knot = knot
"""

AGAIN = """
def again():
    global answers
    answers = simulator.state_vector(bound), simulator.gradient(ansatz, energy, values)
"""

ENDINGS = {
    "the end": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "sys.exit with a text": ("sys.exit('over')", 1),
    "an exception": ("raise ValueError(simulator)", 1),
    "an exception that is kept": (
        """
def keep(kind, error, trace):
    os.error = error

sys.excepthook = keep
simulator.state_vector("no circuit")
""",
        1,
    ),
    "an interrupt": (
        """
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background inherits that it is ignored
signal.raise_signal(signal.SIGINT)
""",
        -signal.SIGINT,
    ),
    "atexit": ("import atexit; atexit.register(again)", 0),
    "an exception at exit": ("import atexit; atexit.register(simulator.state_vector, 'no circuit')", 0),
    "finalizers": (
        """
from qtoolkit_kernels import measurement
from qtoolkit_kernels._jit import entry_of

class Late:
    def __init__(self):
        self.enter, self.arguments = entry_of(measurement.norm_squared, np.ones(4))
        self.again, self.write = again, os.write

    def __del__(self):
        if self.enter(*self.arguments) == 4.0:
            self.write(1, b"finalized")
        self.again()

os.late = Late()
os.late.cycle = [os.late]
knot.append(Late())
""",
        0,
    ),
    "a daemon thread": (
        """
import threading, time

def for_ever():
    large = Circuit(14).h(range(14)).rzz(0.1, 0, 13)
    while True:
        simulator.state_vector(large)

for _ in range(3):
    threading.Thread(target=for_ever, daemon=True).start()
time.sleep(0.05)
""",
        0,
    ),
    "a thread that goes on": (
        """
import threading, time

def later():
    time.sleep(0.05)
    again()

threading.Thread(target=later).start()
""",
        0,
    ),
    "a pool that is not closed": (
        """
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)
os.futures = [pool.submit(again) for _ in range(4)]
""",
        0,
    ),
    "no collection": ("gc.disable(); gc.freeze()", 0),
    "a forked child": (
        """
child = os.fork()
again()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.exit(5)
""",
        5,
    ),
    "a forked worker": (
        """
import multiprocessing

worker = multiprocessing.get_context("fork").Process(target=again)
worker.start()
worker.join()
sys.exit(worker.exitcode)
""",
        0,
    ),
}
"""How it ends, by name: code, and the exit code that is right."""

if not hasattr(os, "fork"):
    del ENDINGS["a forked child"], ENDINGS["a forked worker"], ENDINGS["an interrupt"]


def complaint(kinds: list[str], ending: str, seed: int = 1) -> str | None:
    """Run a process that does some kinds of runs and then ends; what is wrong about its end, None if nothing is.

    Args:
        kinds: names from `KINDS`, in order.
        ending: a name from `ENDINGS`.
        seed: of Python's hashes, on which the order of freeing depends.
    """
    code, expected = ENDINGS[ending]
    parts = [START, *(KINDS[kind] for kind in kinds), KNOT, AGAIN, code]
    told = f"{' + '.join(kinds)}, ended by {ending} (PYTHONHASHSEED={seed})"
    environment = {
        **os.environ,
        "PYTHONMALLOC": "malloc",
        "MALLOC_PERTURB_": "255",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONHASHSEED": str(seed),
    }
    command = [sys.executable, "-W", "ignore", "-c", "\n".join(parts)]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"{told}: no end after {PATIENCE:.0f} s"
    if done.returncode != expected or "Fatal Python error" in done.stderr:
        last = done.stderr.strip().rpartition("\n")[2]
        return f"{told}: exit code {done.returncode}, expected {expected}; {last}"
    if ending == "finalizers" and "finalized" not in done.stdout:
        return f"{told}: a kernel did not run in a finalizer; {done.stderr.strip()}"
    return None


def attack(source: np.random.Generator, deadline: float) -> tuple[int, list[str]]:
    """End processes at random until `deadline`, in seconds of `time.monotonic`.

    Returns:
        How many processes ended, and what was wrong about them.
    """
    rng = random.Random(int(source.integers(1 << 62)))
    count, failures = 0, []
    while time.monotonic() < deadline:
        kinds = rng.sample(list(KINDS), rng.randint(1, 4))
        wrong = complaint(kinds, rng.choice(list(ENDINGS)), rng.randrange(1 << 32))
        count += 1
        if wrong is not None:
            failures.append(wrong)
    return count, failures
