"""`QDrift`: evolution by rotations about strings that are drawn at random, by their weights."""

from __future__ import annotations

import numpy as np

from qtoolkit._arguments import check_flag, check_integer, seeded
from qtoolkit.algorithms.dynamics.bounds import check_error, check_time, taylor_remainder
from qtoolkit.algorithms.dynamics.ordering import check_hamiltonian, fragments_of
from qtoolkit.algorithms.dynamics.rotations import RotationWriter
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["QDrift", "qdrift_circuit"]

_MOST_SAMPLES = 10_000_000
_MOST_COUNTED = 1 << 62


class QDrift:
    """qDRIFT: N rotations ``exp(−i sign(c) λ t P / N)``, each string P drawn with probability ``|c| / λ``.

    λ is the sum of the ``|c|``. The number of rotations does not depend on the number of terms. The mean over random
    circuits is close to the evolution, not each circuit by itself.

    Source: Campbell, Phys. Rev. Lett. 123, 070503 (2019).

    Args:
        hamiltonian: Hermitian.

    Raises:
        OperatorError: if it is no Hermitian sum.
    """

    def __init__(self, hamiltonian: PauliSum) -> None:
        self._hamiltonian = check_hamiltonian(hamiltonian)
        self._terms = fragments_of(hamiltonian, "given")

    @property
    def hamiltonian(self) -> PauliSum:
        """As given."""
        return self._hamiltonian

    @property
    def num_qubits(self) -> int:
        """Number of qubits of the Hamiltonian."""
        return self._hamiltonian.num_qubits

    @property
    def one_norm(self) -> float:
        """λ, the sum of the magnitudes of all coefficients but the identity's."""
        return self._terms.one_norm

    def circuit(
        self, time: float, num_samples: int, seed: int | np.random.Generator | None = None, *, controlled: bool = False
    ) -> Circuit:
        """One random circuit; rotations about the same string that follow each other are one.

        Args:
            time: t of ``e^{−iHt}``.
            num_samples: N.
            seed: makes the circuit reproducible.
            controlled: whether a further qubit, the last, switches it on.

        Raises:
            InputError: if an argument does not fit.
        """
        time = check_time(time)
        count = check_integer(num_samples, "num_samples", 1, _MOST_SAMPLES)
        switch = check_flag(controlled, "controlled")
        _, rng = seeded(seed)
        terms = self._terms
        writer = RotationWriter(terms.x_masks, terms.z_masks, self.num_qubits, switch)
        turns: list[tuple[int, float]] = []
        if len(terms.weights):
            chances = np.abs(terms.weights) / terms.one_norm
            drawn = rng.choice(len(chances), count, p=chances)
            angles = 2.0 * np.sign(terms.weights) * terms.one_norm * time / count
            starts = np.flatnonzero(np.concatenate(([True], drawn[1:] != drawn[:-1])))
            lengths = np.diff(np.concatenate((starts, [count])))
            turns = [
                (k, times * float(angles[k])) for k, times in zip(drawn[starts].tolist(), lengths.tolist(), strict=True)
            ]
        circuit = writer.circuit(turns)
        circuit.name = f"qDRIFT × {count}"
        return writer.phase(circuit, -terms.constant * time)

    def error_bound(self, time: float, num_samples: int) -> float:
        """A bound of the diamond distance ``‖E − U‖⋄``, at most 2, between the mean channel and the exact one.

        With ``x = 2λ|t|/N`` it is ``2N (e^x − 1 − x)``, about ``4λ²t²/N``: the remainder of both exponential series
        beyond first order, which agree there. Campbell's figure is half of it, for half the diamond distance.

        Raises:
            InputError: if an argument does not fit.
        """
        count = check_integer(num_samples, "num_samples", 1, _MOST_COUNTED)
        return min(2.0, 2.0 * count * taylor_remainder(1, 2.0 * self.one_norm * abs(check_time(time)) / count))

    def samples_for(self, time: float, error: float) -> int:
        """The fewest rotations for which the bound is at most `error`.

        Raises:
            InputError: if an argument does not fit, or more than 2^62 rotations are needed.
        """
        time, error = check_time(time), check_error(error)
        high = 1
        while self.error_bound(time, high) > error:
            high *= 2
            if high > _MOST_COUNTED:
                raise InputError(f"an error of {error:g} takes more than 2^62 rotations; allow more")
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.error_bound(time, middle) <= error else (middle, high)
        return high

    def __repr__(self) -> str:
        return f"<QDrift of {len(self._terms.weights)} terms on {self.num_qubits} qubits, λ = {self.one_norm:g}>"


def qdrift_circuit(
    hamiltonian: PauliSum,
    time: float,
    num_samples: int,
    seed: int | np.random.Generator | None = None,
    *,
    controlled: bool = False,
) -> Circuit:
    """One random circuit of qDRIFT, see `QDrift`.

    Args:
        hamiltonian: Hermitian.
        time: t of ``e^{−iHt}``.
        num_samples: number of rotations drawn.
        seed: makes the circuit reproducible.
        controlled: whether a further qubit, the last, switches it on.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: if another argument does not fit.
    """
    return QDrift(hamiltonian).circuit(time, num_samples, seed, controlled=controlled)
