"""What a hostile model could write: the corpus, and what is too large to be kept in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "data" / "attacks.json"
ATTACKS: list[dict[str, str]] = json.loads(CORPUS.read_text())
KINDS = sorted({attack["kind"] for attack in ATTACKS})

MEGA = 1_000_000
HARM = "<img src=x onerror=window.pwned=1>"


def of_kind(kind: str) -> list[dict[str, str]]:
    return [attack for attack in ATTACKS if attack["kind"] == kind]


def _fill(piece: str, size: int = MEGA) -> str:
    return piece * (size // len(piece))


FLOODS: dict[str, Callable[[], str]] = {
    "one word of 1 MB": lambda: "a" * MEGA,
    "one line of words": lambda: _fill("word "),
    "one line of tags": lambda: _fill(HARM),
    "one line of stars": lambda: "*" * MEGA,
    "one line of emphasis": lambda: _fill("*a _b "),
    "one line of emphasis that closes": lambda: _fill("*a* _b_ **c** "),
    "one line of brackets": lambda: "[" * MEGA,
    "one line of closing brackets": lambda: "]" * MEGA,
    "one line of half links": lambda: _fill("[a](b "),
    "one line of links": lambda: _fill("[a](https://a.test) "),
    "one line of backticks": lambda: " ".join("`" * i for i in range(1, 1400)),
    "one line of angle brackets": lambda: "<" * MEGA,
    "one line of half tags": lambda: _fill("<a b='c "),
    "one line of half comments": lambda: _fill("<!--"),
    "one line of half instructions": lambda: _fill("<?a"),
    "one line of half addresses": lambda: _fill("<http:"),
    "one line of addresses": lambda: _fill("https://a.test/x "),
    "one address": lambda: "https://a.test/" + "(" * MEGA,
    "one line of at signs": lambda: _fill("a@"),
    "one line of entities": lambda: _fill("&#x3c;&lt;&amp;&x;"),
    "a flood of different entities": lambda: "".join(f"&a{i};" for i in range(MEGA // 10)),
    "one line of ampersands": lambda: "&" * MEGA,
    "one line of backslashes": lambda: "\\" * MEGA,
    "one line of exclamation marks": lambda: _fill("!["),
    "one line of own tags": lambda: _fill("<b>"),
    "one line of dollars": lambda: _fill("$a$ "),
    "one line of open dollars": lambda: _fill("$a "),
    "one line of quotes": lambda: ">" * MEGA,
    "one line of items": lambda: _fill("- "),
    "one line of hashes": lambda: "#" * MEGA,
    "one line of pipes": lambda: "|" * MEGA + "\n" + _fill("|-"),
    "a heading of 1 MB": lambda: "# " + _fill("x*"),
    "a fence's language of 1 MB": lambda: "```" + "x" * MEGA,
    "a line of code of 1 MB": lambda: "```\n" + "x" * MEGA,
    "many lines of code": lambda: "```\n" + _fill("x\n"),
    "unseen characters in code": lambda: "```\n" + _fill("\u202e\u2066", MEGA // 10),
    "many quotes": lambda: _fill(">>> a\n"),
    "many items": lambda: _fill("- a\n", MEGA // 10),
    "many nested items": lambda: "".join(" " * (i % 60) + "- a\n" for i in range(4000)),
    "many headings": lambda: _fill("# a\n", MEGA // 10),
    "many rows": lambda: "|a|b|\n|-|-|\n" + _fill("|x|y|\n", MEGA // 10),
    "many blank lines": lambda: "\n" * MEGA,
    "many tabs": lambda: "\t" * MEGA + "x",
    "many definitions": lambda: "".join(f"[{i}]: /x\n" for i in range(100_000)),
    "many references to one definition": lambda: (
        _fill("[a] ", MEGA // 10) + "\n\n[a]: https://a.test"
    ),
    "many footnotes": lambda: "".join(f"[^{i}]: x\n" for i in range(100_000)),
    "many footnotes that are referred to": lambda: (
        "".join(f"[^{i}] " for i in range(4000))
        + "\n\n"
        + "".join(f"[^{i}]: x\n\n" for i in range(4000))
    ),
    "many references to what is not there": lambda: "".join(f"[^{i}] " for i in range(100_000)),
    "a definition that never ends": lambda: "[a]: <" + "x" * MEGA,
    "a title that never ends": lambda: "[a](b '" + "x " * (MEGA // 2),
    "a label that never ends": lambda: "[" + "x " * (MEGA // 2) + "]: y",
}
"""By name, what makes a text of some 100 KB to 1 MB."""
