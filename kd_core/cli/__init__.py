"""The command line: races, sweeps, runs and exports without a browser."""

from kd_core.cli.parser import main

__all__ = ["main"]
