"""Run the notebooks as their readers' own tests would: ``pytest --nbval``, twice in a row.

``python tests/notebook_runs.py [--python PATH] [folder]``. The folder is copied, so that nothing
of the checkout is at hand but the package. Both runs are in the same copy: what the first leaves
behind, such as a log, must not change the second. Nothing in them can reach another machine (see
``tests/offline``). ``--python`` is the kernel's interpreter, which has what the notebooks import
and any version of ipykernel; the package itself is taken from ``src``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 2
KERNEL = "notebooks"
GUARDED = os.pathsep.join(map(str, (ROOT / "tests" / "offline", ROOT / "src")))

_NBVAL = ["--nbval", "--nbval-kernel-name", KERNEL, "--nbval-cell-timeout=60", "--timeout=180"]
_PLUGINS = ["-p", "nbval", "-p", "timeout", "-p", "xdist", "-p", "no:cacheprovider"]
_PYTEST = [*_PLUGINS, *_NBVAL, "-n", "2", "--dist", "loadfile"]


def run(folder: Path, python: str = sys.executable) -> bool:
    """Run the notebooks of a folder twice; return whether all outputs were as they are stored."""
    with tempfile.TemporaryDirectory() as elsewhere:
        copied = Path(elsewhere) / "notebooks"
        shutil.copytree(folder, copied, ignore=shutil.ignore_patterns(".*", "*.py", "__pycache__"))
        _write_kernelspec(Path(elsewhere), python)
        for _ in range(RUNS):
            command = [sys.executable, "-m", "pytest", *_PYTEST, "notebooks"]
            done = subprocess.run(command, cwd=elsewhere, env=_env(elsewhere), check=False)
            if done.returncode != 0:
                return False
    return True


def _env(elsewhere: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PRINTER_")}
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        env[name] = env[name.upper()] = "http://127.0.0.1:9"  # the discard port: nobody listens
    for name in ("no_proxy", "NO_PROXY"):
        env[name] = "127.0.0.1,localhost"
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # those of others cost each worker seconds
    return env | {"PYTHONPATH": GUARDED, "JUPYTER_PATH": elsewhere, "IPYTHONDIR": elsewhere}


def _write_kernelspec(elsewhere: Path, python: str) -> None:
    spec = {
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
    }
    path = elsewhere / "kernels" / KERNEL / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(spec), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "notebooks")
    parser.add_argument("--python", default=sys.executable, help="the kernel's interpreter")
    given = parser.parse_args()
    sys.exit(not run(given.folder, given.python))
