"""``printer-widget serve``: from its options to a server that listens, and a word about it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import uvicorn

from ..providers.base import is_loopback
from .app import LOOPBACK_NAMES, create_app
from .cli import KEY_VARIABLE, TOKENS_VARIABLE
from .database import StoreError
from .limits import Limits
from .listening import listen
from .models import ServedModel, Upstream, resolve
from .store import Store
from .users import Credential, Users, new_token, read_users

if TYPE_CHECKING:
    from fastapi import FastAPI

CLOSING_S = 2.0
"""How long models may take to close when the backend ends, in seconds."""

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - only compared with


class UsageError(Exception):
    """What was asked for cannot be done; the text says why and what to do."""


def serve(options: argparse.Namespace, *, environment: Mapping[str, str]) -> int:
    """Serve until interrupted; return the exit status.

    Raises UsageError if the options do not make a server.
    """
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    model = _model(options, environment)
    users, made = _users(options, environment)
    path = _path(options)
    try:
        listening = listen(options.host, options.port)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {options.host}, port {options.port}: {error.strerror or error}. "
            "Is another backend running there? --port names another port."
        ) from error
    with listening:
        try:
            store = Store(path)
        except StoreError as error:
            raise UsageError(str(error)) from error
        app = create_app(
            token=None,
            users=users,
            model=model,
            store=store,
            limits=_limits(options),
            system=options.system,
            docs=True,
            allowed_hosts=_allowed_hosts(options),
            closing_s=CLOSING_S,
        )
        _introduce(listening, options, model=model, users=users, path=path, made=made)
        _run(app, listening)
    return 0


def _model(options: argparse.Namespace, environment: Mapping[str, str]) -> ServedModel:
    upstream = Upstream(
        base_url=options.base_url,
        key=options.key or environment.get(KEY_VARIABLE) or None,
        insecure=options.insecure,
    )
    try:
        return resolve(options.model, upstream)
    except ValueError as error:
        raise UsageError(f"--model: {error}") from error


def _users(options: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Users, str | None]:
    """Return the users, and the token if one had to be made."""
    credentials: list[Credential] = []
    try:
        for entry in options.token:
            credentials += read_users(entry, where="--token")
        credentials += read_users(environment.get(TOKENS_VARIABLE, ""), where=TOKENS_VARIABLE)
        if options.tokens is not None:
            credentials += read_users(options.tokens.read_text("utf-8"), where=str(options.tokens))
            if not credentials:
                raise UsageError(f"{options.tokens} names no user: write name:token, one to a line")
        made = None if credentials else new_token()
        if made is not None:
            credentials = read_users(made, where="a new token")
        return Users(credentials), made
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read {options.tokens}: {reason}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error


def _path(options: argparse.Namespace) -> Path | None:
    if options.in_memory:
        return None
    if options.db is not None:
        return Path(options.db).absolute()
    return platformdirs.user_data_path("printer_widget", appauthor=False) / "backend.sqlite3"


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(
        grace_s=options.grace_seconds,
        run_s=options.run_seconds,
        questions_per_minute=options.requests_per_minute or None,
        characters_per_day=options.characters_per_day or None,
        runs_per_user=options.runs_per_user,
        runs=options.runs,
    )


def _allowed_hosts(options: argparse.Namespace) -> list[str]:
    """Return the names by which clients may call: this machine's, as far as they are known."""
    names = [*LOOPBACK_NAMES, *options.allow_host]
    if options.host in _EVERYWHERE:
        name = socket.gethostname()
        names += [name, f"{name}.local"]
        with contextlib.suppress(OSError):  # it may not know its own addresses
            names += [_in_url(str(found[4][0])) for found in socket.getaddrinfo(name, None)]
    else:
        names.append(_in_url(options.host))
    return list(dict.fromkeys(names))


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _introduce(
    listening: socket.socket,
    options: argparse.Namespace,
    *,
    model: ServedModel,
    users: Users,
    path: Path | None,
    made: str | None,
) -> None:
    """Say what listens where, and how to talk to it."""
    port = listening.getsockname()[1]
    host = "127.0.0.1" if options.host in _EVERYWHERE else _in_url(options.host)
    url = f"http://{host}:{port}"
    token = made or "your token"
    lines = [
        "The Printer backend is running. Ctrl+C ends it.",
        "",
        f"  address   {url}   (described at {url}/docs)",
        f"  OpenAI    {url}/v1   (for other tools; its model is “{model.alias}”)",
        f"  model     {model.name}" + (", with a system prompt" if options.system else ""),
        f"  data      {path or 'in memory, gone at the end'}",
        f"  users     {', '.join(users.names)}",
    ]
    if made is not None:
        lines.append(f"  token     {made}   (made for this run, shown this once)")
    lines += [
        "",
        "In a notebook:",
        "",
        "  from printer_widget import ChatNode",
        f'  chat = ChatNode("{url}", token="{token}"); chat',
        "",
    ]
    print("\n".join(lines), flush=True)
    if not is_loopback(options.host):
        print(
            "WARNING: other machines can connect, and over plain http everyone between could read "
            "the tokens\nand the conversations. Put a proxy that speaks https in front of it.\n",
            file=sys.stderr,
            flush=True,
        )


def _run(app: FastAPI, listening: socket.socket) -> None:
    logging.getLogger("uvicorn.error").addFilter(_is_worth_saying)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level=None,
        access_log=logging.getLogger().isEnabledFor(logging.INFO),
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        # A stream may have minutes to go: its client comes back for the rest.
        timeout_graceful_shutdown=0,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _is_worth_saying(record: logging.LogRecord) -> bool:
    """Drop what uvicorn says of the streams that ending cuts off, for that is what we ask for."""
    is_cut_off = record.exc_info is not None and isinstance(
        record.exc_info[1], asyncio.CancelledError
    )
    return not (is_cut_off or str(record.msg).startswith("Cancel %s running task(s)"))
