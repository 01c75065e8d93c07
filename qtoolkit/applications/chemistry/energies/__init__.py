"""Energies of molecules: ground states and curves, each with its evidence."""
