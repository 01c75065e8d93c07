"""The version of the toolkit, read by the build and by ``qtoolkit --version``."""

__version__ = "0.1.0"
