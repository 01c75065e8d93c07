"""Machine code to a Python function, with LLVM's linker and no compiler.

The code holds one function in CPython's fastest calling convention, `(self, arguments, count) -> result`, that takes
the arguments apart itself, and a table of the addresses it needs: functions of Python's stable C interface, types to
compare with. The code also says what belongs into the table, which is filled here, so that it refers to nothing outside
itself but the C library.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding

from qtoolkit_kernels._arguments import member_at

__all__ = ["DECLINED", "ENTRY", "NAMES", "TABLE", "load"]

ENTRY, TABLE, NAMES = "qtoolkit_entry", "qtoolkit_table", "qtoolkit_names"
"""Names of the function, the table and the list of what belongs into it, in the code.

The list is a string, with a line for each place of the table: a name of Python's C interface, `object:` with a key of
`_OBJECTS`, `dtype:` with a name, `argument:` with the place of a marker, or `class:` with that of a named tuple.
"""


class _Declined:
    """The type of `DECLINED`."""

    def __repr__(self) -> str:
        return "DECLINED"


DECLINED = _Declined()
"""What a kernel returns if it was compiled for arguments of other kinds."""


_OBJECTS: dict[str, Any] = {
    "ndarray": np.ndarray,
    "int": int,
    "float": float,
    "complex": complex,
    "np.int64": np.int64,
    "np.float32": np.float32,
    "np.float64": np.float64,
    "np.complex128": np.complex128,
    "None": None,
    "True": True,
    "False": False,
    "np.True": np.True_,
    "np.False": np.False_,
    "RuntimeError": RuntimeError,
}


class _MethodDef(ctypes.Structure):
    """`PyMethodDef` of Python's C interface."""

    _fields_ = (
        ("ml_name", ctypes.c_char_p),
        ("ml_meth", ctypes.c_void_p),
        ("ml_flags", ctypes.c_int),
        ("ml_doc", ctypes.c_char_p),
    )


_METH_FASTCALL = 0x80

_new_function = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.py_object)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)

_numbers = itertools.count()

_kept: list[Any] = [_OBJECTS]
"""What C code points to: definitions of functions, objects in tables, the linker that owns the code.

The interpreter clears modules before it ends, and objects in cycles, threads and finalizers use functions after that.
So nothing in here is ever freed: a reference that nobody holds is never dropped.
"""
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_kept))


@functools.cache
def _linker() -> binding.LLJIT:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    # The older linker takes memory for code and for constants wherever it finds some, but an instruction of ARM's
    # reaches 4 GiB. The newer one puts a kernel in one place; for Windows it is not complete.
    linker = binding.create_lljit_compiler(use_jit_link=sys.platform != "win32")
    _kept.append(linker)
    return linker


def load(code: bytes, function: Callable[..., Any], values: tuple[Any, ...]) -> Callable[..., Any]:
    """The compiled function; it stays in memory until the process ends.

    Args:
        code: an object file, made for this processor and Python.
        function: what it was compiled from.
        values: arguments like those it was compiled for; those that are markers become its own.

    Raises:
        RuntimeError: if the code needs a function that this process does not have.
    """
    builder = binding.JITLibraryBuilder().add_object_img(code).add_current_process()
    for symbol in (ENTRY, TABLE, NAMES):
        builder.export_symbol(symbol)
    library = builder.link(_linker(), f"kernel {next(_numbers)}")
    names = ctypes.string_at(library[NAMES]).decode().splitlines()
    table = (ctypes.c_void_p * len(names)).from_address(library[TABLE])
    for k, name in enumerate(names):
        table[k] = _address(name, values)
    library.detach()
    method = _MethodDef(function.__name__.encode(), library[ENTRY], _METH_FASTCALL, None)
    _kept.append(method)
    compiled: Callable[..., Any] = _new_function(method, DECLINED, function.__module__)
    return compiled


def _address(name: str, values: tuple[Any, ...]) -> int | None:
    kind, colon, key = name.partition(":")
    if not colon:
        return ctypes.cast(ctypes.pythonapi[name], ctypes.c_void_p).value
    match kind:
        case "object":
            pointee = _OBJECTS[key]
        case "dtype":
            pointee = np.dtype(key)
        case "class":
            pointee = type(member_at(values, key))
        case _:
            pointee = member_at(values, key)
    _kept.append(pointee)
    return id(pointee)
