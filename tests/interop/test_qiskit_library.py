import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import library as lib
from qiskit.quantum_info import Clifford, Operator, Pauli, SparsePauliOp, random_clifford, random_unitary

from qtoolkit.interop.qiskit import from_qiskit, to_qiskit
from qtoolkit.simulators import StatevectorSimulator

RNG = np.random.default_rng(7)
ISING = SparsePauliOp.from_list([("ZZI", 0.3), ("IZZ", 0.4), ("ZII", -0.7)])
PHASES = np.exp(1j * RNG.uniform(-3, 3, 8)).tolist()
ANGLES = RNG.uniform(-3, 3, 4).tolist()
STATE = random_unitary(8, seed=3).data[:, 0]
GRAPH = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])


def alone(gate) -> QuantumCircuit:
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


def small() -> QuantumCircuit:
    circuit = QuantumCircuit(2, global_phase=0.4)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rz(0.3, 1)
    return circuit


CIRCUITS = {
    "QFT": lambda: lib.QFT(4),
    "QFTGate": lambda: alone(lib.QFTGate(4)),
    "EfficientSU2": lambda: lib.EfficientSU2(3),
    "efficient_su2": lambda: lib.efficient_su2(3),
    "RealAmplitudes": lambda: lib.RealAmplitudes(3),
    "real_amplitudes": lambda: lib.real_amplitudes(3),
    "TwoLocal": lambda: lib.TwoLocal(3, "ry", "cz"),
    "n_local": lambda: lib.n_local(3, ["rx", "rz"], "crx"),
    "excitation_preserving": lambda: lib.excitation_preserving(3),
    "pauli_two_design": lambda: lib.pauli_two_design(3, seed=1),
    "QAOAAnsatz": lambda: lib.QAOAAnsatz(ISING, reps=2),
    "qaoa_ansatz": lambda: lib.qaoa_ansatz(ISING, reps=2),
    "hamiltonian_variational_ansatz": lambda: lib.hamiltonian_variational_ansatz(ISING),
    "EvolvedOperatorAnsatz": lambda: lib.EvolvedOperatorAnsatz(ISING),
    "GraphState": lambda: lib.GraphState(GRAPH),
    "GraphStateGate": lambda: alone(lib.GraphStateGate(GRAPH)),
    "QuantumVolume": lambda: lib.QuantumVolume(4, 3, seed=2),
    "quantum_volume": lambda: lib.quantum_volume(4, 3, seed=2),
    "PhaseEstimation": lambda: lib.PhaseEstimation(3, small()),
    "phase_estimation": lambda: lib.phase_estimation(3, small()),
    "GroverOperator": lambda: lib.GroverOperator(alone(lib.CCZGate())),
    "grover_operator": lambda: lib.grover_operator(alone(lib.CCZGate())),
    "ZZFeatureMap": lambda: lib.ZZFeatureMap(3),
    "zz_feature_map": lambda: lib.zz_feature_map(3),
    "z_feature_map": lambda: lib.z_feature_map(3),
    "pauli_feature_map": lambda: lib.pauli_feature_map(3, paulis=["Z", "YY"]),
    "IQP": lambda: lib.IQP([[6, 5, 3], [5, 4, 5], [3, 5, 1]]),
    "iqp": lambda: lib.iqp([[6, 5, 3], [5, 4, 5], [3, 5, 1]]),
    "HiddenLinearFunction": lambda: lib.HiddenLinearFunction([[1, 1, 0], [1, 0, 1], [0, 1, 1]]),
    "FourierChecking": lambda: lib.FourierChecking([1, -1, -1, -1], [1, 1, -1, -1]),
    "UnitaryOverlap": lambda: lib.UnitaryOverlap(small(), alone(lib.SwapGate())),
    "MCXGate": lambda: alone(lib.MCXGate(5)),
    "MCXGate open": lambda: alone(lib.MCXGate(4, ctrl_state=5)),
    "C3XGate open": lambda: alone(lib.C3XGate(ctrl_state=2)),
    "C4XGate": lambda: alone(lib.C4XGate()),
    "C3SXGate": lambda: alone(lib.C3SXGate()),
    "RCCXGate": lambda: alone(lib.RCCXGate()),
    "RC3XGate": lambda: alone(lib.RC3XGate()),
    "MCXGrayCode": lambda: alone(lib.MCXGrayCode(4)),
    "MCXRecursive": lambda: alone(lib.MCXRecursive(5)),
    "MCXVChain": lambda: alone(lib.MCXVChain(4)),
    "MCXVChain dirty": lambda: alone(lib.MCXVChain(4, dirty_ancillas=True)),
    "MCPhaseGate": lambda: alone(lib.MCPhaseGate(0.3, 3)),
    "MCU1Gate": lambda: alone(lib.MCU1Gate(0.3, 3)),
    "CUGate": lambda: alone(lib.CUGate(1, 2, 3, 4)),
    "CUGate open": lambda: alone(lib.CUGate(1, 2, 3, 4, ctrl_state=0)),
    "CUGate controlled": lambda: alone(lib.CUGate(1, 2, 3, 4).control(2, ctrl_state=1, annotated=False)),
    "CU1Gate": lambda: alone(lib.CU1Gate(1)),
    "CU3Gate": lambda: alone(lib.CU3Gate(1, 2, 3)),
    "CSwapGate open": lambda: alone(lib.CSwapGate(ctrl_state=0)),
    "DCXGate": lambda: alone(lib.DCXGate()),
    "U1Gate": lambda: alone(lib.U1Gate(1)),
    "U2Gate": lambda: alone(lib.U2Gate(1, 2)),
    "U3Gate": lambda: alone(lib.U3Gate(1, 2, 3)),
    "RGate": lambda: alone(lib.RGate(1, 2)),
    "RVGate": lambda: alone(lib.RVGate(1, 2, 3)),
    "MCMTGate": lambda: alone(lib.MCMTGate(lib.RYGate(0.3), 2, 2)),
    "MCMT": lambda: lib.MCMT("z", 2, 2),
    "MCMTVChain": lambda: lib.MCMTVChain("z", 3, 1),
    "MSGate": lambda: alone(lib.MSGate(3, 0.3)),
    "GMS": lambda: lib.GMS(3, [[0, 1, 2], [1, 0, 3], [2, 3, 0]]),
    "GR": lambda: lib.GR(3, 0.3, 0.4),
    "PauliGate": lambda: alone(lib.PauliGate("XYZ")),
    "PauliEvolutionGate": lambda: alone(lib.PauliEvolutionGate(ISING, 0.7)),
    "PauliEvolutionGate controlled": lambda: alone(lib.PauliEvolutionGate(Pauli("ZIZ"), 0.7).control(2, ctrl_state=1)),
    "PauliProductRotationGate": lambda: alone(lib.PauliProductRotationGate(Pauli("-XYZ"), 0.3)),
    "HamiltonianGate": lambda: alone(lib.HamiltonianGate(SparsePauliOp("XY").to_matrix(), 0.3)),
    "Permutation": lambda: lib.Permutation(4, [2, 0, 3, 1]),
    "PermutationGate": lambda: alone(lib.PermutationGate([2, 0, 3, 1])),
    "LinearFunction": lambda: alone(lib.LinearFunction([[1, 1, 0], [0, 1, 1], [0, 0, 1]])),
    "Diagonal": lambda: lib.Diagonal(PHASES),
    "DiagonalGate": lambda: alone(lib.DiagonalGate(PHASES)),
    "UCRXGate": lambda: alone(lib.UCRXGate(ANGLES)),
    "UCRYGate": lambda: alone(lib.UCRYGate(ANGLES)),
    "UCRZGate": lambda: alone(lib.UCRZGate(ANGLES)),
    "UCPauliRotGate": lambda: alone(lib.UCPauliRotGate(ANGLES, "Y")),
    "UCGate": lambda: alone(lib.UCGate([random_unitary(2, seed=k).data for k in range(4)])),
    "Isometry": lambda: alone(lib.Isometry(random_unitary(8, seed=3).data[:, :2], 0, 0)),
    "StatePreparation": lambda: alone(lib.StatePreparation(STATE)),
    "StatePreparation label": lambda: alone(lib.StatePreparation("+0r")),
    "StatePreparation number": lambda: alone(lib.StatePreparation(5, 3)),
    "StatePreparation controlled": lambda: alone(lib.StatePreparation(STATE).control(1, annotated=False)),
    "UniformSuperpositionGate": lambda: alone(lib.UniformSuperpositionGate(5, 3)),
    "CDKMRippleCarryAdder": lambda: lib.CDKMRippleCarryAdder(2),
    "DraperQFTAdder": lambda: lib.DraperQFTAdder(2),
    "VBERippleCarryAdder": lambda: lib.VBERippleCarryAdder(2),
    "ModularAdderGate": lambda: alone(lib.ModularAdderGate(2)),
    "HalfAdderGate": lambda: alone(lib.HalfAdderGate(2)),
    "FullAdderGate": lambda: alone(lib.FullAdderGate(2)),
    "MultiplierGate": lambda: alone(lib.MultiplierGate(1)),
    "HRSCumulativeMultiplier": lambda: lib.HRSCumulativeMultiplier(1),
    "RGQFTMultiplier": lambda: lib.RGQFTMultiplier(1),
    "WeightedAdder": lambda: lib.WeightedAdder(2),
    "IntegerComparator": lambda: lib.IntegerComparator(3, 5),
    "IntegerComparatorGate": lambda: alone(lib.IntegerComparatorGate(3, 5)),
    "LinearPauliRotationsGate": lambda: alone(lib.LinearPauliRotationsGate(2)),
    "PolynomialPauliRotationsGate": lambda: alone(lib.PolynomialPauliRotationsGate(2, [1, 2])),
    "PiecewiseLinearPauliRotationsGate": lambda: alone(
        lib.PiecewiseLinearPauliRotationsGate(2, [0, 2], [1, 0.5], [0, 0.3])
    ),
    "LinearAmplitudeFunctionGate": lambda: alone(lib.LinearAmplitudeFunctionGate(2, 1, 0, (0, 1), (0, 1))),
    "ExactReciprocalGate": lambda: alone(lib.ExactReciprocalGate(2, 0.3)),
    "QuadraticFormGate": lambda: alone(lib.QuadraticFormGate(2, [[1, 2], [0, 1]], [1, 2], 1)),
    "AND": lambda: lib.AND(3),
    "OrGate": lambda: alone(lib.OrGate(3)),
    "XOR": lambda: lib.XOR(3, amount=5),
    "InnerProductGate": lambda: alone(lib.InnerProductGate(2)),
    "BitwiseXorGate": lambda: alone(lib.BitwiseXorGate(3, 5)),
    "BitFlipOracleGate": lambda: alone(lib.BitFlipOracleGate("(a & b) | c")),
    "PhaseOracleGate": lambda: alone(lib.PhaseOracleGate("(a & b) | c")),
    "Clifford": lambda: alone(Clifford(random_clifford(3, seed=1))),
    "gate controlled": lambda: alone(small().to_gate().control(2, ctrl_state=1, annotated=False)),
    "gate controlled lazily": lambda: alone(small().to_gate().control(2, ctrl_state=2, annotated=True)),
    "gate to a power": lambda: alone(small().to_gate().power(0.5)),
    "gate to a power lazily": lambda: alone(small().to_gate().power(2, annotated=True)),
    "gate repeated": lambda: small().repeat(3),
    "gate inverted": lambda: alone(small().to_gate().inverse()),
    "unitary controlled": lambda: alone(lib.UnitaryGate(random_unitary(4, seed=1)).control(1, annotated=False)),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")  # inside Qiskit's exponential
@pytest.mark.parametrize("name", CIRCUITS)
def test_library_circuits_agree_with_qiskit(name):
    reference = CIRCUITS[name]()
    values = np.random.default_rng(0).uniform(-3, 3, reference.num_parameters)
    bound = reference.assign_parameters(values) if reference.num_parameters else reference
    exact = Operator(bound).data
    circuit = from_qiskit(bound)
    np.testing.assert_allclose(circuit.to_matrix(), exact, atol=1e-10)
    np.testing.assert_allclose(Operator(to_qiskit(circuit)).data, exact, atol=1e-10)
    np.testing.assert_allclose(StatevectorSimulator().state_vector(circuit), exact[:, 0], atol=1e-10)
    if reference.num_parameters and "feature" not in name.lower():
        free = from_qiskit(reference)  # feature maps multiply parameters, which only numbers can stand for
        by_name = {p.name: v for p, v in zip(reference.parameters, values, strict=True)}
        ours = StatevectorSimulator().state_vector(free, by_name)
        np.testing.assert_allclose(ours, exact[:, 0], atol=1e-10)


def test_every_standard_gate_of_qiskit_agrees():
    rng = np.random.default_rng(1)
    for name, gate in lib.get_standard_gate_name_mapping().items():
        if gate.num_clbits or name in ("reset", "delay"):
            continue
        filled = gate.base_class(*rng.uniform(-3, 3, len(gate.params)))
        circuit = QuantumCircuit(3 if gate.num_qubits < 4 else gate.num_qubits)
        circuit.append(filled, range(gate.num_qubits)[::-1])
        np.testing.assert_allclose(from_qiskit(circuit).to_matrix(), Operator(circuit).data, atol=1e-10, err_msg=name)
