"""Tables and arrays: their shape, their types, and where they begin."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .text import Written, count, fit
from .values import short

LIMIT = 10_000
ROWS = 10
COLUMNS = 30
VALUES = 50


def write_frame(frame: Any) -> Written:
    """Write a pandas DataFrame."""
    rows, columns = frame.shape
    head = frame.iloc[:ROWS, :COLUMNS]
    names = [short(name) for name in head.columns]
    dtypes = [f"{name} ({dtype})" for name, dtype in zip(names, head.dtypes, strict=True)]
    begin = [
        f"DataFrame of {count(rows, 'row')} and {count(columns, 'column')}",
        "Columns (dtype): " + ", ".join(_named(dtypes, columns)),
        f"{_first(len(head), rows)}, as CSV, the index first:",
        _csv(["", *names]),
    ]
    body = (_csv(row) for row in head.itertuples(index=True, name=None))
    return Written(_join(begin, body, rows, "row"), names)


def write_series(series: Any) -> Written:
    """Write a pandas Series."""
    rows = len(series)
    head = series.iloc[:VALUES]
    name = None if series.name is None else short(series.name)
    begin = [
        f"Series{f' {name!r}' if name else ''} of {count(rows, 'value')}, dtype {series.dtype}",
        f"{_first(len(head), rows, 'value')}, as CSV, the index first:",
    ]
    body = (_csv(pair) for pair in zip(head.index, head, strict=True))
    return Written(_join(begin, body, rows, "value"), [name] if name else [])


def write_array(array: Any) -> Written:
    """Write a numpy array: a table of the first rows, else the first values in C order."""
    numpy = sys.modules["numpy"]
    if issubclass(type(array), getattr(numpy, "matrix", ())):  # its rows are matrices, too
        array = numpy.asarray(array)
    shape = tuple(array.shape)
    names = list(array.dtype.names or ())
    begin = [f"Array of shape {shape}, dtype {short(str(array.dtype), 500)}"]
    if len(shape) == 2 and 0 not in shape:  # a table
        rows, columns = shape
        width = min(columns, COLUMNS)
        more = f", {count(columns - width, 'more column')}" if width < columns else ""
        begin.append(f"{_first(min(rows, ROWS), rows)}, as CSV{more}:")
        body: Iterable[str] = (_csv(row[:width]) for row in array[:ROWS])
        return Written(_join(begin, body, rows, "row"), names)
    begin.append(f"{_first(min(array.size, VALUES), array.size, 'value')}:")
    body = (short(value) for value in islice(array.flat, VALUES))
    return Written(_join(begin, body, array.size, "value"), names)


def _join(begin: list[str], body: Iterable[str], total: int, what: str) -> str:
    room = LIMIT - sum(len(line) + 1 for line in begin)
    return "\n".join([*begin, *fit(body, total, room, what)])


def _first(shown: int, total: int, what: str = "row") -> str:
    if shown == total:
        return f"All {what}s" if total else f"No {what}s"
    return f"The first {count(shown, what)}"


def _named(names: list[str], total: int) -> Iterator[str]:
    yield from names
    if len(names) < total:
        yield f"… ({count(total - len(names), 'more column')})"


def _csv(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([short(value) for value in values])
    return line.getvalue()
