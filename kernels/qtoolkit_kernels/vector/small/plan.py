"""A small circuit as kernels take it, and working memory."""

from typing import NamedTuple

from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.trigonometry import Slots

__all__ = ["Program", "Room"]


class Program(NamedTuple):
    """A circuit.

    Attributes:
        lanes: marker of the vector width.
        num_qubits: of the circuit.
        operations: int64[:, 16], see `block`.
        factors, quaternions: int64[:, 3] and float64[:, 4], see `block`.
        patterns: registers of signs, aligned.
        slots: the angles, whole registers of them.
    """

    lanes: Lanes
    num_qubits: int
    operations: Integers
    factors: Integers
    quaternions: Floats
    patterns: Reals
    slots: Slots


class Room(NamedTuple):
    """Working memory of a call; of several threads, that of each.

    Attributes:
        data: a state as tiles, or two, aligned.
        turns: float64[4, :], rows aligned; receives the cosines and sines of the angles, behind which constants stand.
        products: float64[:, 4], receives the quaternion of each product.
    """

    data: Reals
    turns: Floats
    products: Floats
