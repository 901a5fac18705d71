"""What the browser's console reports as errors."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Page


class Complaints:
    """Errors of every page of a context; a test says which ones it expects, and why."""

    def __init__(self, context: BrowserContext) -> None:
        self._found: list[str] = []
        self._allowed: list[str] = []
        context.on("page", self._listen)

    def allow(self, part: str, *, because: str) -> None:
        """Let errors that contain ``part`` pass."""
        assert because
        self._allowed.append(part)

    @property
    def unexpected(self) -> list[str]:
        """The errors that nothing allows."""
        return [text for text in self._found if not any(part in text for part in self._allowed)]

    def _listen(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._found.append(f"uncaught: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"{message.text} ({message.location.get('url', '')})")
