"""The command line's grammar, and its entry: one command is read and carried out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kd_core.cli.commands import code, compare, export, presets, race, resume, runs, show, sweep
from kd_core.errors import KDError
from kd_core.store import default_home


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; return 0, or 2 after writing to stderr what a person can put right."""
    parsed = _parser().parse_args(arguments)
    parsed.data_root = parsed.data_root or parsed.home / "data"
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except KDError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # somebody closed the pager
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kd_core", description="Train, distil and compare networks.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    data = os.environ.get("KD_DATA")
    common.add_argument("--home", type=Path, default=default_home(), help="the store's folder (KD_HOME)")
    common.add_argument("--data-root", type=Path, default=data, help="where torchvision's datasets lie (KD_DATA)")
    common.add_argument("--json", action="store_true", help="print JSON")
    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting")
    settings.add_argument("--seeds", type=_count, metavar="N", help="how many seeds")
    training = argparse.ArgumentParser(add_help=False, parents=[settings])
    training.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    help_text = "auto: the fastest number format measured here; float32: no coarser one"
    training.add_argument("--precision", default="auto", choices=["auto", "float32"], help=help_text)
    training.add_argument("--fresh", action="store_true", help="train again what was trained before")

    def add(command: Callable[[argparse.Namespace], int], *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        help_text = (command.__doc__ or "").strip()
        subparser = commands.add_parser(
            command.__name__, parents=[*parents, common], help=help_text, description=help_text
        )
        subparser.set_defaults(command=command)
        return subparser

    add(presets)
    preset = argparse.ArgumentParser(add_help=False)
    preset.add_argument("preset", metavar="PRESET")
    add(race, preset, training)
    add(code, preset, settings)
    comparing = add(compare, training)
    comparing.add_argument("methods", nargs="+", metavar="METHOD", help="techniques, or 'all'")
    comparing.add_argument("--preset", default="digits", help="where data, networks and budget come from")
    sweeping = add(sweep, preset, training)
    help_text = "values, or with --random also a range: 1..20, or '1..20 log'"
    sweeping.add_argument("--axis", action="append", required=True, metavar="PATH=V1,V2,...", help=help_text)
    sweeping.add_argument("--random", type=_count, metavar="N", help="draw N cells instead of training the whole grid")
    add(runs).add_argument("--limit", type=int, default=200, help="the newest so many; 0 for all")
    for command in (show, resume):
        add(command).add_argument("run", metavar="RUN")
    exporting = add(export)
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--format", required=True, help="safetensors or code")
    exporting.add_argument("path", metavar="PATH")
    return parser
