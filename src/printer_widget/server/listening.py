"""A socket that listens, bound before the server starts, so that its port is known and kept."""

from __future__ import annotations

import os
import socket


def listen(host: str, port: int = 0) -> socket.socket:
    """Listen on ``host``, a name or an address, at ``port``, or at any free one (0).

    Raises OSError if that cannot be had.
    """
    family, *_, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # socket.create_server leaves the protocol at 0, and asyncio turns Nagle's algorithm off only
    # for connections of a socket that says TCP: every answer would be 40 ms late.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would share the port with others
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except BaseException:
        listening.close()
        raise
    return listening
