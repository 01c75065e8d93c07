"""Price a contract by amplitude estimation, with an interval for the continuous model."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from qtoolkit._arguments import check_instance, seeded
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit._version import __version__
from qtoolkit.algorithms.amplitude import AmplitudeEstimate, ErrorBudget, EstimationProblem, estimate_amplitude
from qtoolkit.algorithms.amplitude.estimation import Method
from qtoolkit.algorithms.amplitude.experiment import Progress
from qtoolkit.applications.finance._classical import monte_carlo
from qtoolkit.applications.finance.pricing._cells import CellTable, cell_table
from qtoolkit.applications.finance.pricing._claim import Claim, FloatArray
from qtoolkit.applications.finance.pricing._linear import linear_payoff
from qtoolkit.applications.finance.pricing.closed_form import closed_form
from qtoolkit.applications.finance.pricing.contracts import Contract
from qtoolkit.applications.finance.pricing.result import PriceResult
from qtoolkit.backends import Backend
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.library import load_probabilities, lookup_rotation
from qtoolkit.errors import InputError
from qtoolkit.primitives import Sampler

__all__ = ["price"]

_MOST_QUBITS = 16
_MOST_CELL_QUBITS = 22
_BARRIER_REFINEMENT = 8
_USUAL_PRECISION = 1e-3
_LEAST_PRECISION = 1e-8


def price(
    contract: Contract,
    model: Any,
    *,
    precision: float | None = None,
    num_qubits: int = 6,
    payoff: Literal["exact", "linear"] = "exact",
    refinement: int | None = None,
    method: Method = "iterative",
    confidence: float = 0.95,
    sampler: Sampler | Backend | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> PriceResult:
    """Price a contract under a model.

    >>> from qtoolkit.applications.finance.pricing import BlackScholes, EuropeanOption, price
    >>> call = EuropeanOption(strike=1.896, maturity=40 / 365)
    >>> found = price(call, BlackScholes(spot=2.0, rate=0.05, volatility=0.4), precision=0.001, seed=7)
    >>> found.interval[0] < found.closed_form < found.interval[1]
    True

    With the exact payoff, the space of factors is divided into cells without ends, so that nothing is cut off; a
    register is loaded with their probabilities and a qubit turned by the mean payoff in each, which is known within
    proven bounds (`budget.discretisation`). That takes a table of 2^num_qubits payoffs, made classically: it is what
    makes the bounds provable, and a classical computer could as well add the table up, as `grid_price` does. With the
    linear payoff, for calls and puts on one price, the gates grow with the number of qubits alone; what its sine is off
    by is `budget.payoff`, and what the ends cut off `budget.truncation`.

    Source: Rebentrost, Gupt and Bromley, Phys. Rev. A 98, 022321 (2018), arXiv:1805.00109; Stamatopoulos et al.,
    Quantum 4, 291 (2020), arXiv:1905.02666.

    Args:
        contract: such as `EuropeanOption`.
        model: that the contract says it is priced under.
        precision: half width wanted of the interval as far as sampling makes it, in units of the price; by default a
            thousandth of what payoffs on the grid span, discounted.
        num_qubits: of the grid, 1 to 16 over all factors, or 2 to 16 with the linear payoff.
        payoff: ``"exact"`` or ``"linear"``.
        refinement: each cell's bounds come from 2^refinement smaller cells; with `num_qubits` at most 22. By default 8
            with a barrier, where cells that hold it are uncertain, and 0 elsewhere.
        method: of amplitude estimation, see `estimate_amplitude`.
        confidence: coverage that the interval promises.
        sampler: runs the circuits; by default outcomes are drawn from the exact law, see `AmplitudeEstimator.run`.
        seed: makes the result reproducible.
        progress: see `AmplitudeEstimator.run`.

    Raises:
        InputError: if an argument is none of these, or the model is not one for this contract.
        InsufficientMemoryError: if the grid or the state does not fit into free memory.
        BackendError: if the sampler returns other bits than were measured.
    """
    started = time.perf_counter()
    check_instance(contract, Contract, "a contract has a claim under a model, as EuropeanOption has")
    kind = require_choice("payoff", payoff, ("exact", "linear"))
    count = require_integer("num_qubits", num_qubits, 1 if kind == "exact" else 2, _MOST_QUBITS)
    claim: Claim = check_instance(contract._claim(model), Claim, "a contract's claim must be a Claim")
    wanted = None if precision is None else require_number("precision", precision) / claim.discount_factor
    if wanted is not None and wanted <= 0.0:
        raise InputError(f"precision must be positive, got {precision}")
    smaller = _refinement(refinement, count, claim)
    number, rng = seeded(seed)
    if kind == "exact":
        plan = _exact_plan(cell_table(claim, count, smaller))
    else:
        plan = _linear_plan(claim, count, wanted)
        smaller = 0
    amplitude_precision = _USUAL_PRECISION if wanted is None else wanted / plan.scale
    if kind == "linear" and wanted is None:
        amplitude_precision = min(0.5, _USUAL_PRECISION * plan.span / plan.scale)
    if amplitude_precision < _LEAST_PRECISION:
        raise InputError(
            f"precision must be at least {_LEAST_PRECISION * plan.scale * claim.discount_factor:.3g} for payoffs of "
            f"this size, got {precision}"
        )
    found = estimate_amplitude(
        EstimationProblem(plan.circuit, plan.objective_qubit),
        min(amplitude_precision, 0.5),
        method=method,
        confidence=confidence,
        sampler=sampler,
        seed=rng if number is None else number,
        progress=progress,
    ).transformed(plan.scale, plan.offset)
    return _result(claim, plan, found, kind, smaller, number, rng, started)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class _Plan:
    """A circuit, and how its amplitude becomes a mean payoff: ``scale * a + offset``, within the errors."""

    circuit: Circuit
    objective_qubit: int
    scale: float
    offset: float
    span: float
    mean: float
    bits: tuple[int, ...]
    truncation: float
    discretisation: float
    payoff: float


def _refinement(given: object, num_qubits: int, claim: Claim) -> int:
    most = _MOST_CELL_QUBITS - num_qubits
    if given is None:
        return 0 if claim.barrier is None else min(_BARRIER_REFINEMENT, most)
    return require_integer("refinement", given, 0, most)


def _exact_plan(table: CellTable) -> _Plan:
    bits = tuple(n for n in table.bits if n)
    size = sum(bits)
    circuit = Circuit(size + 1, name=f"payoff({size})")
    first = 0
    for axis, n in enumerate(bits):
        others = tuple(k for k in range(len(bits)) if k != axis)
        # cells are products of intervals: each register by itself
        marginal = table.probabilities.sum(axis=others)
        circuit.extend(load_probabilities(marginal / marginal.sum()), range(first, first + n))
        first += n
    low, high = float(table.values.min()), float(table.values.max())
    span = high - low if high > low else max(abs(low), 1.0)
    shares = np.clip((table.values - low) / span, 0.0, 1.0)
    circuit.extend(lookup_rotation(shares.reshape(-1, order="F")))
    return _Plan(circuit, size, span, low, span, table.mean, bits, 0.0, table.error, 0.0)


def _linear_plan(claim: Claim, num_qubits: int, precision: float | None) -> _Plan:
    made = linear_payoff(claim.turned, num_qubits, precision)
    return _Plan(
        made.circuit,
        made.objective_qubit,
        made.scale,
        made.offset,
        made.largest,
        made.mean,
        (num_qubits,),
        made.truncation,
        made.discretisation,
        made.payoff,
    )


def _result(
    claim: Claim,
    plan: _Plan,
    found: AmplitudeEstimate,
    kind: Literal["exact", "linear"],
    refinement: int,
    seed: int | None,
    rng: np.random.Generator,
    started: float,
) -> PriceResult:
    discount = claim.discount_factor
    budget = ErrorBudget(
        discount * found.budget.sampling,
        discount * plan.truncation,
        discount * plan.discretisation,
        discount * plan.payoff,
    )
    beside = budget.total - budget.sampling
    least = -math.inf if claim.shape == "linear" else 0.0
    formula = closed_form(claim)

    def draw(source: np.random.Generator, count: int) -> FloatArray:
        return discount * claim.payoffs(source.standard_normal((count, claim.num_factors)))

    # Draws of their own, so that the classical estimate does not depend on how the quantum one went.
    source = rng if seed is None else np.random.default_rng([seed, 1])
    return PriceResult(
        estimate=max(discount * found.estimate, least),
        interval=(
            max(discount * found.interval[0] - beside, least),
            max(discount * found.interval[1] + beside, least),
        ),
        confidence=found.confidence,
        budget=budget,
        closed_form=None if formula is None else discount * formula.value,
        formula=_why_none(claim) if formula is None else formula.formula,
        monte_carlo=monte_carlo(draw, found.num_queries, found.confidence, source),
        grid_price=discount * plan.mean,
        discount_factor=discount,
        payoff=kind,
        num_qubits=plan.circuit.num_qubits,
        num_grid_qubits=plan.bits,
        refinement=refinement,
        num_queries=found.num_queries,
        depth=found.depth,
        estimation=found,
        seed=seed,
        contract_fingerprint=claim.fingerprint,
        version=__version__,
        wall_time=time.perf_counter() - started,
    )


def _why_none(claim: Claim) -> str:
    if claim.barrier is not None:
        return "none: formulas for barriers that are watched all the time are of another contract"
    return "none: sums of log-normal variables have no closed law"
