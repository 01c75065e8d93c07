"""How much a text may unroll to."""

from __future__ import annotations

from typing import TypeAlias

from qtoolkit.errors import ConversionError

__all__ = ["MAX_DEPTH", "Budget", "Place", "ReadingError"]

MAX_DEPTH = 64
"""How deep brackets and blocks nest; well below what Python's own stack takes."""


Place: TypeAlias = tuple[int, int]
"""A token: the offset at which its segment of the text starts, and its number in it."""


class ReadingError(ConversionError):
    """What is wrong with a text and at which token; outer statements let it pass.

    Args:
        message: rule, value and remedy.
        place: the token, None for the statement that is run.
    """

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


class Budget:
    """Counts everything that takes time or memory: operations, rounds of loops, calls of definitions, bits.

    Args:
        limit: how many there may be.

    Attributes:
        left: how many more; below 0 where it was too many.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.left = limit

    def spend(self, amount: int = 1) -> None:
        """Count `amount` more.

        Raises:
            ReadingError: if that is more than the limit.
        """
        self.left -= amount
        if self.left < 0:
            raise ReadingError(
                f"the text unrolls to more than {self._limit} operations (rounds of loops, calls of definitions and "
                "bits count as well); shorten it or raise max_operations"
            )
