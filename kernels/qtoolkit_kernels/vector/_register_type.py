"""Vector registers as values of compiled code; imported when a kernel that holds one is compiled."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

__all__ = ["RegisterType"]


class RegisterType(types.Type):  # type: ignore[misc]
    """The numba type of a register with elements of some precision."""

    def __init__(self, element: Any, lanes: int) -> None:
        self.element = element
        self.lanes = lanes
        super().__init__(name=f"Register({element}, {lanes})")


@register_model(RegisterType)
class _RegisterModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, register: RegisterType) -> None:
        element = ir.DoubleType() if register.element == types.float64 else ir.FloatType()
        super().__init__(manager, register, ir.VectorType(element, register.lanes))
