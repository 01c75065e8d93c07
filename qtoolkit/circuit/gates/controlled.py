"""Records of the controlled gates, derived from the gates they control."""

from __future__ import annotations

import math
from collections.abc import Callable

from qtoolkit.circuit.gates.one_qubit import ONE_QUBIT_GATES
from qtoolkit.circuit.gates.record import GateRecord, Matrix, Step, controlled_generator, controlled_matrix
from qtoolkit.circuit.gates.two_qubit import TWO_QUBIT_GATES

__all__ = ["CONTROLLED_GATES"]

PI = math.pi
_BASES = {record.name: record for record in (*ONE_QUBIT_GATES, *TWO_QUBIT_GATES)}
_CX: Step = ("cx", (), (0, 1))
_H1: Step = ("h", (), (1,))


def _controlled(
    name: str,
    base_name: str,
    decomposition: Callable[..., tuple[Step, ...]] | None,
    *,
    num_controls: int = 1,
    inverse: str | None = None,
    qasm2: str | None = None,
    qasm3: str | None = None,
) -> GateRecord:
    base = _BASES[base_name]

    def generators(*params: float) -> tuple[Matrix, ...]:
        return tuple(controlled_generator(generator, num_controls) for generator in base.generators(*params))

    return GateRecord(
        name,
        base.num_qubits + num_controls,
        base.parameter_names,
        lambda *params: controlled_matrix(base.matrix(*params), num_controls),
        lambda *params: (inverse or name, base.inverse(*params)[1]),
        decomposition=decomposition,
        generators=generators,
        is_diagonal=base.is_diagonal,
        base=base_name,
        num_controls=num_controls,
        qasm2=qasm2,
        qasm3=qasm3,
        symbol=base.symbol,
    )


_CCX: tuple[Step, ...] = (
    ("h", (), (2,)), ("cx", (), (1, 2)), ("tdg", (), (2,)), ("cx", (), (0, 2)), ("t", (), (2,)),
    ("cx", (), (1, 2)), ("tdg", (), (2,)), ("cx", (), (0, 2)), ("t", (), (1,)), ("t", (), (2,)),
    ("h", (), (2,)), ("cx", (), (0, 1)), ("t", (), (0,)), ("tdg", (), (1,)), ("cx", (), (0, 1)),
)  # fmt: skip

CONTROLLED_GATES = (
    _controlled("cx", "x", None, qasm2="cx", qasm3="cx"),
    _controlled("cy", "y", lambda: (("sdg", (), (1,)), _CX, ("s", (), (1,))), qasm2="cy", qasm3="cy"),
    _controlled("cz", "z", lambda: (_H1, _CX, _H1), qasm2="cz", qasm3="cz"),
    _controlled(
        "ch",
        "h",
        lambda: (("ry", (-PI / 4,), (1,)), ("cz", (), (0, 1)), ("ry", (PI / 4,), (1,))),
        qasm2="ch",
        qasm3="ch",
    ),
    _controlled("cs", "s", lambda: (("cp", (PI / 2,), (0, 1)),), inverse="csdg"),
    _controlled("csdg", "sdg", lambda: (("cp", (-PI / 2,), (0, 1)),), inverse="cs"),
    _controlled("csx", "sx", lambda: (_H1, ("cp", (PI / 2,), (0, 1)), _H1), inverse="csxdg", qasm2="csx"),
    _controlled("csxdg", "sxdg", lambda: (_H1, ("cp", (-PI / 2,), (0, 1)), _H1), inverse="csx"),
    _controlled(
        "cp",
        "p",
        lambda lam: (("p", (0.5 * lam,), (0,)), _CX, ("p", (-0.5 * lam,), (1,)), _CX, ("p", (0.5 * lam,), (1,))),
        qasm2="cp",
        qasm3="cp",
    ),
    _controlled("crx", "rx", lambda theta: (_H1, ("crz", (theta,), (0, 1)), _H1), qasm2="crx", qasm3="crx"),
    _controlled(
        "cry",
        "ry",
        lambda theta: (("ry", (0.5 * theta,), (1,)), _CX, ("ry", (-0.5 * theta,), (1,)), _CX),
        qasm2="cry",
        qasm3="cry",
    ),
    _controlled(
        "crz",
        "rz",
        lambda theta: (("rz", (0.5 * theta,), (1,)), _CX, ("rz", (-0.5 * theta,), (1,)), _CX),
        qasm2="crz",
        qasm3="crz",
    ),
    _controlled("ccx", "x", lambda: _CCX, num_controls=2, qasm2="ccx", qasm3="ccx"),
    _controlled("ccz", "z", lambda: (("h", (), (2,)), ("ccx", (), (0, 1, 2)), ("h", (), (2,))), num_controls=2),
    _controlled(
        "cswap",
        "swap",
        lambda: (("cx", (), (2, 1)), ("ccx", (), (0, 1, 2)), ("cx", (), (2, 1))),
        qasm2="cswap",
        qasm3="cswap",
    ),
)
