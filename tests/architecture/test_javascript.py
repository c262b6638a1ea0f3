"""The browser's code is formatted, linted and typed, and joins into modules that a browser can read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pages.parts.charts import components

FOLDER = Path(__file__).parents[2] / "assets" / "components"
OLDEST_NODE = (20, 19)
CHECKS = {
    "prettier": ["prettier/bin/prettier.cjs", "--check", "."],
    "eslint": ["eslint/bin/eslint.js", "--max-warnings=0", "."],
    "tsc": ["typescript/bin/tsc"],
}
ENTRIES = sorted(path for path in FOLDER.glob("*/*.js") if "export default" in path.read_text("utf-8"))


@pytest.fixture(scope="module")
def node() -> str:
    """The path of a Node that is new enough for the checks."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node on this machine")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_NODE:
        pytest.skip(f"node {version.strip()} is older than {OLDEST_NODE[0]}.{OLDEST_NODE[1]}")
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_the_browsers_code_passes(node: str, check: str) -> None:
    program, *arguments = CHECKS[check]
    path = FOLDER / "node_modules" / program
    if not path.exists():
        pytest.skip(f"{check} is not installed; run `npm ci` in assets/components")
    done = subprocess.run([node, str(path), *arguments], cwd=FOLDER, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"Try `npm run format` in assets/components:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.parent.name)
def test_a_joined_component_is_a_module(node: str, entry: Path, tmp_path: Path) -> None:
    joined = tmp_path / "component.mjs"
    joined.write_text(components.script(entry.relative_to(FOLDER).with_suffix("").as_posix()), "utf-8")
    done = subprocess.run([node, "--check", str(joined)], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_the_lock_names_no_registry_and_has_a_digest_of_everything() -> None:
    lock = (FOLDER / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == len(re.findall(r'^    "node_modules/', lock, re.MULTILINE))
