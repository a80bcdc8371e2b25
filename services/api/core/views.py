"""What roles see beyond the view of the company, the people below, or oneself (`api.md`, 8)."""

from services.schema.shapes.views import make_view, sees_whole
from services.schema.words import Role

__all__ = ["make_view", "sees_pay", "sees_whole", "writes_schemes"]

_WRITERS_OF_SCHEMES = frozenset({Role.ADMIN, Role.HR})


def sees_pay(role: Role) -> bool:
    """Whether a role that sees results sees their payouts: a viewer sees scores without pay."""
    return role is not Role.VIEWER


def writes_schemes(role: Role) -> bool:
    """Whether a role sees the drafts of schemes; all others see what was published."""
    return role in _WRITERS_OF_SCHEMES
