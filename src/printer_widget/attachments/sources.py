"""What somebody wrote: the source of functions, classes and cells, and files."""

from __future__ import annotations

import ast
import codecs
import inspect
import linecache
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from .text import NotText, Written, count, cut

CODE_LIMIT = 20_000
FILE_LIMIT = 50_000
TEXT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the notebook that was executed: its number and its source."""

    number: int
    source: str


def write_cell(cell: Cell) -> Written:
    """Write the source of a cell."""
    return Written(cut(cell.source, CODE_LIMIT))


def write_text(text: str) -> Written:
    """Write a text as it is."""
    return Written(cut(str.__str__(text), TEXT_LIMIT))


def write_function(function: Any) -> Written:
    """Write the source of a function, or its parameters and docstring where there is none."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        source = _outline("def", function, _parameters(function))
    return Written(cut(source.rstrip("\n"), CODE_LIMIT))


def write_class(cls: type) -> Written:
    """Write the source of a class, or its fields and docstring where there is none."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        source = _source_by_method(cls) or _outline("class", cls, _fields(cls))
    return Written(cut(source.rstrip("\n"), CODE_LIMIT))


def write_file(path: Path) -> Written:
    """Write the text of a file, which is read no further than there is room for.

    Raises:
        OSError: if it cannot be read.
        NotText: if it is no file, or not text in UTF-8.
    """
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise NotText(f"{path.name or path} {what}: expected the path of a text file")
    with path.open("rb") as file:
        data = file.read(4 * FILE_LIMIT)
        is_whole = not file.read(1)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=is_whole)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise NotText(
            f"{path.name} is not text in UTF-8: read it, and attach what the model should know"
        )
    text = text.replace("\r\n", "\n")
    if is_whole:
        return Written(cut(text, FILE_LIMIT))
    shown = text[:FILE_LIMIT]
    more = path.stat().st_size - len(shown.encode())
    # Files of the system say that they have no size.
    return Written(f"{shown}\n… ({count(more, 'more byte') if more > 0 else 'and more'})")


def _source_by_method(cls: type) -> str | None:
    """Find a class of a cell, which ``inspect`` does not know the file of, by its methods."""
    for member in vars(cls).values():
        function = getattr(member, "__func__", member)
        if not isinstance(function, FunctionType):
            continue
        source = "".join(linecache.getlines(function.__code__.co_filename))
        for node in _classes(source):
            lines = range(node.lineno, (node.end_lineno or 0) + 1)
            if node.name == cls.__name__ and function.__code__.co_firstlineno in lines:
                return ast.get_source_segment(source, node)
    return None


def _classes(source: str) -> Iterator[ast.ClassDef]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magics
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _parameters(function: Any) -> list[str]:
    """Return their names; a default's text would be code that nobody knows."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ["…"]


def _fields(cls: type) -> list[str]:
    return [*vars(cls).get("__annotations__", {})]


def _outline(keyword: str, thing: Any, names: list[str]) -> str:
    head = f"{keyword} {thing.__name__}({', '.join(names)})  # its source is not known"
    doc = inspect.getdoc(thing)
    return f"{head}\n{doc}" if isinstance(doc, str) else head
