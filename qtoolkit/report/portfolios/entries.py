"""What all pages of portfolios say."""

from __future__ import annotations

from qtoolkit._version import __version__
from qtoolkit.report.portfolios.answer import Evidence

__all__ = ["NO_ADVICE", "input_entries"]

NO_ADVICE = "Past returns say little about future ones, and estimated means least of all. This is no advice."


def input_entries(evidence: Evidence, fingerprint: str) -> dict[str, str]:
    """Where the numbers of a section come from."""
    found = evidence.moments
    return {
        "Input": f"{evidence.source}: {len(found.asset_names)} assets, {evidence.span}",
        "Estimators": f"means: {found.mean_estimator}; covariance: {found.covariance_estimator}",
        **({"Repairs": "; ".join(repair.change for repair in found.repairs)} if found.repairs else {}),
        "Problem": fingerprint,
        "Software": f"qtoolkit {__version__}",
    }
