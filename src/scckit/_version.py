"""The version of the core, read from the installed distribution; one place for it."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("scckit")
