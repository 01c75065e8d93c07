"""Which method runs a circuit: what it holds, the pieces that it falls into, what each method would cost."""

from qtoolkit.simulators.automatic.report import MethodReport
from qtoolkit.simulators.automatic.simulator import AutomaticSimulator

__all__ = ["AutomaticSimulator", "MethodReport"]
