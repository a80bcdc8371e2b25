"""Who may do what: `services/authorization.yaml`, read as data. Nothing is allowed by absence."""

from functools import cache
from pathlib import Path

import yaml

from services.schema.errors import Forbidden
from services.schema.words import Role

FILE = Path(__file__).parents[1] / "authorization.yaml"
_REFUSED = ("refuse", None)

Cell = str | dict[str, str]
Row = dict[str, Cell]


@cache
def matrix() -> dict[str, Row | str]:
    """Operation -> role -> `allow`, `hide`, `refuse`, or these by relation; or another's name."""
    rows: dict[str, Row | str] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return rows


def row_of(operation: str) -> Row:
    """The row of an operation; one that names another reads as that one does."""
    row = matrix().get(operation)
    assert row is not None, f"{operation!r} has no row in authorization.yaml"
    return row_of(row) if isinstance(row, str) else row


def cell_of(operation: str, role: Role) -> Cell:
    """What a role may do with an operation; `*` stands for the roles not named."""
    row = row_of(operation)
    return row.get(role.value, row.get("*", "refuse"))


def authorize(operation: str, role: Role) -> None:
    """Refuse a role that may not do an operation to anything; what it may see is the view's."""
    if cell_of(operation, role) in _REFUSED:
        raise Forbidden("forbidden", f"The role {role} may not do this.")
