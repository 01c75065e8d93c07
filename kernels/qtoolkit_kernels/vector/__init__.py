"""Sweeps of many gates over one pass through memory, with explicit vector registers.

`sweep` takes one block of a state after the other through the operations of `block`, whose numbers `trigonometry` and
`numbers` compute from parameter values. `adjoint` takes two states back through the same operations, `batch` runs many
parameter values at once, `small` circuits whose state is a few registers, and `pauli` sums of Pauli strings. `lanes`
and the modules named after tiles emit the vector code of all of them.
"""
