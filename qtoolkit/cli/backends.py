"""``qtoolkit backends``."""

__all__ = ["backends"]


def backends() -> None:
    """List."""
