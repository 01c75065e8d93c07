"""Twin of exact decoding: the distribution as an array with one axis for each bit."""

import numpy as np

from qtoolkit_kernels._types import Bits, Floats, Integers
from qtoolkit_kernels.elimination import MIX, OPEN

__all__ = ["sum_over_errors"]


def sum_over_errors(steps: Integers, probabilities: Floats, events: Bits, out: Floats) -> None:
    """Write log P(events and observables) of each shot to `out`."""
    num_observables = int(out.shape[1]).bit_length() - 1
    for shot, seen in enumerate(events):
        rates = probabilities[shot if len(probabilities) > 1 else 0]
        joint = np.zeros((2,) * num_observables)  # the first axis is the highest bit
        joint[(0,) * num_observables] = 1.0
        logarithm = 0.0
        for kind, argument, place in steps.tolist():
            if kind == OPEN:
                joint = np.stack([joint, np.zeros_like(joint)])
            elif kind == MIX:
                axes = tuple(joint.ndim - 1 - bit for bit in range(joint.ndim) if argument >> bit & 1)
                joint = (1.0 - rates[place]) * joint + rates[place] * np.flip(joint, axes)
            else:
                joint = np.take(joint, int(seen[place]), axis=joint.ndim - 1 - argument)
                if joint.max() > 0.0:
                    logarithm += np.log(joint.max())
                    joint = joint / joint.max()
        with np.errstate(divide="ignore"):
            out[shot] = np.log(joint.ravel()) + logarithm
