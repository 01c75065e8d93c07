"""Lattices and models against closed forms and independent constructions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from qtoolkit.applications.materials import (
    Lattice,
    chain,
    heisenberg_model,
    hubbard_model,
    ising_model,
    ladder,
    square,
    tj_model,
)
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionOperator, jordan_wigner
from qtoolkit.simulators.fermion import FermionSector, lowest_states, operator_matrix


def test_lattices_have_the_bonds_that_their_names_say() -> None:
    assert chain(4).bonds == ((0, 1), (1, 2), (2, 3))
    assert len(chain(5, periodic=True).bonds) == 5
    assert len(ladder(4).bonds) == 2 * 3 + 4
    assert len(ladder(4, periodic=True).bonds) == 3 * 4
    assert len(square(3, 4).bonds) == 2 * 4 + 3 * 3
    assert len(square(3, 4, periodic=True).bonds) == 2 * 12
    assert len(square(4, 2, periodic=(True, False)).bonds) == 8 + 4
    for lattice in (chain(6), ladder(3), square(4, 3)):
        for i, j in lattice.bonds:
            assert np.linalg.norm(lattice.positions[i] - lattice.positions[j]) == 1.0


def test_hubbard_energies_are_known() -> None:
    assert lowest_states(hubbard_model(chain(6), 1.0, 4.0), (3, 3))[0][0] == pytest.approx(-3.092565320, abs=1e-8)
    for interaction in (0.0, 1.5, 8.0):
        dimer = lowest_states(hubbard_model(chain(2), 0.7, interaction), (1, 1))[0][0]
        assert dimer == pytest.approx(interaction / 2 - math.hypot(interaction / 2, 2 * 0.7), abs=1e-10)
    ring = lowest_states(hubbard_model(chain(6, periodic=True), 1.0, 0.0), (3, 3))[0][0]
    assert ring == pytest.approx(2 * (-2 - 1 - 1), abs=1e-9)


def test_hubbard_terms_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(4)
    lattice = square(3, 2)
    hopping, interaction, potential = rng.normal(size=7), rng.normal(size=6), rng.normal(size=6)
    terms: dict[Any, float] = {}
    for (i, j), t in zip(lattice.bonds, hopping, strict=True):
        for a, b in ((i, j), (j, i)):
            for block in (0, 6):
                terms[(a + block, True), (b + block, False)] = -t
    for i in range(6):
        for block in (0, 6):
            terms[(i + block, True), (i + block, False)] = potential[i] - 0.3
        terms[(i, True), (i, False), (i + 6, True), (i + 6, False)] = interaction[i]
    model = hubbard_model(lattice, hopping, interaction, potential, 0.3)
    assert model.to_fermion_operator().allclose(FermionOperator(terms))


@pytest.mark.parametrize("nelec", [(2, 1), (1, 1), (2, 2), (0, 2)])
def test_the_tj_model_is_the_projection_of_hops_and_exchange(nelec: tuple[int, int]) -> None:
    t, exchange, lattice = 0.9, 0.4, Lattice(4, ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2)))
    sector = FermionSector(4, nelec)
    single = ((sector.alpha_strings[:, None] & sector.beta_strings) == 0).ravel()

    def operator(*factors: tuple[int, bool]) -> FermionOperator:
        return FermionOperator({factors: 1.0})

    def spin(site: int) -> list[FermionOperator]:
        plus = operator((site, True), (site + 4, False))
        up, down = (operator((mode, True), (mode, False)) for mode in (site, site + 4))
        return [0.5 * (plus + plus.adjoint()), -0.5j * (plus - plus.adjoint()), 0.5 * (up - down)]

    def number(site: int) -> FermionOperator:
        return operator((site, True), (site, False)) + operator((site + 4, True), (site + 4, False))

    plain = FermionOperator.zero()
    for i, j in lattice.bonds:
        for block in (0, 4):
            hop = operator((i + block, True), (j + block, False))
            plain = plain - t * (hop + hop.adjoint())
        for one, other in zip(spin(i), spin(j), strict=True):
            plain = plain + exchange * (one @ other)
        plain = plain - 0.25 * exchange * (number(i) @ number(j))
    numbers = 8
    bits = sector.bit_patterns().ravel()
    whole = jordan_wigner(plain, numbers).to_matrix()[np.ix_(bits, bits)]
    found = operator_matrix(tj_model(lattice, t, exchange), sector).toarray()
    assert np.allclose(found[np.ix_(single, single)], whole[np.ix_(single, single)], atol=1e-12)
    assert np.abs(found[np.ix_(~single, single)]).max(initial=0.0) < 1e-12


def test_the_tj_dimer_is_a_singlet() -> None:
    matrix = operator_matrix(tj_model(chain(2), 1.0, 0.3), FermionSector(2, (1, 1))).toarray()
    single = [1, 2]
    assert np.allclose(np.linalg.eigvalsh(matrix[np.ix_(single, single)]), [-0.3, 0.0])


def test_spin_models_have_known_energies() -> None:
    assert heisenberg_model(chain(2)).ground_state()[0] == pytest.approx(-0.75)
    assert heisenberg_model(chain(4, periodic=True)).ground_state()[0] == pytest.approx(-2.0)
    assert heisenberg_model(chain(6, periodic=True)).ground_state()[0] == pytest.approx(-(math.sqrt(13) + 2) / 2)
    assert heisenberg_model(chain(3), field=0.5, exchange=0.0).ground_state()[0] == pytest.approx(-0.75)
    for field in (0.4, 1.0, 1.7):
        # free fermions with half-integer momenta (Pfeuty 1970)
        momenta = np.pi * (2 * np.arange(8) + 1) / 8
        exact = -np.sqrt(1 + field**2 - 2 * field * np.cos(momenta)).sum()
        model = ising_model(chain(8, periodic=True), 1.0, field)
        assert model.ground_state()[0] == pytest.approx(exact, abs=1e-9)
    anisotropic = heisenberg_model(chain(2), anisotropy=2.0, exchange=[0.5]).to_matrix()
    assert np.allclose(np.linalg.eigvalsh(anisotropic), sorted([0.25, 0.25, -0.25 + 0.25, -0.25 - 0.25]))


def test_what_is_no_lattice_or_model_is_refused() -> None:
    refused = [
        (lambda: chain(2, periodic=True), "at least 3"),
        (lambda: square(2, 4, periodic=True), "at least 3"),
        (lambda: square(2, 4, periodic=(1, 2, 3)), "pair"),  # type: ignore[arg-type]
        (lambda: Lattice(2, ((0, 0),)), "different"),
        (lambda: Lattice(2, ((0, 1), (1, 0))), "once"),
        (lambda: Lattice(2, ((0, 2),)), "site"),
        (lambda: Lattice(2, (), np.zeros((3, 1))), "positions"),
        (lambda: hubbard_model(chain(3), [1.0]), "bond"),
        (lambda: hubbard_model(chain(3), 1.0, [1.0]), "site"),
        (lambda: hubbard_model(chain(63)), "62"),
        (lambda: tj_model("chain"), "Lattice"),  # type: ignore[arg-type]
        (lambda: heisenberg_model(chain(3), [1.0]), "bonds"),
        (lambda: ising_model(chain(3), np.nan), "finite"),
        (lambda: operator_matrix(FermionOperator.from_string("0^"), FermionSector(2, (1, 1))), "keeps"),
        (lambda: operator_matrix(FermionOperator.from_string("7^ 7"), FermionSector(2, (1, 1))), "modes"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()


@pytest.mark.parametrize("nelec", list(itertools.product(range(4), range(4))))
def test_operators_on_sectors_are_blocks_of_their_matrix(nelec: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(nelec))
    terms: dict[Any, complex] = {(): 0.3}
    for _ in range(40):
        alphas, betas = rng.permutation(3)[:2], 3 + rng.permutation(3)[:2]
        factors = [(int(alphas[0]), True), (int(alphas[1]), False), (int(betas[0]), True), (int(betas[1]), False)]
        product = tuple(factors[k] for k in rng.permutation(4))
        terms[product] = complex(rng.normal(), rng.normal())
    operator, sector = FermionOperator(terms), FermionSector(3, nelec)
    bits = sector.bit_patterns().ravel()
    block = jordan_wigner(operator, 6).to_matrix()[np.ix_(bits, bits)]
    assert np.allclose(operator_matrix(operator, sector).toarray(), block, atol=1e-12)
