"""What a class is served by fits together: the image, the services on one store, and the proxy in front of them.

No image is built here and no container runs; tests/jobs/test_proxy.py has the servers and the proxy as they are.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.proxy import Proxy

ROOT = Path(__file__).parents[2]
NGINX = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed; it is in requirements-dev.lock")
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


def by_default(text: str) -> str:
    """Return a text of compose.yaml as it is where nobody has set anything."""
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text)


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    said = Proxy(tmp_path, ["127.0.0.1:8511", "127.0.0.1:8512"]).checked()
    assert "syntax is ok" in said and "test is successful" in said
    assert "[warn]" not in said


def test_the_readme_s_way_without_containers_names_every_server_that_it_starts() -> None:
    readme = (ROOT / "README.md").read_text("utf-8").partition("## For a class")[2].partition("\n## ")[0]
    assert len(readme.splitlines()) <= 18
    (edit,) = re.findall(r"^(sed .*) >\S+$", readme, re.MULTILINE)
    edited = subprocess.run(["sh", "-c", edit], cwd=ROOT, capture_output=True, text=True, timeout=20).stdout
    ports = re.findall(r"--server\.port=(\d+)", readme)
    assert re.findall(r"\bserver 127\.0\.0\.1:(\d+);", re.sub("#.*", "", edited)) == ports
    assert "resolve;" not in re.sub("#.*", "", edited)
    (listen,) = re.findall(r"^ +listen (\d+);", edited, re.MULTILINE)
    assert f".org:{listen}" in readme


def test_servers_and_supervisor_stand_on_one_store(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"proxy", "server", "supervisor"}
    home = re.search(r"KD_HOME=(\S+)", DOCKERFILE)
    assert home and f"VOLUME {home[1]}\n" in DOCKERFILE
    for name in ("server", "supervisor"):
        assert services[name]["volumes"] == [f"store:{home[1]}"]
        assert services[name]["image"] == services["server"]["image"]
    assert set(compose["volumes"]) == {"store"}
    command = services["supervisor"]["command"].split()
    assert command[:3] == ["python", "-m", "kd_core.jobs"] and "--stay" in command
    assert command[command.index("--home") + 1] == home[1]
    assert command[command.index("--data-root") + 1] == f"{home[1]}/data"  # where servers look without KD_DATA
    assert "deploy" not in services["supervisor"]  # one a store


def test_a_class_is_what_the_services_serve_and_no_server_starts_a_supervisor(compose: dict[str, Any]) -> None:
    server = compose["services"]["server"]
    assert by_default(server["environment"]["KD_MODE"]) == "class"
    assert server["environment"]["KD_SUPERVISOR"] == "service"
    assert int(by_default(server["deploy"]["replicas"])) >= 2
    shipped = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["server"]
    assert by_default(server["environment"]["STREAMLIT_SERVER_ALLOWED_HOSTS"]).split() == shipped["allowedHosts"]


def test_only_the_proxy_can_be_reached_and_from_this_machine_alone_unless_somebody_says_so(
    compose: dict[str, Any],
) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"proxy"}
    (listen,) = re.findall(r"^ +listen (\d+);", NGINX, re.MULTILINE)
    assert [by_default(port) for port in published["proxy"]] == [f"127.0.0.1:8501:{listen}"]


def test_the_proxy_finds_its_configuration_and_the_servers(compose: dict[str, Any]) -> None:
    (mounted,) = compose["services"]["proxy"]["volumes"]
    assert (ROOT / mounted.split(":")[0]).is_file()
    (port,) = re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE)
    assert f" server server:{port} resolve;" in NGINX
    assert f"127.0.0.1:{port}/_stcore/health" in DOCKERFILE


def test_what_the_comment_says_can_be_set_is_what_can_be_set(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert set(re.findall(r"^#   ([A-Z_]+) ", text, re.MULTILINE)) == set(re.findall(r"\$\{(\w+)", text))
    assert compose["name"] == "kd-playground"


def test_the_proxy_lets_the_largest_upload_through() -> None:
    shipped = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["server"]
    (largest,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(largest) > shipped["maxUploadSize"]


def test_the_image_installs_a_lock_and_runs_as_nobody_in_particular() -> None:
    assert "ARG TORCH=cpu\n" in DOCKERFILE
    for torch, lock in (("cpu", "requirements-cpu.lock"), ("", "requirements.lock")):
        (named,) = re.findall(r'--requirement ("requirements.*")', DOCKERFILE)
        shell = subprocess.run(["sh", "-c", f"TORCH={torch}; echo {named}"], capture_output=True, text=True, timeout=20)
        assert shell.stdout.strip() == lock and (ROOT / lock).is_file()
    steps = [line.split()[0] for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert steps.index("USER") < steps.index("CMD")
    assert "USER root" not in DOCKERFILE


def taken_along(folder: Path, rules: list[str]) -> list[Path]:
    """Return the files that .dockerignore lets into the image; the last rule that matches a path or a parent counts."""
    chosen = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        parts = [str(one) for one in (inside, *inside.parents[:-1])]
        ignored = False
        for rule in rules:
            pattern = rule.removeprefix("!")
            names = [Path(part).name for part in parts] if pattern.startswith("**/") else parts
            if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
                ignored = not rule.startswith("!")
        if path.is_file() and not ignored:
            chosen.append(inside)
    return chosen


def test_the_image_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    clean = tmp_path / "clean"
    for name in ("app.py", "assets", "kd_core", "pages", "requirements.lock", "requirements-cpu.lock", "README.md"):
        kept = shutil.ignore_patterns("node_modules", "__pycache__")
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, clean / name, ignore=kept)
        else:
            clean.mkdir(exist_ok=True)
            shutil.copy(source, clean / name)
    (clean / ".streamlit").mkdir()
    for secret in (".env", ".streamlit/secrets.toml", ".streamlit/config.toml", "visitors.key"):
        (clean / secret).touch()
    image = tmp_path / "image"
    for path in taken_along(clean, [line for line in lines if line and not line.startswith("#")]):
        (image / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clean / path, image / path)
    assert sorted(one.name for one in image.iterdir()) == [
        ".streamlit", "app.py", "assets", "kd_core", "pages", "requirements-cpu.lock", "requirements.lock",
    ]  # fmt: skip
    assert [one.name for one in (image / ".streamlit").iterdir()] == ["config.toml"]
    runs = subprocess.run([sys.executable, "-c", ALL_PAGES], cwd=image, capture_output=True, text=True, timeout=110)
    assert runs.returncode == 0, runs.stderr[-2000:]


ALL_PAGES = """
import importlib, pathlib
from streamlit.testing.v1 import AppTest

for path in [*pathlib.Path("kd_core").rglob("*.py"), *pathlib.Path("pages/parts").rglob("*.py")]:
    if path.stem not in ("__main__", "__init__"):
        importlib.import_module(".".join(path.with_suffix("").parts))
app = AppTest.from_file("app.py", default_timeout=100).run()
assert not app.exception, app.exception
assert pathlib.Path(importlib.import_module("kd_core").__file__).is_relative_to(pathlib.Path.cwd())
"""
