"""Parts of molecules and their surroundings: localised orbitals, density matrix embedding, interaction energies."""
