"""Which way the runs of a circuit go, the first and later ones, and why; nothing is run."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit
from qtoolkit.compiler import ExecutionPlan, PlanReport, compile_circuit, plans
from qtoolkit.compiler.plan_report import WIDTH, duration
from qtoolkit.errors import InputError
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.planning import way_of
from qtoolkit.simulators.ways import THRESHOLDS, Threshold, Way

__all__ = ["RunReport", "explain_runs", "value_of"]

INDENT = 16


@dataclass(frozen=True)
class RunReport:
    """Which way the runs of a circuit go; `str` makes a text of it, and the plan's table.

    Attributes:
        way: how circuits of this kind run, and why.
        unplanned_runs: how many runs go without a plan before one is made; 0 where it is made at once, infinity where
            none is made.
        num_runs: how many have gone without a plan.
        is_planned: whether there is a plan, which a run that may use one finds.
        plan: what runs with the plan do.
    """

    way: Way
    unplanned_runs: float
    num_runs: int
    is_planned: bool
    plan: PlanReport

    def __str__(self) -> str:
        straight, planned = "without a plan, straight from the circuit", "with the plan below"
        if self.unplanned_runs == 0:
            rows = [("all runs", planned)]
        elif self.unplanned_runs == math.inf:
            rows = [("all runs", straight), ("the plan below", "only if `compile` is asked for it")]
        else:
            rows = [
                ("the first run" if self.unplanned_runs == 1 else f"first {self.unplanned_runs:,.0f} runs", straight),
                ("later runs", f"{planned}, made then and kept"),
                ("so far", f"{self.num_runs:,} without a plan; {'it is made' if self.is_planned else 'none is made'}"),
            ]
        rows += [("kind", self.way.circuits), ("rule", self.way.happens), ("why", self.way.reason)]
        for known in THRESHOLDS:
            if known.name in self.way.thresholds:
                rows.append(("", f"{known.name} = {value_of(known)}: {known.reason}"))
        lines: list[str] = []
        for name, text in rows:
            lines += textwrap.wrap(text, WIDTH, initial_indent=f"{name:<{INDENT}}", subsequent_indent=" " * INDENT)
        return "\n".join([*lines, "", str(self.plan)])


def value_of(threshold: Threshold) -> str:
    """A threshold's value with its unit."""
    if threshold.unit == "seconds":
        return duration(threshold.value)
    value = int(threshold.value)
    power = value.bit_length() - 1
    return f"{f'2^{power}' if power > 9 and value == 1 << power else value} {threshold.unit}"


def explain_runs(engine: Engine, circuit: Circuit | ExecutionPlan, passes: bool) -> RunReport:
    """See `StatevectorSimulator.explain`. A plan that is made for this is not kept, since runs would find it."""
    if isinstance(circuit, ExecutionPlan):
        known, plan = None, circuit
    elif not isinstance(circuit, Circuit):
        raise InputError(f"a simulator takes a Circuit or what compile made of one, got {shown(circuit)}")
    else:
        known = plans.of(circuit)
        plan = known.plan or compile_circuit(circuit)
    way, unplanned_runs = way_of(engine, circuit, plan)
    return RunReport(
        way=way,
        unplanned_runs=unplanned_runs,
        num_runs=0 if known is None else known.runs,
        is_planned=known is None or known.plan is not None,
        plan=plan.explain(engine.precision, engine.num_threads, passes),
    )
