"""Groups of commuting terms: the circuits that measure them, exactly, and what they cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit import Circuit, PauliString, PauliSum, StatevectorSimulator
from qtoolkit.algorithms.measurement import diagonalising_circuit, measurement_groups
from qtoolkit.errors import InputError, OperatorError


@st.composite
def commuting_groups(draw, max_qubits=5):
    """Strings that commute, drawn one after the other, on up to five qubits."""
    num_qubits = draw(st.integers(1, max_qubits))
    masks = st.integers(0, (1 << num_qubits) - 1)
    chosen = []
    for x, z in draw(st.lists(st.tuples(masks, masks), min_size=1, max_size=30)):
        string = PauliString.from_masks(x, z, num_qubits)
        if all(string.commutes_with(other) for other in chosen):
            chosen.append(string)
    factors = draw(st.lists(st.floats(0.5, 2.0), min_size=len(chosen), max_size=len(chosen)))
    return PauliSum.from_strings(chosen, factors)


@settings(max_examples=150, deadline=None)
@given(commuting_groups())
def test_the_circuit_makes_every_member_diagonal_with_its_sign(group):
    circuit, diagonal = diagonalising_circuit(group)
    unitary = circuit.to_matrix()
    assert diagonal.is_diagonal()
    signs = (diagonal.coefficients / group.coefficients).real
    for (string, _), z_mask, sign in zip(group, diagonal.z_masks.tolist(), signs, strict=True):
        turned = unitary @ string.to_matrix() @ unitary.conj().T
        expected = sign * PauliString.from_masks(0, z_mask, group.num_qubits).to_matrix()
        # entries are sums of at most 2^5 products of powers of 1/√2
        assert np.abs(turned - expected).max() < 1e-12
    assert set(circuit.count_ops()) <= {"h", "sdg", "cx", "cz"}


@settings(max_examples=60, deadline=None)
@given(commuting_groups())
def test_strings_that_agree_on_every_qubit_need_no_entangling_gate(group):
    circuit, _ = diagonalising_circuit(group.group_commuting()[0])
    assert all(len(operation.qubits) == 1 for operation in circuit)


def test_entangling_gates_stay_below_their_bound():
    rng = np.random.default_rng(4)
    for _ in range(30):
        num_qubits = int(rng.integers(2, 12))
        x, z = rng.integers(0, 1 << num_qubits, (2, 60))
        for group in PauliSum(x, z, rng.normal(size=60), num_qubits).group_commuting(qubit_wise=False):
            counts = diagonalising_circuit(group)[0].count_ops()
            rank = max(counts.get("h", 0), 1)
            assert counts.get("cx", 0) + counts.get("cz", 0) <= num_qubits * num_qubits // 2
            assert rank <= 2 * num_qubits


def test_sixty_two_qubits():
    edge = PauliSum.from_sparse_list([("XX", (0, 61), 1.0), ("ZZ", (0, 61), 2.0), ("YY", (0, 61), 3.0)], 62)
    circuit, diagonal = diagonalising_circuit(edge)
    assert circuit.count_ops() == {"cx": 1, "h": 1}
    assert diagonal.allclose(
        PauliSum.from_sparse_list([("Z", (61,), 1.0), ("Z", (0,), 2.0), ("ZZ", (0, 61), -3.0)], 62)
    )


def test_strings_that_do_not_commute_are_refused():
    with pytest.raises(OperatorError, match="must commute, got two that do not"):
        diagonalising_circuit(PauliSum.from_list([("X", 1.0), ("Z", 1.0)]))
    with pytest.raises(OperatorError, match="must be a PauliSum"):
        diagonalising_circuit("XX")


def random_sum(num_qubits, count, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.integers(0, 1 << num_qubits, (2, count))
    return PauliSum(x, z, rng.normal(size=count), num_qubits).simplify()


@pytest.mark.parametrize("grouping", ["qubit-wise", "commuting"])
def test_groups_turned_back_are_the_observables(grouping):
    observables = [random_sum(4, 60, 1), random_sum(4, 40, 2) + 0.7 * PauliSum.identity(4)]
    found = measurement_groups(observables, grouping)
    for column, observable in enumerate(observables):
        total = found.constants[column] * np.eye(16, dtype=complex)
        for group in found.groups:
            setting = group.setting
            unitary = group.basis_change.to_matrix()
            part = PauliSum(np.zeros_like(setting.masks), setting.masks, setting.coefficients[:, column], 4)
            total += unitary.conj().T @ part.to_matrix() @ unitary
            assert set(setting.qubits) >= {q for q in range(4) if np.bitwise_or.reduce(setting.masks) >> q & 1}
        assert np.abs(total - observable.to_matrix()).max() < 1e-12
    strings = {string for group in found.groups for string, _ in group.terms}
    assert found.num_terms == len(strings)  # each once, of whichever observables
    if grouping == "qubit-wise":
        assert all(group.num_two_qubit_gates == 0 for group in found.groups)
    assert f"{found.num_terms} terms in {len(found)} {grouping} groups" in repr(found)


def test_thousands_of_terms_on_twenty_qubits():
    hamiltonian = random_sum(20, 3500, 3)
    found = measurement_groups(hamiltonian, "commuting")
    assert found.num_terms == len(hamiltonian)
    for group in found.groups:
        x, z = group.terms.x_masks, group.terms.z_masks
        clash = np.bitwise_count(x[:, None] & z) + np.bitwise_count(z[:, None] & x)
        assert not (clash & 1).any()
        assert np.abs(group.setting.coefficients[:, 0]) == pytest.approx(np.abs(group.coefficients[:, 0]))


@pytest.mark.parametrize("grouping", ["qubit-wise", "commuting"])
def test_extra_strings_are_measured_where_they_commute(grouping):
    terms = PauliSum.from_list([("XXII", 0.5), ("YYII", 0.4), ("IZZI", 0.3), ("IIXX", 0.2), ("ZZZZ", 0.1)])
    extra = PauliSum.from_strings(["ZZZZ", "ZIII", "IIXX", "XIII"])
    found = measurement_groups(terms, grouping, extra)
    plain = measurement_groups(terms, grouping)
    assert len(found) == len(plain)
    told = np.zeros(len(extra))
    for group in found.groups:
        unitary = group.basis_change.to_matrix()
        for (string, _), mask, sign in zip(extra, group.extra_masks.tolist(), group.extra_signs, strict=True):
            commutes = all(string.commutes_with(term, qubit_wise=grouping == "qubit-wise") for term, _ in group.terms)
            assert sign == 0.0 or commutes
            if sign:
                turned = unitary @ string.to_matrix() @ unitary.conj().T
                assert np.abs(turned - sign * PauliString.from_masks(0, mask, 4).to_matrix()).max() < 1e-12
        first = int(np.flatnonzero([all(s.commutes_with(t) for t, _ in group.terms) for s, _ in extra])[0])
        assert grouping == "qubit-wise" or group.extra_signs[first]
        told += group.extra_signs != 0
    assert told[:3].all()


def test_the_predicted_error_is_that_of_the_optimal_allocation():
    hamiltonian = random_sum(3, 30, 5)
    state = StatevectorSimulator().state_vector(Circuit(3).ry(0.3, 0).cx(0, 1).rx(0.9, 2).cx(1, 2).rz(0.4, 1))
    found = measurement_groups(hamiltonian)
    deviations = []
    for group in found.groups:
        matrix = group.terms.to_matrix() * 0
        for (string, _), factor in zip(group.terms, group.coefficients[:, 0], strict=True):
            matrix = matrix + factor * string.to_matrix()
        mean = np.vdot(state, matrix @ state).real
        deviations.append(np.sqrt(max(np.vdot(matrix @ state, matrix @ state).real - mean**2, 0.0)))
    shots = 10**9  # so many that rounding them changes nothing
    optimal = sum(deviations) / np.sqrt(shots)
    assert found.predicted_standard_error(shots, "variance", state)[0] == pytest.approx(optimal, rel=1e-6)
    uniform = np.sqrt(len(found) * np.square(deviations).sum() / shots)
    assert found.predicted_standard_error(shots, "uniform", state)[0] == pytest.approx(uniform, rel=1e-6)
    assert found.predicted_standard_error(shots, "weighted", state)[0] > optimal
    mixed = sum(np.sqrt(np.square(group.coefficients).sum()) for group in found.groups) / np.sqrt(shots)
    assert found.predicted_standard_error(shots)[0] == pytest.approx(mixed, rel=1e-6)


def test_a_constant_has_no_group():
    found = measurement_groups(2.5 * PauliSum.identity(2))
    assert (len(found), found.num_terms, found.constants.tolist()) == (0, 0, [2.5])
    assert found.predicted_standard_error(10).tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measurement_groups([]), "takes at least one observable, got none"),
        (lambda: measurement_groups(["ZZ"]), "an observable is a PauliSum"),
        (lambda: measurement_groups(1j * PauliSum.identity(1)), "must be Hermitian"),
        (lambda: measurement_groups(PauliSum.identity(2), "all"), "grouping must be one of qubit-wise, commuting"),
        (lambda: measurement_groups(PauliSum.identity(2), extra=PauliSum.identity(3)), "2 qubits, got 3"),
        (lambda: measurement_groups(random_sum(3, 9, 1)).predicted_standard_error(1), "groups need at least"),
        (lambda: measurement_groups(random_sum(3, 9, 1)).predicted_standard_error(99, "best"), "allocation must be"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
