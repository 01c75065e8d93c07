"""The energy of LiH from the shots of a noisy device: what each kind of error mitigation takes away, and what it costs.

python examples/chemistry_shots.py
python examples/chemistry_shots.py --fast --seed 7 --output lih.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qtoolkit import get_backend
from qtoolkit._files import check_output, write_whole
from qtoolkit.algorithms.measurement import PostSelection, ShotEstimator, ZeroNoiseExtrapolation, calibrate_readout
from qtoolkit.applications.chemistry import diatomic, ground_state, qubit_hamiltonian
from qtoolkit.backends import BackendSampler
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel, ReadoutError, depolarizing

SPACE = (2, 2)
"""Two electrons in two orbitals: four qubits."""


def noisy_device() -> BackendSampler:
    noise = (
        NoiseModel()
        .add(depolarizing(0.002), gates=["pauli_rotation", "x", "h", "sdg", "cx", "cz"])
        .add_readout(ReadoutError([[0.98, 0.02], [0.05, 0.95]]))
    )
    return BackendSampler(get_backend("local", noise=noise))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="a tenth of the shots")
    parser.add_argument("--seed", type=int, default=1, help="of all shots")
    parser.add_argument("--output", type=Path, help="also write the energies to this JSON file")
    options = parser.parse_args()
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, got {options.seed}")
    try:
        if options.output is not None:
            check_output(options.output, "--output")
    except InputError as error:
        parser.error(str(error))
    shots = 100_000 if options.fast else 1_000_000

    molecule = ground_state(diatomic("Li", "H", 1.595), active_space=SPACE)
    hamiltonian = qubit_hamiltonian(molecule.integrals)
    device = noisy_device()
    readout = calibrate_readout(device, hamiltonian.num_qubits, shots, seed=options.seed)
    electrons = PostSelection.particle_numbers(molecule.integrals.norb, molecule.integrals.nelec)
    ways = {
        "nothing": (),
        "readout": (readout,),
        "and electrons": (readout, electrons),
        "and zero noise": (readout, electrons, ZeroNoiseExtrapolation()),
    }
    table = Table(title=f"LiH, (2e, 2o), in hartree; exact {molecule.fci_energy:.5f}")
    for heading in ("mitigated", "energy", "gap (mHa)", "± (mHa)", "kept"):
        table.add_column(heading, justify="left" if heading == "mitigated" else "right", no_wrap=True)
    found = {}
    for name, mitigation in ways.items():
        estimator = ShotEstimator(device, shots, mitigation=mitigation, seed=options.seed)
        estimate = estimator.estimate(molecule.ansatz.circuit, hamiltonian, molecule.parameters)
        gap, error = (1e3 * number for number in (estimate.value - molecule.fci_energy, estimate.standard_error))
        table.add_row(name, f"{estimate.value:.5f}", f"{gap:+.2f}", f"{error:.2f}", f"{estimate.kept:.0%}")
        found[name] = {"energy": estimate.value, "standard_error": estimate.standard_error, "seed": estimate.seed}
    Console().print(table)
    if options.output is not None:
        write_whole(options.output, json.dumps(found, indent=2).encode())


if __name__ == "__main__":
    main()
