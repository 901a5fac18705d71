"""What a model is told of the things of a notebook, with the real libraries."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure
from traitlets.config import Config

from printer_widget import Attachment
from printer_widget.attachments import Cell, attach, attach_all, kind_of, natural_name, sources


def text(thing: object) -> str:
    return attach(thing).text


class Hostile:
    """An object that nothing may be asked of."""

    def __repr__(self) -> str:
        pytest.fail("its repr was called")

    __str__ = __hash__ = __bool__ = __repr__
    __eq__ = __lt__ = lambda self, other: pytest.fail("it was compared")


class Disguised(Hostile):
    """An object that says of itself what it is, as a proxy does."""

    __class__ = property(lambda self: pytest.fail("its class was asked of itself"))


NO_HISTORY = Config({"HistoryManager": {"enabled": False}})
SALES = pd.DataFrame(
    {
        "region": pd.Categorical(["North", "South"] * 600),
        "month": pd.date_range("2026-01-01", periods=1200, unit="ns"),
        "amount": np.arange(1200) * 1.5,
    }
)

# ── Tables and arrays ──────────────────────────────────────────────────────────────────────────


def test_a_table_is_its_shape_its_columns_and_its_first_rows() -> None:
    lines = text(SALES).splitlines()
    assert lines[:5] == [
        "DataFrame of 1,200 rows and 3 columns",
        "Columns (dtype): region (category), month (datetime64[ns]), amount (float64)",
        "The first 10 rows, as CSV, the index first:",
        ",region,month,amount",
        "0,North,2026-01-01 00:00:00,0.0",
    ]
    assert lines[-2:] == ["9,South,2026-01-10 00:00:00,13.5", "… (1,190 more rows)"]
    assert attach(SALES).kind == "DataFrame"


def test_a_small_table_is_shown_whole() -> None:
    frame = pd.DataFrame({"a": [1, None], "b, c": ["x\ny", [1]]}, index=["one", "two"])
    assert text(frame).splitlines()[2:] == [
        "All rows, as CSV, the index first:",
        ',a,"b, c"',
        "one,1.0,x y",
        "two,nan,[1]",
    ]


def test_a_table_without_rows_says_so() -> None:
    assert "No rows" in text(pd.DataFrame({"a": []}))


def test_a_wide_table_says_how_many_columns_it_leaves_out() -> None:
    lines = text(pd.DataFrame(np.zeros((2, 100)))).splitlines()
    assert lines[1].endswith("29 (float64), … (70 more columns)")
    assert lines[3].endswith(",28,29")


def test_a_table_of_long_texts_keeps_to_the_bound_and_counts_the_rows_it_left_out() -> None:
    frame = pd.DataFrame({f"column {i} {'x' * 100}": ["y" * 100_000] * 10 for i in range(30)})
    lines = text(frame).splitlines()
    shown = len(lines) - 5
    assert len(text(frame)) < 10_100
    assert lines[-1] == f"… ({10 - shown} more rows)"
    assert 0 < shown < 10


def test_a_series_is_its_name_its_dtype_and_its_first_values() -> None:
    lines = text(SALES["amount"]).splitlines()
    assert lines[:3] == [
        "Series 'amount' of 1,200 values, dtype float64",
        "The first 50 values, as CSV, the index first:",
        "0,0.0",
    ]
    assert lines[-1] == "… (1,150 more values)"


def test_an_array_with_two_axes_is_a_table() -> None:
    assert text(np.arange(6).reshape(2, 3)) == (
        "Array of shape (2, 3), dtype int64\nAll rows, as CSV:\n0,1,2\n3,4,5"
    )


def test_an_array_with_other_axes_is_its_first_values() -> None:
    lines = text(np.zeros((3, 4, 5))).splitlines()
    assert lines[:3] == ["Array of shape (3, 4, 5), dtype float64", "The first 50 values:", "0.0"]
    assert lines[-1] == "… (10 more values)"


def test_a_matrix_is_shown_as_an_array() -> None:
    assert text(np.array([[1, 2], [3, 4]]).view(np.matrix)).endswith("as CSV:\n1,2\n3,4")


def test_printing_options_of_the_reader_change_nothing() -> None:
    before = text(np.array([1 / 3]))
    with np.printoptions(precision=1, formatter={"float": lambda _: "?"}):
        assert text(np.array([1 / 3])) == before
    with pd.option_context("display.max_rows", 2, "display.precision", 1):
        assert text(SALES) == text(SALES.copy())


@pytest.mark.parametrize(
    "thing",
    [
        pd.DataFrame({"a": [Hostile()]}),
        pd.Series([Hostile()]),
        np.array([Hostile()], dtype=object),
        {"a": Hostile(), "b": [Hostile(), (Hostile(),)]},
    ],
    ids=["table", "series", "array", "dict"],
)
def test_an_unknown_object_in_another_is_told_by_its_class_alone(thing: object) -> None:
    assert "<Hostile>" in text(thing)


# ── Figures ────────────────────────────────────────────────────────────────────────────────────


def test_a_figure_is_its_captions() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    figure.suptitle("All of 2026")
    left.set(title="Sales", xlabel="month", ylabel="€")
    left.plot([1, 2], [3, 4], label="North")
    left.plot([1, 2], [4, 3], label="South")
    left.legend()
    assert text(figure) == (
        "Figure with 2 plots: its captions, not the picture\n"
        "Title: All of 2026\n"
        "Plot 1: title 'Sales'; x axis 'month'; y axis '€'; legend 'North', 'South'\n"
        "Plot 2: no captions"
    )
    assert text(left).endswith("legend 'North', 'South'")
    assert text(right) == "Plot: its captions, not the picture\nno captions"


# ── Sources ────────────────────────────────────────────────────────────────────────────────────


def double(x: int) -> int:
    """Return twice as much."""
    return 2 * x


def test_a_function_is_its_source() -> None:
    lines = ["def double(x: int) -> int:", '    """Return twice as much."""', "    return 2 * x"]
    assert text(double) == "\n".join(lines)
    assert text(functools.cache(double)) == text(double)
    assert (attach(double).kind, natural_name(double)) == ("function", "double")


def test_a_class_is_its_source() -> None:
    assert text(Hostile).startswith(
        'class Hostile:\n    """An object that nothing may be asked of.'
    )


def test_what_has_no_source_is_its_parameters_and_its_docstring() -> None:
    assert text(len).startswith("def len(obj)  # its source is not known\nReturn the number")


def test_the_default_of_a_parameter_is_not_written_out() -> None:
    made: dict[str, object] = {"hostile": Hostile()}
    exec("def made(x=hostile): pass", made)
    assert text(made["made"]) == "def made(x)  # its source is not known"


def test_a_class_of_a_cell_is_found_by_its_methods() -> None:
    shell = InteractiveShell(config=NO_HISTORY)
    shell.run_cell("x = 1\nclass Shop:\n    name = 'S'\n    def sell(self): return 1")
    shop = shell.user_ns["Shop"]
    assert text(shop) == "class Shop:\n    name = 'S'\n    def sell(self): return 1"


def test_a_cell_is_its_source() -> None:
    cell = Cell(3, "sales.sum()")
    assert attach(cell) == Attachment(name="", kind="cell", text="sales.sum()")
    assert natural_name(cell) == "In[3]"


def test_a_file_is_its_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("\ufeffGrüße\r\nzwei".encode())
    assert attach(path) == Attachment(name="", kind="file", text="Grüße\nzwei")
    assert natural_name(path) == "notes.txt"


@pytest.mark.parametrize("size", [60_000, 1_000_000])
def test_of_a_long_file_only_the_beginning_is_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "long.txt"
    path.write_text("ä" * size)
    told = text(path)
    assert told.startswith("ä" * 50_000 + "\n… (")
    assert len(told) < 50_100


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux has such files")
def test_a_file_that_says_it_is_empty_is_shown_as_far_as_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert re.search(r"ctxt_switches:\t\d+$", text(path))
    monkeypatch.setattr(sources, "FILE_LIMIT", 20)
    assert re.fullmatch(r"Name:\t[^…]*\n… \(and more\)", text(path))


@pytest.mark.parametrize("data", [b"\x00\x01", b"\xff\xfe\xfa", b"text, and then \x00"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "picture.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"picture\.png is not text in UTF-8: read it, and"):
        attach(tmp_path / "picture.png")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        attach(tmp_path / "none.txt")
    with pytest.raises(ValueError, match="is no file"):
        attach(tmp_path)
    with pytest.raises(ValueError, match="is no file"):
        attach(Path("/dev/zero"))


# ── Values ─────────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass(slots=True)
class Point:
    x: int
    y: float = float("nan")


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("thing", "kind", "told"),
    [
        ("a text", "text", "a text"),
        (42, "number", "42"),
        (True, "number", "True"),
        (np.float64(0.5), "number", "0.5"),
        (np.int8(5), "number", "5"),
        (decimal.Decimal("1.10"), "number", "1.10"),
        (Colour.RED, "number", "Colour.RED"),
        (dt.date(2026, 11, 22), "date", "2026-11-22"),
        (pd.Timestamp("2026-11-22"), "date", "2026-11-22 00:00:00"),
        (pd.NaT, "date", "NaT"),
        ({"a": [1, None, {"ü": 0.5}]}, "dict", '{"a": [1, null, {"ü": 0.5}]}'),
        ({1: np.float32(0.5), None: pd.NA}, "dict", '{"1": "0.5", "None": "<NA>"}'),
        ((1, b"abc"), "tuple", '[1, "<3 bytes>"]'),
        ({"b", "a", "c"}, "set", '["a", "b", "c"]'),
        (Point(1), "Point", '{"x": 1, "y": "nan"}'),
        ([], "list", "[]"),
    ],
)
def test_a_value_is_itself(thing: object, kind: str, told: str) -> None:
    assert attach(thing) == Attachment(name="", kind=kind, text=told)


def test_a_number_that_python_refuses_to_write_out_says_so() -> None:
    assert text(10**5000) == "<int of many digits>"
    assert text([10**5000]) == '["<int of many digits>"]'
    assert text([1, fractions.Fraction(10**5000, 3)]) == '[1, "<int of many digits>/3"]'
    assert text([fractions.Fraction(1, 3), fractions.Fraction(2)]) == '["1/3", "2"]'


def test_long_data_has_a_line_for_each_part() -> None:
    long = "x" * 80
    told = text({"a": [1, 2], "b": [{"c": long}, long]})
    lines = ["{", ' "a": [1, 2],', ' "b": [', f'  {{"c": "{long}"}},', f'  "{long}"', " ]", "}"]
    assert told.splitlines() == lines


def test_data_says_what_it_leaves_out() -> None:
    assert '"… (150 more items)"' in text(list(range(200)))
    assert '"…": "(10 more keys)"' in text({str(i): i for i in range(60)})
    assert "… (500 more characters)" in text(["x" * 1000])
    assert text(set(range(100_000))) == '"… (100,000 items)"'


def test_data_that_holds_itself_or_is_deep_comes_to_an_end() -> None:
    ring: list[object] = []
    ring.append(ring)
    assert "… (1 item)" in text(ring)
    wide: object = 1
    for _ in range(30):
        wide = [wide] * 50
    assert len(text(wide)) < 10_100


def test_a_long_text_is_cut_and_says_so() -> None:
    assert text("x" * 100_005) == "x" * 100_000 + "\n… (5 more characters)"


def test_what_json_could_not_carry_becomes_a_replacement_character() -> None:
    assert text("a\ud800") == "a\ufffd"


# ── What cannot be shown ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "make",
    [type(None), object, lambda: sys, Hostile, Disguised, bytes, lambda: iter([])],
    ids=["None", "object", "module", "hostile", "disguised", "bytes", "iterator"],
)
def test_what_cannot_be_shown_is_refused_without_being_asked(make: Callable[[], object]) -> None:
    thing = make()
    assert kind_of(thing) is None
    with pytest.raises(TypeError, match=r"cannot be shown to a model: expected .* such as str"):
        attach(thing)


def test_what_fails_to_be_written_says_how() -> None:
    class Broken(pd.DataFrame):
        @property
        def shape(self) -> tuple[int, int]:
            raise RuntimeError("no shape today")

    with pytest.raises(
        ValueError, match=r"DataFrame could not .* \(RuntimeError: no shape today\)"
    ):
        attach(Broken())


@pytest.mark.parametrize("name", ["a\nb", " a", "x" * 129, "\u202e"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        attach("text", name)


def test_a_list_of_things_is_taken_with_the_names_that_they_have() -> None:
    given = Attachment(name="mine", kind="note", text="a")
    taken = attach_all([given, double, "x"])
    assert [(one.name, one.kind) for one in taken] == [
        ("mine", "note"),
        ("double", "function"),
        ("", "text"),
    ]
    with pytest.raises(TypeError, match="context must be a list"):
        attach_all("text")


def test_no_library_is_imported() -> None:
    code = "import sys, printer_widget.attachments as a; a.attach([1]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pandas", "numpy", "matplotlib"}.isdisjoint(done.stdout.split())
