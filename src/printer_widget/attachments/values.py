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
from types import GetSetDescriptorType, MemberDescriptorType, SimpleNamespace
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
_SORTED = 20_000
_VALUES_IN_LINE = 100
_SORTED_IN_LINE = 1_000
_BITS = 14_000  # Python refuses to write out more than 4,300 digits

DATES = (dt.date, dt.time, dt.timedelta)
NUMBERS = (bool, int, float, complex, decimal.Decimal, fractions.Fraction)
_PLAIN = frozenset({*NUMBERS, *DATES, dt.datetime, uuid.UUID, type(None)})
_PANDAS = ("Timestamp", "Timedelta", "Period", "Interval")
_ZONES = (type(None), dt.timezone)
_ZONES_OF = ("pytz", "dateutil")
_CONTAINERS = (dict, list, tuple, set, frozenset)
_UNSET = "<unset>"

_json = json.JSONEncoder(ensure_ascii=False).encode
# A metaclass may answer for its classes in its own way: these ask the class itself.
mro_of = type.__dict__["__mro__"].__get__
_members_of = type.__dict__["__dict__"].__get__
class_name = type.__dict__["__name__"].__get__


def short(value: object, limit: int = CELL) -> str:
    """Return a value in one line of at most ``limit`` characters."""
    return _line(_scalar(value), limit)


def is_dataclass(cls: type) -> bool:
    """Whether a class is a dataclass, without asking its metaclass."""
    return isinstance(_member(cls, "__dataclass_fields__"), dict)


def _member(cls: type, name: str) -> Any:
    """Return what a class or its bases define by this name, as it stands there."""
    return next((_members_of(c)[name] for c in mro_of(cls) if name in _members_of(c)), _UNSET)


def _fields(value: object) -> list[tuple[str, Any]]:
    """Return what a dataclass's object holds, and run none of its descriptors."""
    kind = type(value)
    holder: Any = SimpleNamespace(__dataclass_fields__=_member(kind, "__dataclass_fields__"))
    names = [field.name for field in dataclasses.fields(holder)]
    own = _member(kind, "__dict__")
    held = dict.copy(own.__get__(value)) if type(own) is GetSetDescriptorType else {}
    return [(name, _held(value, held, name)) for name in names]


def _held(value: object, held: dict[str, Any], name: str) -> Any:
    if name in held:
        return held[name]
    member = _member(type(value), name)
    if type(member) is not MemberDescriptorType:
        return member
    try:
        return member.__get__(value)
    except AttributeError:
        return _UNSET


def _is_among(kind: type, kinds: Iterable[object]) -> bool:
    """Whether it is one of them; ``in`` would ask its metaclass."""
    return any(kind is one for one in kinds)


def _line(text: str, limit: int = CELL) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _scalar(value: object) -> str:
    """Return a value as text, and none of code that nobody knows."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)[: 4 * _STRING]
    if _is_among(kind, _CONTAINERS):
        return _json(_Plain(_VALUES_IN_LINE, _SORTED_IN_LINE).take(value))
    if kind is int and int(value).bit_length() > _BITS:  # type: ignore[call-overload]
        return "<int of many digits>"
    if kind is fractions.Fraction:
        return _fraction(value)  # type: ignore[arg-type]
    if _is_among(kind, (dt.datetime, dt.time, getattr(sys.modules.get("pandas"), "Timestamp", 0))):
        return _time(value)
    if _is_among(kind, _PLAIN) or _is_of_library(value):
        return str(value)
    if issubclass(kind, enum.Enum):
        return f"{class_name(kind)}.{value._name_}"  # type: ignore[attr-defined]
    if issubclass(kind, bytes):
        return f"<{count(len(value), 'byte')}>"  # type: ignore[arg-type]
    return f"<{class_name(kind)}>"


def _fraction(value: fractions.Fraction) -> str:
    above, below = _scalar(value.numerator), _scalar(value.denominator)
    return above if below == "1" else f"{above}/{below}"


def _time(value: Any) -> str:
    """Write a time; a zone that nobody knows is told by its class, as asking it runs its code."""
    zone = type(value.tzinfo)
    module = _member(zone, "__module__")
    known = (*_ZONES, getattr(sys.modules.get("zoneinfo"), "ZoneInfo", None))
    if _is_among(zone, known) or (
        isinstance(module, str) and module.partition(".")[0] in _ZONES_OF
    ):
        return str(value)
    if type(value) is dt.time:
        return f"{value.replace(tzinfo=None)} <{class_name(zone)}>"
    naive = dt.datetime.combine(dt.datetime.date(value), dt.datetime.time(value))
    return f"{naive} <{class_name(zone)}>"


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
    line = _json(value)
    if len(indent) + len(line) <= _LINE or not isinstance(value, dict | list):
        return line
    if isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value):
            return line
        items = [_lay_out(item, f"{indent} ") for item in value]
    else:
        items = [f"{_json(name)}: {_lay_out(item, f'{indent} ')}" for name, item in value.items()]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n" + ",\n".join(f"{indent} {item}" for item in items) + f"\n{indent}{right}"


class _TooMuch(Exception):
    """A set holds more than is sorted."""


class _Plain:
    """Takes a value apart into what JSON has, with an end to it."""

    def __init__(self, values: int = _VALUES, to_sort: int = _SORTED) -> None:
        self.names: list[str] = []
        self._left = values
        self._to_sort = to_sort
        self._in_set = False

    def take(self, value: Any, depth: int = _DEPTH) -> Any:
        self._count()
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
            root = set if issubclass(kind, set) else frozenset
            return self._set(root.__iter__(value), root.__len__(value), depth)
        if is_dataclass(kind):
            pairs = _fields(value)
            return self._pairs(pairs, len(pairs), depth)
        return _scalar(value)

    def _count(self) -> None:
        if not self._in_set:
            self._left -= 1
        elif self._to_sort:
            self._to_sort -= 1
        else:
            raise _TooMuch

    def _is_full(self) -> bool:
        """Whether no more is shown; a set is taken whole, as its order is known only then."""
        return self._left < 0 and not self._in_set

    def _pairs(self, pairs: Iterable[tuple[Any, Any]], total: int, depth: int) -> Any:
        if not total:
            return {}
        if depth == 0 or self._is_full():
            return f"… ({count(total, 'key')})"
        taken: dict[str, Any] = {}
        more = total
        for key, value in islice(pairs, _ITEMS):
            if self._is_full():
                break
            is_scalar = not _is_among(type(key), _CONTAINERS)
            name = short(key) if is_scalar else _line(_json(self.take(key, depth)))
            self.names.append(name)
            taken[name] = self.take(value, depth - 1)
            more -= 1
        if more:
            taken["…"] = f"({count(more, 'more key')})"
        return taken

    def _items(self, items: Iterator[Any], total: int, depth: int) -> Any:
        if not total:
            return []
        if depth == 0 or self._is_full():
            return f"… ({count(total, 'item')})"
        return _first([self.take(item, depth - 1) for item in islice(items, _ITEMS)], total)

    def _set(self, items: Iterator[Any], total: int, depth: int) -> Any:
        """Sort by the items' texts: a set has another order in every run."""
        if not total:
            return []
        if depth == 0 or self._is_full():
            return f"… ({count(total, 'item')})"
        if self._in_set:
            return self._sorted(items, total, depth)
        before = len(self.names)
        self._in_set = True
        try:
            return self._sorted(items, total, depth)
        except _TooMuch:
            del self.names[before:]
            return f"… ({count(total, 'item')})"
        finally:
            self._in_set = False
            self.names[before:] = sorted(self.names[before:])

    def _sorted(self, items: Iterator[Any], total: int, depth: int) -> Any:
        return _first(sorted((self.take(item, depth - 1) for item in items), key=_json), total)


def _first(taken: list[Any], total: int) -> list[Any]:
    more = total - _ITEMS
    return taken if more <= 0 else [*taken[:_ITEMS], f"… ({count(more, 'more item')})"]


def _bounded(text: str) -> str:
    more = len(text) - _STRING
    return text if more <= 0 else f"{text[:_STRING]}… ({count(more, 'more character')})"
