"""Things of a notebook that run code of their own when they are asked, or have no end."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import subprocess
import sys
import zoneinfo
from typing import Any, NoReturn

import pandas as pd
import pytest

from printer_widget.attachments import attach, kind_of, natural_name, values


def text(thing: object) -> str:
    return attach(thing).text


# ── Sets ───────────────────────────────────────────────────────────────────────────────────────


def ordinal(number: int) -> frozenset[Any]:
    """Return the set of all smaller ordinals: small to hold, and without end to write out."""
    smaller: list[frozenset[Any]] = []
    for _ in range(number + 1):
        smaller.append(frozenset(smaller))
    return smaller[-1]


def taken(thing: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the values that are looked at in order to write a thing."""
    looked = 0
    original = values._Plain.take

    def counting(self: Any, value: object, *depth: int) -> object:
        nonlocal looked
        looked += 1
        return original(self, value, *depth)

    monkeypatch.setattr(values._Plain, "take", counting)
    text(thing)
    return looked


def test_sets_in_sets_are_written_out() -> None:
    assert text(ordinal(3)) == "[[[[]], []], [[]], []]"


PAIRS = {((i, i), (i, i)) for i in range(10_000)}


@pytest.mark.parametrize(
    "thing",
    [
        ordinal(30),
        [ordinal(30)] * 50,
        PAIRS,
        [PAIRS] * 50,
        [[set(range(9_000))] * 50] * 50,
        {ordinal(i): ordinal(30) for i in range(50)},
        {(i, ordinal(30)): 0 for i in range(50)},
    ],
    ids=["ordinal", "ordinals", "pairs", "many pairs", "many sets", "dict", "keys"],
)
def test_no_set_is_sorted_without_an_end(thing: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(thing, monkeypatch) < 25_000


def test_a_table_of_sets_is_written_with_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": [ordinal(30)] * 10, "b": [set(range(9_000))] * 10})
    assert taken(frame, monkeypatch) < 25_000


def test_what_is_not_sorted_is_counted() -> None:
    assert text(ordinal(30)) == '"… (30 items)"'
    assert json.loads(text([PAIRS, {1}, 2])) == ["… (10,000 items)", "… (1 item)", 2]


def test_a_key_that_is_a_tuple_is_told_however_deep() -> None:
    thing: object = {("a", 1): 1, ("b", 2): 2}
    for _ in range(5):
        thing = [thing]
    assert json.loads(text(thing)) == [[[[[{'["a", 1]': 1, '["b", 2]': 2}]]]]]


HASHED = """
import collections, dataclasses
from printer_widget.attachments import attach
Pair = collections.namedtuple("Pair", "a b")
Login = dataclasses.make_dataclass("Login", ["token", "api_key"], frozen=True)
words = [f"word {i}" for i in range(60)]
things = [
    set(words), {Pair(w, frozenset(words[:3])) for w in words}, {1, "1", None, "None"},
    {Login(w, frozenset(words)) for w in words}, frozenset(Pair(w, w) for w in words * 2),
    {frozenset((w, Pair(w, v))) for w in words for v in words},
    [{(w, v, v, v, v) for w in words for v in words}, {Login("a", "b")}, set(words)],
    {frozenset((a, b)): a for a, b in zip(words, words[1:])},
]
for thing in things:
    print(attach(thing))
    print(attach(thing).text)
"""


def test_a_set_is_the_same_text_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(told) == 1
    assert "word 48" in told.pop()


# ── Classes ────────────────────────────────────────────────────────────────────────────────────


def unasked(*_args: object) -> NoReturn:
    raise RuntimeError("it was asked")


class Meta(type):
    """Answers for its classes, and fails."""

    __getattr__ = __getattribute__ = __eq__ = __hash__ = unasked  # type: ignore[assignment]


class Odd(metaclass=Meta):
    """An object of a class that fails when it is asked."""


def test_a_class_is_not_asked_what_it_is() -> None:
    thing = object.__new__(Odd)
    assert kind_of(thing) is None
    assert text([thing, (thing,)]) == '["<Odd>", ["<Odd>"]]'
    assert text(pd.Series([thing])).endswith("<Odd>")
    with pytest.raises(TypeError, match="<Odd> cannot be shown"):
        attach(thing)


def test_an_attribute_of_any_class_makes_no_dataclass() -> None:
    class Mocked:
        __dataclass_fields__ = 5

    assert kind_of(Mocked()) is None


def test_a_function_may_have_no_name() -> None:
    assert natural_name(functools.cache(functools.partial(len))) is None


# ── Dataclasses ────────────────────────────────────────────────────────────────────────────────


class Lazy:
    """A descriptor that may not be asked."""

    __set__ = lambda self, instance, value: instance.__dict__.update(lazy=value)  # noqa: E731
    __get__ = unasked


def test_the_descriptor_of_a_field_is_not_run() -> None:
    @dataclasses.dataclass
    class Job:
        lazy: Any = dataclasses.field(init=False)
        other: Any = dataclasses.field(init=False)

    Job.lazy, Job.other = Lazy(), property(unasked)
    job = Job()
    assert text(job) == '{"lazy": "<Lazy>", "other": "<property>"}'
    job.lazy = 3
    assert text(job) == '{"lazy": 3, "other": "<property>"}'


@pytest.mark.parametrize("slots", [False, True])
def test_a_field_that_was_never_set_is_unset(slots: bool) -> None:
    fields = [("a", int), ("b", int, dataclasses.field(init=False)), ("c", int, 3)]
    made = dataclasses.make_dataclass("Made", fields, slots=slots)
    assert text(made(1)) == '{"a": 1, "b": "<unset>", "c": 3}'


def test_the_fields_of_a_base_are_told_and_no_class_variable() -> None:
    @dataclasses.dataclass
    class Base:
        a: int
        name: dataclasses.InitVar[int]
        every: Any = None

    class Derived(Base):
        """A class without fields of its own."""

        __getattribute__ = unasked
        __dict__ = property(unasked)  # type: ignore[assignment]

    base = Base(1, 2)
    assert text(base) == '{"a": 1, "every": null}'
    derived = object.__new__(Derived)
    assert text(derived) == '{"a": "<unset>", "every": null}'


# ── Times ──────────────────────────────────────────────────────────────────────────────────────


class Zone(dt.tzinfo):
    """A zone that may not be asked."""

    utcoffset = dst = tzname = __str__ = __repr__ = unasked


NOON = dt.datetime(2026, 11, 22, 12, tzinfo=Zone())


def test_a_zone_that_nobody_knows_is_told_by_its_class() -> None:
    assert text(NOON) == "2026-11-22 12:00:00 <Zone>"
    assert text([NOON.timetz()]) == '["12:00:00 <Zone>"]'


@pytest.mark.parametrize("of", [dt.datetime, pd.Timestamp])
def test_a_zone_that_everybody_knows_is_told_as_ever(of: Any) -> None:
    berlin = of(2026, 11, 22, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    assert text(berlin) == "2026-11-22 12:00:00+01:00"
    assert text([of(2026, 11, 22, 12, tzinfo=dt.UTC)]) == '["2026-11-22 12:00:00+00:00"]'


def test_a_timestamp_of_a_zone_that_nobody_knows_is_told_without_it() -> None:
    class Silent(dt.tzinfo):
        is_silent = False

        def utcoffset(self, _when: object) -> dt.timedelta:
            assert not self.is_silent
            return dt.timedelta(0)

        dst = utcoffset

    stamp = pd.Timestamp(2026, 11, 22, 12, tzinfo=Silent())
    Silent.is_silent = True
    assert text(stamp) == "2026-11-22 12:00:00 <Silent>"
