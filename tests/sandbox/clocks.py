"""A day's noon in the sandbox, and a clock that a test turns."""

from datetime import UTC, datetime, timedelta

from sandbox.lives import midnight
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)


class At:
    """Stands until it is turned."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def text(moment: datetime) -> str:
    """As marketplaces abroad write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
