"""Formulas on the bare page that draws Markdown as the widget does, in real Chromium.

The pictures go to .artifacts/screenshots, for a look by eye.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatch_build import run_npm
from playwright.sync_api import BrowserContext, Page, Request, expect

from browser.complaints import Complaints
from browser.notebook import OpenNotebook

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / ".artifacts" / "screenshots"
HOSTILE = ROOT / "tests" / "data" / "hostile-tex.json"

TEXT = r"""
# Euler's $e^{i\pi}+1=0$

Inline $E = mc^2$, a fraction $\frac{a}{b}$ and \(\sum_{i=1}^n i\), the $n$th of $\mathbb{R}^n$.
It costs $5 and $6, $20-$30, US$ 5, between $1,000 and $2,000; `$HOME` is $HOME $PATH.

$$
\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}
$$

\[
\begin{aligned}
f(x) &= (x+1)^2 \\
- 1 &= x^2 + 2x
\end{aligned}
\]

The determinant: $$\det\begin{pmatrix}1&2\\3&4\end{pmatrix} = -2$$

- item with $\lim_{x\to0}\frac{\sin x}{x}=1$
  $$
  \begin{array}{c|c} a & b \\ \hline c & d\end{array}
  - \boxed{x=1} + \cancel{y} + \color{blue}{z} + \rule{1em}{0.5em}
  $$
- $\overline{AB}$, and $\frac{1}$ is broken

| Name | Formula |
|---|---|
| Area | $\pi r^2$ |

$$x = a_0 + a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + a_{10} + a_{11} + a_{12} +
a_{13} + a_{14} + a_{15} + a_{16} + a_{17} + a_{18} + a_{19} + a_{20} + a_{21}$$
"""
FORMULAS = 14

CHATS = r"""
from printer_widget import ChatNode

async def answer(messages):
    yield "Its area is $\pi"
    yield " r^2$.\n"

chats = [ChatNode(answer) for _ in range(2)]
display(*chats)
"""

# What stands in formulas, and what nothing of a model's may become.
SHOW = """(text) => {
  const el = document.createElement("div");
  el.style.cssText = "padding: 16px; background: var(--bg); color: var(--fg); font: 16px system-ui";
  document.body.replaceChildren(el);
  document.body.style.cssText = "margin: 0; background: var(--bg)";
  window.renderMarkdown(el, text, { final: true });
}"""
STREAM = """async ([text, step]) => {
  const el = document.createElement("div");
  document.body.append(el);
  const seen = [];
  for (let end = 0; end < text.length; end += step) {
    window.renderMarkdown(el, text.slice(0, end));
    await new Promise(requestAnimationFrame);
    seen.push(el.textContent);
  }
  window.renderMarkdown(el, text, { final: true });
  return seen;
}"""
# Draw texts one after the other, and tell what of them should not be there: elements and attributes
# that nobody let in, what is painted outside of a formula's place, and a page that became wider.
ATTACK = """async (texts) => {
  const html = "http://www.w3.org/1999/xhtml", mathml = "http://www.w3.org/1998/Math/MathML";
  const foreign = (one) =>
    ![html, mathml].includes(one.namespaceURI) ||
    (one.closest("math") !== null && one.namespaceURI !== mathml) ||
    /^(script|style|img|svg|iframe|object|embed|maction|semantics|annotation.*|mglyph)$/i
      .test(one.localName) ||
    [...one.attributes].some(({ name }) =>
      /^(on|id$|class$|style$|src|data-|name$|xlink)/i.test(name) ||
      (name === "href" && one.closest("math") !== null));
  const open = (place) => {
    const { overflowX, overflowY } = getComputedStyle(place);
    return overflowX === "visible" || overflowY === "visible";
  };
  const found = [];
  const el = document.createElement("div");
  for (const text of texts) {
    document.body.replaceChildren(el);
    window.renderMarkdown(el, text, { final: true });
    await new Promise((resolve) => setTimeout(resolve));
    const bad = [...el.querySelectorAll("[part=content] *")].filter(foreign);
    for (const one of bad) found.push([text.slice(0, 99), one.outerHTML.slice(0, 200)]);
    const places = [...el.querySelectorAll("[part~=math]")];
    if (places.some(open)) found.push([text.slice(0, 99), "paints outside"]);
    const width = document.documentElement.scrollWidth;
    if (width > innerWidth) found.push([text.slice(0, 99), `is ${width} wide`]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def page_path() -> Path:
    run_npm(ROOT, "run", "page", quiet=True)
    return ROOT / "js" / "dist" / "page" / "index.html"


@pytest.fixture
def asked(context: BrowserContext) -> list[str]:
    """The assets that this context's pages have asked their kernels for."""
    names: list[str] = []

    def read(frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if '"type":"asset"' in text:
            names.extend(re.findall(r'"name":"(\w+)"', text))

    context.on("page", lambda page: page.on("websocket", lambda one: one.on("framesent", read)))
    return names


@pytest.fixture
def requests(context: BrowserContext) -> list[str]:
    found: list[str] = []

    def note(request: Request) -> None:
        found.append(request.url)

    context.on("request", note)
    return found


@pytest.fixture
def page(
    context: BrowserContext, complaints: Complaints, requests: list[str], page_path: Path
) -> Page:
    page = context.new_page()
    page.goto(page_path.as_uri())
    page.evaluate("() => { window.ran = 0; window.alert = () => { window.ran += 1; }; }")
    requests.clear()
    return page


def hostile() -> Iterator[str]:
    """Yield the TeX of the vectors that js/test/math.test.ts reads, too."""
    for one in json.loads(HOSTILE.read_text("utf-8")):
        if isinstance(one, str):
            yield one
        else:
            before, after, count = one
            yield before * count + "x" + after * count


def drawn(page: Page) -> list[str]:
    formulas: list[str] = page.locator("math").evaluate_all(
        "all => all.map((one) => one.getAttribute('alttext'))"
    )
    return formulas


def test_formulas_are_mathml_and_prices_are_text(page: Page, requests: list[str]) -> None:
    page.evaluate(SHOW, TEXT)
    expect(page.locator("math")).to_have_count(FORMULAS)
    assert drawn(page)[:2] == [r"e^{i\pi}+1=0", "E = mc^2"]
    prices = "It costs $5 and $6, $20-$30, US$ 5, between $1,000 and $2,000; $HOME is $HOME $PATH."
    assert prices in page.locator("p").first.inner_text().replace("\n", " ")
    broken = page.locator("[part=math] > code")
    expect(broken).to_have_text([r"\frac{1}"])
    expect(broken).to_have_attribute("title", re.compile("^This formula cannot be typeset: "))
    assert requests == []
    assert page.evaluate(ATTACK, [TEXT]) == []


def test_a_formula_has_the_height_and_place_of_mathematics(page: Page) -> None:
    page.evaluate(SHOW, "x $\\frac{a}{b}$ y\n\n$$\nz\n$$\n")
    place = "(one) => one.getBoundingClientRect().toJSON()"
    over, under = (page.locator(f"mfrac > :nth-child({n})").evaluate(place) for n in (1, 2))
    assert over["bottom"] <= under["top"] + 1
    block = page.locator("math[display=block] mi").evaluate(place)
    assert abs((block["left"] + block["right"]) / 2 - 600) < 20


def test_equations_are_aligned(page: Page) -> None:
    page.evaluate(SHOW, "$$\n\\begin{aligned} f(x) &= y \\\\ - 1 &= z \\end{aligned}\n$$")
    edges = page.locator("mtd:first-child > mrow").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert len(edges) == 2
    assert abs(edges[0] - edges[1]) < 1


def test_a_wide_formula_scrolls_and_the_page_does_not(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate(SHOW, TEXT)
    expect(page.locator("math")).to_have_count(FORMULAS)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    wide = page.locator("[part='math display']").last
    assert wide.evaluate("(one) => one.scrollWidth > one.clientWidth")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(one) => one.scrollLeft > 0", arg=wide.element_handle())


@pytest.mark.parametrize("width", [320, 700])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SHOW, TEXT)
    expect(page.locator("math")).to_have_count(FORMULAS)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"math-{width}-{scheme}.png", full_page=True)


def test_nothing_of_a_formula_is_seen_before_it_is_whole(page: Page, requests: list[str]) -> None:
    text = "so $E = mc^2$ and \\(x_1\\)\n$$\na - b\n$$\nis it"
    for seen in page.evaluate(STREAM, [text, 1]):
        assert not re.search(r"[$\\^]", seen), seen
    expect(page.locator("math")).to_have_count(3)
    assert requests == []


@pytest.mark.parametrize("form", ["a \\({}\\) b", "$$\n{}\n$$", "a ${}$ b"])
def test_a_hostile_formula_runs_loads_and_hides_nothing(
    page: Page, requests: list[str], form: str
) -> None:
    assert page.evaluate(ATTACK, [form.replace("{}", tex) for tex in hostile()]) == []
    page.evaluate(SHOW, "$\\frac{a}{b}$")
    expect(page.locator("mfrac")).to_have_count(1)
    assert page.evaluate("window.ran") == 0
    assert requests == []


def test_the_kernel_of_a_notebook_sends_once_what_draws_formulas(
    asked: list[str], open_notebook: OpenNotebook
) -> None:
    notebook = open_notebook(CHATS)
    notebook.run(0)
    for nth in range(2):
        chat = notebook.chat(nth)
        chat.ask("What is a circle?")
        chat.wait("ended")
        formula = chat.host.locator("math")
        expect(formula).to_have_attribute("alttext", "\\pi r^2")
        assert formula.evaluate("(one) => getComputedStyle(one.parentElement).overflowX") == "auto"
    assert asked == ["math"]
