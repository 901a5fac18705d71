"""Where the browser is that the tests drive."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Return the browser that the variable CHROMIUM names, or one on the PATH.

    Raises:
        FileNotFoundError: if there is none; a test without its browser has shown nothing.
    """
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise FileNotFoundError(
            "no Chromium or Chrome: put one on the PATH (apt-get install chromium), "
            "or name one in the variable CHROMIUM"
        )
    return path
