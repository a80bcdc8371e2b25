"""What a change of a shape is, as JSON values for the audit: what was, and what is."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from services.schema.money import plain


def change_of(before: Any, after: Any) -> dict[str, object]:
    """The fields that differ between two frozen shapes of one kind; null before is a creation."""
    new = asdict(after)
    old = asdict(before) if before is not None else {}
    changed = [name for name in new if name not in old or old[name] != new[name]]
    return {
        "before": {name: _plainly(old[name]) for name in changed} if old else None,
        "after": {name: _plainly(new[name]) for name in changed},
    }


def _plainly(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):  # an instant is a date as well
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plainly(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plainly(member) for member in value]
    return value
