"""Circuits in the gates that a provider takes: what is done here, whatever the provider's own compiler does after.

Three modules, each a way that several providers share:

- `basis`: gate by gate, by decompositions, where the provider places circuits itself;
- `transpiler`: Qiskit's transpiler, the same circuit the same way each time;
- `device`: in a device's gates and on its couplings, measured once at the end, for dialects without more.

Cirq and TKET compile for Google and Quantinuum, whose folders hold that.
"""
