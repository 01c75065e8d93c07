"""Every public callable of the toolkit with arguments that it takes, as Python text.

`CALLS` follows `__all__`: a new public function or method joins by itself, and a parameter of a new name must be
given an example here.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

import numpy as np

__all__ = ["Call", "calls", "namespace"]

MODULES = (
    "qtoolkit",
    "qtoolkit.circuit",
    "qtoolkit.circuit.library",
    "qtoolkit.operators",
    "qtoolkit.operators.mappings",
    "qtoolkit.noise",
    "qtoolkit.simulators",
    "qtoolkit.algorithms",
    "qtoolkit.algorithms.distributions",
    "qtoolkit.algorithms.optimizers",
    "qtoolkit.algorithms.quadratic",
    "qtoolkit.backends",
    "qtoolkit.primitives",
    "qtoolkit.interop.operators",
    "qtoolkit.applications.finance.pricing",
    "qtoolkit.applications.finance.risk",
    "qtoolkit.applications.finance.portfolio",
    "qtoolkit.applications.finance.backtest",
    "qtoolkit.applications.qec.codes",
    "qtoolkit.applications.qec.circuits",
    "qtoolkit.applications.qec.exact",
    "qtoolkit.applications.qec.experiments",
    "qtoolkit.applications.qec.adaptive",
)

NO_CALLS = {"Job", "Instruction", "GateRecord", "register_solver", "PortfolioOptions", "default_store"}
"""Bases of what others call, rows that only the toolkit writes, what all later calls would feel, types, and a file."""

RECORDS = {
    "Capabilities",
    "Result",
    "ClassicalRegister",
    "QuantumRegister",
    "Clbit",
    "BackendInfo",
    "Operation",
    "Trajectory",
    "Estimate",
    "Evaluation",
    "OptimizationResult",
    "QAOAResult",
    "VQEResult",
    "AmplitudeEstimate",
    "Moments",
    "ConstraintCheck",
    "PenalisedProblem",
    "Solution",
    "Run",
    "Bound",
    "Luck",
    "Enumeration",
    "RankedChoice",
    "MonteCarlo",
    "PriceResult",
    "RiskResult",
    "RiskStep",
    "Weighing",
    "PortfolioResult",
    "MultiPeriodResult",
    "LotsForm",
    "EfficientFrontier",
    "FrontierPoint",
    "Backtest",
    "BacktestRun",
    "DistanceResult",
    "Encoder",
    "CodeFamily",
    "Calibration",
    "Cost",
    "LogicalChannel",
    "LogicalRotations",
    "RecordDistribution",
    "RecordDecoder",
    "TwirlComparison",
    "Prediction",
    "LikelihoodRate",
    "DistillationOutput",
    "DistillationProtocol",
    "ExperimentResult",
    "ExperimentProgress",
    "BothBases",
    "SamplingReport",
    "DecodedCounts",
    "RecordedDecoder",
    "ThresholdCrossing",
    "ThresholdFit",
    "SuppressionFit",
    "Projection",
    "MemorySweep",
    "Correction",
    "ExperimentStore",
}
"""Fields without checks, which the toolkit fills in and users read, and a file that would be made wherever it is told;
their methods are called, but not they."""


INSTANCES: dict[str, tuple[str, ...]] = {
    "Circuit": ("Circuit(3, 3)", "Circuit(3, 3).h(0).cx(0, 1).rx(Parameter('a'), 2).measure(0, 0)", "Circuit(0)"),
    "Parameter": ("Parameter('a')",),
    "ParameterExpression": ("(2 * Parameter('a') + 1)",),
    "ParameterVector": ("ParameterVector('v', 3)",),
    "PauliString": ("PauliString('XYZ')",),
    "PauliSum": ("HEISENBERG", "PauliSum.zero(2)", "(1j * HEISENBERG)", "ISING"),
    "FermionOperator": ("FermionOperator.from_string('0^ 1')", "FermionOperator.zero()"),
    "StatevectorSimulator": ("SIMULATOR",),
    "SectorSimulator": ("SECTOR",),
    "DensityMatrixSimulator": ("DENSITY",),
    "NearCliffordSimulator": ("NEAR_CLIFFORD",),
    "AutomaticSimulator": ("CHOOSING",),
    "Result": ("Result.from_counts({'01': 3, '10': 4})", "Result.from_memory([[0, 1], [1, 1]])"),
    "StandardGate": ("StandardGate('h')", "StandardGate('rx', (Parameter('a'),))", "StandardGate('u', (1, 2, 3))"),
    "ControlledGate": ("ControlledGate(StandardGate('sx'), 2)", "ControlledGate(StandardGate('rx', (0.1,)), 2, 1)"),
    "UnitaryGate": ("UnitaryGate(np.eye(4))",),
    "DiagonalGate": ("DiagonalGate([1, -1])",),
    "PermutationGate": ("PermutationGate([1, 0])",),
    "PauliRotationGate": ("PauliRotationGate('XZ', 0.3)",),
    "CompleteXYGate": ("CompleteXYGate(3, 0.3)",),
    "Measure": ("Measure()",),
    "Reset": ("Reset()",),
    "Barrier": ("Barrier(2)",),
    "Initialize": ("Initialize([0, 1])",),
    "IfElse": ("IfElse(Condition((0,), 1), Circuit(1, 1).x(0))",),
    "KrausChannel": ("bit_flip(0.1)", "amplitude_damping(0.2).tensor(phase_damping(0.1))", "over_rotation('X', 0.1)"),
    "ReadoutError": ("ReadoutError([[0.9, 0.1], [0.2, 0.8]])", "ReadoutError(np.eye(4))"),
    "Detector": ("Detector(2, (1, 2))",),
    "Observable": ("Observable(2, 1)",),
    "Decode": ("Decode(np.invert, 1, 1)",),
    "Condition": ("Condition((0, 1), 2)",),
    "ParityCondition": ("ParityCondition((0, 1), 1)",),
    "Parity": ("parity([0, 1])",),
    "NoiseModel": ("NoiseModel()", "NoiseModel().add(bit_flip(0.1), 'cx').add_readout(ReadoutError(np.eye(2)))"),
    "LinearEncoding": ("LinearEncoding([1, 2, 4])",),
    "VQE": ("VQE(ANSATZ, HEISENBERG)", "VQE(ANSATZ, HEISENBERG, optimizer=SPSA(30, calibration_pairs=2))"),
    "QAOA": ("QAOA(ISING, 1)", "QAOA(ISING, 1, mixer=RingXYMixer(3), hamming_weight=1)"),
    "Schedule": ("Schedule.ramp(2)",),
    "EstimationProblem": ("EstimationProblem(Circuit(2).ry(1.0, 0))",),
    "AmplitudeEstimate": ("estimate_amplitude(EstimationProblem(Circuit(1).ry(1.0, 0)), 0.1, seed=1)",),
    "GridDistribution": ("normal_distribution(2)", "normal_distribution((1, 2), [0.0, 1.0], np.eye(2))"),
    "LatentGrid": ("LatentGrid(2)",),
    "TransverseMixer": ("TransverseMixer(3)",),
    "RingXYMixer": ("RingXYMixer(3)",),
    "CompleteXYMixer": ("CompleteXYMixer(3)",),
    "GroverMixer": ("GroverMixer(Circuit(3).h(range(3)))",),
    "BinaryQuadratic": ("FORM",),
    "BinaryProgram": ("PROBLEM.to_program()",),
    "LinearRow": ("PROBLEM.constraints.rows[0]",),
    "Constraints": ("PROBLEM.constraints",),
    "QuadraticProblem": ("PROBLEM",),
    "PenalisedProblem": ("penalised(PROBLEM)",),
    "Bound": ("Bound.unknown(PROBLEM)",),
    "Enumeration": ("EVERY",),
    "EnumerationSolver": ("EnumerationSolver()",),
    "LuckSolver": ("LuckSolver(10)",),
    "ScipSolver": ("ScipSolver()",),
    "QaoaSolver": ("QaoaSolver(1, shots=10)",),
    "RecursiveQaoaSolver": ("RecursiveQaoaSolver(1)",),
    "VqeSolver": ("VqeSolver(1, num_starts=1, shots=10)",),
    "ImaginaryTimeSolver": ("ImaginaryTimeSolver(3)",),
    "GroverSolver": ("GroverSolver()",),
    "AnnealingSolver": ("AnnealingSolver(2, 2)",),
    "DecompositionSolver": ("DecompositionSolver('enumeration', 2)",),
    "PortfolioProblem": ("PORTFOLIO", "PORTFOLIO.replace(cardinality=(1, 2), objective='positions')"),
    "MultiPeriodProblem": ("MultiPeriodProblem([PORTFOLIO, PORTFOLIO])",),
    "WeightProgram": ("PORTFOLIO.program",),
    "Tail": ("Tail(np.eye(3) * 0.01)",),
    "LotsForm": ("lots_form(PORTFOLIO.replace(lots=0.25))",),
    "Backtest": ("backtest(RETURNS, {'equal': EqualWeight()}, window=3)",),
    "LBFGSB": ("LBFGSB(20)",),
    "Adam": ("Adam(20)",),
    "COBYLA": ("COBYLA(20)",),
    "NelderMead": ("NelderMead(20)",),
    "SPSA": ("SPSA(20, calibration_pairs=2)",),
    "Capabilities": ("Capabilities(num_qubits=2, max_shots=10)", "Capabilities(num_qubits=None)"),
    "LocalBackend": ("BACKEND",),
    "BackendSampler": ("BackendSampler(BACKEND)",),
    "SamplingEstimator": ("SamplingEstimator(SIMULATOR, 10, seed=1)", "SamplingEstimator(BackendSampler(BACKEND), 10)"),
    "FutureJob": ("BACKEND.run(BELL, 5)",),
    "StabilizerCode": ("five_qubit_code()", "toric_code(2)"),
    "CSSCode": ("steane_code()", "toric_code(2)"),
    "SubsystemCode": ("bacon_shor_code(2)",),
    "RotatedSurfaceCode": ("RotatedSurfaceCode(3)",),
    "HoneycombCode": ("HoneycombCode(3, 6)",),
    "NoisePreset": ("noise_preset('circuit', 0.01)", "noise_preset('si1000', 0.01)"),
    "LogicalChannel": ("logical_channel(CODE, bit_flip(0.1))", "logical_channel(CODE, amplitude_damping(0.1))"),
    "RecordDistribution": ("record_distribution(CODE, bit_flip(0.1), 2, 0.1)",),
    "RecordDecoder": ("CoherentMaximumLikelihoodDecoder(CODE, bit_flip(0.1), 2).compile()",),
    "CoherentMaximumLikelihoodDecoder": ("CoherentMaximumLikelihoodDecoder(CODE, bit_flip(0.1))",),
    "DistillationProtocol": ("fifteen_to_one()",),
    "ExperimentTask": ("TASK",),
    "RecordedDecoder": ("recorded_decoder(MEMORY)",),
    "DecodedCounts": ("decode_counts(MEMORY, Result.from_counts({'00000': 3}))",),
    "ExperimentStore": ("ExperimentStore(':memory:')",),
    "MemoryExperiment": ("MemoryExperiment(RotatedSurfaceCode(3), 1, 0.01)",),
    "ExperimentResult": ("RESULT",),
    "BothBases": ("both_bases(PAIR)[0]",),
    "SuppressionFit": ("fit_suppression(SWEEP)",),
    "ThresholdFit": ("fit_threshold(THRESHOLD)",),
    "MemorySweep": ("SWEEP",),
    "Correction": ("correct_once(steane_code(), 0.1, seed=1)",),
}
"""By class, what makes one to call its methods on."""

QUADRATIC_PROBLEMS = (
    *(f"{name}.problem" for name in INSTANCES if name.endswith("Solver")),
    *("penalised.problem", "sufficient_penalty.problem", "solve.problem", "enumerate_choices.problem"),
    *("Bound.unknown.problem", "judge.problem", "luck_of.problem", "require_solution.problem"),
)

PORTFOLIO_OPTIONS = {
    "risk_aversion": ("2.0",),
    "cardinality": ("2", "(1, 2)", "None"),
    "budget": ("1.0", "(0.5, 1.0)"),
    "objective": ("'weights'", "'positions'"),
    "tail": ("None", "Tail(np.eye(3) * 0.01)"),
    "lower": ("0.0", "{'asset 0': 0.1}"),
    "upper": ("None", "[0.5, 0.6, 0.7]"),
    "minimum_if_held": ("0.0", "0.1"),
    "groups": ("None", "{'g': WeightGroup((0, 1), 0.1, 0.9)}"),
    "current": ("None", "[0.5, 0.5, 0.0]"),
    "max_turnover": ("None", "1.5"),
    "cost": ("0.0", "0.001"),
    "lots": ("0.0", "0.25"),
}
"""Of portfolios and programmes of weights."""

PORTFOLIO_CALLS = (
    *("PortfolioProblem", "PortfolioProblem.from_moments", "PortfolioProblem.from_returns"),
    *("PortfolioProblem.from_prices", "WeightProgram", "MinimumVariance", "ExactPortfolio", "SolvedPortfolio"),
    "standard_strategies",
)

CODE_OPTIONS = {
    "distance": ("None", "1"),
    "coordinates": ("None", "[[0, 0], [1, 0]]"),
    "check_coordinates": ("None", "[[0, 1]]"),
    "period": ("None", "(2.0, 2.0)"),
    "schedule": ("None", "[[(0, 0)], [(0, 1)]]"),
}
"""Of codes on two qubits."""

EXACT_CODES = ("logical_channel.code", "cost_of.code", "twirl_comparison.code")

EXAMPLES: dict[str, tuple[str, ...]] = {
    # experiments of error correction
    "ExperimentTask.circuit": ("'R 0\\nX_ERROR(0.1) 0\\nM 0\\nDETECTOR rec[-1]\\nOBSERVABLE_INCLUDE(0) rec[-1]'",),
    **{
        f"{call}.decoder": ("'matching'", "'lookup'")
        for call in ("ExperimentTask", "memory_tasks", "MemoryExperiment", "recorded_decoder", "decode_counts")
    },
    # decoders in circuits, records of devices, magic states
    **{f"{call}.circuit": ("MEMORY",) for call in ("recorded_decoder", "detection_events", "decode_counts")},
    "measured_last.circuit": ("memory_circuit(repetition_code(3), 2)", "BELL"),
    "corrected_memory_circuit.code": ("repetition_code(3)",),
    "corrected_memory_circuit.rounds": ("1",),
    "corrected_memory_circuit.basis": ("'z'",),
    "corrected_memory_circuit.decoder": ("'matching'", "'lookup'"),
    "RecordedDecoder.decode_batch.bits": ("np.zeros((2, 5), bool)",),
    "records": ("np.zeros((2, 5), bool)",),
    "decode_counts.result": ("Result.from_counts({'00000': 3, '00001': 1})",),
    "distillation_circuit.error": ("0.1", "depolarizing(0.1)"),
    "proxy": ("False", "True"),
    "twirled_circuit.circuit": ("Circuit(1).append(amplitude_damping(0.1), 0)", "BELL"),
    "labels": ("{'distance': 3}",),
    "heralds": ("(0,)", "()"),
    "detector_error_model": ("None",),
    "decompose": ("None", "True"),
    "batch_shots": ("None", "256"),
    "decoder_id": ("None", "'mine'"),
    "tasks": ("[TASK]",),
    "task": ("TASK",),
    "max_errors": ("None", "5"),
    "relative_error": ("None", "0.5"),
    "errors_for.relative_error": ("0.1",),
    "store": ("None", "ExperimentStore(':memory:')"),
    "batches.seed": ("1",),
    "ExperimentStore.add.seed": ("1",),
    "ExperimentStore.batches.seed": ("1",),
    "ExperimentStore.add.counts": ("BatchCounts(256, 0, 3, (3,), 0.1)",),
    "run_experiment.previous": ("None", "RESULT"),
    "MemoryExperiment.run.previous": ("None",),
    "run_experiment.seed": ("1", "None"),
    "run_experiment.progress": ("None", "lambda state: None"),
    "run_experiments.progress": ("None", "lambda state: None"),
    "memory_tasks.code": ("'rotated-surface'",),
    "distances": ("[3]",),
    "physical_error_rates": ("[0.01, 0.02]",),
    "memory_tasks.rounds": ("None", "1"),
    "logical_error_rates.rounds": ("None", "1"),
    "bases": ("('z',)", "('x', 'z')"),
    "memory_tasks.noise": ("'circuit'",),
    "MemoryExperiment.code": ("RotatedSurfaceCode(3)",),
    "MemoryExperiment.noise": ("'circuit_level'",),
    "memory_experiment.noise": ("'phenomenological'",),
    "logical_error_rates.noise": ("'code_capacity'",),
    "physical_error_rate": ("0.01",),
    "ThresholdFit.logical_error_rate.physical_error_rate": ("0.01", "[0.01, 0.02]"),
    "correct_once.code": ("steane_code()",),
    "results": ("PAIR",),
    "fit_threshold.results": ("THRESHOLD",),
    "fit_suppression.results": ("SWEEP",),
    "threshold_crossing.results": ("THRESHOLD",),
    "smaller": ("3",),
    "larger": ("5",),
    "per_round": ("True", "False"),
    "size_term": ("None", "True"),
    "leave_out": ("True", "False"),
    "rate_per_round": ("0.01",),
    "SuppressionFit.project.target": ("1e-9",),
    "SuppressionFit.project.num_qubits": ("None",),
    # error correction
    **{
        f"NoisePreset.{word}": ("None", "noise_preset('phenomenological', 0.1).measure")
        for word in ("data", "one", "each", "reset", "measure", "idle_one", "idle_two", "idle_readout", "waiting")
    },
    "NoisePreset.two": ("None", "noise_preset('circuit', 0.1).two"),
    "native_cz": ("True", "False"),
    **{
        f"{call}.{word}": texts
        for call in ("StabilizerCode", "CSSCode", "SubsystemCode", "from_strings")
        for word, texts in CODE_OPTIONS.items()
    },
    "stabilizers": ("['ZZ']", "[[0, 0, 1, 1]]"),
    "x_checks": ("np.zeros((0, 2))",),
    "z_checks": ("[[1, 1]]",),
    "gauge_operators": ("['XX', 'ZI']",),
    "logical_x": ("None",),
    "logical_z": ("None",),
    "first": ("'left'", "'right'"),
    "errors": ("['XYZIXYZIX'[:5]]", "[[0] * 10]"),
    "max_states": ("1000",),
    "find_distance.seed": ("0",),
    "find_distance_of.seed": ("0",),
    "CSSCode.find_distance_of.basis": ("'x'", "'z'"),
    "theme": ("'light'", "'dark'"),
    "options": ("'plain'",),
    "distance": ("3",),
    "columns": ("3",),
    "HoneycombCode.rows": ("3",),
    "rotated_patch.rows": ("3",),
    "round_": ("1",),
    "points": ("[[0.0, 1.0]]",),
    "centre": ("[0.0, 1.0]",),
    "l": ("3",),
    "m": ("3",),
    "a": ("[(0, 1), (1, 0)]",),
    "b": ("[(1, 1)]",),
    "bivariate_bicycle_code.distance": ("None",),
    "bivariate_bicycle_named.num_qubits": ("72",),
    "code_named.name": ("'steane'",),
    "code": ("steane_code()", "RotatedSurfaceCode(3)"),
    "stability_circuit.code": ("toric_code(2)", "stability_patch(2)"),
    "rounds": ("2",),
    "basis": ("'x'", "'z'"),
    **{
        f"{call}.noise": ("None", "noise_preset('circuit', 0.01)")
        for call in ("memory_circuit", "stability_circuit", "transversal_cx_circuit", "lattice_surgery_circuit")
    },
    **{
        f"{call}.noise": ("noise_preset('circuit', 0.01)", "noise_preset('phenomenological', 0.1)")
        for call in ("corrected_memory_circuit", "cultivation_circuit", "decode_counts")
    },
    "measured": ("'xx'", "'zz'"),
    "stability_patch.width": ("2",),
    "noise_preset.name": ("'circuit'",),
    "noise_preset.rate": ("0.01", "None"),
    "NoisePreset.apply.circuit": ("Circuit(2).h(0).cx(0, 1)",),
    "start": ("0",),
    "stop": ("None", "1"),
    # portfolios
    **{f"{call}.{word}": texts for call in PORTFOLIO_CALLS for word, texts in PORTFOLIO_OPTIONS.items()},
    "expected_returns": ("[0.1, 0.2, 0.3]", "{'A': 0.1, 'B': 0.2, 'C': 0.3}"),
    "covariance": ("np.eye(3) * 0.01",),
    "risk": ("np.eye(3) * 0.01", "Tail(np.eye(3) * 0.01)"),
    "asset_names": ("None", "['A', 'B', 'C']"),
    "repair": ("None", "'clip'"),
    "moments": ("Moments([0.1, 0.2, 0.3], np.eye(3) * 0.01)",),
    "history": ("RETURNS",),
    "means": ("'sample'",),
    "from_returns.constant": ("None", "'drop'"),
    "from_prices.constant": ("None", "'drop'"),
    "prices": ("PriceHistory(RETURNS.dates, RETURNS.asset_names, 1.0 + np.cumsum(np.abs(RETURNS.returns), axis=0))",),
    "assets": ("[0, 1]", "['asset 2']"),
    "weights": ("[0.5, 0.25, 0.25]",),
    "held": ("np.array([True, True, False])",),
    "picks": ("[[0, 1], [1, 2]]",),
    "least_return": ("None", "0.15"),
    "scenarios": ("np.eye(3) * 0.01",),
    "level": ("0.5",),
    "sectors": ("{'A': 'tech', 'B': 'food'}",),
    "fewest": ("0",),
    "most": ("None", "1"),
    "num_points": ("3",),
    "periods": ("[PORTFOLIO, PORTFOLIO]",),
    "weigh": ("True", "False"),
    "compare": ("True", "False"),
    "solve_portfolio.exact": ("None", "choose_and_weigh(PORTFOLIO.program)"),
    "result": ("solve_portfolio(PORTFOLIO, 'enumeration')",),
    "strategies": ("{'equal': EqualWeight(), 'least': MinimumVariance()}",),
    "window": ("3",),
    "rebalance_every": ("2",),
    "solve_portfolio.problem": ("PORTFOLIO",),
    "solve_portfolio.solver": ("'enumeration'", "LuckSolver(10)"),
    "solve_portfolio.time_limit": ("5.0",),
    "solve_portfolio.enumeration": ("None", "enumerate_choices(PORTFOLIO.selection())"),
    "efficient_frontier.problem": ("PORTFOLIO",),
    "efficient_frontier.time_limit": ("5.0",),
    "lots_form.problem": ("PORTFOLIO.replace(lots=0.25)",),
    "require_result.problem": ("PORTFOLIO",),
    "solve_multi_period.problem": ("MultiPeriodProblem([PORTFOLIO, PORTFOLIO])",),
    "solve_multi_period.solver": ("'scip'",),
    "solve_multi_period.time_limit": ("5.0",),
    "MultiPeriodProblem.bits": ("[1, 1, 0, 0, 1, 1]",),
    "MultiPeriodProblem.weights": ("np.full((2, 3), 0.3)",),
    "LotsForm.bits": ("[0] * 9", "[0, 1, 0, 1, 0, 0, 1, 0, 0]"),
    "PortfolioProblem.selection.number": ("None", "2"),
    "PortfolioProblem.cost_hamiltonian.number": ("None", "2"),
    "PortfolioProblem.pick_weight.number": ("2",),
    "WeightGroup.members": ("('asset 0', 'asset 1')", "(0, 1)"),
    "WeightGroup.lower": ("0.1",),
    "WeightGroup.upper": ("0.9",),
    "sector_groups.lower": ("0.0",),
    "sector_groups.upper": ("0.5",),
    "weigh.program": ("PORTFOLIO.program",),
    "weigh.assets": ("None", "[0, 1]"),
    "weigh.time_limit": ("5.0",),
    "choose_and_weigh.program": ("PORTFOLIO.program",),
    "backtest.cost": ("0.0", "[0.001, 0.002, 0.003]"),
    "SolvedPortfolio.solver": ("'enumeration'",),
    "ExactPortfolio.time_limit": ("5.0",),
    "SolvedPortfolio.time_limit": ("5.0",),
    # amplitude estimation
    "objective_qubits": ("[0, 1]", "None"),
    "known_amplitude": ("None", "0.3"),
    "good_states": ("None", "'01'", "[1, 2]"),
    "num_iterations": ("1",),
    "num_evaluation_qubits": ("2",),
    "estimate_amplitude.problem": ("EstimationProblem(Circuit(1).ry(1.0, 0))",),
    "estimate_amplitude.precision": ("0.1",),
    "estimate_amplitude.method": ("'iterative'", "'canonical'"),
    "confidence": ("0.9",),
    "transformed.scale": ("2.0",),
    "transformed.offset": ("-1.0",),
    # ready circuits and distributions
    "load_probabilities.probabilities": ("[0.1, 0.2, 0.3, 0.4]",),
    "GridDistribution.probabilities": ("[0.1, 0.2, 0.3, 0.4]",),
    "amplitudes": ("[0.6, -0.8]",),
    "angles": ("[0.1, 0.2]",),
    "lookup_rotation.values": ("[0.1, 0.2]",),
    "slope": ("0.1",),
    "linear_rotation.offset": ("0.2",),
    "breakpoints": ("[0, 3]",),
    "slopes": ("[0.1, 0.2]",),
    "offsets": ("[0.3, 0.4]",),
    "comparator": ("'ripple'", "'fourier'"),
    "carry": ("True",),
    "swaps": ("True",),
    "num_sum_qubits": ("None", "3"),
    "constant_adder.constant": ("5", "-3"),
    "weighted_sum.weights": ("[1, 2, 3]",),
    "mean": ("0.0", "[0.0, 1.0]"),
    "normal_distribution.num_qubits": ("2", "(1, 2)"),
    "lognormal_distribution.num_qubits": ("2", "(1, 2)"),
    "normal_distribution.covariance": ("1.0", "np.eye(2)"),
    "lognormal_distribution.covariance": ("1.0", "np.eye(2)"),
    "reach": ("2.0",),
    "empirical_distribution.samples": ("[1.0, 2.0, 4.0]",),
    "axes": ("([0.0, 1.0, 2.0, 3.0],)",),
    "outside": ("0.0",),
    "function": ("lambda x, *_: x",),
    # prices and risk
    "strike": ("2.0",),
    "maturity": ("1.0",),
    "kind": ("'call'", "'put'"),
    "payout": ("1.0",),
    "times": ("[0.5, 1.0]",),
    "average": ("'arithmetic'", "'geometric'"),
    "barrier": ("3.0",),
    "direction": ("'up'",),
    "knock": ("'in'",),
    "face": ("100.0",),
    "cash_flows": ("[5.0, 105.0]",),
    "BasketOption.weights": ("[0.5, 0.5]",),
    "PortfolioLoss.weights": ("[0.5, 0.5]",),
    "spot": ("2.0",),
    "rate": ("0.05",),
    "volatility": ("0.3",),
    "dividend_yield": ("0.0",),
    "spots": ("[2.0, 3.0]",),
    "volatilities": ("[0.2, 0.3]",),
    "correlation": ("np.eye(2)",),
    "dividend_yields": ("None", "[0.0, 0.1]"),
    "CorrelatedBlackScholes.asset_names": ("()", "('a', 'b')"),
    "mean_reversion": ("0.2",),
    "mean_level": ("0.04",),
    "rates": ("[0.03, 0.04]",),
    "GaussianRates.covariance": ("1e-4 * np.eye(2)",),
    "price.contract": ("EuropeanOption(2.0, 1.0)", "BarrierOption(2.0, 3.0, [1.0], direction='up', knock='in')"),
    "price.model": ("BlackScholes(2.0, 0.05, 0.3)",),
    "price.precision": ("None", "0.05"),
    "price.num_qubits": ("3",),
    "payoff": ("'exact'", "'linear'"),
    "refinement": ("None", "2"),
    "method": ("'iterative'", "'canonical'"),
    "default_probabilities": ("[0.1, 0.2]",),
    "sensitivities": ("[0.1, 0.2]",),
    "CreditBook.losses": ("[1, 2]",),
    "loss_unit": ("None", "0.5"),
    "CreditBook.names": ("()", "('a', 'b')"),
    "rule": ("'gauss'", "'points'"),
    "LatentGrid.num_qubits": ("2",),
    "PortfolioLoss.moments": ("MOMENTS",),
    "returns": ("HISTORY",),
    "PortfolioLoss.exact": ("None",),
    "losses": ("CreditBook([0.1, 0.2], [0.1, 0.2], [1, 2])", "PortfolioLoss.normal([0.5, 0.5], MOMENTS)"),
    "grid": ("None", "2"),
    "value_at_risk.level": ("0.9",),
    "conditional_value_at_risk.level": ("0.9",),
    # no circuits: at these precisions they are deep
    "price.sampler": ("None",),
    "expected_loss.sampler": ("None",),
    "value_at_risk.sampler": ("None",),
    "conditional_value_at_risk.sampler": ("None",),
    "expected_loss.precision": ("None", "0.05"),
    "value_at_risk.precision": ("None", "0.05"),
    "conditional_value_at_risk.precision": ("None", "0.05"),
    # circuits
    "num_qubits": ("3",),
    "num_clbits": ("2",),
    "name": ("'a'",),
    "size": ("2",),
    "qubit": ("0", "[0, 1]"),
    "qubits": ("[0, 1, 2]", "range(3)"),
    "clbit": ("0", "[0, 1]"),
    "clbits": ("[0, 1]",),
    "qubit1": ("0",),
    "qubit2": ("1",),
    "control": ("0",),
    "control1": ("0",),
    "control2": ("1",),
    "target": ("2",),
    "target1": ("1",),
    "target2": ("2",),
    "controls": ("[0, 1]", "0"),
    "theta": ("0.3", "Parameter('a')"),
    "phi": ("0.2",),
    "lam": ("0.1", "-Parameter('b')"),
    "gamma": ("0.4",),
    "beta": ("0.5", "Parameter('b')"),
    "gate": ("StandardGate('ccx')", "StandardGate('h')"),
    "values": ("[0.1]", "{'a': 0.2}"),
    "index": ("1",),
    "other": ("Circuit(2).x(1)",),
    "num_controls": ("2",),
    "ctrl_state": ("1", "None"),
    "matrix": ("np.eye(8)",),
    "entries": ("np.ones(8)",),
    "table": ("[7, 0, 1, 2, 3, 4, 5, 6]",),
    "state_vector": ("np.eye(8)[1]",),
    "condition": ("0", "Condition((0, 1), 2)"),
    "body": ("Circuit(3, 3).x(1)", "lambda body: body.x(1)"),
    "else_body": ("None", "Circuit(3, 3).z(1)"),
    "register": ("'m'",),
    "pauli": ("'XYZ'", "PauliString('ZZZ')"),
    "exponent": ("3", "-2", "0.5"),
    "label": ("'XYZ'",),
    "width": ("80", "None"),
    "length": ("3",),
    "record": ("'rx'",),
    "params": ("(0.1,)",),
    "base": ("StandardGate('h')",),
    "terms": ("{'a': 2.0}",),
    "constant": ("1.0",),
    "value": ("1",),
    "ControlledGate.ctrl_state": ("1",),
    "UnitaryGate.label": ("'mine'",),
    "Circuit.append.qubits": ("[0, 1, 2]", "1"),
    "Circuit.append.clbits": ("()",),
    "Circuit.barrier.qubits": ("0",),
    "Circuit.controlled_unitary.matrix": ("np.eye(2)",),
    "Circuit.controlled_unitary.qubits": ("2", "[2]"),
    "Circuit.clbit_register.name": ("'c'",),
    "Circuit.extend.qubits": ("None", "[1, 2]"),
    "Circuit.extend.clbits": ("None", "()"),
    "Circuit.compose.qubits": ("None", "[2, 0]"),
    "Circuit.compose.clbits": ("None", "()"),
    "Circuit.unitary.label": ("'mine'",),
    "Condition.clbits": ("(0, 1)",),
    "IfElse.condition": ("Condition((0,), 1)",),
    "IfElse.body": ("Circuit(2, 1).x(0)",),
    "Barrier.num_qubits": ("2",),
    # operators
    "x_mask": ("1",),
    "z_mask": ("3",),
    "letters": ("{0: 'X'}", "'X0 Z2'"),
    "coefficient": ("0.5", "1j"),
    "qubit_wise": ("True",),
    "atol": ("1e-9",),
    "x_masks": ("[0, 1]",),
    "z_masks": ("[3, 0]",),
    "coefficients": ("[0.5, 1j]",),
    "strings": ("['XX', PauliString('ZZ')]",),
    "k": ("1", "None"),
    "seed": ("7", "None", "np.random.default_rng(1)"),
    "text": ("'0^ 1'",),
    "max_operations": ("None", "1000"),
    "include_path": ("None", "'.'"),
    "problem": ("None", "'0123abcd'"),
    "num_modes": ("4", "None"),
    "fermions": ("FermionOperator.from_string('0^ 1')",),
    "stored": ("[1, 2, 4]",),
    "occupation": ("5",),
    "one_body_tensor": ("np.eye(2)",),
    "two_body_tensor": ("np.zeros((2, 2, 2, 2))",),
    "core_energy": ("0.7",),
    "op": ("HEISENBERG", "PauliString('XY')"),
    "PauliString.commutes_with.other": ("PauliString('ZZZ')",),
    "PauliString.multiply.other": ("PauliString('ZZZ')",),
    "PauliString.tensor.other": ("PauliString('ZZZ')",),
    "PauliSum.coefficients": ("[0.5, 1j]",),
    "PauliSum.from_list.terms": ("[('XYZ', 0.5), ('ZZZ', 1j)]",),
    "PauliSum.from_list.num_qubits": ("3", "None"),
    "PauliSum.from_sparse_list.terms": ("[('XZ', [0, 2], 0.5)]",),
    "PauliSum.from_strings.num_qubits": ("2", "None"),
    "PauliSum.from_strings.coefficients": ("[1, 2j]", "None"),
    "PauliSum.from_diagonal.values": ("[1, 2, 3, 4]",),
    "PauliSum.from_matrix.matrix": ("np.eye(4)",),
    "PauliSum.on_qubits.num_qubits": ("4",),
    "PauliSum.allclose.other": ("HEISENBERG",),
    "PauliSum.commutator.other": ("HEISENBERG", "PauliString('XXX')"),
    "PauliSum.anticommutator.other": ("HEISENBERG",),
    "PauliSum.tensor.other": ("HEISENBERG",),
    "FermionOperator.terms": ("{((0, True), (1, False)): 0.5}", "None"),
    "FermionOperator.allclose.other": ("FermionOperator.zero()",),
    "FermionOperator.commutator.other": ("FermionOperator.from_string('1^ 0')",),
    "jordan_wigner_encoding.num_modes": ("4",),
    "parity_encoding.num_modes": ("4",),
    "bravyi_kitaev_encoding.num_modes": ("4",),
    "number_operator.num_modes": ("4",),
    "pauli_sum_from_qiskit.op": ("QISKIT_SUM",),
    "pauli_sum_from_cirq.op": ("CIRQ_SUM",),
    "pauli_sum_from_cirq.qubits": ("None", "cirq.LineQubit.range(3)"),
    "pauli_sum_to_cirq.qubits": ("None", "cirq.LineQubit.range(3)"),
    # simulators
    "precision": ("'double'",),
    "num_threads": ("1", "None"),
    "circuit": ("BELL", "ANSATZ"),
    "passes": ("False", "True"),
    "parameters": ("[0.1, 0.2]", "None", "{'a': 0.1, 'b': 0.2}", "np.array([[0.1, 0.2], [0.3, 0.4]])"),
    "initial_state": ("None", "np.eye(8)[3]"),
    "observable": ("HEISENBERG", "ISING", "np.arange(8.0)", "[ISING, HEISENBERG]"),
    "shots": ("10",),
    "executor": ("None", "THREAD"),
    "bra": ("BELL", "ANSATZ"),
    "ket": ("BELL",),
    "bra_parameters": ("None", "[0.1, 0.2]"),
    "ket_parameters": ("None",),
    "hamming_weight": ("1",),
    "state": ("np.ones(3)",),
    "counts": ("{'01': 3, '10': 4}",),
    "memory": ("[[0, 1], [1, 1]]",),
    "words": ("np.array([[1], [2]], np.uint64)",),
    "StatevectorSimulator.probabilities.qubits": ("None", "[0, 1]", "1"),
    "DensityMatrixSimulator.parameters": ("[0.1, 0.2]", "None", "{'a': 0.1, 'b': 0.2}"),
    "DensityMatrixSimulator.initial_state": ("None", "np.eye(8)[3]", "np.eye(8) / 8"),
    "DensityMatrixSimulator.probabilities.qubits": ("None", "[0, 1]", "1"),
    "SectorSimulator.circuit": ("WEIGHT_ONE",),
    "AutomaticSimulator.method": ("'automatic'", "'stabilizer'", "'near-clifford'", "'density-matrix'"),
    "AutomaticSimulator.circuit": ("BELL", "ANSATZ", "Circuit(3, 1).h(0).measure(0, 0).detector([0])"),
    "AutomaticSimulator.observable": ("HEISENBERG", "PauliString('ZZZ')", "[ISING, PauliString('XXI')]"),
    "AutomaticSimulator.detectors": ("None", "False", "True"),
    "SectorSimulator.parameters": ("None", "[0.1]"),
    "SectorSimulator.initial_state": ("None", "np.eye(3)[1]"),
    "SectorSimulator.diagonal.observable": ("ISING",),
    "SectorSimulator.observable": ("ISING", "np.arange(3.0)"),
    "SectorSimulator.probabilities.qubits": ("None", "[0, 1]"),
    "Result.counts": ("{'01': 3}",),
    "Result.memory": ("None",),
    "Result.registers": ("()",),
    "Result.backend_name": ("'b'",),
    "Result.metadata": ("{}",),
    "Result.register.name": ("'c'",),
    "Result.from_memory.memory": ("[[0, 1], [1, 1]]",),
    "Result.from_counts.num_clbits": ("None", "2"),
    "Result.marginal.clbits": ("[1]",),
    # algorithms
    "ansatz": ("ANSATZ",),
    "hamiltonian": ("HEISENBERG",),
    "estimator": ("None", "SIMULATOR"),
    "sampler": ("None", "SIMULATOR"),
    "optimizer": ("None", "COBYLA(20)"),
    "initial_parameters": ("[0.1, 0.2]", "None"),
    "callback": ("None", "lambda evaluation: None"),
    "exact_energy": ("None", "-1.0"),
    "cost": ("ISING",),
    "num_layers": ("1", "2"),
    "mixer": ("None", "TransverseMixer(3)"),
    "cost_scale": ("1.0",),
    "QAOA.hamming_weight": ("None", "1"),
    "QAOA.cost_scale": ("None", "2.0"),
    "QAOA.initial_state": ("None", "Circuit(3).h(range(3))"),
    "qaoa_circuit.initial_state": ("Circuit(3).h(range(3))",),
    "qaoa_circuit.mixer": ("TransverseMixer(3)",),
    "gamma_steps": ("(0.4, 0.7)",),
    "beta_steps": ("(0.3,)",),
    "progress": ("None", "lambda done, total: None"),
    "initial_schedule": ("None", "Schedule.ramp(1)"),
    "num_starts": ("1",),
    "layerwise": ("False", "True"),
    "exact": ("False", "True"),
    "schedule": ("Schedule.ramp(1)",),
    "optimal": ("0.0",),
    "worst": ("2.0",),
    "gammas": ("(0.1, 0.2)",),
    "betas": ("(0.3, 0.4)",),
    "gamma_step": ("0.75",),
    "beta_step": ("None", "0.5"),
    "Schedule.from_parameters.parameters": ("[0.1, 0.2]",),
    "append_layer.circuit": ("Circuit(3)",),
    "preparation": ("Circuit(3).h(range(3))",),
    "conserves_hamming_weight": ("False",),
    "weight": ("1",),
    "objective": ("lambda x: float(x @ x)",),
    "value_and_gradient": ("lambda x: (float(x @ x), 2 * x)",),
    "max_evaluations": ("30",),
    "gradient_tolerance": ("1e-5",),
    "value_tolerance": ("1e-9",),
    "parameter_tolerance": ("1e-5",),
    "learning_rate": ("0.1",),
    "decay": ("(0.9, 0.99)",),
    "epsilon": ("1e-8",),
    "initial_step": ("0.1",),
    "tolerance": ("1e-5",),
    "perturbation": ("0.1",),
    "first_step": ("0.1",),
    "calibration_pairs": ("2",),
    "parameter_shift_gradient.circuit": ("ANSATZ",),
    "parameter_shift_gradient.estimator": ("SIMULATOR",),
    "parameter_shift_gradient.parameters": ("[0.1, 0.2]",),
    # binary quadratic problems
    "quadratic": ("np.eye(3)",),
    "linear": ("None", "[1.0, 2.0, 3.0]"),
    "offset": ("0.5",),
    "names": ("None", "['a', 'b', 'c']"),
    "operator": ("ISING",),
    "fields": ("[1.0, 2.0, 3.0]",),
    "couplings": ("np.eye(3)",),
    "bits": ("[0, 1, 0]",),
    "variable": ("'x1'", "0"),
    "rows": ("()", "PROBLEM.constraints.rows"),
    "maximise": ("False",),
    "lower": ("0",),
    "upper": ("2", "None"),
    "sense": ("'<='", "'=='"),
    "limit": ("1.0",),
    "cardinality": ("None", "1", "(1, 2)"),
    "groups": ("None", "{'g': Group(('x0', 'x1'), 0, 1)}"),
    "constraints": ("None", "PROBLEM.constraints"),
    "number": ("3",),
    "conflict": ("('cardinality',)",),
    "members": ("('x0', 'x1')",),
    "program": ("PROBLEM.to_program()",),
    "penalty": ("'calibrated'", "'sufficient'", "2.0"),
    "kept": ("()", "['cardinality']"),
    "solver": ("'qaoa'", "LuckSolver(10)"),
    "DecompositionSolver.inner": ("'enumeration'", "LuckSolver(10)"),
    "part_size": ("2", "14"),
    "max_rounds": ("1",),
    "time_limit": ("None", "1.0"),
    "enumeration": ("None", "EVERY"),
    "top": ("2",),
    "draws": ("3",),
    "run": ("Run(solver='mine')",),
    "outcomes": ("None", "([[0, 1, 0], [1, 1, 0]], [0.5, 0.5])"),
    "samples": ("None", "[[0, 1, 0]]"),
    "bound": ("None", "Bound.unknown(PROBLEM)"),
    "solution": ("solve(PROBLEM)",),
    "cvar": ("0.5",),
    "num_left": ("2",),
    "num_steps": ("3",),
    "step": ("0.5",),
    "num_sweeps": ("2",),
    "num_chains": ("2",),
    "BinaryQuadratic.fixed.bits": ("{'x0': 1}", "{1: 0}"),
    "BinaryQuadratic.moments.weight": ("None", "1", "(0, 2)"),
    "BinaryProgram.objective": ("FORM",),
    "LinearRow.coefficients": ("[1.0, 0.0, 1.0]",),
    "LinearRow.names": ("['a', 'b', 'c']",),
    "LinearRow.upper": ("2",),
    "Constraints.names": ("['x0', 'x1', 'x2']",),
    "QuadraticProblem.objective": ("FORM",),
    "Enumeration.is_optimal.values": ("[0.5, 1.0]",),
    "conflict_by_scip.constraints": ("PROBLEM.constraints",),
    "conflict_by_scip.time_limit": ("1.0",),
    "Bound.of.enumeration": ("EVERY",),
    "judge.bits": ("None", "[0, 1, 0]"),
    "solver_named.name": ("'qaoa'",),
    "QaoaSolver.mixer": ("'auto'", "'grover'"),
    "QaoaSolver.schedule": ("'ramp'", "Schedule.ramp(1)"),
    "QaoaSolver.initial_state": ("'uniform'", "'warm'"),
    **dict.fromkeys(QUADRATIC_PROBLEMS, ("PROBLEM",)),
    # backends
    "get_backend.name": ("'local'", "'local:single'"),
    "Backend.circuit": ("BELL", "[BELL, BELL]"),
    "LocalBackend.circuit": ("BELL", "[BELL, BELL]"),
    "LocalBackend.parameters": ("None",),
    "LocalBackend.executor": ("None",),
    "LocalBackend.name": ("'local'",),
    "BackendSampler.circuit": ("BELL",),
    "BackendSampler.parameters": ("None",),
    "BackendSampler.run_batch.circuits": ("[BELL, BELL]",),
    "BackendSampler.backend": ("BACKEND",),
    "SamplingEstimator.sampler": ("SIMULATOR", "BackendSampler(BACKEND)"),
    "SamplingEstimator.circuit": ("BELL", "ANSATZ"),
    "SamplingEstimator.observable": ("HEISENBERG", "[ISING, HEISENBERG]"),
    "SamplingEstimator.parameters": ("None", "[0.1, 0.2]"),
    "timeout": ("None", "600.0"),
    "job_id": ("'abc'",),
    "max_shots": ("None", "100"),
    "native_gates": ("None",),
    "connectivity": ("None",),
    "supports_mid_circuit_measurement": ("True",),
    "supports_conditionals": ("True",),
    "supports_reset": ("True",),
    "supports_seed": ("True",),
    "supports_memory": ("True",),
    "is_simulator": ("True",),
    "is_local": ("True",),
    "Capabilities.circuit": ("BELL",),
    "supports_noise": ("True",),
    "supports_decoders": ("True",),
    # noise
    "channel": ("bit_flip(0.1)", "depolarizing(0.1, 2)"),
    "operators": ("[np.eye(2)]", "[np.diag([1, 0.6]), [[0, 0.8], [0, 0]]]"),
    "confusion": ("[[0.9, 0.1], [0.2, 0.8]]", "np.eye(4)"),
    "error": ("ReadoutError([[0.9, 0.1], [0.2, 0.8]])", "ReadoutError(np.eye(4))"),
    "KrausChannel.other": ("amplitude_damping(0.1)",),
    "coordinates": ("()", "(1, 2.5)"),
    "decoder": ("np.invert", "lambda bits: bits[:, :1]"),
    "into": ("[2]",),
    "Decode.function": ("np.invert",),
    "num_in": ("1",),
    "num_out": ("1",),
    "parity.clbits": ("[0, 2]", "1"),
    "holds.bits": ("[0, 1]",),
    "moved.clbits": ("[1, 2]",),
    "p": ("0.1",),
    "p0": ("0.1",),
    "p1": ("0.1",),
    "amplitude_damping.gamma": ("0.1",),
    "t1": ("50.0",),
    "t2": ("70.0",),
    "time": ("1.0",),
    "excited_population": ("0.1",),
    "depolarizing.num_qubits": ("1", "2"),
    "pauli_channel.probabilities": ("{'X': 0.1, 'Z': 0.2}", "{PauliString('XZ'): 0.1}"),
    "over_rotation.pauli": ("'X'", "PauliString('ZZ')"),
    "angle": ("0.1",),
    "superoperator": ("np.eye(4)",),
    "choi": ("bit_flip(0.1).choi()",),
    "transfer_matrix": ("np.eye(4)",),
    "average_gate_fidelity.channel": ("bit_flip(0.1)",),
    "entanglement_fidelity.channel": ("bit_flip(0.1)",),
    "average_gate_fidelity.target": ("None", "StandardGate('x')", "np.eye(2)"),
    "entanglement_fidelity.target": ("None", "StandardGate('x')", "np.eye(2)"),
    "diamond_distance.a": ("bit_flip(0.1)", "amplitude_damping(0.1)"),
    "diamond_distance.b": ("phase_flip(0.1)", "StandardGate('x')"),
    "diamond_bounds.a": ("bit_flip(0.1)", "amplitude_damping(0.1)"),
    "diamond_bounds.b": ("phase_flip(0.1)", "StandardGate('x')"),
    "gates": ("'cx'", "['h', 2]", "None"),
    "NoiseModel.qubits": ("None", "[0, 1]"),
    "NoiseModel.add.channel": ("bit_flip(0.1)",),
    "NoiseModel.add_reset.channel": ("bit_flip(0.1)",),
    "NoiseModel.add_idle.channel": ("bit_flip(0.1)",),
    "durations": ("None", "{1: 10.0, 'cx': 30.0}"),
    "add_relaxation.durations": ("{1: 10.0, 'cx': 30.0}",),
    "noise": ("None", "NoiseModel()", "NoiseModel().add(over_rotation('X', 0.1))"),
    # exact answers about codes
    **dict.fromkeys(EXACT_CODES, ("CODE", "steane_code()", "(np.array([[0, 0, 1, 1]]), None, None)")),
    **dict.fromkeys(("CoherentMaximumLikelihoodDecoder.code", "record_distribution.code"), ("CODE",)),
    "logical_channel.noise": ("bit_flip(0.1)", "[np.diag([1, 1j])]", "amplitude_damping(0.1)"),
    "cost_of.noise": ("bit_flip(0.1)", "amplitude_damping(0.1)"),
    "record_distribution.noise": ("bit_flip(0.1)", "over_rotation('X', 0.1)"),
    "twirl_comparison.noise": ("over_rotation('X', 0.1)",),
    "CoherentMaximumLikelihoodDecoder.noise": ("bit_flip(0.1)",),
    "recovery": ("'likeliest'", "'lightest'"),
    "logical_channel.progress": ("None", "lambda fraction: None"),
    "record_distribution.progress": ("None", "lambda fraction: None"),
    "twirl_comparison.progress": ("None", "lambda fraction: None"),
    "maximum_likelihood_rate.progress": ("None", "lambda fraction: None"),
    "measurement_error": ("0.0", "0.1"),
    "frames": ("2",),
    "CoherentMaximumLikelihoodDecoder.basis": ("None", "'Z'", "'X'"),
    "best_flips.basis": ("None", "'Z'", "'X'"),
    "transfer_matrices.start": ("0",),
    "transfer_matrices.stop": ("None", "2"),
    "events": ("np.zeros((3, 4), bool)",),
    "infidelity_of.decoder": ("CoherentMaximumLikelihoodDecoder(CODE, bit_flip(0.1), 2).compile()",),
    "compile.model": ("None", "stim.DetectorErrorModel('error(0.1) D0 D1 L0 L1')"),
    "model": ("stim.DetectorErrorModel('error(0.1) D0 D1 L0 L1')",),
    "exact_logical_error_rate.decoder": ("CoherentMaximumLikelihoodDecoder(CODE, bit_flip(0.1)).compile()",),
    "max_histories": ("100",),
    "DistillationProtocol.x_checks": ("[[1, 1, 1, 1, 0]]",),
    "DistillationProtocol.logical_x": ("[0, 0, 0, 0, 1]",),
    "distilled.error": ("0.1",),
    # interop
    "from_qiskit.circuit": ("QISKIT",),
    "from_cirq.circuit": ("CIRQ",),
    "from_stim.source": ("'H 0'",),
    "device_noise.name": ("'google:rainbow'",),
    "from_aer_noise.model": (),
    "to_aer_noise.model": (),
    "to_stim.tags": ("True",),
    "read_angle": (),
    "qubit_order": (),
    "to_cirq.qubits": ("None", "cirq.LineQubit.range(3)"),
    "version": ("2", "3"),
    "from_qasm.text": ("'OPENQASM 3.0; qubit q;'",),
}
"""By parameter, what it may be given, nothing to leave it out; a name with its method or class in front counts more."""


@dataclass(frozen=True)
class Call:
    """A public callable.

    Attributes:
        name: ``"Circuit.h"``.
        receivers: texts of what it is called on, with the name of the method; for a function, the function itself.
        parameters: texts of values for each parameter, by name; ``*name`` for one that collects positional ones.
    """

    name: str
    receivers: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]]

    def text(self, receiver: str, arguments: dict[str, str]) -> str:
        """The call as Python."""
        inner = [f"*[{value}]" if name[0] == "*" else f"{name}={value}" for name, value in arguments.items()]
        return f"{receiver}({', '.join(inner)})"


def calls() -> Iterator[Call]:
    """Every public callable."""
    done: set[Any] = set()
    names: set[str] = set()
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            item = getattr(module, name)
            if not callable(item) or inspect.isabstract(item) or getattr(item, "_is_protocol", False):
                continue
            if name in NO_CALLS or item in done:
                continue
            done.add(item)
            if name in names:
                name = f"{module.__name__.rpartition('.')[2]}.{name}"
            names.add(name)
            if inspect.isfunction(item):
                yield _call(name, (name,), item)
            elif inspect.isclass(item) and not issubclass(item, Enum):
                yield from _calls_of(name, item)
    from qtoolkit.backends.futures import FutureJob

    yield from _methods_of("FutureJob", FutureJob)


def _calls_of(name: str, kind: type[Any]) -> Iterator[Call]:
    if kind.__init__ is not object.__init__ and name not in RECORDS:
        yield _call(name, (name,), kind)
    yield from _methods_of(name, kind)


def _methods_of(name: str, kind: type[Any]) -> Iterator[Call]:
    for attribute in dir(kind):
        static = inspect.getattr_static(kind, attribute)
        on_class = isinstance(static, classmethod | staticmethod)
        function = getattr(kind, attribute)
        is_ours = str(getattr(function, "__module__", None)).startswith("qtoolkit")
        if attribute.startswith("_") or not (on_class or inspect.isfunction(static)) or not is_ours:
            continue
        receivers = (name,) if on_class else INSTANCES[name]
        yield _call(f"{name}.{attribute}", tuple(f"{text}.{attribute}" for text in receivers), function)


def _call(name: str, receivers: tuple[str, ...], function: Any) -> Call:
    parameters = {}
    for star, word in _parameters(function):
        owner, _, method = name.rpartition(".")
        keys = (f"{name}.{word}", f"{method}.{word}", f"{owner}.{word}", word)
        found = next((EXAMPLES[key] for key in keys if key in EXAMPLES), None)
        if found is None:
            raise LookupError(f"{name} has the parameter {word}, of which EXAMPLES knows nothing")
        if found:
            parameters[star + word] = found
    return Call(name, receivers, parameters)


def _parameters(function: Any) -> Iterator[tuple[str, str]]:
    """A star or nothing, and the name of each parameter; those that a dictionary's type names among them."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            if str(parameter.annotation).startswith("Unpack"):
                own = function.__init__ if inspect.isclass(function) else function
                (words,) = get_args(get_type_hints(own)[parameter.name])
                yield from (("", word) for word in get_type_hints(words))
        elif parameter.name != "self":
            yield "*" if parameter.kind is parameter.VAR_POSITIONAL else "", parameter.name


def namespace() -> dict[str, Any]:
    """What the texts of calls and arguments refer to."""
    import cirq
    import qiskit
    import qiskit.quantum_info
    import stim

    known: dict[str, Any] = {"np": np, "cirq": cirq, "stim": stim}
    for module in map(importlib.import_module, MODULES):
        known[module.__name__.rpartition(".")[2]] = module  # for a name that another module has too
        for name in module.__all__:
            known.setdefault(name, getattr(module, name))
    from qtoolkit.applications.finance import Moments, ReturnHistory

    circuit, sums = known["Circuit"], known["PauliSum"]
    a, b = known["Parameter"]("a"), known["Parameter"]("b")
    simulator = known["StatevectorSimulator"](num_threads=1)
    form = known["BinaryQuadratic"]([[1.0, -2.0, 0.5], [0.0, -1.0, 1.5], [0.0, 0.0, 0.5]])
    problem = known["QuadraticProblem"](form, known["Constraints"](form.names, cardinality=(1, 2)))
    finance = importlib.import_module("qtoolkit.applications.finance")
    moments = [0.1, 0.2, 0.3], [[0.04, 0.01, 0.0], [0.01, 0.09, 0.02], [0.0, 0.02, 0.16]]
    table = np.random.default_rng(0).normal(size=(8, 3)) * 0.01
    days = np.arange("2020-01-01", 8, dtype="datetime64[D]")
    known |= {
        "MOMENTS": Moments([0.01, 0.02], 0.04 * np.eye(2)),
        "HISTORY": ReturnHistory(["2020-01-01", "2020-01-02"], ["a", "b"], [[0.1, 0.0], [-0.2, 0.1]]),
        "Moments": finance.Moments,
        "PriceHistory": finance.PriceHistory,
        "PORTFOLIO": known["PortfolioProblem"](*moments, risk_aversion=2.0, cardinality=2),
        "RETURNS": finance.ReturnHistory(days, ["asset 0", "asset 1", "asset 2"], table),
        "BELL": circuit(3, name="bell").h(0).cx(0, 1).measure_all(),
        "ANSATZ": circuit(3).ry(a, 0).cx(0, 1).rx(b, 1).cx(1, 2),
        "WEIGHT_ONE": circuit(3, 3).x(0).xx_plus_yy(a, 0.0, 0, 1).xx_plus_yy(0.2, 0.0, 1, 2).measure(0, 0),
        "HEISENBERG": sums.from_list([("XXI", 1.0), ("IYY", 0.5), ("ZIZ", -0.25)]),
        "ISING": sums.from_list([("ZZI", 1.0), ("IIZ", 0.5)]),
        "FORM": form,
        "PROBLEM": problem,
        "EVERY": known["enumerate_choices"](problem),
        "SIMULATOR": simulator,
        "THREAD": ThreadPoolExecutor(1),
        "SECTOR": known["SectorSimulator"](1, num_threads=1),
        "DENSITY": known["DensityMatrixSimulator"](num_threads=1),
        "NEAR_CLIFFORD": known["NearCliffordSimulator"](num_threads=1),
        "CHOOSING": known["AutomaticSimulator"](num_threads=1),
        "BACKEND": known["get_backend"]("local", num_threads=1),
        "QISKIT": qiskit.QuantumCircuit(2),
        "CIRQ": cirq.Circuit(cirq.H(cirq.LineQubit(0))),
        "QISKIT_SUM": qiskit.quantum_info.SparsePauliOp(["XX", "ZZ"]),
        "CODE": (np.array([[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1]]), None, None),
        "CIRQ_SUM": cirq.X(cirq.LineQubit(0)) + cirq.Z(cirq.LineQubit(1)),
        **_experiments(),
    }
    return known


def _experiments() -> dict[str, Any]:
    """A task of error correction, and results that nothing was run for."""
    from qtoolkit.applications.qec import memory_circuit, noise_preset
    from qtoolkit.applications.qec.codes import repetition_code
    from qtoolkit.applications.qec.experiments import ExperimentResult, ExperimentTask, MemorySweep
    from qtoolkit.applications.qec.experiments.batch import BatchCounts

    text = "R 0\nX_ERROR(0.1) 0\nM 0\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]"
    task = ExperimentTask(text, rounds=1, batch_shots=256)

    def counted(distance: int, rate: float, errors: int, basis: str = "z") -> ExperimentResult:
        labels = {"distance": distance, "physical_error_rate": rate, "basis": basis}
        return ExperimentResult(task.id, labels, 1, "matching", 10_000, 0, errors, (errors,), 0, None, 1, 256)

    curve = {d: [round(1_600 + 9_000 * (p - 0.1) * d**0.7) for p in (0.08, 0.09, 0.11, 0.12)] for d in (3, 5, 7)}
    return {
        "BatchCounts": BatchCounts,
        "TASK": task,
        "MEMORY": memory_circuit(repetition_code(3), 1, "z", noise_preset("circuit", 0.01)),
        "RESULT": counted(3, 0.01, 300),
        "PAIR": [counted(3, 0.01, 300, basis) for basis in "xz"],
        "SWEEP": MemorySweep((3, 5), (0.01,), ((counted(3, 0.01, 300),), (counted(5, 0.01, 100),)), 1),
        "THRESHOLD": [
            counted(d, p, errors)
            for d, counts in curve.items()
            for p, errors in zip((0.08, 0.09, 0.11, 0.12), counts, strict=True)
        ],
    }
