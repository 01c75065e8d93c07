"""Other toolkits and text formats: circuits and operators to and from them, both directions.

One module each, imported only on first use: `qiskit`, `cirq`, `openqasm` and `operators`.
"""

__all__: list[str] = []
