"""numba's front end, less what kernels never need; together with `_compile` all that works with numba's insides.

Most of the time that a kernel takes to compile goes by in Python. A third of it is saved here: passes over a function
that look for closures, comprehensions, context managers and array expressions, of which kernels have none; the search
among dozens of candidates for what an operator does to some types, done anew at each place; and a product of complex
numbers that is a function to be compiled.
"""

from __future__ import annotations

import copy
import functools
import operator
from typing import Any

from llvmlite import ir
from numba.core import compiler, types
from numba.core.registry import CPUTarget, cpu_target

__all__ = ["ShortPipeline", "Target"]

_NEEDLESS = frozenset({
    "WithLifting", "InlineClosureLikes", "MakeFunctionToJitFunction", "InlineInlinables", "FindLiterallyCalls",
    "LiteralUnroll", "LiteralPropagationSubPipelinePass", "InlineOverloads", "NopythonRewrites", "AnnotateTypes",
    "NoPythonSupportedFeatureValidation", "DumpParforDiagnostics",
})  # fmt: skip
"""Names of passes, in several versions of numba."""

_TIMES = (operator.mul, operator.imul)


class ShortPipeline(compiler.CompilerBase):  # type: ignore[misc]
    """numba's passes without the needless ones."""

    def define_pipelines(self) -> list[Any]:
        """The passes, as numba asks for them."""
        usual = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        short = compiler.PassManager("kernel")
        short.passes = [each for each in usual.passes if each[0].__name__ not in _NEEDLESS]
        short.finalize()
        return [short]


class _Typing(type(cpu_target.typing_context)):  # type: ignore[misc]
    """numba's typing rules; what an operator or a function of numba's makes of some types is found once."""

    known: dict[tuple[Any, ...], Any]

    def _resolve_user_function_type(self, func: Any, args: Any, kws: Any, literals: Any = None) -> Any:
        found = self._lookup_global(func) or func
        if type(found) is not types.Function or kws:
            return super()._resolve_user_function_type(func, args, kws, literals)
        signature = self.known.get((found, args))
        if signature is None:
            signature = self.known[found, args] = found.get_call_type(self, args, kws)
        return signature


class _Lowering(type(cpu_target.target_context)):  # type: ignore[misc]
    """numba's ways to write instructions, but for products of complex numbers."""

    def get_function(self, fn: Any, sig: Any, _firstcall: bool = True) -> Any:
        """What writes the instructions of a function."""
        if isinstance(fn, types.Function) and fn.typing_key in _TIMES and len(sig.args) == 2:
            kind = sig.return_type
            if isinstance(kind, types.Complex) and tuple(sig.args) == (kind, kind):
                return functools.partial(_write_product, self, kind)
        return super().get_function(fn, sig, _firstcall)


class Target(CPUTarget):  # type: ignore[misc]
    """numba's target with these rules.

    Args:
        settings: of the target context that are other than numba's.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__("cpu")
        self._settings = settings

    @functools.cached_property
    def typing_context(self) -> Any:
        """The typing rules."""
        context = copy.copy(cpu_target.typing_context)
        context.__class__, context.known = _Typing, {}
        return context

    @functools.cached_property
    def target_context(self) -> Any:
        """The ways to write instructions."""
        context = cpu_target.target_context
        context.refresh()
        context = context.subtarget(**self._settings)
        context.__class__ = _Lowering
        return context


def _product(module: ir.Module, real: ir.Type) -> ir.Function:
    """The product of real and imaginary parts, apart from kernels, whose liberties it does not take.

    Each module that needs it has it, so that numba can link any of them into modules of its own.
    """
    name = f"qtoolkit_product_{real}"
    found = module.globals.get(name)
    if found is not None:
        return found
    kind = ir.FunctionType(ir.LiteralStructType([real, real]), [real] * 4)
    function = ir.Function(module, kind, name)
    function.linkage = "linkonce_odr"
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block())
    a, b, c, d = function.args
    parts = (
        builder.fsub(builder.fmul(a, c), builder.fmul(b, d)),
        builder.fadd(builder.fmul(a, d), builder.fmul(b, c)),
    )
    pair = ir.Constant(kind.return_type, ir.Undefined)
    for place, part in enumerate(parts):
        pair = builder.insert_value(pair, part, place)
    builder.ret(pair)
    return function


def _write_product(context: Any, kind: Any, builder: ir.IRBuilder, arguments: Any, loc: object = None) -> ir.Value:
    left, right = (context.make_complex(builder, kind, value) for value in arguments)
    function = _product(builder.module, left.real.type)
    pair = builder.call(function, [left.real, left.imag, right.real, right.imag])
    product = context.make_complex(builder, kind)
    product.real, product.imag = builder.extract_value(pair, 0), builder.extract_value(pair, 1)
    return product._getvalue()
