"""Values as text: one in a cell of a table, and nested ones as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import sys
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .text import Written, count, cut

LIMIT = 10_000
CELL = 80
"""The longest value in a cell of a table, in characters."""

_LINE = 100
_STRING = 500
_ITEMS = 50
_DEPTH = 6
_VALUES = 2_000
_SORTED = 10_000
_BITS = 14_000  # Python refuses to write out more than 4,300 digits

DATES = (dt.date, dt.time, dt.timedelta)
NUMBERS = (bool, int, float, complex, decimal.Decimal, fractions.Fraction)
_PLAIN = frozenset({*NUMBERS, *DATES, dt.datetime, uuid.UUID, type(None)})
_PANDAS = ("Timestamp", "Timedelta", "Period", "Interval")


def short(value: object, limit: int = CELL) -> str:
    """Return a value in one line of at most ``limit`` characters."""
    line = " ".join(_scalar(value).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _scalar(value: object) -> str:
    """Return a value as text, and none of code that nobody knows."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)[: 4 * _STRING]
    if kind in {dict, list, tuple, set, frozenset}:
        return json.dumps(_Plain().take(value), ensure_ascii=False)
    if kind is int and int(value).bit_length() > _BITS:  # type: ignore[call-overload]
        return "<int of many digits>"
    if kind in _PLAIN or _is_of_library(value):
        return str(value)
    if issubclass(kind, enum.Enum):
        return f"{kind.__name__}.{value._name_}"  # type: ignore[attr-defined]
    if issubclass(kind, bytes):
        return f"<{count(len(value), 'byte')}>"  # type: ignore[arg-type]
    return f"<{kind.__name__}>"


def _is_of_library(value: object) -> bool:
    """Whether it is a scalar of numpy or pandas, as their arrays and tables hold."""
    kind = type(value)
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    generic = getattr(numpy, "generic", None)
    if generic is not None and issubclass(kind, generic):
        return kind.__module__ == "numpy" and kind.__name__ not in {"void", "object_"}
    if any(value is getattr(pandas, name, pandas) for name in ("NA", "NaT")):
        return pandas is not None
    return any(kind is getattr(pandas, name, None) for name in _PANDAS)


def write_value(value: object) -> Written:
    """Write one number or date."""
    return Written(short(value, LIMIT))


def write_data(value: object) -> Written:
    """Write dicts, lists and the like as JSON, as deep and as far as there is room."""
    plain = _Plain()
    text = _lay_out(plain.take(value))
    return Written(cut(text, LIMIT), tuple(plain.names))


def _lay_out(value: Any, indent: str = "") -> str:
    """Return JSON, with a line for each item of what is too long for one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _LINE or not isinstance(value, dict | list):
        return line
    if isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value):
            return line
        items = [_lay_out(item, f"{indent} ") for item in value]
    else:
        items = [
            f"{json.dumps(name, ensure_ascii=False)}: {_lay_out(item, f'{indent} ')}"
            for name, item in value.items()
        ]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n" + ",\n".join(f"{indent} {item}" for item in items) + f"\n{indent}{right}"


class _Plain:
    """Takes a value apart into what JSON has, with an end to it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._left = _VALUES

    def take(self, value: Any, depth: int = _DEPTH) -> Any:
        self._left -= 1
        kind = type(value)
        if value is None or kind is bool or (kind is float and math.isfinite(value)):
            return value
        if kind is int:
            return value if value.bit_length() <= 64 else _scalar(value)
        if issubclass(kind, str):
            return _bounded(str.__str__(value))
        if issubclass(kind, dict):
            return self._pairs(dict.items(value), dict.__len__(value), depth)
        if issubclass(kind, list | tuple):
            base = list if issubclass(kind, list) else tuple
            return self._items(base.__iter__(value), base.__len__(value), depth)
        if issubclass(kind, set | frozenset):
            return self._set(value, depth)
        if dataclasses.is_dataclass(kind):
            names = [field.name for field in dataclasses.fields(kind)]
            pairs = ((name, object.__getattribute__(value, name)) for name in names)
            return self._pairs(pairs, len(names), depth)
        return _scalar(value)

    def _pairs(self, pairs: Iterable[tuple[Any, Any]], total: int, depth: int) -> Any:
        if not total:
            return {}
        if depth == 0 or self._left <= 0:
            return f"… ({count(total, 'key')})"
        taken: dict[str, Any] = {}
        for key, value in islice(pairs, _ITEMS):
            name = short(key)
            self.names.append(name)
            taken[name] = self.take(value, depth - 1)
        if total > _ITEMS:
            taken["…"] = f"({count(total - _ITEMS, 'more key')})"
        return taken

    def _items(self, items: Iterator[Any], total: int, depth: int) -> Any:
        if not total:
            return []
        if depth == 0 or self._left <= 0:
            return f"… ({count(total, 'item')})"
        taken = [self.take(item, depth - 1) for item in islice(items, _ITEMS)]
        return taken if total <= _ITEMS else [*taken, f"… ({count(total - _ITEMS, 'more item')})"]

    def _set(self, items: Any, depth: int) -> Any:
        """Sort by the items' texts: a set has another order in every run."""
        total = len(items)
        if total > _SORTED:
            return f"… ({count(total, 'item')})"
        return self._items(iter(sorted(items, key=_scalar)), total, depth)


def _bounded(text: str) -> str:
    more = len(text) - _STRING
    return text if more <= 0 else f"{text[:_STRING]}… ({count(more, 'more character')})"
