"""Integrals in files that other programs write and read."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import memory_peaks
import numpy as np
import pytest
from memory_peaks import needs_proc
from pyscf import fci, gto, scf
from pyscf.tools import fcidump

from qtoolkit.applications.chemistry import (
    MolecularIntegrals,
    compute_integrals,
    diatomic,
    fci_energies,
    fci_energy,
    ground_state,
)
from qtoolkit.errors import InputError, InsufficientMemoryError, OutputError

DIMER = """&FCI NORB=2,NELEC=2,MS2=0,
 ORBSYM=1,5,
 ISYM=1,
&END
 0.6 1 1 1 1
 0.5 2 2 1 1
 0.1 2 1 2 1
 0.7 2 2 2 2
 -1.2 1 1 0 0
 -0.4 2 2 0 0
 0.7 0 0 0 0
"""


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "FCIDUMP"
        path.write_text(text, encoding="utf-8")
        return MolecularIntegrals.from_fcidump(path)

    return reader


def random_integrals(norb, nelec, seed, unrestricted=False):
    rng = np.random.default_rng(seed)
    one_body = rng.normal(size=(2, norb, norb))
    one_body = one_body + one_body.swapaxes(1, 2)
    blocks = rng.normal(size=(3, *(norb,) * 4))
    blocks = blocks + blocks.transpose(0, 2, 1, 3, 4)
    blocks = blocks + blocks.transpose(0, 1, 2, 4, 3)
    for block in (0, 2):
        blocks[block] += blocks[block].transpose(2, 3, 0, 1)
    energies = np.sort(rng.normal(size=(2, norb)))
    if unrestricted:
        return MolecularIntegrals(one_body, blocks, 0.3, nelec, energies, 0.0)
    return MolecularIntegrals(one_body[0], blocks[0], 0.3, nelec, energies[0], 0.0)


def assert_same_tensors(found, expected):
    np.testing.assert_allclose(found.one_body_tensor, expected.one_body_tensor, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.two_body_tensor, expected.two_body_tensor, rtol=0, atol=1e-14)
    assert (found.core_energy, found.nelec) == (expected.core_energy, expected.nelec)


@pytest.mark.parametrize(
    ("molecule", "active_space", "reference"),
    [
        (diatomic("Li", "H", 1.595), None, "auto"),
        (diatomic("O", "O", 1.2075, spin=2), "frozen_core", "auto"),
        (diatomic("N", "N", 1.1, "6-31g"), (6, 8), "auto"),
        (diatomic("H", "H", 2.0), None, "uhf"),
        (diatomic("O", "H", 0.97, spin=1), "frozen_core", "uhf"),
    ],
)
def test_integrals_of_molecules_round_trip(molecule, active_space, reference, tmp_path):
    integrals = compute_integrals(molecule, active_space, reference)
    path = tmp_path / "FCIDUMP"
    integrals.to_fcidump(path)
    found = MolecularIntegrals.from_fcidump(path)
    assert_same_tensors(found, integrals)
    assert found.hartree_fock_energy == pytest.approx(integrals.hartree_fock_energy, abs=1e-9)
    assert found.scf_solution == "orbitals from elsewhere"
    assert found.dipole is None
    if reference == "auto":
        assert found.orbital_symmetries == integrals.orbital_symmetries
        if molecule.spin == 0:
            np.testing.assert_allclose(found.orbital_energies, integrals.orbital_energies, atol=1e-6)
            assert fci_energy(found) == pytest.approx(fci_energy(integrals), abs=1e-9)
    else:
        np.testing.assert_allclose(found.orbital_energies, integrals.orbital_energies, atol=1e-6)


@pytest.mark.parametrize("unrestricted", [False, True])
@pytest.mark.parametrize(("norb", "nelec"), [(1, (1, 0)), (3, (1, 2)), (5, (2, 2))])
def test_random_integrals_round_trip(norb, nelec, unrestricted, tmp_path):
    integrals = random_integrals(norb, nelec, 4, unrestricted)
    integrals.to_fcidump(tmp_path / "a")
    found = MolecularIntegrals.from_fcidump(tmp_path / "a")
    np.testing.assert_array_equal(found.one_body_tensor, integrals.one_body_tensor)
    np.testing.assert_array_equal(found.two_body_tensor, integrals.two_body_tensor)
    assert (found.core_energy, found.nelec) == (0.3, nelec)
    assert found.orbital_symmetries == (0,) * norb
    found.to_fcidump(tmp_path / "b")
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()


@pytest.mark.parametrize("spin", [0, 2])
@pytest.mark.parametrize("numbering", ["PySCF", "Molpro"])
def test_files_of_pyscf_are_read(spin, numbering, tmp_path):
    structure = gto.M(atom="O 0 0 0; O 0 0 1.2", spin=spin, symmetry="D2h", verbose=0)
    mean_field = scf.RHF(structure).run(conv_tol=1e-11)
    path = str(tmp_path / "FCIDUMP")
    fcidump.from_scf(mean_field, path, molpro_orbsym=numbering == "Molpro")
    found = MolecularIntegrals.from_fcidump(path)
    assert found.nelec == structure.nelec
    assert found.hartree_fock_energy == pytest.approx(mean_field.e_tot, abs=1e-8)
    ours, theirs = np.array(found.orbital_symmetries), np.asarray(mean_field.mo_coeff.orbsym)
    np.testing.assert_array_equal(ours[:, None] == ours, theirs[:, None] == theirs)
    np.testing.assert_array_equal(  # products too
        (ours[:, None, None] ^ ours[:, None] ^ ours) == 0, (theirs[:, None, None] ^ theirs[:, None] ^ theirs) == 0
    )


def test_pyscf_reads_our_files(tmp_path):
    integrals = compute_integrals(diatomic("N", "N", 1.1), "frozen_core")
    path = str(tmp_path / "FCIDUMP")
    integrals.to_fcidump(path)
    found = fcidump.read(path, molpro_orbsym=True, verbose=False)
    assert (found["NORB"], found["NELEC"], found["MS2"]) == (8, 10, 0)
    assert found["ECORE"] == integrals.core_energy
    np.testing.assert_allclose(found["H1"], integrals.one_body_tensor, rtol=0, atol=1e-14)
    solver = fci.direct_spin1_symm.FCI()
    solver.orbsym, solver.wfnsym, solver.conv_tol = np.array(found["ORBSYM"]), 0, 1e-11
    energy = solver.kernel(found["H1"], found["H2"], 8, (5, 5), ecore=found["ECORE"])[0]
    assert energy == pytest.approx(fci_energy(integrals), abs=1e-8)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("&FCI NORB=2,NELEC=2,MS2=0,", "\n  $fci\n norb = 2 nelec = 2 , ms2=0 ! a comment\n"),
        ("&END", " /"),
        ("&END", "&"),
        ("ISYM=1,\n&END", "ISYM=1 &END"),
        (" ORBSYM=1,5,\n ISYM=1,\n", "NPROP=1 1 1, FOO='bar',\n ORBSYM=1 5"),
        ("ORBSYM=1,5", "ORBSYM=0,4"),
        ("0.6 1 1 1 1", "6.0D-1 1 1 1 1"),
        ("0.6 1 1 1 1", "\n\t+.06E+01\t1   1 1 1\n"),
        ("0.1 2 1 2 1", "0.1 1 2 2 1\n0.1 2 1 2 1\n0.1 1 2 1 2"),
        (" 0.7 0 0 0 0", "-0.6 1 0 0 0\n0.5 2 0 0 0\n0.7 0 0 0 0"),
        ("\n", "\r\n"),
    ],
)
def test_other_ways_to_write_the_same_are_read(old, new, read):
    assert old in DIMER
    expected, found = read(DIMER), read(DIMER.replace(old, new))
    assert_same_tensors(found, expected)
    assert found.orbital_symmetries == ((0, 4) if "ORBSYM" in DIMER.replace(old, new) else None)
    energies = [-0.6, 0.5] if "-0.6" in new else expected.orbital_energies
    np.testing.assert_array_equal(found.orbital_energies, energies)
    assert found.hartree_fock_energy == pytest.approx(0.7 - 2.4 + 0.6)


def test_what_a_header_may_leave_out(read):
    found = read(DIMER.replace(",MS2=0", "").replace(" ORBSYM=1,5,\n ISYM=1,\n", ""))
    assert (found.nelec, found.orbital_symmetries) == ((1, 1), None)
    assert read(DIMER.replace("MS2=0", "MS2=-2")).nelec == (0, 2)
    assert read(DIMER.replace("1,5", "2*1").replace(" 0.1 2 1 2 1\n", "")).orbital_symmetries == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (DIMER, "", "begins with &FCI, got '' in line 1"),
        ("&FCI", "&SCF", "begins with &FCI, got '&SCF NORB=2"),
        ("&END", "", "ends with &END or /, got no end"),
        ("&END", "&END 1.0 1 1 1 1", "line 4 of the FCIDUMP must end with its header"),
        ("NORB=2,", "", "must have NORB, got none"),
        ("NORB=2", "NORB=two", "NORB in line 1 of the FCIDUMP must hold integers from 1 to 4096, got 'two'"),
        ("NORB=2", "NORB=0", "NORB in line 1 of the FCIDUMP must hold integers from 1"),
        ("NORB=2", "NORB=2 2", "NORB in line 1 of the FCIDUMP must be one integer, got 2"),
        ("NELEC=2", "NELEC=5", "NELEC in line 1 .* from 0 to 4, got '5'"),
        ("MS2=0", "MS2=1", "MS2 in line 1 of the FCIDUMP must be n_alpha − n_beta of 2 electrons"),
        ("NELEC=2", "NELEC=2,NORB=2", "line 1 of the FCIDUMP gives NORB again"),
        ("ISYM=1", "ISYM=9", "ISYM in line 3 of the FCIDUMP must hold integers from 0 to 8"),
        ("1,5", "1", "ORBSYM in line 2 of the FCIDUMP must have NORB=2 entries, got 1"),
        ("1,5", "1,9", "ORBSYM in line 2 of the FCIDUMP must hold integers from 0 to 8, got '9'"),
        ("1,5", "9999999*1", "must have at most 4096 entries"),
        ("ISYM=1", "TREL=.TRUE.", "TREL in line 3 of the FCIDUMP asks for relativistic integrals"),
        ("ISYM=1", "IUHF=maybe", "IUHF in line 3 of the FCIDUMP must be .TRUE. or .FALSE., got 'MAYBE'"),
        ("ISYM=1", "UHF=.TRUE.", "has the blocks alpha-alpha, .* got 1 lines with four zeros"),
        ("NORB", "stray NORB", "holds entries such as NORB=2, got 'stray'"),
        ("0.6 1 1 1 1", "0.6 1 1 1", "line 5 of the FCIDUMP must hold a value and four orbitals, got '0.6 1 1 1'"),
        ("0.1 2 1 2 1", "(0.1,0.0) 2 1 2 1", "line 7 .* real integral, .*complex orbitals are not supported"),
        ("0.1 2 1 2 1", "x 2 1 2 1", "line 7 of the FCIDUMP must begin with a finite number"),
        ("0.1 2 1 2 1", "nan 2 1 2 1", "line 7 of the FCIDUMP must begin with a finite number"),
        ("0.1 2 1 2 1", "0.1 2 1 2 1.5", "line 7 of the FCIDUMP must end with four integers"),
        ("0.1 2 1 2 1", "0.1 2 1 -2 1", "line 7 of the FCIDUMP must end with four integers"),
        ("0.1 2 1 2 1", "0.1 2 1 2 3", r"line 7 of the FCIDUMP must name four orbitals from 1 to 2, .* \[2, 1, 2, 3\]"),
        ("0.1 2 1 2 1", "\n0.1 2 1 2 0", "line 8 of the FCIDUMP must name four orbitals"),
        ("0.1 2 1 2 1", "0.1 2 1 0 1", "line 7 of the FCIDUMP must name four orbitals"),
        ("0.5 2 2 1 1", "0.5 2 2 1 1\n0.4 1 1 2 2", "line 7 of the FCIDUMP gives the integral of line 6 another value"),
        ("-0.4 2 2 0 0", "-0.4 2 1 0 0\n-0.3 1 2 0 0", "line 11 of the FCIDUMP gives the integral of line 10 another"),
        ("0.7 0 0 0 0", "", "the energy of core and nuclei, .* is the file complete"),
        ("0.7 0 0 0 0", "0.7 0 0 0 0\n0.0 0 0 0 0", "line 12 .* separate blocks of UHF orbitals; write IUHF=1"),
        ("0.7 0 0 0 0", "0.1 1 0 0 0\n0.7 0 0 0 0", "the energy of all orbitals or of none, got none of orbital 2"),
        ("-0.4 2 2 0 0", "-0.4 2 2 0 0\n0.3 2 1 0 0", "ORBSYM of the FCIDUMP forbids the integral in line 11"),
        (DIMER[DIMER.index(" 0.6") :], "", "a line for each integral behind its header, got none"),
    ],
)
def test_files_that_are_none_are_refused(old, new, message, read):
    assert old in DIMER
    with pytest.raises(InputError, match=message):
        read(DIMER.replace(old, new, 1))


def test_blocks_of_unrestricted_orbitals_are_checked(tmp_path, read):
    integrals = random_integrals(2, (1, 1), 1, unrestricted=True)
    integrals.to_fcidump(tmp_path / "uhf")
    text = (tmp_path / "uhf").read_text()
    lines = text.splitlines()
    separators = [k for k, line in enumerate(lines) if line == "0.0 0 0 0 0"]
    assert len(separators) == 5
    missing = "\n".join(lines[: separators[0]] + lines[separators[0] + 1 :])
    with pytest.raises(InputError, match="got 5 lines with four zeros; spin orbitals one by one"):
        read(missing)
    swapped = lines.copy()
    first, last = separators[0] - 1, separators[4] - 1
    swapped[first], swapped[last] = swapped[last], swapped[first]
    with pytest.raises(InputError, match="names 2 orbitals, which the block alpha-alpha of UHF orbitals has not"):
        read("\n".join(swapped))
    with_energies = lines.copy()
    for end, energies in ((separators[4], (0.5, 0.6)), (separators[3], (0.3, 0.4))):
        with_energies[end:end] = [f"{energy} {k + 1} 0 0 0" for k, energy in enumerate(energies)]
    np.testing.assert_array_equal(read("\n".join(with_energies)).orbital_energies, [[0.3, 0.4], [0.5, 0.6]])


def test_everything_past_the_integrals_works_without_pyscf(tmp_path):
    integrals = compute_integrals(diatomic("Li", "H", 1.595), "frozen_core")
    path = tmp_path / "FCIDUMP"
    integrals.to_fcidump(path)
    script = f"""
import sys
sys.modules["pyscf"] = None
from qtoolkit.applications.chemistry import MolecularIntegrals, fci_energies, fci_energy, qubit_hamiltonian
found = MolecularIntegrals.from_fcidump({str(path)!r})
print(*(repr(float(e)) for e in [fci_energy(found), *fci_energies(found, 2, spin=1), fci_energy(found, irrep=2)]))
print(len(qubit_hamiltonian(found)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    energies, terms = done.stdout.splitlines()
    expected = [fci_energy(integrals), *fci_energies(integrals, 2, spin=1), fci_energy(integrals, irrep=2)]
    np.testing.assert_allclose([float(word) for word in energies.split()], expected, atol=1e-8)
    assert int(terms) == 276


def test_a_ground_state_starts_from_a_file(tmp_path, hydrogen):
    hydrogen.to_fcidump(tmp_path / "h2")
    result = ground_state(MolecularIntegrals.from_fcidump(tmp_path / "h2"), use_symmetry=True)
    assert result.energy == pytest.approx(-1.137306036, abs=1e-7)


def test_files_that_cannot_be_read_or_written_are_refused(tmp_path, hydrogen):
    for path in (tmp_path / "none", tmp_path, "a\0b", None, 3):
        with pytest.raises(InputError, match=r"FCIDUMP .*cannot be read|given by its path"):
            MolecularIntegrals.from_fcidump(path)
    for path in (tmp_path, tmp_path / "no" / "folder", None):
        with pytest.raises((InputError, OutputError)):
            hydrogen.to_fcidump(path)
    with pytest.raises(InputError, match="atol must be"):
        hydrogen.to_fcidump(tmp_path / "x", atol=-1.0)
    assert not (tmp_path / "x").exists()


def test_small_integrals_are_left_out(tmp_path, read):
    integrals = read(DIMER)
    integrals.to_fcidump(tmp_path / "x", atol=0.2)
    found = MolecularIntegrals.from_fcidump(tmp_path / "x")
    assert found.two_body_tensor[0, 1, 0, 1] == 0.0
    assert_same_tensors(
        found,
        dataclasses.replace(
            integrals, two_body_tensor=np.where(np.abs(integrals.two_body_tensor) > 0.2, integrals.two_body_tensor, 0.0)
        ),
    )


_PEAKS = """
import sys
import numpy as np
from memory_peaks import measured_peak
from qtoolkit import _needs
from qtoolkit.applications.chemistry import MolecularIntegrals

factors = np.random.default_rng(0).normal(size=(8, 48, 48))
factors = factors + factors.swapaxes(1, 2)
tensor = np.einsum("kpq,krs->pqrs", factors, factors, optimize=True)
integrals = MolecularIntegrals(factors[0], tensor, 0.0, (2, 2), np.zeros(48), 0.0)
path, name = sys.argv[1:]
declared = []
count = getattr(_needs, name)
setattr(_needs, name, lambda *args: declared.append(count(*args)) or declared[0])
if name == "text_of_integrals":
    peak = measured_peak(lambda: integrals.to_fcidump(path))
else:
    peak = measured_peak(lambda: MolecularIntegrals.from_fcidump(path))
print(declared[0], peak)
"""


@needs_proc
@pytest.mark.slow
def test_memory_that_files_take_is_declared(tmp_path):
    # In processes of their own: lines are small objects, which reuse what a process has freed before.
    for name in ("text_of_integrals", "integrals_of_text"):
        command = [sys.executable, "-c", _PEAKS, str(tmp_path / "FCIDUMP"), name]
        environment = os.environ | {"PYTHONPATH": str(Path(memory_peaks.__file__).parent)}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        declared, peak = map(int, done.stdout.split())
        assert peak - 20 * 2**20 < declared < 1.6 * peak, name


def test_integrals_that_do_not_fit_into_memory_are_refused(read):
    with pytest.raises(InsufficientMemoryError, match="the integrals of 4000 orbitals needs"):
        read(DIMER.replace("NORB=2", "NORB=4000").replace(" ORBSYM=1,5,\n", ""))
