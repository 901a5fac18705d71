"""What a page holds once all garbage is gone, as its browser counts it."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import Page

_VIEWS = """function () {
  return this.filter((root) => "phase" in root.host.dataset && root.hasChildNodes()).length;
}"""

_REDRAW = """async (times) => {
  const { model } = jupyterapp.shell.currentWidget.content.widgets[0].outputArea;
  const outputs = model.toJSON();
  const find = () => document.querySelector("[data-phase]");
  for (let i = 0; i < times; i += 1) {
    const before = find();
    model.clear();
    model.fromJSON(outputs);
    while (find() === null || find() === before) await new Promise(requestAnimationFrame);
  }
}"""


class Heap:
    """The heap of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def redraw(self, times: int) -> None:
        """Close the view of the first cell's chat, and open another, so often; Lab's own way."""
        self._page.evaluate(_REDRAW, times)

    def count(self) -> Counter[str]:
        """Count event listeners, nodes, and the views that show anything, on the page or off it."""
        self._collect()
        measured = self._measured()
        return Counter(
            listeners=int(measured["JSEventListeners"]),
            nodes=int(measured["Nodes"]),
            views=self._views(),
        )

    @property
    def used(self) -> int:
        """The size of the JavaScript heap, in bytes."""
        self._collect()
        return int(self._measured()["JSHeapUsedSize"])

    def _collect(self) -> None:
        # What one round frees may have kept other things alive until then.
        for _ in range(2):
            self._session.send("HeapProfiler.collectGarbage")

    def _measured(self) -> dict[str, float]:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}

    def _views(self) -> int:
        send = self._session.send
        prototype = send("Runtime.evaluate", {"expression": "ShadowRoot.prototype"})["result"]
        found = send("Runtime.queryObjects", {"prototypeObjectId": prototype["objectId"]})
        roots = found["objects"]["objectId"]
        asked = {"functionDeclaration": _VIEWS, "objectId": roots, "returnByValue": True}
        views: int = send("Runtime.callFunctionOn", asked)["result"]["value"]
        send("Runtime.releaseObject", {"objectId": roots})
        return views
