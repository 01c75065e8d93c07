"""What the operations of sweeps do to a state, in plain NumPy, by index bits."""

import numpy as np

__all__ = ["dense", "exchange", "phase", "phases", "rotate", "swap"]


def _bits(state, bit):
    return np.arange(state.size) >> bit & 1


def rotate(state, bit, angle):
    """Return the state rotated by ``[[cos, -sin], [sin, cos]]`` on one bit."""
    partner = state[np.arange(state.size) ^ 1 << bit]
    return np.cos(angle) * state + np.where(_bits(state, bit), 1, -1) * np.sin(angle) * partner


def dense(state, matrix, low, high):
    """Return the state after a 4x4 matrix; `low` is the low bit of its index."""
    index = np.arange(state.size)
    row = _bits(state, low) | _bits(state, high) << 1
    result = np.zeros_like(state)
    for column in range(4):
        source = index & ~(1 << low | 1 << high) | (column & 1) << low | (column >> 1) << high
        result += np.asarray(matrix)[row, column] * state[source]
    return result


def exchange(state, target, controls=()):
    """Return the state after X on `target` where all `controls` are set."""
    index = np.arange(state.size)
    on = np.all([_bits(state, c) == 1 for c in controls], axis=0) if controls else np.ones(state.size, bool)
    return np.where(on, state[index ^ 1 << target], state)


def swap(state, first, second):
    """Return the state with two bits exchanged."""
    differ = _bits(state, first) ^ _bits(state, second)
    return state[np.arange(state.size) ^ (differ << first | differ << second)]


def phase(state, factor, controls):
    """Return the state with the amplitudes multiplied whose `controls` are all set."""
    on = np.all([_bits(state, c) == 1 for c in controls], axis=0)
    return np.where(on, factor * state, state)


def phases(state, constant, linear, pairs, control):
    """Return the state times ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``, where `control` (-1 for none) is set."""
    factor = np.full(state.size, constant, np.complex128)
    for i in range(len(linear)):
        factor *= np.where(_bits(state, i), linear[i], 1)
        for j in range(i):
            factor *= np.where(_bits(state, i) & _bits(state, j), pairs[i, j], 1)
    return state * (factor if control < 0 else np.where(_bits(state, control), factor, 1))
