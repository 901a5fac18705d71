"""The table of lifecycles and floods: what was done to a stream, and what became of its text.

A test that is marked ``lifecycle`` or ``flood`` is a row of it, under the title in the mark, which
may name the test's parameters. It asks for the fixture ``row`` and notes with it when the trouble
was over, what ending was shown then, and with that how long it took. ``pytest --rows=3`` runs
nothing but the rows, each three times, and prints the table. Those that are also marked ``long``
run there alone, and once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_MARKS = {"lifecycle": "Lifecycles", "flood": "Floods"}
_HEAD = "| {} | runs | text exact | ending shown | recovered after |\n|---|---|---|---|---|"
_BEGIN, _END = "<!-- lifecycles -->", "<!-- /lifecycles -->"


class Note:
    """What one run of a row notes.

    Attributes:
        ending: what the reader was told at the end.
        took_s: the longest recovery, in seconds; None where there was none to measure.
    """

    def __init__(self) -> None:
        self.ending = ""
        self.took_s: float | None = None
        self._since: float | None = None

    def begin(self) -> None:
        """From now on nothing stands in the way of the stream any more."""
        self._since = time.monotonic()

    def recovered(self) -> None:
        """What had come is shown again, or the end of it; does nothing when called again."""
        if self._since is not None:
            self.took_s = max(self.took_s or 0.0, time.monotonic() - self._since)
            self._since = None

    def end(self, ending: str) -> None:
        """Recovered, if it was not before, and told of the end of the answer."""
        self.recovered()
        self.ending = " ".join(ending.split())


@dataclass(slots=True)
class _Row:
    """All runs of one row."""

    passed: list[bool] = field(default_factory=list)
    endings: dict[str, None] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)

    def to_line(self, title: str) -> str:
        """Return the row in Markdown."""
        exact = "yes" if all(self.passed) else f"NO ({self.passed.count(False)} failed)"
        took = "–"
        if self.took_s:
            took = f"{statistics.median(self.took_s):.1f} s"
            if len(self.took_s) > 1:
                took += f" ({max(self.took_s):.1f})"
        ending = ", ".join(self.endings) or "–"
        return f"| {title} | {len(self.passed)} | {exact} | {ending} | {took} |"


_tables: dict[str, dict[str, _Row]] = {}


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Note]:
    """Note what becomes of this test's row."""
    note = Note()
    yield note
    request.node.user_properties.append(("row", (*_title(request.node), note.ending, note.took_s)))


def _title(item: pytest.Item) -> tuple[str, str]:
    mark = next(each for each in map(item.get_closest_marker, _MARKS) if each is not None)
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return _MARKS[mark.name], mark.args[0].format(**parameters)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rows", type=int, default=0, help="run the table's rows alone, so often")
    parser.addoption("--into", help=f"a file to put the table into, behind {_BEGIN}")


def pytest_configure(config: pytest.Config) -> None:
    for name in _MARKS:
        config.addinivalue_line("markers", f"{name}(title): a row of the table of tests/rows.py")
    config.addinivalue_line("markers", "long: takes a minute or more; runs with --rows alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.option.rows and "row" in metafunc.fixturenames:
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", range(metafunc.config.option.rows), ids="run{}".format)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def is_wanted(item: pytest.Item) -> bool:
        is_long = item.get_closest_marker("long") is not None
        if not config.option.rows:
            return not is_long
        is_row = "row" in getattr(item, "fixturenames", ())
        return is_row and not (is_long and item.callspec.params["run"])

    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = filter(is_wanted, items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == "row" and report.when == "teardown":
            table, title, ending, took_s = value
            row = _tables.setdefault(table, {}).setdefault(title, _Row())
            row.passed.append(report.nodeid not in _failed and report.passed)
            if ending:
                row.endings[ending] = None
            if took_s is not None:
                row.took_s.append(took_s)
    if report.failed:
        _failed.add(report.nodeid)


_failed: set[str] = set()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not config.option.rows:
        return
    parts = []
    for name, rows in _tables.items():
        lines = [row.to_line(title) for title, row in rows.items()]
        parts.append("\n".join([_HEAD.format(name), *lines]))
    text = "\n\n".join(parts)
    terminalreporter.section("Lifecycles and floods")
    terminalreporter.write_line(text)
    if config.option.into:
        file = Path(config.option.into)
        before, _, rest = file.read_text("utf-8").partition(_BEGIN)
        _, _, after = rest.partition(_END)
        file.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", "utf-8")
