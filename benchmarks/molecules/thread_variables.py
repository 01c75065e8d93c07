"""What libraries read about threads when they are loaded."""

from __future__ import annotations

__all__ = ["thread_variables"]


def thread_variables(threads: int) -> dict[str, str]:
    """For as many threads; OpenBLAS, whose threads wait busily and would be called from others, has one."""
    own = dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads))
    return own | {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
