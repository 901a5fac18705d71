"""Python imports this at its start where it is on PYTHONPATH: no connection leaves the machine."""

from __future__ import annotations

import errno
import ipaddress
import sys
from typing import Any


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    """Look at what Python is about to do (PEP 578, "Audit events table": socket.*)."""
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # else a socket of Unix
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host and not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"this run has no network, and tried to reach {host}")


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_refuse)
