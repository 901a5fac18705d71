"""Imports run one way, and each dependency is known to as few modules as the design allows.

A room is a module or a package right below printer_widget. It may import what stands in its own
row or in one above it. Names that only annotations need (``if TYPE_CHECKING:``) do not count
there, for they order nothing at run time; knowing a dependency is knowing it in either way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "printer_widget"
ROWS = (
    {"errors", "sse", "events", "escaped", "batching", "loop", "rate", "retry", "stamps"},
    {"conversation", "reply"},
    {"providers", "cassette"},
    {"sources", "demo"},
    {"server"},  # may use what is below a turn, and no turn may see it
    {"turn", "answer_log"},
    {"wire", "sync", "lesson", "attachments", "transcript"},
    {"chat", "outbox"},
    {"desk"},
    {"commands"},
    {"kernel", "terminal", "context", "traits", "answerer", "options"},
    {"synced"},
    {"widget"},
    {"testing"},
    {"__init__"},
)
ROW_OF = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
PURE = {
    "sse",
    "events",
    "escaped",
    "conversation",
    "reply",
    "batching",
    "rate",
    "retry",
    "providers",
}
PURE |= ROWS[ROW_OF["wire"]]
PURE |= {"cassette"}
IMPURE = {"asyncio", "httpx", "traitlets", "anywidget"}
JUPYTER = {"anywidget", "ipywidgets", "ipykernel", "IPython"}
HTTPX = {"sources/http", "sources/taped"}
EMBEDDED = ("answerer", "server.embedded", True)  # who may import what of the server, in a function
LONGEST = 420


class Import(NamedTuple):
    name: str
    line: int
    in_function: bool
    for_types: bool


def imports(path: Path, src: Path) -> Iterator[Import]:
    """Each module that a file imports, by its absolute name."""

    def visit(node: ast.AST, *, in_function: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                for name in names(child):
                    yield Import(name, child.lineno, in_function, for_types)
            yield from visit(
                child,
                in_function=in_function
                or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef),
                for_types=for_types
                or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)),
            )

    def names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        package = path.relative_to(src).parts[: -node.level] if node.level else ()
        base = ".".join([*package, *filter(None, [node.module])])
        for alias in node.names:
            inner = src.joinpath(*base.split("."), alias.name)
            is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
            yield f"{base}.{alias.name}" if is_module else base

    yield from visit(
        ast.parse(path.read_text(encoding="utf-8")), in_function=False, for_types=False
    )


def breaches(src: Path) -> list[str]:
    """Every sentence that could be said against the modules below ``src``."""
    found = []
    for path in sorted(src.glob(f"{PACKAGE}/**/*.py")):
        module = path.relative_to(src / PACKAGE).with_suffix("")
        room = module.parts[0]
        if room not in ROW_OF:
            found.append(f"{module} has no place in the design: give it one in ROWS")
            continue
        for name, line, in_function, for_types in imports(path, src):
            top, _, inner = name.partition(".")
            where = f"{module}:{line} imports {name}"
            if top == PACKAGE:
                other = inner.partition(".")[0] or "__init__"
                if not for_types and ROW_OF.get(other, 0) > ROW_OF[room]:
                    found.append(f"{where}, which stands above it")
                elif other == "server" != room and (room, inner, in_function) != EMBEDDED:
                    found.append(f"{where}: only answerer may, server.embedded, in a function")
            elif room in PURE and top in IMPURE:
                found.append(f"{where}, but is pure: take it as an argument")
            elif top == "httpx" and module.as_posix() not in HTTPX:
                found.append(f"{where}: only sources/http and sources/taped know httpx")
            elif top in JUPYTER and room not in {"kernel", "synced", "widget"}:
                found.append(f"{where}: only kernel, synced and widget know Jupyter")
    return found


def test_imports_run_one_way() -> None:
    assert breaches(ROOT / "src") == []


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("sse", "from .turn import Turn", "sse:1 imports printer_widget.turn, which stands above"),
        ("sse", "from . import turn", "sse:1 imports printer_widget.turn, which stands above"),
        ("turn", "from . import __version__", "turn:1 imports printer_widget, which stands above"),
        ("sources/http", "def f():\n    import printer_widget.widget", "which stands above it"),
        ("server/app", "from ..turn import Turn", "which stands above it"),
        ("turn", "from .server.embedded import start", "only answerer may"),
        ("answerer", "from .server.embedded import start", "only answerer may"),
        ("widget", "def f():\n    from .server import app", "only answerer may"),
        ("providers/base", "import asyncio", "is pure"),
        ("wire", "from traitlets import Unicode", "is pure"),
        ("sources/function", "import httpx", "only sources/http and sources/taped know httpx"),
        (
            "server/app",
            "from httpx import AsyncClient",
            "only sources/http and sources/taped know httpx",
        ),
        (
            "turn",
            "from IPython.display import display",
            "only kernel, synced and widget know Jupyter",
        ),
        ("utilities", "", "no place in the design"),
    ],
)
def test_a_breach_is_named(tmp_path: Path, module: str, source: str, breach: str) -> None:
    write(tmp_path, {"turn": "", "widget": "", "server/app": "", "server/embedded": ""})
    write(tmp_path, {module: source})
    assert [sentence for sentence in breaches(tmp_path) if breach in sentence] != []


def test_what_the_design_allows_is_no_breach(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "__init__": "from .widget import ChatNode",
            "errors": "if TYPE_CHECKING:\n    from .conversation import Message",
            "conversation": "from . import errors",
            "providers/base": "from ..conversation import Message",
            "providers/printer": "from .base import Provider",
            "sources/http": "import httpx\nfrom ..providers.base import Provider",
            "server/app": "import asyncio\nfrom . import embedded\nfrom ..demo import answer",
            "server/embedded": "",
            "demo": "",
            "widget": "import anywidget",
            "answerer": "def f():\n    from .server.embedded import start",
        },
    )
    assert breaches(tmp_path) == []


def write(src: Path, modules: dict[str, str]) -> None:
    for module, source in modules.items():
        path = src / PACKAGE / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


def test_the_package_itself_is_the_public_names_and_nothing_else() -> None:
    tree = ast.parse((ROOT / "src" / PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        match statement:
            case ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.Assign(targets=[ast.Name(id="__all__" | "__version__")]):
                pass
            case _:
                pytest.fail(f"line {statement.lineno}: {ast.unparse(statement)}")


def test_no_file_has_outgrown_its_job() -> None:
    files = [
        *ROOT.glob("src/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
        *ROOT.glob("js/src/**/*.ts"),
    ]
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in files
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}
