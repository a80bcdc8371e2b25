"""How ladders of levels are written: read into a shape and back, and what an assessment states."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from services.api.core.documents import fingerprint_of, instant_text, plain_or_null, to_bytes
from services.api.core.fields import CODE, FORMULA_CODE, VALUE_DIGITS, Fields, Reading
from services.schema.money import VALUE_PLACES
from services.schema.shapes.levels import (
    Check,
    Criterion,
    Figure,
    LadderLevel,
    LevelChecked,
    LevelLadder,
    Observation,
    Sample,
    Seen,
    Standing,
)
from services.schema.shapes.schemes import Name
from services.schema.words import Of, Scope

LONGEST_NAME = 200
LONGEST_NOTE = 2000
MOST_LEVELS = 20
MOST_CRITERIA = 50
MOST_POSITIONS = 100
MOST_MONTHS = 24
LARGEST_SAMPLE = 1000

_SCOPES = (Scope.OWN, Scope.SHOPS)


class AssessedHead(NamedTuple):
    """Whose level is assessed, by what, for when."""

    ladder: str
    version: int
    employee: str
    month: str
    seed: str | None


def parse_ladder(document: Mapping[str, object]) -> LevelLadder:
    """The ladder that a document states; every fault of form is refused with its place."""
    reading = Reading()
    fields = Fields(document, reading)
    ladder = LevelLadder(
        name=_read_name(fields.needed_part("name")),
        positions=fields.codes("positions", CODE, most=MOST_POSITIONS),
        levels=tuple(_read_level(part) for part in fields.parts("levels", most=MOST_LEVELS)),
        note=fields.text("note", longest=LONGEST_NOTE),
    )
    reading.finish()
    return ladder


def ladder_to_wire(ladder: LevelLadder) -> dict[str, object]:
    """The document that states a ladder; reading it gives the same ladder again."""
    return {
        "name": _name_to_wire(ladder.name),
        "positions": list(ladder.positions),
        "levels": [
            {
                "code": level.code,
                "name": _name_to_wire(level.name),
                "criteria": [_criterion_to_wire(each) for each in level.criteria],
            }
            for level in ladder.levels
        ],
        "note": ladder.note,
    }


def assessed_content(head: AssessedHead, standing: Standing) -> dict[str, object]:
    """What an assessment found: the same inputs give the same content, whenever it is made."""
    return {
        "ladder": head.ladder,
        "ladder_version": head.version,
        "employee": head.employee,
        "month": head.month,
        "level": standing.level,
        "next": standing.next,
        "missing": [_check_to_wire(each) for each in standing.missing],
        "levels": [_checked_to_wire(each) for each in standing.levels],
        "seed": head.seed,
        "samples": _samples_to_wire(standing),
    }


def assessment_document(
    content: Mapping[str, object], *, revision: int, by: str, at: datetime
) -> bytes:
    """The assessment as it is stored and served; its fingerprint is that of the content alone."""
    return to_bytes(
        {
            **content,
            "revision": revision,
            "assessed_by": by,
            "assessed_at": instant_text(at),
            "fingerprint": fingerprint_of(content),
        }
    )


def _read_name(fields: Fields) -> Name:
    return Name(
        fields.needed_text("zh", longest=LONGEST_NAME),
        fields.needed_text("en", longest=LONGEST_NAME),
    )


def _name_to_wire(name: Name) -> dict[str, object]:
    return {"zh": name.zh, "en": name.en}


def _read_level(fields: Fields) -> LadderLevel:
    return LadderLevel(
        code=fields.needed_code("code"),
        name=_read_name(fields.needed_part("name")),
        criteria=tuple(
            _read_criterion(part) for part in fields.parts("criteria", most=MOST_CRITERIA)
        ),
    )


def _read_criterion(fields: Fields) -> Criterion:
    fields.one_of(("indicator", "behaviour"))
    code, name = fields.needed_code("code"), _read_name(fields.needed_part("name"))
    months = _read_count(fields, "months", MOST_MONTHS)
    if months is None:
        fields.fault("months", "required", "This field is required.")
    behaviour = fields.code("behaviour")
    if behaviour is not None:
        return Criterion(code, name, months or 1, behaviour=behaviour)
    fields.one_of(("at_least", "at_most"))
    scope = fields.word("scope", Scope) or Scope.OWN
    if scope not in _SCOPES:
        fields.fault("scope", "scope_not_personal", "A level is a person's: own or shops.")
    of = fields.word("of", Of) or Of.VALUE
    sample = fields.part("sample")
    return Criterion(
        code,
        name,
        months or 1,
        indicator=fields.code("indicator", FORMULA_CODE),
        of=of,
        scope=scope,
        at_least=fields.decimal("at_least", VALUE_PLACES, digits=VALUE_DIGITS),
        at_most=fields.decimal("at_most", VALUE_PLACES, digits=VALUE_DIGITS),
        sample=None if sample is None else _read_sample(sample, scope),
    )


def _read_sample(fields: Fields, scope: Scope) -> int | None:
    size = _read_count(fields, "size", LARGEST_SAMPLE)
    if size is None:
        fields.fault("size", "required", "This field is required.")
    if scope is not Scope.OWN:
        fields.fault("", "sample_of_own", "Only the person's own sessions are drawn from.")
    return size


def _read_count(fields: Fields, name: str, most: int) -> int | None:
    """A whole number from 1."""
    stated = fields.peek(name)
    count = fields.count(name, most=most)
    if count == 0:
        fields.fault(name, "count_invalid", f"A whole number from 1 to {most} is expected.")
    return 1 if count is None and stated is not None else count


def _criterion_to_wire(criterion: Criterion) -> dict[str, object]:
    head = {"code": criterion.code, "name": _name_to_wire(criterion.name)}
    if criterion.behaviour is not None:
        return {**head, "behaviour": criterion.behaviour, "months": criterion.months}
    sample = None if criterion.sample is None else {"size": criterion.sample}
    return {
        **head,
        "indicator": criterion.indicator,
        "of": criterion.of,
        "scope": criterion.scope,
        **_bounds_to_wire(criterion),
        "months": criterion.months,
        "sample": sample,
    }


def _bounds_to_wire(criterion: Criterion) -> dict[str, object]:
    if criterion.at_least is not None:
        return {"at_least": plain_or_null(criterion.at_least)}
    return {"at_most": plain_or_null(criterion.at_most)}


def _checked_to_wire(checked: LevelChecked) -> dict[str, object]:
    return {
        "level": checked.level.code,
        "name": _name_to_wire(checked.level.name),
        "holds": checked.holds,
        "criteria": [_check_to_wire(each) for each in checked.checks],
    }


def _check_to_wire(check: Check) -> dict[str, object]:
    """A criterion with its bound, its window, and what was found there."""
    criterion, found = check.criterion, check.found
    figure = found if isinstance(found, Figure) else None
    seen = found if isinstance(found, Seen) else None
    return {
        "criterion": criterion.code,
        "name": _name_to_wire(criterion.name),
        "indicator": criterion.indicator,
        "behaviour": criterion.behaviour,
        "of": None if figure is None else criterion.of,
        "scope": None if figure is None else criterion.scope,
        "at_least": plain_or_null(criterion.at_least),
        "at_most": plain_or_null(criterion.at_most),
        "months": criterion.months,
        "from": check.window.start.isoformat(),
        "to": check.window.end.isoformat(),
        "definition_version": None if figure is None else figure.definition,
        "value": None if figure is None else plain_or_null(figure.value.value),
        "reason": None if figure is None else figure.value.reason,
        "target": None if figure is None else plain_or_null(figure.target),
        "actual": plain_or_null(check.actual),
        "sample": None if figure is None else _drawn_to_wire(figure.sample),
        "observations": None if seen is None else [_said_to_wire(*each) for each in seen.months],
        "status": check.status,
        "holds": check.holds,
    }


def _drawn_to_wire(sample: Sample | None) -> dict[str, object] | None:
    """Seed and size, and whether there were fewer sessions than were asked for."""
    if sample is None:
        return None
    size = len(sample.sessions)
    return {
        "seed": sample.seed,
        "asked": sample.asked,
        "size": size,
        "of": sample.of,
        "whole": size == sample.of,
    }


def _said_to_wire(month: str, said: Observation | None) -> dict[str, object]:
    return {
        "month": month,
        "holds": None if said is None else said.stated.holds,
        "by": None if said is None else said.observer or said.author,
        "at": None if said is None else instant_text(said.observed_at),
    }


def _samples_to_wire(standing: Standing) -> list[dict[str, object]]:
    """Each sample once, with all its sessions: two criteria of like window and size share one."""
    samples = {
        (each.window.start, each.window.end, each.found.sample.asked): each.found.sample
        for checked in standing.levels
        for each in checked.checks
        if isinstance(each.found, Figure) and each.found.sample is not None
    }
    return [
        {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "asked": asked,
            "size": len(sample.sessions),
            "of": sample.of,
            "sessions": [{"source": source, "id": name} for source, name in sample.sessions],
        }
        for (start, end, asked), sample in sorted(samples.items(), key=lambda item: item[0])
    ]
