"""What somebody is asked to rate, item by item, and what they have given so far."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.api.core.outcomes import own_mark_of
from services.api.core.raters import newest
from services.api.core.statements import TAKING
from services.api.core.told_cards import segments_of
from services.api.flows.schemes import scheme_of
from services.api.store.people import read_employees, read_units
from services.api.store.ratings import read_ratings, read_requests
from services.api.store.schemes import read_versions
from services.schema.db import ReadSession
from services.schema.money import plain
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import KeptRating, Request
from services.schema.shapes.schemes import Item, Rating, Scheme
from services.schema.shapes.scorecards import Segment
from services.schema.words import SubjectKind


@dataclass(frozen=True, slots=True)
class AskedItem:
    """An item that somebody is asked to rate."""

    item: Item
    full_mark: str
    given: KeptRating | None
    """What they have given last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A card that somebody is asked to rate."""

    request: Request
    name: str
    """Of whom it is about."""
    items: tuple[AskedItem, ...]


async def requests_of(session: ReadSession, employee: str) -> list[Asked]:
    """All that somebody is asked to rate while the cycles take it; so many statements for any."""
    requests = await read_requests(session, employee, TAKING)
    keys = {
        each.scorecard: [(one.scheme, one.scheme_version) for one in _segments(each)]
        for each in requests
    }
    versions = await read_versions(session, {key for own in keys.values() for key in own})
    schemes = {key: scheme_of(version.document) for key, version in versions.items()}
    names = await _names_of(session, [each.subject for each in requests])
    given = await read_ratings(session, [(each.cycle, each.subject) for each in requests])
    found = []
    for each in requests:
        own = {
            one.stated.item: one
            for one in newest(given.get((each.cycle, each.subject), ()))
            if (one.stated.role, one.stated.rater) == (each.role, employee)
        }
        scored_by = [schemes[key] for key in keys[each.scorecard]]
        found.append(Asked(each, names[each.subject], _items(each, scored_by, own)))
    return found


def _segments(request: Request) -> Sequence[Segment]:
    return segments_of(json.loads(request.document))


def _items(
    request: Request, schemes: Sequence[Scheme], given: dict[str, KeptRating]
) -> tuple[AskedItem, ...]:
    """The items whose rating asks for the role, of an item in several segments the last."""
    found = {
        item.code: AskedItem(item, plain(own_mark_of(item, scheme)), given.get(item.code))
        for scheme in schemes
        for section in scheme.sections
        for item in section.items
        if isinstance(item.rule, Rating)
        and request.role in {rater.role for rater in item.rule.raters}
    }
    return tuple(found.values())


async def _names_of(session: ReadSession, subjects: Sequence[Subject]) -> dict[Subject, str]:
    people = await read_employees(
        session, {each.code for each in subjects if each.kind is SubjectKind.EMPLOYEE}
    )
    units = await read_units(
        session, {each.code for each in subjects if each.kind is SubjectKind.UNIT}
    )
    return {
        each: (people if each.kind is SubjectKind.EMPLOYEE else units)[each.code].name
        for each in subjects
    }
