"""Ansätze of chemistry: states with parameters, each one object for the sector engine and for circuits."""
