"""The widget that one writes first: it assigns the growing string, every 16 ms at most."""

from __future__ import annotations

import asyncio
import json
import time

import anywidget
import httpx
import traitlets


class NaiveChat(anywidget.AnyWidget):
    """Streams an answer into one synced string."""

    _esm = """
    export default {
      render({ model, el }) {
        const text = document.createElement("pre");
        text.className = "naive";
        text.style.cssText = "white-space: pre-wrap; max-height: 480px; overflow: auto";
        const draw = () => {
          text.textContent = model.get("streamedText");
          text.scrollTop = text.scrollHeight;
        };
        model.on("change:streamedText", draw);
        el.append(text);
        draw();
      },
    };
    """
    streamedText = traitlets.Unicode("").tag(sync=True)  # noqa: N815

    def send(self, url: str, question: str) -> asyncio.Task:
        """Start the stream on the kernel's loop."""
        return asyncio.get_running_loop().create_task(self._stream(url, question))

    async def _stream(self, url: str, question: str) -> None:
        text, shown_at = "", 0.0
        async with (
            httpx.AsyncClient(timeout=None, trust_env=False) as client,
            client.stream(
                "POST", f"{url}/api/chat/stream", json={"user_message": question}
            ) as response,
        ):
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    text += json.loads(line[5:]).get("token", "")
                    if time.monotonic() - shown_at > 0.016:
                        self.streamedText, shown_at = text, time.monotonic()
        self.streamedText = text
