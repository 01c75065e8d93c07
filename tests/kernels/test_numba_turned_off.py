"""`NUMBA_DISABLE_JIT` is for functions of the user's: our kernels are compiled by another process then."""

import os
import subprocess
import sys

import pytest

from qtoolkit_kernels import _ahead, _cache, _jit
from qtoolkit_kernels.vector import skew

NORM = """
import sys
import numpy as np
from qtoolkit_kernels import measurement
from qtoolkit_kernels._jit import compiled_kernels

print(measurement.norm_squared(np.array([1.0, 2, 0, -2])), len(compiled_kernels()))
"""
BEFORE = """
import numba

@numba.njit
def of_the_user():
    return sys._getframe()
"""
AFTER = """
import sys
import numba

@numba.njit
def of_the_user():
    return sys._getframe()

assert of_the_user().f_code.co_name == "of_the_user"
"""
EVERYTHING = """
import hashlib
import numpy as np
from qtoolkit import Circuit, ParameterVector, PauliSum, SectorSimulator, StatevectorSimulator, from_qasm

angles = ParameterVector("a", 4)
circuit = Circuit(4).h(range(4)).cx(0, 1).ccx(0, 1, 2).unitary(np.eye(8)[::-1], [0, 1, 3])
for q in range(4):
    circuit.ry(angles[q], q).rzz(0.3, q, (q + 1) % 4)
values = np.array([0.1, 0.2, 0.3, 0.4])
energy = PauliSum.from_list([("ZZII", 1.0), ("IXXI", 0.5), ("YIIY", 0.25)])
branching = Circuit(2, 2).h(0).measure(0, 0)
branching.if_(branching.clbit(0) == 1, lambda body: body.x(1)).reset(0).measure(1, 1)
wide = Circuit(16).h(range(16)).cx(0, 15)
text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];'
sector = SectorSimulator(2)
excitation = Circuit(4).x([0, 1]).rxx(0.4, 1, 2).ryy(0.4, 1, 2)
results = []
for precision in ("double", "single"):
    simulator = StatevectorSimulator(precision)
    bound = circuit.bind(values)
    results += [
        simulator.state_vector(bound), simulator.state_vector(circuit, values), simulator.probabilities(bound, [0, 2]),
        simulator.run(bound.copy().measure_all(), 50, seed=1).counts, simulator.run(branching, 20, seed=2).counts,
        simulator.trajectory(branching, seed=1).state_vector, simulator.variance(bound, energy),
        simulator.expectation_value(circuit, energy, values), *simulator.gradient(circuit, energy, values),
        simulator.expectation_value(circuit, energy, np.array([values] * 9)), simulator.state_vector(wide)[::999],
        simulator.state_vector(from_qasm(text)),
    ]
results += [sector.expectation_value(excitation, energy), *energy.ground_state(seed=1)]
print(hashlib.sha256(repr([r.tolist() if hasattr(r, "tolist") else r for r in results]).encode()).hexdigest())
"""


def output(code, **variables):
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_kind_of_run():
    """Equal to the last bit; the first process compiles what is missing."""
    assert output(EVERYTHING) == output(EVERYTHING, NUMBA_DISABLE_JIT="1")


@pytest.mark.parametrize("user", ["", BEFORE])
def test_another_process_compiles(tmp_path, user):
    variables = {"QTOOLKIT_CACHE_DIR": tmp_path, "NUMBA_DISABLE_JIT": "1"}
    assert output(user + NORM + AFTER, **variables) == "9.0 1"
    assert len(list(tmp_path.iterdir())) == 1
    assert output(user + NORM + AFTER, **variables) == "9.0 0"
    assert output(NORM, QTOOLKIT_CACHE_DIR=tmp_path) == "9.0 0"


def test_it_is_turned_off_in_the_process(tmp_path):
    code = "import numba\nnumba.config.DISABLE_JIT = True\n" + NORM + AFTER
    assert output(code, QTOOLKIT_CACHE_DIR=tmp_path) == "9.0 1"


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No other process can compile, and nothing is kept."""
    monkeypatch.setattr(_jit, "_is_turned_off", lambda: True)
    monkeypatch.setattr(_ahead, "_is_possible", lambda must: False)
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("numba.config.DISABLE_JIT", True)


def test_without_another_process_python_runs_what_it_can(alone, monkeypatch):
    kernel = _jit.Kernel(skew.skew_of.py_func, _jit.FASTMATH)
    monkeypatch.setattr(_jit.Kernel, "compile", lambda *_arguments: None)
    assert kernel(128) == 5


def test_without_another_process_instructions_are_refused(alone, monkeypatch):
    @_jit.intrinsic
    def instruction(_context):
        """Never asked for."""

    def function():
        return instruction()

    with pytest.raises(RuntimeError, match=r"instruction runs in compiled code only.* unset NUMBA_DISABLE_JIT"):
        _jit.Kernel(function, _jit.FASTMATH)()
