"""Who may rate whom in which role, and how much of what was given a reader is told.

Oneself, managers and HR are named. Whoever else rates, in a 360° above all, stays unnamed. Those of
a role of many stay hidden among each other too: what they gave counts, and is told in an order of
its own, only where enough of the role have rated (`docs/decisions/0015-hidden-raters-count-from-
three-on.md`).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.schema.errors import Conflict, Fault, Forbidden, NotFound
from services.schema.shapes.people import Caller
from services.schema.shapes.ratings import KeptRating, ShownRating, StatedMark
from services.schema.words import RaterRole, Role

MINIMUM_RATERS = 3
"""Of an item and a role of many, below which nothing counts or is told but how many have rated."""
NAMED = frozenset({RaterRole.SELF, RaterRole.MANAGER, RaterRole.HR})
HIDDEN = frozenset({RaterRole.PEER, RaterRole.MEMBER, RaterRole.CUSTOMER, RaterRole.BRANCH})
"""Roles of many. Supervisors, mentors and third parties rate by an office that one holds alone:
they are not named either, but nobody could be hidden among others there."""
OUTSIDE = frozenset(
    {RaterRole.CUSTOMER, RaterRole.BRANCH, RaterRole.SUPERVISOR, RaterRole.THIRD_PARTY}
)
"""Roles whose people may have no key: HR enters what they gave."""
_OFFICE = frozenset({Role.HR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Relation:
    """How a caller stands to whom a card is about."""

    is_seen: bool
    """Whether the caller sees the card."""
    is_own: bool
    """It is about the caller, or about the unit that they lead."""
    is_below: bool
    """It is about somebody whom they lead or manage, or a unit below them."""
    invited: frozenset[RaterRole]


def raters_needed(role: RaterRole) -> int:
    """How many of a role must have rated an item for what they gave to count."""
    return MINIMUM_RATERS if role in HIDDEN else 1


def rater_of(stated: StatedMark, caller: Caller, relation: Relation) -> str:
    """As whom a caller rates; refuses a role that is not theirs."""
    if not relation.is_seen and not relation.invited:
        raise NotFound("scorecard")
    if stated.rater is not None and not _speaks_for(stated.role, caller):
        detail = "HR alone enters marks of others, and those of people outside."
        raise Conflict("rater_not_asked", detail, [Fault("/rater", "rater_not_asked", detail)])
    if relation.is_own != (stated.role is RaterRole.SELF):
        detail = "Of a card of their own people rate as themselves, and nobody else does."
        raise Forbidden("role_not_yours", detail)
    if not _may(stated.role, caller, relation):
        raise Forbidden("role_not_yours", f"You are not asked to rate as {stated.role}.")
    if stated.rater is not None:
        return stated.rater
    return caller.employee or caller.name


def count_rated(ratings: Sequence[KeptRating], role: RaterRole, rater: str) -> int:
    """How many items somebody has rated in a role."""
    return sum((each.stated.role, each.stated.rater) == (role, rater) for each in newest(ratings))


def shown_to(
    ratings: Sequence[KeptRating], *, sees_names: bool, own: str | None
) -> tuple[ShownRating, ...]:
    """What a reader is told: all, with its history, or of the unnamed only what holds.

    Who gave a mark sees it as their own.
    """
    held = {each.id for each in newest(ratings)}
    raters = Counter((each.stated.item, each.stated.role) for each in newest(ratings))
    named, unnamed = [], []
    for each in ratings:
        stated = each.stated
        if sees_names or stated.role in NAMED or (own is not None and stated.rater == own):
            named.append(_named(each, holds=each.id in held))
        elif each.id in held:
            few = raters[stated.item, stated.role] < raters_needed(stated.role)
            unnamed.append(_unnamed(each, withheld=few))
    return (*named, *sorted(unnamed, key=_place))


def newest(ratings: Collection[KeptRating]) -> tuple[KeptRating, ...]:
    """Of one rater in one role of an item the last, in the order in which they were stated.

    Nothing of who gave it, where that one was withdrawn.
    """
    ordered = sorted(ratings, key=lambda each: each.number)
    last = {(each.stated.item, each.stated.role, each.stated.rater): each for each in ordered}
    held = (each for each in last.values() if not each.is_withdrawn)
    return tuple(sorted(held, key=lambda each: each.number))


def _may(role: RaterRole, caller: Caller, relation: Relation) -> bool:
    match role:
        case RaterRole.SELF:
            return relation.is_own
        case RaterRole.MANAGER:
            return relation.is_below
        case RaterRole.HR:
            return caller.role in _OFFICE
        case _:
            return role in relation.invited or (role in OUTSIDE and caller.role in _OFFICE)


def _speaks_for(role: RaterRole, caller: Caller) -> bool:
    return role in OUTSIDE and caller.role in _OFFICE


def _named(kept: KeptRating, *, holds: bool) -> ShownRating:
    stated = kept.stated
    return ShownRating(
        id=kept.id,
        item=stated.item,
        role=stated.role,
        rater=stated.rater,
        mark=stated.mark,
        level=stated.level,
        behaviours=stated.behaviours,
        comment=stated.comment,
        author=kept.author,
        stated_at=stated.stated_at,
        holds=holds,
        withheld=False,
    )


def _unnamed(kept: KeptRating, *, withheld: bool) -> ShownRating:
    """Without what would tell who it was: the id and the time are of the order of stating."""
    stated = kept.stated
    return ShownRating(
        id=None,
        item=stated.item,
        role=stated.role,
        rater=None,
        mark=None if withheld else stated.mark,
        level=None if withheld else stated.level,
        behaviours=None if withheld else stated.behaviours,
        comment=None if withheld else stated.comment,
        author=None,
        stated_at=None,
        holds=True,
        withheld=withheld,
    )


def _place(shown: ShownRating) -> tuple[str, str, Decimal, int, str]:
    """By what was given, so that the order of stating is not to be read off."""
    mark = Decimal(0) if shown.mark is None else shown.mark
    return shown.item, shown.role.value, mark, shown.level or 0, shown.comment or ""


def inviting_roles() -> Iterator[RaterRole]:
    """Roles in which people are asked one by one."""
    return (role for role in RaterRole if role not in NAMED)
