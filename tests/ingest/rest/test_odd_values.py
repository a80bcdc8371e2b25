"""Every field of every kind, in every form, against numbers and texts that might change in silence.

What was taken must be what was stated: the same rows in plain words are duplicates of them.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.chats import EVENT_FIELDS
from services.ingest.core.facts import KNOWN_BY, LINE_FIELDS, TOTALS_FIELDS, posted_fields
from services.ingest.store.facts import TABLES
from services.schema.money import AMOUNT_DIGITS, AMOUNT_PLACES, places_of
from services.schema.words import FactKind
from tests.figures import Figures, Wrong
from tests.ingest import rows
from tests.ingest.doors import NDJSON, Door
from tests.odd_values import BYTES, NUMBERS, TEXTS

JSON, CSV = "application/json", "text/csv"
FORMS = (JSON, NDJSON, CSV)
HOLE = "@hole@"
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Case:
    """A row with something odd in one of its fields."""

    field: str
    """As a pointer to it."""
    row: rows.Row
    odd: str
    """Its name, of a number its text."""


def bases(kind: FactKind) -> Iterator[rows.Row]:
    """Rows that have each field at least once between them."""
    yield rows.full(kind)
    if kind is FactKind.CHATS:
        whole = rows.full(kind)
        alone = {name: whole[name] for name in ("source", "id", "shop", "started_at")}
        alone["modified_at"] = whole["modified_at"]
        # Whose message counts is who of the people sent it: who else is named in a chat does not.
        said = {"at": alone["started_at"], "kind": "message", "by": "agent", "employee": "e-1"}
        yield alone | {"events": [said]}
        yield alone | {
            "first_response_seconds": "9", "response_seconds": "20", "responses": 5,
            "totals": dict.fromkeys(TOTALS_FIELDS, 4),
        }  # fmt: skip
    if kind is FactKind.MEASURES:
        for subject in ("unit", "employee"):
            yield rows.full(kind) | {"shop": None, subject: "u-1"}


def places(value: rows.Row | list[Any], types: Collection[str], path: Path = ()) -> Iterator[Path]:
    """Where in a row a field of such types stands."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        here = (*path, name)
        if isinstance(each, dict | list):
            yield from places(each, types, here)
        elif _spelt(here) in types:
            yield here


def _spelt(path: Path) -> str:
    """Without the numbers of lists."""
    return "/".join(part for part in path if isinstance(part, str))


def typed(kind: FactKind, *wanted: str) -> set[str]:
    """The fields whose schema is of such a type, by their names without the numbers of lists."""
    inner = {"lines": LINE_FIELDS, "totals": TOTALS_FIELDS, "events": EVENT_FIELDS}
    stated = posted_fields(kind)
    fields = {name: field.schema for name, field in stated.items() if name not in inner}
    for name in stated.keys() & inner.keys():
        fields |= {f"{name}/{part}": field.schema for part, field in inner[name].items()}
    found = set[str]()
    for name, schema in fields.items():
        shape = schema["items"] if schema.get("type") == "array" else schema
        if {each.get("type") for each in shape.get("anyOf", [shape])} & {*wanted}:
            found.add(name)
    return found


def amount_of(number: str) -> str | None:
    """In plain words, what is kept of a number: null for what no amount can be."""
    plain = NUMBERS[number]
    if plain is None:
        return None
    exact = Decimal(plain)
    is_amount = exact.adjusted() < AMOUNT_DIGITS and places_of(exact) <= AMOUNT_PLACES
    return plain if is_amount else None


def _named(case: Case) -> str:
    return "/".join(part for part in case.field[1:].split("/") if not part.isdecimal())


def with_odd(row: rows.Row, path: Path, odd: object) -> rows.Row:
    changed = deepcopy(row)
    inner: Any = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = odd
    return changed


def cases(kind: FactKind, odds: Mapping[str, object], types: Collection[str]) -> list[Case]:
    """Each field with each odd value, in a row that nobody else states."""
    found = list[Case]()
    for pointer, (base, path) in stated_places(kind, types).items():
        for name, odd in odds.items():
            number = len(found) + 1
            own = {
                key: value
                for key, value in {
                    "id": f"N-{number}", "channel": f"c-{number}",
                    "day": str(date(2024, 1, 1) + timedelta(days=number)),
                }.items()
                if key in base and path != (key,)
            }  # fmt: skip
            found.append(Case(pointer, with_odd(base | own, path, odd), name))
    return found


def stated_places(kind: FactKind, types: Collection[str]) -> dict[str, tuple[rows.Row, Path]]:
    """A row with each field, by its pointer: one that states it, where there is any."""
    found = dict[str, tuple[rows.Row, Path]]()
    for wanted in (True, False):
        for base in bases(kind):
            for path in places(base, types):
                if (_at(base, path) is not None) is wanted:
                    found.setdefault("".join(f"/{part}" for part in path), (base, path))
    # The first source of a shop keeps it: another one comes last.
    return dict(sorted(found.items(), key=lambda each: each[0] == "/source"))


def _at(row: rows.Row, path: Path) -> object:
    held: Any = row
    for part in path:
        held = held[part]
    return held


def written(posted: list[rows.Row], form: str, numbers: list[str] | None = None) -> bytes:
    """The rows in a form, each hole filled with a number's own text."""
    if form == CSV:
        out = io.StringIO()
        table = csv.writer(out)
        names = list(dict.fromkeys(name for row in posted for name in row))
        table.writerow(names)
        for at, row in enumerate(posted):
            table.writerow(_cell(row.get(name), numbers[at] if numbers else None) for name in names)
        return out.getvalue().encode("utf-8", "surrogatepass")
    texts = [json.dumps(row) for row in posted]
    if numbers:
        texts = [
            text.replace(f'"{HOLE}"', number) for text, number in zip(texts, numbers, strict=True)
        ]
    return (f"[{','.join(texts)}]" if form == JSON else "\n".join(texts)).encode()


def _cell(value: object, number: str | None) -> object:
    if isinstance(value, list | dict | bool):
        text = json.dumps(value)
        return text if number is None else text.replace(f'"{HOLE}"', number)
    if value == HOLE and number is not None:
        return json.loads(number) if number.startswith('"') else number
    return value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", FactKind)
async def test_scenario_e06_each_number_of_each_field_is_exact_or_refused(
    door: Door, kind: FactKind, form: str, figure: Figures
) -> None:
    tried = cases(kind, dict.fromkeys(NUMBERS, HOLE), typed(kind, "integer", "number"))
    assert {_named(case) for case in tried} == typed(kind, "integer", "number")
    body = written([case.row for case in tried], form, [case.odd for case in tried])
    response = await door.post(kind, body, form=form)
    of = "numbers in each field of each kind and form"
    figure("E06", Wrong.FAILED, int(response.status_code >= 500), tried=len(tried), of=of)
    assert response.status_code == 200, response.text[:300]
    faults = {row["row"]: row for row in response.json()["rows"]}
    taken = [at for at in range(1, len(tried) + 1) if at not in faults]
    assert response.json()["created"] == len(taken)
    changed = [
        f"{tried[at - 1].field} takes {tried[at - 1].odd[:40]}"
        for at in taken
        if amount_of(tried[at - 1].odd) is None
    ]
    # The same rows, said plainly, are the same facts.
    plain = [tried[at - 1] for at in taken if amount_of(tried[at - 1].odd) is not None]
    again = await door.post(
        kind,
        written([case.row for case in plain], JSON, [amount_of(case.odd) or "" for case in plain]),
        form=JSON,
    )
    told = {row["row"]: row["outcome"] for row in again.json()["rows"]}
    changed += [f"{case.field}: {case.odd}" for at, case in enumerate(plain, 1) if at in told]
    figure("E06", Wrong.CHANGES, changed, tried=len(tried), of=of)
    assert again.json()["duplicate"] == len(plain)
    wrong = [
        (case.field, case.odd[:40], faults[at]["pointer"])
        for at, case in enumerate(tried, 1)
        if at in faults and faults[at]["pointer"] != case.field and amount_of(case.odd) is None
    ]
    assert wrong == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", FactKind)
async def test_scenario_e07_each_text_of_each_field_is_kept_or_refused(
    door: Door, kind: FactKind, form: str, figure: Figures
) -> None:
    # What is long is read alike in all forms; nothing is no text in a table.
    left_out = {JSON: {"1 MB"}, NDJSON: set[str](), CSV: {"1 MB", "empty"}}[form]
    texts = {name: text for name, text in TEXTS.items() if name not in left_out}
    tried = cases(kind, texts, typed(kind, "string"))
    assert {_named(case) for case in tried} == typed(kind, "string")
    response = await door.post(kind, written([case.row for case in tried], form), form=form)
    of = "texts in each field of each kind and form"
    figure("E07", Wrong.FAILED, int(response.status_code >= 500), tried=len(tried), of=of)
    assert response.status_code == 200, response.text[:300]
    faults = {row["row"]: row for row in response.json()["rows"]}
    taken = [case for at, case in enumerate(tried, 1) if at not in faults]
    assert response.json()["created"] == len(taken)
    kept = await _texts_kept(door, kind)
    # Who has bought is kept as a keyed hash, and of tags what they add up to.
    unseen = {"buyer", "lines/tags"}
    changed = [
        f"{case.field}: {case.odd}"
        for case in taken
        if _named(case) not in unseen
        and not any({TEXTS[case.odd], _own(kind, case)} <= texts for texts in kept)
    ]
    figure("E07", Wrong.CHANGES, changed, tried=len(tried), of=of)
    assert [
        (case.field, case.odd, faults[at]["pointer"])
        for at, case in enumerate(tried, 1)
        if at in faults and faults[at]["pointer"] != case.field
    ] == []


def _own(kind: FactKind, case: Case) -> str:
    """What no other row states."""
    names = KNOWN_BY[kind]
    name = next(name for name in ("id", "channel", "day") if name in names)
    return str(case.row[name])


async def _texts_kept(door: Door, kind: FactKind) -> list[set[str]]:
    """The texts in each row that is stored of a kind."""

    def walk(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from walk(each)

    table = TABLES[kind].name
    found = await door.owner.fetch(
        f"SELECT to_jsonb(t)::text AS row FROM {table} AS t WHERE tenant_id = $1",  # noqa: S608
        door.tenant,
    )
    return [set(walk(json.loads(row["row"]))) for row in found]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", FactKind)
async def test_scenario_e07_bytes_of_no_text_are_refused_in_each_field(
    door: Door, kind: FactKind, form: str, figure: Figures
) -> None:
    odds = {str(at): f"{HOLE}{at}{HOLE}" for at in range(len(BYTES))}
    tried = cases(kind, odds, typed(kind, "string"))
    body = written([case.row for case in tried], form)
    for at, raw in enumerate(BYTES):
        body = body.replace(f"{HOLE}{at}{HOLE}".encode(), b"a" + raw)
    response = await door.post(kind, body, form=form)
    of = "bytes of no text, in each field of each kind and form"
    figure("E07", Wrong.FAILED, int(response.status_code >= 500), tried=len(tried), of=of)
    assert response.status_code == 200, response.text[:300]
    faults = response.json()["rows"]
    figure("E07", Wrong.CHANGES, len(tried) - len(faults), tried=len(tried), of=of)
    assert [fault["pointer"] for fault in faults] == [case.field for case in tried]
