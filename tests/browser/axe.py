"""axe-core, which looks for what keeps people with disabilities out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browser.notebook import Chat

_SCRIPT = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# The page around the chat is JupyterLab's: its landmarks and headings are not ours to judge.
_OF_PAGES = ["region", "page-has-heading-one", "landmark-one-main", "bypass", "html-has-lang"]

# axe takes nothing for visible in a page whose body is clipped, as Lab's is, and judges no
# contrast there: test_looks measures that itself, of every text.
_OFF = [*_OF_PAGES, "color-contrast"]

_RUN = """async (host, [standards, off]) => {
  const { violations, passes } = await axe.run(host, {
    runOnly: standards,
    rules: Object.fromEntries(off.map((id) => [id, { enabled: false }])),
  });
  return [passes.map(({ id }) => id), violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\\n${html}\\n${failureSummary}`))];
}"""


def violations(chat: Chat) -> list[str]:
    """Return what axe finds in the view; a rule that applies to nothing finds nothing either."""
    page = chat.page
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_SCRIPT.read_text("utf-8"))
    result: Any = chat.host.evaluate(_RUN, [_STANDARDS, _OFF])
    passed, found = result
    assert {"button-name", "aria-allowed-attr"} <= {*passed}, passed
    return list(found)
