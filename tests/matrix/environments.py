"""Kernels of other versions of ipykernel: for each an environment of its own, and a kernelspec.

They stay in ``.matrix/`` of the checkout. The package itself is taken from ``src``, where the
kernelspec points, so that an environment holds its dependencies alone: 120 MB, made in seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".matrix"

JUPYTER_PATH = FOLDER / "share" / "jupyter"
"""Where Jupyter finds the kernelspecs, as the environment variable of this name."""


def kernel_name(version: str) -> str:
    """Return the name of the kernelspec for a version of ipykernel."""
    return f"ipykernel-{version}"


def kernel_environment(version: str) -> Path:
    """Return the folder of the environment with ipykernel ``version``, such as "6.31".

    It is made first if it is not there, or was made for other dependencies or in another folder.

    Raises:
        subprocess.CalledProcessError: if pip fails; it has said why.
    """
    folder = FOLDER / kernel_name(version)
    python = folder / "bin" / "python"
    requirements = [f"ipykernel=={version}.*", *_dependencies()]
    spec = JUPYTER_PATH / "kernels" / kernel_name(version) / "kernel.json"
    text = _kernelspec(python, version, requirements)
    # The kernelspec is written last: where it is right, the environment is whole.
    if not spec.is_file() or spec.read_text("utf-8") != text:
        venv.create(folder, clear=True, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *requirements], check=True)
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(text, "utf-8")
    return folder


def _dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: list[str] = project["dependencies"]
    return found


def _kernelspec(python: Path, version: str, requirements: list[str]) -> str:
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"ipykernel {version}",
        "language": "python",
        "env": {"PYTHONPATH": str(ROOT / "src")},
        "metadata": {"debugger": True, "requirements": requirements},
    }
    return json.dumps(spec, indent=1)
