"""What numba knows about the marker `Lanes`; imported when a kernel that takes one is compiled."""

from typing import Any

from numba import types
from numba.extending import NativeValue, models, register_model, unbox

__all__ = ["LanesType"]


class LanesType(types.Opaque):  # type: ignore[misc]
    """The numba type of `Lanes`, one for each width."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        super().__init__(name=f"Lanes({nbytes})")


register_model(LanesType)(models.OpaqueModel)


@unbox(LanesType)  # type: ignore[untyped-decorator]
def _unbox_lanes(_typ: Any, _value: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())
