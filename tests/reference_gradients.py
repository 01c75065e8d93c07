"""The adjoint method gate by gate, with matrices of NumPy."""

import numpy as np

from qtoolkit.circuit import ParameterExpression


def reference_gradient(circuit, observable, values):
    """Value and gradient gate by gate; the observable is a matrix."""
    place = {parameter.name: k for k, parameter in enumerate(circuit.parameters)}
    bound = circuit.bind(dict(zip(circuit.parameters, values, strict=True)))
    ket = np.zeros(1 << circuit.num_qubits, complex)
    ket[0] = 1
    for operation in bound.operations:
        ket = on_qubits(operation.gate.matrix(), operation.qubits, ket)
    bra = observable @ ket
    value = np.vdot(ket, bra).real
    gradient = np.zeros(len(values))
    for free, operation in zip(reversed(circuit.operations), reversed(bound.operations), strict=True):
        for angle, generator in zip(free.gate.params, operation.gate.generators(), strict=True):
            if isinstance(angle, ParameterExpression):
                slope = 2 * np.vdot(bra, on_qubits(generator, operation.qubits, ket)).imag
                for name, coefficient in angle.terms.items():
                    gradient[place[name]] += coefficient * slope
        inverse = operation.gate.matrix().conj().T
        ket, bra = (on_qubits(inverse, operation.qubits, state) for state in (ket, bra))
    return value, gradient


def on_qubits(matrix, qubits, state):
    """A gate's matrix applied to some qubits of a state."""
    n, k = state.size.bit_length() - 1, len(qubits)
    axes = [n - 1 - q for q in reversed(qubits)]
    columns = np.moveaxis(state.reshape((2,) * n), axes, range(k))
    product = np.tensordot(matrix.reshape((2,) * (2 * k)), columns, axes=k)
    return np.moveaxis(product, range(k), axes).reshape(-1)
