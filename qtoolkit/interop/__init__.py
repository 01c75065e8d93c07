"""Other toolkits and text formats: circuits and operators to and from them, both directions.

One module each, imported only on first use: `qiskit`, `cirq`, `openqasm` and `stim` for circuits, `operators`,
`openfermion` and `qiskit_nature` for operators, `lp` and `quadratic` for programs.
"""

__all__: list[str] = []
