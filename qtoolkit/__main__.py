"""``python -m qtoolkit``: the same as the ``qtoolkit`` command."""

import sys

from qtoolkit.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
