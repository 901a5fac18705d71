"""A cassette's file: read with a clear word on what is wrong, and replaced as a whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..cassette import Cassette, CassetteError, parse, unresolved


def load(path: Path, name: str) -> Cassette:
    """Read a cassette; one without turns where there is no file.

    Args:
        path: of the file.
        name: of the file, for messages.

    Raises:
        CassetteError: if it is none, or not a whole one.
        OSError: if it cannot be read.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Cassette()
    except IsADirectoryError:
        raise CassetteError(f"{name} is a folder: expected the file of a cassette") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CassetteError(
            f"{name}, line {line}: this is no UTF-8 text: expected a cassette"
        ) from None
    return read(text, name)


def read(text: str, name: str) -> Cassette:
    """Read the text of a cassette.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        CassetteError: if it is none, or not a whole one.
    """
    cassette = parse(text, name=name)
    missing = unresolved(cassette.entries)
    if missing is not None:
        entry, at = missing
        asked = entry.told[at - 1].text if at else ""
        raise CassetteError(
            f"{name}, line {entry.line}: an answer stands here as recorded, but no turn of this "
            f"file records it (to {asked!r}): write its text below -- assistant, or delete this "
            "turn"
        )
    return cassette


def replace_file(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds the old text or the new one, and never a part.

    Raises:
        OSError: if it cannot be written; the old text is still there.
    """
    path = path.resolve()  # what a link leads to is replaced, and not the link
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            new.chmod(path.stat().st_mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
