"""The ``qtoolkit`` command: one file per subcommand, each of which imports what it needs when it runs."""

from qtoolkit.cli.entry import main

__all__ = ["main"]
