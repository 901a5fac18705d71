"""Measure the drawing of an answer in real Chromium, beside other ways to draw it.

In one run, with the same 80 KB of mixed Markdown at 4,000 characters a second in the same scrolled
box: main-thread time by CDP, frames and tasks over 50 ms, how long the last letters took to the
screen. Then 200 KB at 10,000 a second, and a conversation of 1,000 messages. The page is the one
of ``npm run page``, into which the rivals are loaded. ``python tests/bench/render.py [--short]``
prints tables, and which targets are met; times mean something on an idle machine only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
JS = ROOT / "js"
sys.path.insert(0, str(HERE.parent))

from bench.backend import tokens  # noqa: E402
from browser.conftest import CHROMIUM_FLAGS  # noqa: E402

SHORT, RATE = 80_000, 4_000
LONG, LONG_RATE = 200_000, 10_000
MESSAGES = 1_000

OURS, EACH_FRAME, CHAT = "at the view's pace", "in each frame", "the whole chat"
WHOLE, OWN, NODE = "marked + DOMPurify", "own parser, whole", "one text node"

# Lets the text grow by the clock and draws it in frames, as a page does that gets it in pieces.
STREAM = """
async ([text, rate, how]) => {
  const chat = how === "the whole chat" ? openChat(["Go on"]) : null;
  const box = document.createElement("div");
  const el = document.createElement("div");
  box.style.cssText = "width: 760px; height: 480px; overflow: hidden auto; contain: content";
  if (chat === null) box.append(el);
  document.body.append(box);
  let due = "", drawn = 0, sent = 0;
  const draw = () => {
    if (rivals[how]) rivals[how](el, due, drawn);
    else renderMarkdown(el, due);
    drawn = due.length;
    box.scrollTop = box.scrollHeight;
  };
  const pace = how === "at the view's pace" ? new Pace(draw) : null;
  chat?.model.patch("t1", []);
  const step = () => {
    if (chat === null) return pace === null ? draw() : pace.grown();
    chat.model.append("t1", sent, due.slice(sent));
    sent = due.length;
    drawn = chat.el.shadowRoot.querySelector("article:last-child [part=content]")?.source?.length;
  };
  const tasks = [], frames = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: "longtask" });
  const started = performance.now();
  let before = started;
  const lag = await new Promise((done) => {
    const frame = () => {
      const now = performance.now();
      frames.push(now - before);
      before = now;
      if (drawn === text.length) return done(now - started - (text.length / rate) * 1000);
      due = text.slice(0, Math.floor(((now - started) * rate) / 1000));
      step();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  observer.disconnect();
  return {
    frames: frames.length,
    slow: frames.filter((time) => time > 50).length,
    tasks: tasks.length,
    lag,
  };
}
"""

OPEN = """
async (texts) => {
  const started = performance.now();
  const since = () => performance.now() - started;
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const root = openChat(texts).el.shadowRoot;
  await frame();
  const opened = since();
  const log = root.querySelector("[part=log]");
  while (root.querySelectorAll("article").length < texts.length) await frame();
  const complete = since();
  const times = [];
  let before = performance.now();
  for (let step = 0; step < 300; step += 1) {
    log.scrollTop -= 120;
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - before);
    before = performance.now();
  }
  times.sort((a, b) => a - b);
  return { opened, complete, middle: times[150], slow: times.filter((time) => time > 50).length };
}
"""

COLUMNS = ["cpu s", "task s", "script", "style", "layout", "frames", "> 50 ms", "tasks", "last ms"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="20 KB instead of 80 and of 200")
    options = parser.parse_args()
    for target in ("--page", "--bench"):
        subprocess.run(["node", "build.mjs", target], cwd=JS, check=True, stdout=sys.stderr)
    text = "".join(tokens(60_000))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_FLAGS
        )
        _streams(browser, text[: 20_000 if options.short else SHORT])
        _long_stream(browser, text[: 20_000 if options.short else LONG])
        _conversation(browser, text)
        browser.close()
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"\nload per core in the last minute: {load:.1f}")


def _streams(browser: Browser, text: str) -> None:
    print("\t".join([f"{len(text) // 1000} KB at {RATE}/s", *COLUMNS]))
    rows = {
        how: _row(how, _stream(browser, text, RATE, how))
        for how in (OURS, EACH_FRAME, CHAT, NODE, WHOLE, OWN)
    }
    for how in (OURS, EACH_FRAME, CHAT):
        ours = rows[how]
        for rival, most in ((WHOLE, 1 / 7), (OWN, 1 / 7), (NODE, 2 / 3)):
            ratios = [ours[name] / rows[rival][name] for name in ("task s", "cpu s")]
            shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
            _judge(f"{how}: task / cpu time of {rival}", shown, ratios[0] <= most, f"{most:.2f}")
        _judge(f"{how}: frames over 50 ms", str(ours["slow"]), ours["slow"] == 0, "0")
        _judge(f"{how}: last letters, ms", f"{ours['lag']:.0f}", ours["lag"] <= 50, "50")


def _long_stream(browser: Browser, text: str) -> None:
    print("\t".join([f"\n{len(text) // 1000} KB at {LONG_RATE}/s", *COLUMNS]))
    ours, node = (_row(how, _stream(browser, text, LONG_RATE, how))["slow"] for how in (CHAT, NODE))
    _judge(f"{CHAT}: frames over 50 ms", str(ours), ours <= node, f"{node}, as {NODE}")


def _conversation(browser: Browser, text: str) -> None:
    print(f"\n{MESSAGES} messages")
    texts = [
        f"{at}. {text[:300]}" if at % 2 == 0 else f"{at}\n\n{text[: 300 + at * 37 % 900]}"
        for at in range(MESSAGES)
    ]
    page = _open(browser)
    seen = page.evaluate(OPEN, texts)
    page.close()
    _judge("the end is on the screen, ms", f"{seen['opened']:.0f}", seen["opened"] <= 300, "300")
    print(f"\tall of it is drawn, ms\t{seen['complete']:.0f}")
    print(f"\tscrolling up: ms of the middle frame\t{seen['middle']:.1f}")
    _judge("scrolling up: frames over 50 ms", str(seen["slow"]), seen["slow"] == 0, "0 of 300")


def _open(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto((JS / "dist" / "page" / "index.html").as_uri())
    page.add_script_tag(path=JS / "dist" / "bench" / "rivals.js")
    page.wait_for_timeout(500)
    return page


def _stream(browser: Browser, text: str, rate: int, how: str) -> dict[str, float]:
    page = _open(browser)
    wall, cpu = (page.context.new_cdp_session(page) for _ in range(2))
    wall.send("Performance.enable")
    # The thread's own time, in which what else the machine does counts less.
    cpu.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = [_sample(session) for session in (wall, cpu)]
    seen: dict[str, float] = page.evaluate(STREAM, [text, rate, how])
    after = [_sample(session) for session in (wall, cpu)]
    page.close()
    taken = [
        {name: end[name] - start[name] for name in end}
        for start, end in zip(before, after, strict=True)
    ]
    return seen | {
        "cpu s": taken[1]["TaskDuration"],
        "task s": taken[0]["TaskDuration"],
        "script": taken[0]["ScriptDuration"],
        "style": taken[0]["RecalcStyleDuration"],
        "layout": taken[0]["LayoutDuration"],
    }


def _sample(session: Any) -> dict[str, float]:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def _row(how: str, seen: dict[str, float]) -> dict[str, float]:
    times = [f"{seen[name]:.2f}" for name in COLUMNS[:5]]
    counts = [f"{seen[name]:.0f}" for name in ("frames", "slow", "tasks", "lag")]
    print("\t".join([how, *times, *counts]), flush=True)
    return seen


def _judge(what: str, value: str, is_met: bool, most: str) -> None:
    print(f"{'met' if is_met else 'NOT'}\t{what}\t{value}\t(at most {most})", flush=True)


if __name__ == "__main__":
    main()
