"""The audit over REST: everything in order, and a chain that shows where it was touched."""

import pytest
from sqlalchemy import text

from services.api.rest.audit_details import AuditDetail, told_by_action
from services.schema.deeds import DETAILS
from tests.api.companies import Company


@pytest.fixture
async def busy(company: Company) -> Company:
    """Six entries: two of the operator's, four of the admin's."""
    for number in range(4):
        await company.put(f"/v1/units/u{number}", {"name": f"单元 {number}"})
    return company


async def touch(company: Company, *statements: str) -> None:
    """What only somebody with the server's own powers can do to an append-only table."""
    async with company.owner.write(company.number) as session:
        await session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        for statement in statements:
            await session.execute(text(statement))
        await session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))


async def test_the_chain_is_intact(busy: Company) -> None:
    last = (await busy.get("/v1/audit")).json()["items"][-1]
    assert last["number"] == 6
    assert (await busy.get("/v1/audit/verify")).json() == {
        "entries": 6,
        "intact": True,
        "first_bad": None,
        "head": last["digest"],
    }


async def test_the_list_is_walked_from_the_oldest(busy: Company) -> None:
    numbers: list[int] = []
    cursor = ""
    while True:
        page = (await busy.get(f"/v1/audit?limit=4{cursor}")).json()
        assert page["total"] == 6
        numbers += [entry["number"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert numbers == [1, 2, 3, 4, 5, 6]


_EDIT = "UPDATE audit SET detail = '{}' WHERE number = 4"
_SWAP = (
    "UPDATE audit SET number = -number WHERE number IN (3, 4)",
    "UPDATE audit SET number = 7 + number WHERE number < 0",
)


@pytest.mark.parametrize(
    ("statements", "first_bad", "entries"),
    [
        ((_EDIT,), 4, 3),
        (("UPDATE audit SET actor = 'key:x' WHERE number = 1",), 1, 0),
        (("UPDATE audit SET at = at + interval '1 microsecond' WHERE number = 6",), 6, 5),
        (("DELETE FROM audit WHERE number = 3",), 3, 2),
        (("DELETE FROM audit WHERE number = 6",), 6, 5),
        (("DELETE FROM audit",), 1, 0),
        (_SWAP, 3, 2),
    ],
)
async def test_the_first_entry_that_was_touched_is_named(
    busy: Company, statements: tuple[str, ...], first_bad: int, entries: int
) -> None:
    await touch(busy, *statements)
    found = (await busy.get("/v1/audit/verify")).json()
    assert (found["intact"], found["first_bad"], found["entries"]) == (False, first_bad, entries)


async def test_a_refusal_leaves_no_entry(busy: Company) -> None:
    await busy.put("/v1/units/u0", {"name": "x", "parent": "nowhere"})
    await busy.put("/v1/units/u0", {"nom": "x"})
    assert (await busy.get("/v1/audit")).json()["total"] == 6


def test_the_contract_names_the_members_that_the_code_puts_down() -> None:
    published = {field.alias or name for name, field in AuditDetail.model_fields.items()}
    assert published == {name for ways in DETAILS.values() for way in ways for name in way}
    told = told_by_action()
    assert "- `key.revoke`: nothing\n" in told
    assert "- `target.set`: before, indicator, level, period, reason, value\n" in told
    assert all(f"- `{action}`: " in told for action in DETAILS)
