"""How well a quantum computer of IQM works, as its calibration's metrics say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtoolkit.backends.calibration import Calibration

__all__ = ["IQMCalibration", "read_metrics"]


@dataclass(frozen=True)
class IQMCalibration(Calibration):
    """Metrics and properties of a calibration.

    Attributes:
        calibration_set: its id.
        taken: when the metrics were finished, ISO 8601; empty where the server does not say.
        values: of each observation, by IQM's own name, such as ``"metrics.irb.cz.crf.QB1__QB2.fidelity"`` or
            ``"characterization.model.QB1.t1_time"`` (seconds).
    """

    calibration_set: str
    taken: str
    values: Mapping[str, float]

    def to_json(self) -> Mapping[str, Any]:
        """As plain JSON types."""
        return {"calibration_set": self.calibration_set, "taken": self.taken, "values": dict(self.values)}


def read_metrics(data: Any, calibration_set: str) -> IQMCalibration | None:
    """Read what the server says; numbers that it calls valid. None if it is no set of metrics."""
    if not isinstance(data, dict) or not isinstance(data.get("observations"), list):
        return None
    values = {}
    for observation in data["observations"]:
        if not isinstance(observation, dict) or observation.get("invalid"):
            continue
        name, value = observation.get("dut_field"), observation.get("value")
        if isinstance(name, str) and isinstance(value, int | float) and not isinstance(value, bool):
            values[name] = float(value)
    return IQMCalibration(calibration_set, str(data.get("end_timestamp") or ""), values)
