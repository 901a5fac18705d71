"""``printer-widget cassette``: look at a cassette, check it, take secrets out of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from ..cassette import Cassette, Entry, Secrets, likely, redacted
from ..providers.base import shorten
from ..sources import Replay
from ..sources.cassettes import load, replace_file

DESCRIPTION = """\
Look at the recorded answers of a cassette, as record(…) writes it.

examples:
  printer-widget cassette show lesson.cassette
      every turn: what was asked, what came of it, how long it took
  printer-widget cassette check lesson.cassette
      can it be replayed, and is anything in it that looks like a secret?
  printer-widget cassette redact lesson.cassette --secrets keys.txt
      take the secrets out that the file lists, one to a line, and what looks like one
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "cassette",
        help="show, check or redact recorded answers",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, said in (
        ("show", "show every turn"),
        ("check", "say what is wrong with it, or looks like a secret"),
        ("redact", "take secrets out of it"),
    ):
        action = actions.add_parser(name, help=said)
        action.add_argument("file", metavar="FILE", help="the cassette")
        if name == "redact":
            action.add_argument(
                "--secrets",
                metavar="LIST",
                help="a file of secrets, one to a line; - reads them from stdin",
            )


def run(options: argparse.Namespace) -> tuple[int, list[str]]:
    """Do what was asked for; return the exit status and what to say.

    Raises:
        ValueError: if the file is no cassette, or cannot be replayed.
        OSError: if a file cannot be read or written.
    """
    path = Path(options.file)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {options.file}")
    if options.action == "redact":
        return 0, [_redact(path, options.file, _listed(options.secrets))]
    cassette = load(path, options.file)
    replay = Replay(path)
    if options.action == "show":
        return 0, list(_shown(replay))
    found = list(_suspects(cassette, options.file))
    if found:
        return 1, [*found, f"take it out: printer-widget cassette redact {options.file}"]
    return 0, [f"{options.file}: {_count(len(cassette.entries), 'turn')}, nothing wrong"]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _shown(replay: Replay) -> Iterator[str]:
    for at, entry in enumerate(replay.entries):
        text = asyncio.run(replay.text_of(at))
        ending = entry.ending
        how = f"{ending.kind}: {shorten(ending.sentence, 200)}" if ending.name else ending.kind
        yield f"{at + 1}. {shorten(entry.question, 70)}  (line {entry.line})"
        yield f"   {_facts(entry)}"
        yield f"   {shorten(text, 90) or 'no text'}"
        yield f"   {how}, after {ending.at_ms / 1000:.1f} s"


def _facts(entry: Entry) -> str:
    earlier = sum(each.role == "user" for each in entry.told) - 1
    pieces = len(entry.events) + sum(len(each.chunks) for each in entry.exchanges)
    facts = [f"{entry.source} {entry.model or entry.label}"]
    facts += [f"after {_count(earlier, 'earlier question')}"] if earlier else []
    facts += [f"HTTP {each.status or 'no answer'}" for each in entry.exchanges]
    return ", ".join([*facts, _count(pieces, "piece")])


def _suspects(cassette: Cassette, name: str) -> Iterator[str]:
    """Say where something looks like a secret, and not what: a log may keep it."""
    for entry in cassette.entries:
        found = [
            (at, each)
            for at, line in enumerate(entry.raw.split("\n"), entry.line)
            for each in likely(line)
        ]
        for exchange in entry.exchanges:
            body = b"".join(chunk.data for chunk in exchange.chunks).decode("utf-8", "replace")
            found += [(entry.line, each) for each in likely(body) if each not in entry.raw]
        for at, each in found:
            size = _count(len(each), "character")
            yield f"{name}, line {at}: this looks like a secret: {each[:6]}… ({size})"


def _redact(path: Path, name: str, secrets: Secrets) -> str:
    cassette = load(path, name)
    entries = tuple(redacted(entry, secrets) for entry in cassette.entries)
    changed = sum(new is not old for new, old in zip(entries, cassette.entries, strict=True))
    replace_file(path, Cassette(secrets.redact(cassette.head), entries).text())
    return f"{name}: {_count(changed, 'turn')} changed"


def _listed(name: str | None) -> Secrets:
    if name is None:
        return Secrets(likely=True)
    text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    return Secrets((line.strip() for line in text.splitlines()), likely=True)
