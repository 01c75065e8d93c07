"""Packages that a command needs, asked for before it works for a minute."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["check_packages"]


def check_packages(who: str, needed: Mapping[str, str]) -> None:
    """Say at once which packages are missing.

    Args:
        who: needs them.
        needed: the extra of each package.

    Raises:
        MissingExtraError: naming all that are missing, and what installs them.
    """
    from qtoolkit._optional import is_installed
    from qtoolkit.errors import MissingExtraError

    missing = {package: extra for package, extra in needed.items() if not is_installed(package)}
    if missing:
        extras = ",".join(dict.fromkeys(missing.values()))
        raise MissingExtraError(
            f"{who} needs packages that are not installed ({', '.join(missing)}): "
            f'pip install "qtoolkit-quantum[{extras}]"'
        )
