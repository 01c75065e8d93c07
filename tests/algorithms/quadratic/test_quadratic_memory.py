"""What solvers of binary quadratic problems declare to need, against the peak that they are measured to fill."""

import numpy as np
import pytest
from memory_peaks import measured_peak, needs_proc

from qtoolkit import _memory, _needs
from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, QuadraticProblem
from qtoolkit.algorithms.quadratic import enumerate as enumeration
from qtoolkit.algorithms.quadratic.annealing import _Chains
from qtoolkit.algorithms.quadratic.ansatz import CircuitLandscape, layered_circuit
from qtoolkit.algorithms.quadratic.encoding import encode
from qtoolkit.algorithms.quadratic.enumerate import feasible_choices
from qtoolkit.algorithms.quadratic.evidence import Run
from qtoolkit.algorithms.quadratic.imaginary_time import _Path, _space
from qtoolkit.algorithms.quadratic.listed import ListedLandscape
from qtoolkit.algorithms.quadratic.measured import judged_by_probabilities
from qtoolkit.algorithms.quadratic.training import Clock

ROOM = 24 << 20
RNG = np.random.default_rng(4)


def free(size):
    return QuadraticProblem(BinaryQuadratic(RNG.normal(size=(size, size))))


def listed(size=21):
    problem = free(size)
    return _needs.listed_choices(1 << size, size, enumeration._CHUNK), lambda: feasible_choices(problem)


def reflected(size=20):
    landscape = ListedLandscape(free(size), 2, 0.5)
    return _needs.listed_states(1 << size), lambda: landscape.value_and_gradient(np.full(4, 0.3))


def in_circuit(size=20):
    encoding = encode(free(size), keep=True)
    circuit = layered_circuit(encoding, "transverse", 2)

    def call():
        landscape = CircuitLandscape(encoding, circuit, 0.5)
        return landscape, landscape.value_and_gradient(np.full(4, 0.3)), landscape.patterns

    return _needs.landscape(1 << size), call


def measured(size=20):
    problem = free(size)
    bits = encode(problem, keep=True).choices(np.arange(1 << size))
    probabilities = np.full(1 << size, 0.5**size)
    run = Run(solver="test", shots=100)

    def call():
        return judged_by_probabilities(
            problem, run, (bits, probabilities), np.random.default_rng(1), Clock(None, None, 1), None
        )

    return _needs.measured_choices(1 << size, size), call


def annealed(size=1000, chains=2000):
    problem = QuadraticProblem(
        BinaryQuadratic(RNG.normal(size=(size, size))), Constraints([f"x{k}" for k in range(size)], cardinality=(3, 9))
    )
    starts = problem.constraints.draw(chains, 1)

    def call():
        found = _Chains(problem, starts, np.random.default_rng(1))
        first = np.arange(chains) % size
        found._try(first, found._partners(first), np.ones(chains, dtype=bool), 1.0)
        return found

    return _needs.annealing(chains, size, 1), call


def cooled(size=14):
    space = _space(free(size))

    def call():
        path = _Path(space)
        path._advance(0.3)
        return path

    return _needs.imaginary_time(1 << size, space.num_rotations), call


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("case", [listed, reflected, in_circuit, measured, annealed, cooled])
def test_work_is_counted_as_it_is(case, monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 50)
    needed, call = case()
    call()  # compiles kernels
    peak = measured_peak(call)
    assert peak <= needed + ROOM
    assert needed <= 1.6 * peak + ROOM
