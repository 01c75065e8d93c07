"""Arrays behind which no program may read: what goes beyond them ends the process."""

import ctypes
import mmap
import os

import numpy as np

from qtoolkit.simulators.memory import REGISTER_BYTES

NO_ACCESS = 0


def guarded_empty(size, dtype):
    """A stand-in for `aligned_empty`: NaN everywhere, and at its end, but for its alignment, a page without access."""
    nbytes = size * np.dtype(dtype).itemsize
    room = nbytes + -nbytes % REGISTER_BYTES
    end = room + -room % mmap.PAGESIZE
    memory = mmap.mmap(-1, end + mmap.PAGESIZE)
    raw = np.frombuffer(memory, np.uint8)
    if _C_LIBRARY.mprotect(raw.ctypes.data + end, mmap.PAGESIZE, NO_ACCESS):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    array = raw[end - room : end - room + nbytes]
    array[:] = 0xFF
    return array.view(dtype)


_C_LIBRARY = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
if _C_LIBRARY is not None:
    _C_LIBRARY.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
