"""What every test needs: no settings from the machine it runs on, no clock in hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest_plugins = ["rows"]

# A slow machine is no failure. Examples that failed are kept in .hypothesis and tried first.
settings.register_profile("printer_widget", deadline=None)
settings.load_profile("printer_widget")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRINTER_API_BASE_URL", raising=False)
    monkeypatch.delenv("PRINTER_AUTH_TOKEN", raising=False)
