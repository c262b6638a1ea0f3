"""What a stranger finds beside the code: requirements with reasons, locks that fit them, files that travel."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "test-results", "shared"}
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]
LOCKS = {"requirements.txt": "requirements.lock", "requirements-dev.txt": "requirements-dev.lock"}

# In two pieces, so that this file does not find itself.
NOT_FOR_THE_ROAD = {
    "a package registry's host": [
        "py" + "pi.org",
        "python" + "hosted.org",
        "registry." + "npmjs",
        "download." + "pytorch.org",
    ],
    "a registry setting": ["--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host"],
    "a path of one machine": [
        "/ro" + "ot/",
        "/ho" + "me/",
        "/Us" + "ers/",
        "/wo" + "rk/",
        "/op" + "t/",
        "\\Us" + "ers\\",
    ],
}


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file of the project with what it says."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))]
        for name in set(files) - NOT_OURS:  # in a second working tree .git is a file
            path = Path(folder, name)
            try:
                # Somebody's home, as an example of what a path looks like, is nobody's.
                yield path.relative_to(ROOT), path.read_text("utf-8").replace("/home" + "/me/", "")
            except UnicodeDecodeError:
                continue


def required(file: str) -> list[tuple[str, str]]:
    """Return requirement and comment of every line that names a package."""
    lines = [
        line for line in (ROOT / file).read_text("utf-8").splitlines() if line and not line.startswith(("#", "-r"))
    ]
    return [(requirement.strip(), reason.strip()) for requirement, _, reason in (line.partition("#") for line in lines)]


def locked(file: str) -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / file).read_text("utf-8").splitlines() if line]


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_every_requirement_has_a_reason(file: str) -> None:
    silent = [requirement for requirement, reason in required(file) if len(reason.split()) < 2]
    assert not silent, f"Say behind a # in {file} what these are for: {silent}"


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_the_lock_gives_every_requirement_one_version_that_fits(file: str) -> None:
    for text, _ in required(file):
        wanted = Requirement(text)
        pins = [pin for pin in locked(LOCKS[file]) if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
        fits = pins and all(wanted.specifier.contains(str(pin.specifier).removeprefix("==")) for pin in pins)
        assert fits, f"{text} is not what {LOCKS[file]} holds; run `make lock`"


def test_the_tests_run_what_the_dashboard_runs() -> None:
    run, tests = ({str(pin) for pin in locked(lock)} for lock in LOCKS.values())
    assert run <= tests, f"These differ between the locks; run `make lock`: {sorted(run - tests)}"


def cpu_lock() -> tuple[str, list[Requirement]]:
    """Return the first line of the lock without CUDA, which says where that comes from, and its pins."""
    index, *pins = (ROOT / "requirements-cpu.lock").read_text("utf-8").splitlines()
    return index, [Requirement(pin) for pin in pins]


def test_the_lock_without_cuda_pins_everything_else_alike() -> None:
    index, pins = cpu_lock()
    assert index == "--extra-index-url https://download.pytorch.org/whl/cpu"
    torchs = ("torch", "torchvision")
    whole, cpu = ({str(pin) for pin in lock if pin.name not in torchs} for lock in (locked("requirements.lock"), pins))
    assert cpu < whole, "run `make lock`"
    of_cuda = [
        name for name in (pin.partition("==")[0] for pin in whole - cpu) if not name.startswith(("nvidia-", "cuda-"))
    ]
    assert of_cuda == ["triton"]
    versions = {(pin.name, str(pin.specifier).partition("+")[0]) for pin in pins if pin.name in torchs}
    assert versions == {(pin.name, str(pin.specifier)) for pin in locked("requirements.lock") if pin.name in torchs}


@pytest.mark.parametrize(
    ("system", "machine", "torch", "torchvision"),
    [
        ("linux", "x86_64", "+cpu", "+cpu"),
        ("linux", "aarch64", "+cpu", ""),
        ("darwin", "arm64", "", ""),
        ("win32", "AMD64", "", ""),
    ],
)
def test_without_cuda_each_machine_gets_one_build_of_pytorch(
    system: str, machine: str, torch: str, torchvision: str
) -> None:
    here = {"sys_platform": system, "platform_machine": machine}
    pins = [
        pin for pin in cpu_lock()[1] if pin.marker and "sys_platform" in str(pin.marker) and pin.marker.evaluate(here)
    ]
    builds = [(pin.name, str(pin.specifier).lstrip("=.0123456789")) for pin in pins if pin.name.startswith("torch")]
    assert builds == [("torch", torch), ("torchvision", torchvision)]


def made(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what make would do in a folder."""
    where = [f"--file={ROOT / 'Makefile'}", f"--directory={folder}"]
    return subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *where, *arguments],
        env={name: value for name, value in os.environ.items() if name not in ("TORCH", "MAKEFLAGS", "MAKELEVEL")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_build_of_pytorch_is_chosen_once_and_remembered(tmp_path: Path) -> None:
    for lock in ("requirements.lock", "requirements-cpu.lock"):
        (tmp_path / lock).touch()
    assert "--requirement requirements.lock\n" in made(tmp_path, "run").stdout
    chosen = made(tmp_path, "run", "TORCH=cpu").stdout
    assert "--requirement requirements-cpu.lock\n" in chosen and "echo cpu >.venv/torch\n" in chosen
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "torch").write_text("cpu\n")
    assert "--requirement requirements-cpu.lock\n" in made(tmp_path, "run").stdout
    (tmp_path / ".venv" / "ready-to-run").touch()
    assert "rm -rf .venv" in made(tmp_path, "run", "TORCH=").stderr
    assert 'not "gpu"' in made(tmp_path, "run", "TORCH=gpu").stderr
    (tmp_path / ".venv" / "torch").write_text("\n")
    refused = made(tmp_path, "run", "TORCH=cpu")
    assert "rm -rf .venv" in refused.stderr and not refused.stdout


@pytest.mark.parametrize("system", [("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows")], ids=str)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_on_every_system_a_package_has_one_version(system: tuple[str, str], python: str) -> None:
    here = {
        "sys_platform": system[0],
        "platform_system": system[1],
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "python_version": python,
        "python_full_version": f"{python}.1",
    }
    chosen = [pin.name for pin in locked("requirements-dev.lock") if pin.marker is None or pin.marker.evaluate(here)]
    assert len(chosen) == len(set(chosen))
    assert {"streamlit", "torch", "pytest"} <= set(chosen)
    cuda = any(name.startswith("nvidia-") for name in chosen)
    assert cuda == (system[0] == "linux"), "only Linux wheels of torch bring CUDA"


# PyTorch's public index of CPU wheels: the one address that may be named.
CPU_WHEELS = re.compile(r"(--(extra-)?index-url )https://download\.pytorch\.org/whl/cpu(?=[\s\"`]|$)")


@pytest.mark.parametrize("what", list(NOT_FOR_THE_ROAD))
def test_no_file_names(what: str) -> None:
    found = [
        f"{path}: {line.strip()[:100]}"
        for path, text in texts()
        for line in CPU_WHEELS.sub("", text).splitlines()
        if any(piece in line for piece in NOT_FOR_THE_ROAD[what])
    ]
    assert not found, f"{what} works on one machine only; leave it out:\n" + "\n".join(found)


def test_the_continuous_check_runs_what_people_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK), "chmod +x .ci/run"
    assert "set -euo pipefail" in script.read_text("utf-8")
    assert "make test" in script.read_text("utf-8")


@pytest.mark.parametrize("target", ["run", "test", "lock", "record"])
def test_the_makefile_knows(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_warnings_are_errors_and_nothing_hangs() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert options["timeout"] <= 120


def test_no_test_imports_from_a_test() -> None:
    """What tests share stands in a module of its own or in a conftest, so that a test file may be split or renamed."""
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if re.match(r"\s*(from|import) tests\.(\w+\.)*test_", line)
    ]
    assert not found, "Move what they share into a module beside them:\n" + "\n".join(found)


def rooms() -> dict[str, str]:
    """Return every room of engine and pages with its one sentence, without marks and without its own name before it."""
    inits = [*(ROOT / "kd_core").glob("*/__init__.py"), *(ROOT / "pages" / "parts").glob("*/__init__.py")]
    sentences = {path.parent: ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in inits}
    return {
        str(room.relative_to(ROOT)): re.sub(r"^\w+: ", "", sentence.replace("`", "").rstrip("."))
        for room, sentence in sentences.items()
    }


def test_the_readme_tells_every_room_in_the_rooms_own_words() -> None:
    """Rooms of a single page go without a line: their name says it."""
    readme = (ROOT / "README.md").read_text("utf-8")
    folder, told = "", {}
    for line in readme.partition("## The rooms")[2].splitlines():
        if line.startswith(("pages/ ", "kd_core/ ")):
            folder = {"pages/": "pages/parts", "kd_core/": "kd_core"}[line.split()[0]]
        elif match := re.fullmatch(r"  (\w+)/ +(.+)", line):
            told[f"{folder}/{match[1]}"] = match[2]
    pages = {f"pages/parts/{page.stem}" for page in (ROOT / "pages").glob("*.py")}
    assert told == {room: sentence for room, sentence in rooms().items() if room not in pages}


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", ["README.md", "kd_core/README.md", "pages/README.md", "benchmarks/RESULTS.md"])
def test_links_lead_to_files_that_are_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", ["kd_core/README.md", "pages/README.md"])
def test_files_and_names_that_a_page_about_the_rooms_mentions_are_there(page: str) -> None:
    """In backticks, a path is a file, and in ``file.py: name`` the file has that name."""
    text = (ROOT / page).read_text("utf-8")
    homes = (ROOT, (ROOT / page).parent, ROOT / "pages" / "parts")
    missing = []
    for path, name in re.findall(r"`([\w/]+\.(?:py|toml))(?:: (\w+))?`", text):
        file = next((home / path for home in homes if (home / path).exists()), None)
        if file is None or not re.search(rf"\b{name}\b", file.read_text("utf-8")):
            missing.append(f"{path} {name}")
    assert not missing


@pytest.mark.parametrize(("page", "container"), [("kd_core/README.md", "kd_core"), ("pages/README.md", "pages.parts")])
def test_floors_are_told_as_they_are_held(page: str, container: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (held,) = [contract["layers"] for contract in contracts if contract.get("containers") == [container]]
    told = (ROOT / page).read_text("utf-8").split("## Floors")[1].split("```")[1]
    assert [line.split() for line in told.strip().splitlines()] == [layer.split(" | ") for layer in held]


@pytest.fixture
def healthy() -> Iterator[int]:
    """The port of a server that is well."""

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("browser", "said"), [("echo opened %s", "opened http://localhost:"), ("", "No browser could be opened from here.")]
)
def test_make_run_opens_the_dashboard_or_says_how(healthy: int, browser: str, said: str) -> None:
    assert ".ci/open_browser.py $(PORT)" in (ROOT / "Makefile").read_text("utf-8")
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    env = {name: value for name, value in os.environ.items() if name not in screens}
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "open_browser.py", str(healthy)],
        env={**env, "BROWSER": browser},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said in done.stdout and str(healthy) in done.stdout and done.returncode == 0
