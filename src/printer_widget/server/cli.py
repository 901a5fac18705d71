"""``printer-widget``: run the backend from a terminal, and look at cassettes.

Reading the command line, and turning what is wrong with it into one sentence; what is then done is
in ``serve.py``, which needs the packages of the extra ``server``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from . import cassettes
from .models import KINDS
from .users import NOBODY, hashed_line, new_token

NEEDED = ("fastapi", "uvicorn", "platformdirs")

TOKENS_VARIABLE = "PRINTER_SERVER_TOKENS"
KEY_VARIABLE = "PRINTER_UPSTREAM_KEY"

SERVE = """\
Answer questions over the Printer protocol and OpenAI's, with one model, for one person or a small
team.

examples:
  printer-widget serve
      the demo model on this machine; a new token is made and shown
  printer-widget serve --tokens users.txt --requests-per-minute 20 --characters-per-day 200000
      several users, each with their own conversations and budget
  printer-widget serve --model printer:https://chat.example.org --system "You teach statistics."
      pass questions on to another backend, whose token stays here
  printer-widget serve --host 0.0.0.0 --allow-host lab.example.org
      listen to other machines too; put a proxy that speaks https in front
"""

ENVIRONMENT = f"""\
environment:
  {TOKENS_VARIABLE}   users, as in --tokens, one to a line or between commas
  {KEY_VARIABLE}    the key or token for the model's server, as --key

A user is a line name:token, or name:sha256$DIGEST; “printer-widget token NAME” makes both.
Arguments can be seen by other users of this machine: prefer files and the environment.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "token":
        return _token(options.name)
    if options.command == "cassette":
        try:
            status, said = cassettes.run(options)
        except (OSError, ValueError) as error:
            return _fail(str(error))
        print(*said, sep="\n")
        return status
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return _fail(
            f'the backend needs {", ".join(missing)}: run  pip install "printer_widget[server]"'
        )
    from .serve import UsageError, serve

    try:
        return serve(options, environment=os.environ)
    except UsageError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 0


def _fail(sentence: str) -> int:
    print(f"printer-widget: {sentence}", file=sys.stderr)
    return 2


def _token(name: str) -> int:
    token = new_token()
    try:
        line = hashed_line(name, token)
    except ValueError as error:
        return _fail(str(error))
    print(f"for {name}, shown this once:   {token}")
    print(f"for the file of --tokens:   {line}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="printer-widget",
        description="The reference backend of printer_widget, and its cassettes.",
    )
    parser.add_argument("--version", action="version", version=f"printer_widget {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    token = commands.add_parser("token", help="make a token for a user")
    token.add_argument("name", nargs="?", default=NOBODY, metavar="NAME", help="the user's name")
    serve = commands.add_parser(
        "serve",
        help="run the backend",
        description=SERVE,
        epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cassettes.add_parser(commands)
    _add_model(serve.add_argument_group("what answers"))
    _add_place(serve.add_argument_group("where"))
    _add_users(serve.add_argument_group("for whom, and how much"))
    return parser


def _version() -> str:
    try:
        return metadata.version("printer_widget")
    except metadata.PackageNotFoundError:  # run from its sources
        return "(not installed)"


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--model",
        default="demo",
        metavar="NAME",
        help="; ".join(f"{kind.form}: {kind.said}" for kind in KINDS.values()) + " (default: demo)",
    )
    group.add_argument(
        "--base-url", metavar="URL", help="the address of the model's server, if not in its name"
    )
    group.add_argument(
        "--key", metavar="KEY", help=f"key or token for the model's server (or {KEY_VARIABLE})"
    )
    group.add_argument(
        "--insecure",
        action="store_true",
        help="allow plain http to a model's server on another machine",
    )
    group.add_argument(
        "--system", metavar="TEXT", help="a system prompt for all, which no client may replace"
    )


def _add_place(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
    )
    group.add_argument(
        "--port", type=_port, default=8000, help="port, 0 for any free one (default: 8000)"
    )
    group.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which clients call this machine, without a port; may be repeated",
    )
    place = group.add_mutually_exclusive_group()
    place.add_argument(
        "--db", type=Path, metavar="FILE", help="data file (default: in the user's data folder)"
    )
    place.add_argument("--in-memory", action="store_true", help="keep nothing after the end")
    group.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="how much to log to stderr (default: warning)",
    )


def _add_users(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--token",
        action="append",
        default=[],
        metavar="[NAME:]TOKEN",
        help="a user's token; may be repeated (default: one that is made and shown)",
    )
    group.add_argument("--tokens", type=Path, metavar="FILE", help="a file of users")
    group.add_argument(
        "--requests-per-minute",
        type=_count,
        default=60,
        metavar="N",
        help="questions a minute, for each user; 0: any number (default: 60)",
    )
    group.add_argument(
        "--characters-per-day",
        type=_count,
        default=0,
        metavar="N",
        help="characters of questions and answers a day, for each user; 0: any number (default)",
    )
    group.add_argument(
        "--runs-per-user",
        type=_positive,
        default=16,
        metavar="N",
        help="answers at a time, for each user (default: 16)",
    )
    group.add_argument(
        "--runs",
        type=_positive,
        default=256,
        metavar="N",
        help="answers at a time in all (default: 256)",
    )
    group.add_argument(
        "--run-seconds",
        type=_positive,
        default=600,
        metavar="S",
        help="longest time for an answer (default: 600)",
    )
    group.add_argument(
        "--grace-seconds",
        type=_count,
        default=30,
        metavar="S",
        help="how long an answer goes on for a client that lost the connection (default: 30)",
    )


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError("must be between 0 and 65535")
    return value


if __name__ == "__main__":
    sys.exit(main())
