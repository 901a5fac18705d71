"""A JupyterLab server of the tests' own: its files, its settings, its kernels."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import nbformat

SOURCES = Path(__file__).parents[2] / "src"
START_S = 90.0

_SETTINGS = {
    # No pop-up about news or a newer version may cover what a test looks at.
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # Nothing saves by itself, so nothing asks whether to overwrite.
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}


class LabServer:
    """One server of JupyterLab and Notebook 7, and a REST client to it.

    Args:
        folder: an empty one for its files.
        options: more options of the command line.
        kernels: where to find kernelspecs beside those of this environment (``JUPYTER_PATH``).
    """

    def __init__(self, folder: Path, *options: str, kernels: Path | None = None) -> None:
        self.root = folder / "notebooks"
        self.root.mkdir()
        self.log = folder / "server.log"
        self.token = secrets.token_hex(16)
        runtime = folder / "runtime"
        settings = folder / "settings"
        for name, value in _SETTINGS.items():
            file = settings / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(value))
        own = {
            "JUPYTER_CONFIG_DIR": folder / "config",
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": runtime,
            "JUPYTERLAB_SETTINGS_DIR": settings,
            "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
            "IPYTHONDIR": folder / "ipython",
            "MPLCONFIGDIR": folder / "matplotlib",
            "PYTHONPATH": SOURCES,
        }
        if kernels is not None:
            own["JUPYTER_PATH"] = kernels
        foreign = ("PRINTER_API_BASE_URL", "PRINTER_AUTH_TOKEN", "PYTHONWARNINGS")
        env = {name: value for name, value in os.environ.items() if name not in foreign}
        env |= {name: str(value) for name, value in own.items()}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    "--ip=127.0.0.1",
                    "--port=0",
                    f"--ServerApp.root_dir={self.root}",
                    f"--IdentityProvider.token={self.token}",
                    "--LabApp.expose_app_in_browser=True",
                    "--JupyterNotebookApp.expose_app_in_browser=True",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                    *options,
                ],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.port = self._wait_for_port(runtime)
        self.url = f"http://127.0.0.1:{self.port}"
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"token {self.token}"},
            timeout=30,
            trust_env=False,
        )

    def _wait_for_port(self, runtime: Path) -> int:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for file in runtime.glob("jpserver-*.json"):
                try:
                    return int(json.loads(file.read_text())["port"])
                except (ValueError, KeyError):  # it is just being written
                    continue
            if self._process.poll() is not None:
                break
            time.sleep(0.05)  # there is no event to wait for
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def write(self, name: str, cells: list[str], *, kernel: str = "python3") -> None:
        """Write a notebook of code cells for a kernelspec."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        nbformat.write(notebook, self.root / name)

    def start_kernel(
        self, path: str, *, kernel_id: str | None = None, name: str = "python3"
    ) -> str:
        """Start a kernel for the notebook at ``path``, or give it that one; return its id."""
        kernel = {"id": kernel_id} if kernel_id else {"name": name}
        body = {"path": path, "name": path, "type": "notebook", "kernel": kernel}
        session = self._ask("POST", "/api/sessions", json=body)
        return str(session["kernel"]["id"])

    def end_kernel(self, kernel_id: str) -> None:
        """End a kernel; it may be gone already."""
        self._http.delete(f"/api/kernels/{kernel_id}")

    def kernel(self, kernel_id: str) -> dict[str, Any]:
        """Return what the server says about a kernel."""
        found: dict[str, Any] = self._ask("GET", f"/api/kernels/{kernel_id}")
        return found

    def close(self) -> None:
        """End the server with its kernels."""
        self._http.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        response = self._http.request(method, path, **arguments)
        response.raise_for_status()
        return response.json()
