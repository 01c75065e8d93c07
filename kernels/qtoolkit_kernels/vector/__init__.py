"""Sweeps of many gates over one pass through memory, with explicit vector registers.

`operations` packs gates for the vector width at hand, `sweep` runs them; `lanes` and `tiles` emit the vector code.
The planner that turns circuits into sweeps comes next; until then the simulator runs gate by gate.
"""
