"""The house's limits, read from the source: who may import whom, how long things are, and what names are taken."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import kd_core

ROOT = Path(__file__).parents[1]

# From the roof to the ground. A module imports only from floors below its own; what stands on one floor does not know
# each other. A folder is one module, whose members may import each other.
FLOORS = """
app
pages
pages.parts
kd_core.__main__
kd_core.jobs
kd_core.runs
kd_core.crew  kd_core.outcomes
kd_core.recorder  kd_core.loop
kd_core.landscape
kd_core.workshop  kd_core.keepers  kd_core.export  kd_core.estimate  kd_core.comparison
kd_core.results
kd_core.store
kd_core.lanes  kd_core.lane_groups
kd_core.lane_layers  kd_core.lane_optimiser
kd_core.training
kd_core.sights
kd_core.learner  kd_core.ledger
kd_core.prediction  kd_core.presets
kd_core.recipe  kd_core.speed
kd_core.contenders  kd_core.optim
kd_core.methods  kd_core.networks  kd_core.datasets  kd_core.protocols  kd_core.cost  kd_core.execution
kd_core.events  kd_core.snapshots  kd_core.bridges
kd_core.metrics  kd_core.features  kd_core.gradients
kd_core.bias_shift
kd_core.axes  kd_core.outputs  kd_core.divergences  kd_core.schedules  kd_core.randomness  kd_core.statistics
kd_core.registry
kd_core.settings  kd_core.tips
kd_core.errors  kd_core.allocator
"""
HEIGHT = {name: height for height, names in enumerate(reversed(FLOORS.split("\n"))) for name in names.split()}

FUNCTION_LINES, MODULE_LINES, PAGE_LINES, APP_LINES = 50, 300, 120, 40
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "manager"}

# What others rely on (the house's design page); a change here is a change for them.
PUBLIC = {
    "DATASETS", "METHODS", "NETWORKS", "PRESETS", "PROTOCOLS", "KDError", "Outputs", "Recipe", "Store", "Study",
    "entropy", "kl_divergence", "soften",
}  # fmt: skip

WITHOUT_TORCH = [
    "kd_core", "kd_core.errors", "kd_core.statistics", "kd_core.store", "kd_core.results", "kd_core.landscape",
    "kd_core.jobs",
]  # fmt: skip


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its dotted name."""
    paths = [ROOT / "app.py", *(ROOT / "kd_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {dotted(path): ast.parse(path.read_text("utf-8")) for path in sorted(paths)}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports in full, `from kd_core.x import y`"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def floor(name: str) -> str | None:
    """Return the entry of ``FLOORS`` under which a module, or a name inside one, falls."""
    front_door, _, offered = name.rpartition(".")
    if front_door == "kd_core" and offered in PUBLIC:  # `from kd_core import Store` is where Store comes from
        name = f"kd_core.{kd_core._HOMES[offered]}"
    parts = name.split(".")
    return next((found for end in range(len(parts), 0, -1) if (found := ".".join(parts[:end])) in HEIGHT), None)


def ours(name: str) -> bool:
    return name.split(".")[0] in ("kd_core", "pages", "app")


def report(offenders: list[str], advice: str) -> None:
    if offenders:
        pytest.fail(advice + "\n" + "\n".join(offenders), pytrace=False)


def test_every_module_stands_on_a_floor() -> None:
    homeless = [name for name in sources() if name not in ("kd_core", "pages") and floor(name) is None]
    report(homeless, "Write these into FLOORS, as low as their imports allow:")


def test_a_module_imports_only_from_floors_below() -> None:
    upwards = []
    for name, tree in sources().items():
        own = floor(name)
        for line, target in imported(tree):
            if name == "kd_core" or own is None or not ours(target):
                continue
            other = floor(target)
            if other is None or (other != own and HEIGHT[other] >= HEIGHT[own]):
                upwards.append(f"{name}:{line} imports {target}")
    report(upwards, "Move what is needed to a floor below, or hand it in as an argument:")


def test_a_page_does_not_import_another_page() -> None:
    crossing = [
        f"{name}:{line} imports {target}"
        for name, tree in sources().items()
        if floor(name) == "pages"
        for line, target in imported(tree)
        if floor(target) == "pages"
    ]
    report(crossing, "Put what two pages share into pages/parts:")


def test_the_engine_has_never_heard_of_streamlit() -> None:
    heard = [
        f"{name}:{line} imports {target}"
        for name, tree in sources().items()
        if name.startswith("kd_core")
        for line, target in imported(tree)
        if target.split(".")[0] == "streamlit"
    ]
    report(heard, "The engine tells through the store or by events; drawing belongs into pages:")


def test_functions_are_short() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {count} lines"
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (count := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    report(long, f"Split by meaning; a function has at most {FUNCTION_LINES} lines:")


def test_modules_are_short() -> None:
    limits = {ROOT / "app.py": APP_LINES}
    limits |= dict.fromkeys((ROOT / "kd_core").rglob("*.py"), MODULE_LINES)
    limits |= dict.fromkeys((ROOT / "pages" / "parts").rglob("*.py"), MODULE_LINES)
    limits |= dict.fromkeys((ROOT / "pages").glob("*.py"), PAGE_LINES)
    long = [f"{dotted(path)} has {lines(path)} lines of {most}" for path, most in limits.items() if lines(path) > most]
    report(long, "Split by meaning; a page hands to parts, a module says one thing:")


def test_every_module_opens_with_one_sentence_on_what_it_is() -> None:
    silent = []
    for name, tree in sources().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
        if not first.endswith((".", "?")) or re.search(r"[.!?] [A-Z]", first):
            silent.append(f"{name}: {first!r}")
    report(silent, "Write one sentence that says what the module is; if it needs two, it is two modules:")


def test_names_say_the_meaning() -> None:
    vague = [name for name in sources() if SAY_NOTHING & set(re.split(r"[._]", name))]
    vague += [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?)$", node.name)
    ]
    report(vague, "Name it by what it does; what has no name stays beside its only user:")


def test_the_front_door_offers_what_others_rely_on() -> None:
    assert set(kd_core.__all__) == PUBLIC == set(kd_core._HOMES), "kd_core.__all__, _HOMES and PUBLIC must agree"
    missing = [name for name in kd_core.__all__ if not hasattr(kd_core, name)]
    report(missing, "These names are promised in kd_core.__all__ and cannot be imported:")


def modules_of_first_paint() -> list[str]:
    """Return what app.py and the first page import at their top."""
    names: list[str] = []
    for path in (ROOT / "app.py", ROOT / "pages" / "race.py"):
        top = ast.parse(path.read_text("utf-8")).body if path.exists() else []
        imports = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
        names += [target for node in imports for _, target in imported(node)]
    modules = {name if name in sources() else name.rpartition(".")[0] for name in names if ours(name)}
    return sorted(modules)


@pytest.mark.parametrize("module", [*WITHOUT_TORCH, "the first page"])
def test_what_the_first_paint_needs_does_not_wait_for_torch(module: str) -> None:
    modules = modules_of_first_paint() if module == "the first page" else [module]
    code = f"import sys, {', '.join(modules) or 'json'}; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "False", "Import torch, and whatever imports it, inside the function that needs it"


def test_every_module_of_the_engine_can_be_imported() -> None:
    for name in sources():
        if name.startswith("kd_core") and not name.endswith("__main__"):
            importlib.import_module(name)
