import pickle

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliString, PauliSum, Tapering, fermion_mapping, jordan_wigner, tapering, z2_symmetries

HEISENBERG = PauliSum.from_list([("XX", 1.0), ("YY", 1.0), ("ZZ", 1.0)])


def independent(strings: tuple[PauliString, ...]) -> bool:
    """Whether no product of some of them is the identity."""
    products = {(0, 0)}
    for string in strings:
        products |= {(x ^ string.x_mask, z ^ string.z_mask) for x, z in products}
    return len(products) == 2 ** len(strings)


def commuting_strings(op: PauliSum) -> set[tuple[int, int]]:
    """All strings that commute with every term, by trying all."""
    n = op.num_qubits
    terms = [string for string, _ in op]
    every = (PauliString.from_masks(x, z, n) for x in range(1 << n) for z in range(1 << n))
    return {(p.x_mask, p.z_mask) for p in every if all(p.commutes_with(term) for term in terms)}


@st.composite
def sums(draw) -> PauliSum:
    """Random sums with symmetries: of products of a few random strings."""
    n = draw(st.integers(2, 4))
    letters = st.text("IXYZ", min_size=n, max_size=n)
    basis = draw(st.lists(letters, min_size=1, max_size=2 * n - 1))
    total = PauliSum.zero(n)
    for place, label in enumerate(basis):
        factor = PauliString(basis[(3 * place + 1) % len(basis)])
        total = total + (1.0 + place) * PauliString(label) + (0.3 + place) * (PauliString(label) @ factor)
    return total


@settings(deadline=None, max_examples=60)
@given(sums())
def test_symmetries_are_as_many_as_there_can_be(op):
    found = z2_symmetries(op)
    everything = commuting_strings(op)
    assert all((string.x_mask, string.z_mask) in everything for string in found)
    assert all(left.commutes_with(right) for left in found for right in found)
    assert independent(found)
    # Of 2^(r + 2 s) commuting strings, r of them in the centre, r + s commute with one another.
    centre = [(x, z) for x, z in everything if all(((x & b) ^ (z & a)).bit_count() % 2 == 0 for a, b in everything)]
    assert 4 ** len(found) == len(everything) * len(centre)
    diagonal = [string for string in found if not string.x_mask]
    assert 2 ** len(diagonal) == sum(1 for x, _ in everything if x == 0)
    assert list(found[: len(diagonal)]) == diagonal


@settings(deadline=None, max_examples=60)
@given(sums(), st.data())
def test_sectors_together_have_the_spectrum(op, data):
    hermitian = op + op.adjoint()
    strings = z2_symmetries(hermitian)[: op.num_qubits - 1]
    if not strings:
        return
    sector = data.draw(st.tuples(*[st.sampled_from((1, -1))] * len(strings)))
    short = Tapering(strings, sector)
    assert short.taper(op @ op.adjoint()).allclose(short.taper(op) @ short.taper(op).adjoint(), 1e-9)
    values = []
    for signs in range(1 << len(strings)):
        sector = tuple(1 - 2 * (signs >> place & 1) for place in range(len(strings)))
        values.append(Tapering(strings, sector).taper(hermitian).eigenvalues())
    np.testing.assert_allclose(np.sort(np.concatenate(values)), hermitian.eigenvalues(), atol=1e-9)


def test_heisenberg_pairs_have_a_bell_basis():
    assert {str(string) for string in z2_symmetries(HEISENBERG)} <= {"XX", "YY", "ZZ"}
    assert Tapering((PauliString("XX"),), (1,)).taper(HEISENBERG).num_qubits == 1
    singlet = Tapering((PauliString("XX"),), (-1,)).taper(HEISENBERG).eigenvalues()
    np.testing.assert_allclose(singlet, [-3.0, 1.0], atol=1e-12)


def test_symmetries_with_x_turn_qubits_into_z():
    chain = PauliSum.from_sparse_list(
        [("ZZ", [k, k + 1], -1.0) for k in range(3)] + [("X", [k], -0.7) for k in range(4)], 4
    )
    assert z2_symmetries(chain) == (PauliString("XXXX"),)
    halves = [Tapering((PauliString("XXXX"),), (sign,)).taper(chain).eigenvalues() for sign in (1, -1)]
    np.testing.assert_allclose(np.sort(np.concatenate(halves)), chain.eigenvalues(), atol=1e-12)
    even = Tapering((PauliString("XXXX"),), (1,))
    with pytest.raises(OperatorError, match="basis states are tapered by symmetries of I and Z, got XXXX"):
        even.taper_bits(0)
    with pytest.raises(OperatorError, match="no symmetry of I and Z letters"):
        Tapering.for_state(chain, 0)


def test_many_terms_are_looked_at_in_parts(monkeypatch, rng):
    op = jordan_wigner(random_hamiltonian(4, rng, False))
    whole = z2_symmetries(op)
    assert [str(string) for string in whole] == ["IIIIZZZZ", "ZZZZIIII"]
    monkeypatch.setattr(tapering, "_ROWS", 3)
    assert z2_symmetries(op) == whole


def test_idle_qubits_and_nothing_at_all():
    assert [str(string) for string in z2_symmetries(PauliSum.zero(2))] == ["IZ", "ZI"]
    idle = PauliSum.from_list([("IXI", 1.0), ("IZZ", 0.5)])
    assert {str(string) for string in z2_symmetries(idle)} == {"ZII", "IIZ"}
    assert Tapering.for_state(idle, 0b001).taper(idle) == PauliSum.from_list([("X", 1.0), ("Z", -0.5)])
    assert Tapering.for_state(PauliSum.zero(2), 0b10).num_qubits == 1


def test_taperings_are_values():
    short = Tapering([PauliString("ZZI")], [1])
    again = pickle.loads(pickle.dumps(short))
    assert again == short == Tapering((PauliString("ZZI"),), (1,), (2,))
    assert hash(again) == hash(short)
    assert again.taper_bits(0b110) == short.taper_bits(0b110) == 0b10
    assert short != Tapering((PauliString("ZZI"),), (-1,))


def test_terms_of_rounding_break_no_symmetry():
    op = HEISENBERG + PauliSum.from_list([("XI", 1e-14)])
    assert len(z2_symmetries(op)) == 2
    assert len(z2_symmetries(op, atol=0)) == 1
    reduced = Tapering((PauliString("ZZ"),), (1,)).taper(op)
    np.testing.assert_allclose(reduced.eigenvalues(), [1.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("name", ["jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree"])
def test_the_sector_of_a_determinant(rng, name):
    hamiltonian = random_hamiltonian(3, rng, True)
    mapping = fermion_mapping(name, 6)
    op = mapping.map(hamiltonian)
    bits = mapping.occupation_bits([0, 1, 3])
    short = Tapering.for_state(op, bits)
    assert (short.num_qubits, short.num_qubits_before) == (4, 6)
    matrix = op.to_matrix()
    for state in range(64):
        modes = mapping.occupied_modes(state)
        same_sector = sum(mode < 3 for mode in modes) % 2 == 0 and sum(mode >= 3 for mode in modes) % 2 == 1
        if not same_sector:
            with pytest.raises(OperatorError, match="is in another sector"):
                short.taper_bits(state)
            continue
        place = short.taper_bits(state)
        assert short.untaper_bits(place) == state
        assert short.taper(op).to_matrix()[place, place] == pytest.approx(matrix[state, state], abs=1e-11)
    whole = mapping.tapered(short)
    assert whole.map(hamiltonian).allclose(short.taper(op), 1e-12)
    assert whole.occupied_modes(whole.occupation_bits([2, 0, 5])) == (0, 2, 5)


def test_projection_leaves_out_what_leads_elsewhere():
    short = Tapering((PauliString("ZZ"),), (-1,))
    op = HEISENBERG + PauliSum.from_list([("XI", 0.5), ("ZI", 0.25)])
    with pytest.raises(OperatorError, match=r"1 of 5 terms do not commute with the symmetries, as 'XI'; project=True"):
        short.taper(op)
    states = [0b01, 0b10]
    inside = op.to_matrix()[np.ix_(states, states)]
    np.testing.assert_allclose(short.taper(op, project=True).eigenvalues(), np.linalg.eigvalsh(inside), atol=1e-12)


def test_qubits_can_be_chosen():
    strings = (PauliString("ZZII"), PauliString("IZZZ"))
    op = PauliSum.from_list([("XXXI", 1.0), ("IZIZ", 0.5), ("IIXX", 0.25)])
    for qubits in [(3, 2), (2, 0), (3, 1), ()]:
        spectra = [Tapering(strings, (a, b), qubits).taper(op).eigenvalues() for a in (1, -1) for b in (1, -1)]
        np.testing.assert_allclose(np.sort(np.concatenate(spectra)), op.eigenvalues(), atol=1e-12)
    assert Tapering(strings, (1, 1), (2, 0)).qubits == (2, 0)
    assert Tapering(strings, (1, 1)).qubits == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), ()), "at least one symmetry"),
        ((("ZZ",), (1,)), "a symmetry must be a PauliString, got 'ZZ'"),
        (((PauliString("ZZ"),), (2,)), "an eigenvalue of a symmetry is 1 or −1, got 2"),
        (((PauliString("ZZ"),), (1, 1)), "one eigenvalue per symmetry, got 2 for 1"),
        (((PauliString("ZZI"), PauliString("XII")), (1, 1)), "must commute with one another, but XII does not"),
        (((PauliString("ZZI"), PauliString("ZZ")), (1, 1)), "same number of qubits"),
        (((PauliString("ZZ"), PauliString("XX")), (1, 1)), "must leave a qubit, but 2 symmetries take all of 2"),
        (((PauliString("ZZI"), PauliString("ZZI")), (1, 1)), "must be independent"),
        (((PauliString("III"),), (1,)), "must be independent"),
        (((PauliString("ZZI"),), (1,), (0,)), "must act on its qubit 0; leave out qubits"),
        (((PauliString("ZZI"),), (1,), (0, 1)), "one qubit per symmetry, got 2 for 1"),
    ],
)
def test_bad_taperings_are_refused(arguments, message):
    with pytest.raises(OperatorError, match=message):
        Tapering(*arguments)


def test_bad_operands_are_refused():
    short = Tapering((PauliString("ZZI"),), (1,))
    with pytest.raises(OperatorError, match="must have 3 qubits, got 2"):
        short.taper(HEISENBERG)
    with pytest.raises(OperatorError, match="must be a PauliSum, got None"):
        short.taper(None)
    with pytest.raises(OperatorError, match="are those of a PauliSum, got 'XX'"):
        z2_symmetries("XX")
    for call, qubits in ((short.taper_bits, 3), (short.untaper_bits, 2)):
        with pytest.raises(OperatorError, match=rf"a state index must be in \[0, 2\^{qubits}\)"):
            call(1 << qubits)
    with pytest.raises(OperatorError, match="or one qubit only: nothing to taper"):
        Tapering.for_state(PauliSum.from_list([("Z", 1.0)]), 0)
