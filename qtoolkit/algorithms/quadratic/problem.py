"""`QuadraticProblem`: what solvers take: a quadratic function of bits and the constraints on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from qtoolkit._arguments import check_instance
from qtoolkit.algorithms.quadratic.constraints import Constraints
from qtoolkit.errors import InputError
from qtoolkit.operators.binary_program import BinaryProgram
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["QuadraticProblem", "require_problem"]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class QuadraticProblem:
    """Minimise a quadratic function of bits under constraints.

    Attributes:
        objective: to be minimised.
        constraints: on the variables of the objective, in its order.
    """

    objective: BinaryQuadratic
    constraints: Constraints

    def __init__(self, objective: BinaryQuadratic, constraints: Constraints | None = None) -> None:
        """Bring both together; no constraints by default.

        Raises:
            InputError: if the constraints are on other variables.
        """
        check_instance(objective, BinaryQuadratic, "the objective must be a BinaryQuadratic")
        limits = Constraints(objective.names) if constraints is None else constraints
        check_instance(limits, Constraints, "constraints must be Constraints")
        if limits.names != objective.names:
            raise InputError("the constraints must be on the variables of the objective in its order, got others")
        object.__setattr__(self, "objective", objective)
        object.__setattr__(self, "constraints", limits)

    @classmethod
    def from_program(cls, program: BinaryProgram) -> QuadraticProblem:
        """The problem that another format states, see `qtoolkit.interop`.

        Raises:
            InputError: if it is no programme.
        """
        check_instance(program, BinaryProgram, "what is read must be a BinaryProgram")
        return cls(program.objective, Constraints(program.objective.names, rows=program.rows))

    def to_program(self) -> BinaryProgram:
        """The problem as other formats hold it."""
        return BinaryProgram(self.objective, self.constraints.rows)

    @property
    def num_variables(self) -> int:
        """n."""
        return self.objective.num_variables

    @property
    def names(self) -> tuple[str, ...]:
        """Of the variables."""
        return self.objective.names

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another problem does not share; results carry those of theirs."""
        parts = (self.objective.fingerprint + self.constraints.fingerprint).encode()
        return hashlib.blake2b(parts, digest_size=8).hexdigest()

    def __repr__(self) -> str:
        return f"QuadraticProblem({self.num_variables} variables, {len(self.constraints.rows)} constraints)"


def require_problem(problem: object) -> QuadraticProblem:
    """The problem, or an `InputError` when it is none."""
    return check_instance(problem, QuadraticProblem, "the problem must be a QuadraticProblem")
