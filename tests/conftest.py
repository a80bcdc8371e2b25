"""What every test may ask for: a migrated database, a fresh one, and no network."""

import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local.database import Server
from tests.databases import (
    TestDatabase,
    copied_database,
    engines_serve_again,
    make_folder,
    remove_folder,
    start_server,
)

pytest_plugins = ["tests.figures"]

FOLDER = "KAOHE_TESTING_FOLDER"
LONG = (
    "tests/ingest/workers/test_matrix.py",
    "tests/simulation/test_simulation.py",
    "tests/cli/test_run.py",
    "tests/api/test_auth.py",
    "tests/api/test_readings.py",
    "tests/simulation/test_postgres.py",
)
"""Files that take half a minute and more."""


class NetworkRefused(OSError):
    """A test tried to leave this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process names the server's folder; workers inherit the name."""
    sys.addaudithook(_refuse_network)
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = str(make_folder())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        remove_folder(Path(os.environ.pop(FOLDER)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first: at the end of a run no worker waits long for another."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session", autouse=True)
def _engines_serve_again() -> Iterator[None]:
    with engines_serve_again():
        yield


@pytest.fixture(scope="session")
def server() -> Server:
    return start_server(Path(os.environ[FOLDER]))


@pytest.fixture(scope="session")
def database(server: Server, worker: str) -> Iterator[TestDatabase]:
    """One per worker and shared by its tests: leave nothing in it, or a tenant of your own."""
    with copied_database(server, worker) as copy:
        yield copy


@pytest.fixture
def fresh_database(server: Server, worker: str) -> Iterator[TestDatabase]:
    """Nobody else's: 0.2 seconds, for tests whose commits others must not see."""
    with copied_database(server, worker) as copy:
        yield copy


@pytest.fixture(scope="session")
def worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = arguments
    else:
        return
    # A Unix socket's address is no tuple.
    if isinstance(address, tuple) and not _is_here(address[0]):
        raise NetworkRefused(f"tests stay on this machine: {address[0]!r} is not here")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
