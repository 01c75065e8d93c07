"""Kernels to machine code, with `_frontend` the only modules that work with numba's insides.

numba compiles every function that a kernel calls by itself, optimises it and generates code for it, then links it
into its caller and starts over. Here what is called stays unoptimised until all of it stands in one module, which
takes less than half the time. Around the kernel goes a function that takes Python's arguments apart (`_Entry`).

numba allocates arrays with help of a runtime of its own, which would have to be imported: what kernels need of it is
written out here (`_runtime`), so that they may use `numpy.empty`. What calls any other part of it, or holds an
address of this process, is left to numba.
"""

from __future__ import annotations

import functools
import logging
import sys
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, codegen, dispatcher, errors, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime import nrtdynmod
from numba.core.types.misc import unliteral
from numba.np import arrayobj

from qtoolkit_kernels._arguments import TUPLE, members
from qtoolkit_kernels._frontend import ShortPipeline, Target
from qtoolkit_kernels._load import ENTRY, NAMES, TABLE

if TYPE_CHECKING:
    from qtoolkit_kernels._jit import Kernel

__all__ = ["callee", "machine_code"]

_LOGGER = logging.getLogger("qtoolkit.kernels")

I8, I32, I64, F64 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
POINTER = I8.as_pointer()


_apart: set[str] = set()
"""Names of compiled functions that are not to be inlined."""


class _Library(codegen.AOTCodeLibrary):  # type: ignore[misc]
    """LLVM modules linked into one, optimised only if `entry` says which function is to stay visible."""

    entry: str | None = None

    def _optimize_final_module(self) -> None:
        if self.entry is None:
            return
        for function in self._final_module.functions:
            if not function.is_declaration and function.name != self.entry:
                function.linkage = "internal"
                if function.name in _apart:
                    function.add_function_attribute("noinline")
        super()._optimize_final_module()


class _Codegen(codegen.JITCPUCodegen):  # type: ignore[misc]
    """Code for this processor that is not put into numba's own memory."""

    _library_class = _Library

    def _add_module(self, module: Any) -> None:
        pass


def _finalized(library: _Library, _description: Any, _environment: Any) -> object:
    """What stands for a function in numba's tables."""
    library._ensure_finalized()
    return object()


class _Dispatcher(dispatcher.Dispatcher):
    """A function that other compiled functions can call."""

    # Less the step that makes each function callable from Python.
    is_apart = False
    targetdescr = Target(_internal_codegen=_Codegen("qtoolkit.kernels"), get_executable=_finalized)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Take what is written in a call as any other number of its type: each would be compiled for itself."""
        plain = {name: unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(unliteral, args)), plain)

    def add_overload(self, result: Any) -> None:
        self.overloads[tuple(result.signature.args)] = result
        if self.is_apart:
            _apart.add(result.fndesc.llvm_func_name)


def callee(kernel: Kernel) -> dispatcher.Dispatcher:
    """What numba is shown where another function calls a kernel."""
    options = {
        "nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": False,
        "fastmath": set(kernel.fastmath), "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
    }  # fmt: skip
    shown = _Dispatcher(kernel.py_func, targetoptions=options, pipeline_class=ShortPipeline)
    shown.is_apart = kernel.is_apart
    return shown


def machine_code(compiled: dispatcher.Dispatcher, kinds: tuple[str, ...], values: tuple[Any, ...]) -> bytes:
    """Compile a kernel to an object file that `_load` can load.

    Args:
        compiled: what `callee` made of the kernel.
        kinds: of its arguments.
        values: the arguments, of which markers are looked at.

    Raises:
        numba.core.errors.NumbaError: if numba cannot compile the kernel for these arguments, or it returns an array.
        NotImplementedError: if the code would need numba where it runs.
    """
    if sys.maxsize < 1 << 32:
        raise NotImplementedError("kernels are kept on 64-bit systems only")
    signature = tuple(_type_of(kind, value) for kind, value in zip(kinds, values, strict=True))
    compiled.compile(signature)
    result = compiled.overloads[signature]
    with global_compiler_lock:
        return _linked(result, kinds)


def _type_of(kind: str, value: Any) -> Any:
    if kind.startswith("marker:"):
        return numba.typeof(value)
    if kind.startswith(TUPLE):
        own, inner = members(kind)
        values = value or (None,) * len(inner)
        return types.containers.NamedTuple([_type_of(*item) for item in zip(inner, values, strict=True)], own)
    name, bracket, rest = kind.partition("[")
    if not bracket:
        return getattr(types, {"bool": "boolean"}.get(name, name))
    ndim, _, flags = rest.partition("]")
    dtype = numba.from_dtype(np.dtype(name))
    return types.Array(dtype, int(ndim), "A" if "s" in flags else "C", readonly="r" in flags)


def _linked(result: Any, kinds: tuple[str, ...]) -> bytes:
    """Put the entry around a compiled function and generate code for all of it."""
    codegen = result.target_context.codegen()
    library = codegen.create_library(result.fndesc.unique_name)
    library.entry = ENTRY
    module = library.create_ir_module("entry")
    _Entry(result, module, kinds)
    library.add_ir_module(module)
    library.add_ir_module(_runtime(library.create_ir_module("runtime")))
    library.add_linking_library(result.library)
    library.finalize()
    final = library._final_module
    foreign = [
        symbol.name
        for symbol in (*final.functions, *final.global_variables)
        if symbol.is_declaration and symbol.name.startswith(_NUMBA_ONLY)
    ]
    if foreign or library.has_dynamic_globals:
        raise NotImplementedError(f"it refers to this process: {', '.join(foreign) or 'addresses'}")
    code: bytes = codegen._tm.emit_object(final)
    return code


_NUMBA_ONLY = ("NRT_", "numba_", ".numba", "numba.")
"""How the names of what only numba has begin; functions of Python and the C library are found in every process."""


def _runtime(module: ir.Module) -> ir.Module:
    """The parts of numba's runtime that arrays, exceptions and `nextafter` need, in terms of the C library.

    Memory for an array starts with numba's record of it: one reference, no destructor, where the data lie.
    """
    record = nrtdynmod._meminfo_struct_type
    word = record.elements[0]
    header = 64
    malloc = ir.Function(module, ir.FunctionType(POINTER, [word]), "malloc")
    free = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER]), "free")

    def define(name: str, result: ir.Type, *arguments: ir.Type) -> tuple[ir.IRBuilder, tuple[ir.Value, ...]]:
        function = ir.Function(module, ir.FunctionType(result, arguments), name)
        return ir.IRBuilder(function.append_basic_block()), function.args

    builder, (size, align) = define("qtoolkit_allocate", POINTER, word, I32)
    allocate = builder.function
    align = builder.zext(align, word)
    room = builder.add(align, word(header))
    block = builder.call(malloc, [builder.add(size, room)])
    with builder.if_then(cgutils.is_null(builder, block), likely=False):
        builder.ret(block)
    last = builder.sub(builder.add(builder.ptrtoint(block, word), room), word(1))
    data = builder.inttoptr(builder.and_(last, builder.neg(align)), POINTER)
    place = builder.bitcast(block, record.as_pointer())
    builder.store(ir.Constant(record, [1, None, None, None, 0]), place)
    builder.store(data, cgutils.gep_inbounds(builder, place, 0, 3))
    builder.ret(block)

    # Their names in several versions of numba.
    for name in ("NRT_MemInfo_alloc_aligned", "NRT_MemInfo_alloc_safe_aligned"):
        builder, arguments = define(name, POINTER, word, I32)
        builder.ret(builder.call(allocate, arguments))
    for name in ("NRT_MemInfo_alloc", "NRT_MemInfo_alloc_safe"):
        builder, (size,) = define(name, POINTER, word)
        builder.ret(builder.call(allocate, [size, I32(16)]))
    builder, (size,) = define("NRT_Allocate", POINTER, word)
    builder.ret(builder.call(malloc, [size]))
    for name in ("NRT_MemInfo_call_dtor", "NRT_Free"):
        builder, (block,) = define(name, ir.VoidType(), POINTER)
        builder.call(free, [block])
        builder.ret_void()

    for name, number in (("nextafter", F64), ("nextafterf", ir.FloatType())):
        library = ir.Function(module, ir.FunctionType(number, [number, number]), name)
        builder, numbers = define(f"numba_{name}", number, number, number)
        builder.ret(builder.call(library, numbers))
    return module


_HEAD = object.__basicsize__
_TYPE_AT = _HEAD - 8
_DATA_AT, _NDIM_AT, _SHAPE_AT, _STRIDES_AT, _DTYPE_AT, _FLAGS_AT = (_HEAD + 8 * k for k in (0, 1, 2, 3, 5, 6))
"""Offsets into `PyObject` and `PyArrayObject_fields`, part of the binary interface that extension modules rely on."""

_ITEMS_AT = tuple.__basicsize__
"""Where a tuple's items begin, of named tuples too."""

_C_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x1, 0x100, 0x400
"""Array flags of NumPy's C interface."""

_EXACT_TYPES = {
    "int64": ("int", "np.int64"),
    "float64": ("float", "np.float64"),
    "float32": ("np.float32",),
    "complex128": ("complex", "np.complex128"),
}


class _Entry:
    """Writes the function that Python calls.

    It first compares every argument with what the kernel was compiled for, and returns its `self`, which stands for
    "declined", at the first difference. It then takes the values out, and runs the kernel without the interpreter's
    lock.

    Args:
        result: numba's record of the compiled kernel.
        module: where to write.
        kinds: of the arguments.

    Attributes:
        table: names of what the code finds in its table.
    """

    def __init__(self, result: Any, module: ir.Module, kinds: tuple[str, ...]) -> None:
        self.table: list[str] = []
        self.context = result.target_context
        self.module = module
        function = ir.Function(module, ir.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), I64]), ENTRY)
        self.builder = builder = ir.IRBuilder(function.append_basic_block())
        own, arguments, count = function.args
        self.declined = function.append_basic_block("declined")
        # Functions that any kernel may call, and the most that one argument or member of a tuple needs.
        size = 16 + 4 * sum(1 + kind.count(",") + kind.count("(") for kind in kinds)
        self.addresses = ir.GlobalVariable(module, ir.ArrayType(POINTER, size), TABLE)
        self.addresses.initializer = ir.Constant(self.addresses.value_type, None)
        signature = result.signature

        self._require(builder.icmp_signed("==", count, I64(len(kinds))))
        objects = [self._load(arguments, 8 * k, POINTER) for k in range(len(kinds))]
        for place, (kind, value) in enumerate(zip(kinds, objects, strict=True)):
            self._check(kind, value, str(place))
        values = [self._value(*item) for item in zip(kinds, signature.args, objects, strict=True)]
        state = self._call("PyEval_SaveThread", POINTER)
        callee = self.context.declare_function(module, result.fndesc)
        status, returned = self.context.call_conv.call_function(
            builder, callee, signature.return_type, signature.args, values
        )
        self._call("PyEval_RestoreThread", ir.VoidType(), state)
        with builder.if_then(status.is_error, likely=False):
            self._raise("a compiled kernel failed; the memory may not suffice")
        builder.ret(self._boxed(signature.return_type, returned))

        builder.position_at_end(self.declined)
        self._call("Py_IncRef", ir.VoidType(), own)
        builder.ret(own)

        names = bytearray("\n".join(self.table).encode() + b"\0")
        listed = ir.GlobalVariable(module, ir.ArrayType(I8, len(names)), NAMES)
        listed.initializer = ir.Constant(listed.value_type, names)
        listed.global_constant = True

    def _check(self, kind: str, value: ir.Value, place: str) -> None:
        """Go on if an argument is of the kind that the kernel was compiled for."""
        builder = self.builder
        if kind.startswith("marker:"):
            self._require(builder.icmp_unsigned("==", value, self._address(f"argument:{place}")))
        elif kind.startswith(TUPLE):
            own = self._load(value, _TYPE_AT, POINTER)
            self._require(builder.icmp_unsigned("==", own, self._address(f"class:{place}")))
            for k, inner in enumerate(members(kind)[1]):
                self._check(inner, self._load(value, _ITEMS_AT + 8 * k, POINTER), f"{place}.{k}")
        elif kind == "none":
            self._require(self._is(value, "None"))
        elif kind == "bool":
            self._require(self._is(value, "True", "False", "np.True", "np.False"))
        elif kind in _EXACT_TYPES:
            self._require(self._is(self._load(value, _TYPE_AT, POINTER), *_EXACT_TYPES[kind]))
        else:
            name, _, rest = kind.partition("[")
            ndim, _, flags = rest.partition("]")
            expected = _ALIGNED | (0 if "r" in flags else _WRITEABLE) | (0 if "s" in flags else _C_CONTIGUOUS)
            self._require(self._is(self._load(value, _TYPE_AT, POINTER), "ndarray"))
            dtype = self._load(value, _DTYPE_AT, POINTER)
            self._require(builder.icmp_unsigned("==", dtype, self._address(f"dtype:{name}")))
            self._require(builder.icmp_signed("==", self._load(value, _NDIM_AT, I32), I32(int(ndim))))
            found = builder.and_(self._load(value, _FLAGS_AT, I32), I32(_ALIGNED | _WRITEABLE | _C_CONTIGUOUS))
            self._require(builder.icmp_signed("==", found, I32(expected)))

    def _value(self, kind: str, numba_type: Any, value: ir.Value) -> ir.Value:
        """What numba passes for an argument."""
        builder = self.builder
        if kind.startswith("marker:") or kind == "none":
            return self.context.get_dummy_value()
        if kind.startswith(TUPLE):
            inner = members(kind)[1]
            objects = [self._load(value, _ITEMS_AT + 8 * k, POINTER) for k in range(len(inner))]
            items = [self._value(*item) for item in zip(inner, numba_type.types, objects, strict=True)]
            return self.context.make_tuple(builder, numba_type, items)
        if kind == "bool":
            return self._is(value, "True", "np.True")
        if kind == "int64":
            number = self._call("PyLong_AsLongLong", I64, value)
            with builder.if_then(builder.icmp_signed("==", number, I64(-1)), likely=False):
                error = self._call("PyErr_Occurred", POINTER)
                with builder.if_then(cgutils.is_not_null(builder, error), likely=False):
                    self._call("PyErr_Clear", ir.VoidType())
                    builder.branch(self.declined)
            return number
        if kind == "float64":
            return self._call("PyFloat_AsDouble", F64, value)
        if kind == "float32":
            return builder.fptrunc(self._call("PyFloat_AsDouble", F64, value), ir.FloatType())
        if kind == "complex128":
            number = self.context.make_complex(builder, numba_type)
            number.real = self._call("PyComplex_RealAsDouble", F64, value)
            number.imag = self._call("PyComplex_ImagAsDouble", F64, value)
            return number._getvalue()
        array = self.context.make_array(numba_type)(self.context, builder)
        element = self.context.get_data_type(numba_type.dtype)
        shape = self._load(value, _SHAPE_AT, POINTER)
        strides = self._load(value, _STRIDES_AT, POINTER)
        arrayobj.populate_array(
            array,
            data=self._load(value, _DATA_AT, element.as_pointer()),
            shape=[self._load(shape, 8 * k, I64) for k in range(numba_type.ndim)],
            strides=[self._load(strides, 8 * k, I64) for k in range(numba_type.ndim)],
            itemsize=I64(self.context.get_abi_sizeof(element)),
            meminfo=None,
        )
        return array._getvalue()

    def _boxed(self, numba_type: Any, value: ir.Value) -> ir.Value:
        """A Python object of what the kernel returns."""
        builder = self.builder
        if numba_type == types.none:
            none = self._address("object:None")
            self._call("Py_IncRef", ir.VoidType(), none)
            return none
        if numba_type == types.boolean:
            truth = builder.select(value, self._address("object:True"), self._address("object:False"))
            self._call("Py_IncRef", ir.VoidType(), truth)
            return truth
        if numba_type in types.signed_domain:
            wide = self.context.cast(builder, value, numba_type, types.int64)
            return self._call("PyLong_FromLongLong", POINTER, wide)
        if numba_type in types.unsigned_domain:
            wide = self.context.cast(builder, value, numba_type, types.uint64)
            return self._call("PyLong_FromUnsignedLongLong", POINTER, wide)
        if isinstance(numba_type, types.Float):
            return self._call("PyFloat_FromDouble", POINTER, self._double(value))
        if isinstance(numba_type, types.Complex):
            parts = self.context.make_complex(builder, numba_type, value)
            return self._call("PyComplex_FromDoubles", POINTER, self._double(parts.real), self._double(parts.imag))
        if isinstance(numba_type, types.BaseTuple):  # type: ignore[attr-defined]
            boxed = self._call("PyTuple_New", POINTER, I64(len(numba_type)))
            for place, item_type in enumerate(numba_type):
                item = self._boxed(item_type, builder.extract_value(value, place))
                self._call("PyTuple_SetItem", I32, boxed, I64(place), item)
            return boxed
        raise errors.TypingError(f"it returns {numba_type}")

    def _double(self, value: ir.Value) -> ir.Value:
        return self.builder.fpext(value, F64) if value.type == ir.FloatType() else value

    def _raise(self, message: str) -> None:
        text = self.context.insert_const_string(self.module, message)
        self._call("PyErr_SetString", ir.VoidType(), self._address("object:RuntimeError"), text)
        self.builder.ret(POINTER(None))

    def _require(self, condition: ir.Value) -> None:
        """Decline unless a condition holds."""
        following = self.builder.append_basic_block()
        self.builder.cbranch(condition, following, self.declined)
        self.builder.position_at_end(following)

    def _is(self, value: ir.Value, *names: str) -> ir.Value:
        """Whether a pointer is that of one of some objects."""
        builder = self.builder
        checks = [builder.icmp_unsigned("==", value, self._address(f"object:{name}")) for name in names]
        return functools.reduce(builder.or_, checks)

    def _load(self, base: ir.Value, offset: int, kind: ir.Type) -> ir.Value:
        """Read what lies some bytes after an address."""
        builder = self.builder
        place = builder.gep(builder.bitcast(base, POINTER), [I64(offset)], inbounds=True)
        return builder.load(builder.bitcast(place, kind.as_pointer()))

    def _address(self, name: str) -> ir.Value:
        """An address from the table, which is written after this code is loaded."""
        if name not in self.table:
            self.table.append(name)
        return self.builder.load(cgutils.gep_inbounds(self.builder, self.addresses, 0, self.table.index(name)))

    def _call(self, name: str, result: ir.Type, *arguments: ir.Value) -> ir.Value:
        """Call a function of Python's C interface."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(self.builder.bitcast(self._address(name), kind.as_pointer()), arguments)
