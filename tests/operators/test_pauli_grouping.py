from itertools import combinations

import pytest
from qiskit.quantum_info import SparsePauliOp

from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliString, PauliSum


@pytest.mark.parametrize("qubit_wise", [True, False])
@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 5), (4, 60), (8, 100)])
def test_groups_partition_the_sum_into_commuting_strings(random_sum, num_qubits, num_terms, qubit_wise):
    op = random_sum(num_qubits, num_terms, hermitian=True)
    groups = op.group_commuting(qubit_wise=qubit_wise)
    assert sum(groups) == op
    assert sum(map(len, groups)) == len(op.simplify(0))
    for group in groups:
        for (left, _), (right, _) in combinations(group, 2):
            assert left.commutes_with(right, qubit_wise=qubit_wise)


@pytest.mark.parametrize("qubit_wise", [True, False])
def test_no_more_groups_than_qiskit_by_a_tenth(random_sum, qubit_wise):
    ours = theirs = 0
    for _ in range(5):
        op = random_sum(5, 150, hermitian=True).simplify()
        ours += len(op.group_commuting(qubit_wise=qubit_wise))
        theirs += len(SparsePauliOp(*zip(*op.to_list(), strict=True)).group_commuting(qubit_wise=qubit_wise))
    assert ours <= 1.1 * theirs


def test_known_groups():
    op = PauliSum.from_list([("XX", 1), ("ZZ", 4), ("YY", 2), ("ZI", 3)])
    assert [group.to_list() for group in op.group_commuting()] == [
        [("ZZ", 4), ("ZI", 3)],
        [("YY", 2)],
        [("XX", 1)],
    ]
    assert [len(group) for group in op.group_commuting(qubit_wise=False)] == [2, 2]
    assert PauliSum.zero(2).group_commuting() == []
    assert PauliSum.zero(2).group_commuting(qubit_wise=False) == []


def test_measurement_basis_shares_a_letter_per_qubit(random_sum):
    assert PauliSum.from_list([("XIIY", 1), ("IZIY", 2)]).measurement_basis() == PauliString("XZIY")
    assert PauliSum.zero(2).measurement_basis() == PauliString("II")
    for group in random_sum(6, 80).group_commuting():
        basis = group.measurement_basis()
        assert all(string.commutes_with(basis, qubit_wise=True) for string, _ in group)
        assert all(string.letter(q) == basis.letter(q) for string, _ in group for q in string.qubits)


def test_measurement_basis_needs_qubit_wise_commutation():
    with pytest.raises(OperatorError, match=r"different letters on qubit 1; split the sum with group_commuting\(\)"):
        PauliSum.from_list([("XZ", 1), ("YZ", 1)]).measurement_basis()
