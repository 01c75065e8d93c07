"""Calibrations of devices: what was measured of their qubits and gates on a day."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

__all__ = ["Calibration"]


class Calibration(ABC):
    """What a provider measured of a device."""

    @abstractmethod
    def to_json(self) -> Mapping[str, Any]:
        """As plain JSON types."""
