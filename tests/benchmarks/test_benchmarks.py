"""Benchmarks can be started: what they import is there, and the commands that they name are their own."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "benchmarks").rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part not in ("__init__", "__main__"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_imported_is_there_inside_functions_too(path: Path) -> None:
    """Benchmarks are not run by the tests, so a name that moved would be missed only by whoever measures next."""
    missing = [
        f"line {node.lineno}: {node.module} has no {alias.name}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("kd_core", "benchmarks")
        for alias in node.names
        if not hasattr(importlib.import_module(node.module or ""), alias.name)
        and importlib.util.find_spec(f"{node.module}.{alias.name}") is None
    ]
    assert not missing


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_that_a_benchmark_names_can_be_typed(path: Path) -> None:
    for name in re.findall(r"python -m (benchmarks\.[\w.]*\w)", path.read_text("utf-8")):
        assert name in {dotted(other) for other in FILES}, f"{name} is not there"
