"""What the tests of sources share: no waiting, and a gateway to ask."""

from collections.abc import Iterator

import pytest
import stamina

from services.ingest.sources.client import ATTEMPTS
from tests.ingest.sources.gateways import (
    World,
)


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    stamina.set_testing(True, attempts=ATTEMPTS)
    yield
    stamina.set_testing(False)


@pytest.fixture
def world() -> World:
    return World()
