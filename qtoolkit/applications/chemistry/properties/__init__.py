"""What a state tells beside its energy: densities, moments and populations, forces, and where they vanish."""

from qtoolkit.applications.chemistry.properties.forces import Forces, forces
from qtoolkit.applications.chemistry.properties.geometry_search import (
    GeometryStep,
    OptimisedGeometry,
    optimise_geometry,
)
from qtoolkit.applications.chemistry.properties.state_properties import StateProperties, state_properties

__all__ = [
    "StateProperties",
    "state_properties",
    "Forces",
    "forces",
    "OptimisedGeometry",
    "GeometryStep",
    "optimise_geometry",
]
