"""What simulators make of a plan once, and find again with one look, by keys that know what they stand for."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

__all__ = ["Kept", "Key"]

T = TypeVar("T")


class Key(Generic[T]):
    """Under which a `Kept` holds something of one type; no other key is equal to it.

    It is a global beside that type, ``SWEEPS: Key[tuple[Part, ...]] = Key(__name__, "SWEEPS")``, and compared by
    identity, which is the fastest that a dictionary can do.

    Args:
        module, name: of the global.

    Attributes:
        family: the global, of a key that `at` returned; else the key itself.
    """

    def __init__(self, module: str, name: str) -> None:
        self.__module__ = module
        self.family = self
        self._name = name
        self._details: tuple[Hashable, ...] = ()
        self._cases: dict[tuple[Hashable, ...], Key[T]] = {}

    def at(self, *details: Hashable) -> Key[T]:
        """A key for one case among several, the same object for equal details; all of them are kept for good."""
        found = self._cases.get(details)
        if found is None:
            case: Key[T] = Key(self.__module__, self._name)
            case.family, case._details = self, details
            found = self._cases.setdefault(details, case)  # between threads, the first counts
        return found

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self._name if self.family is self else (Key.at, (self.family, *self._details))

    def __repr__(self) -> str:
        return f"<key {self.__module__}.{self._name}{list(self._details) if self._details else ''}>"


if TYPE_CHECKING:

    class Kept:
        """What is kept with a plan or a part of one, each thing of the type of its key; not pickled."""

        def get(self, key: Key[T], /) -> T | None:
            """What is kept under a key, or None."""

        def clear(self) -> None:
            """Keep nothing more."""

        def __contains__(self, key: Key[Any], /) -> bool: ...

        def __getitem__(self, key: Key[T], /) -> T: ...

        def __setitem__(self, key: Key[T], value: T, /) -> None: ...

else:
    Kept = dict  # whose methods the interpreter calls in half the time that those of a subclass take
