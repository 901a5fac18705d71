"""One process of each server for all tests of this folder."""

from __future__ import annotations

import pytest

from realservers.processes import agents_server, vercel_server


@pytest.fixture(scope="session")
def vercel():
    with vercel_server() as server:
        yield server


@pytest.fixture(scope="session")
def agents():
    with agents_server() as server:
        yield server
