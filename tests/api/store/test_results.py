"""Lists of results are walked whole, also while others are published."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.api.companies import Company

START = datetime(2026, 1, 1, tzinfo=UTC)
_FILL = text("""
INSERT INTO results
SELECT :tenant ::integer, 'res_' || lpad(n::text, 8, '0'), 'c', '2026-01', 'employee', 'e-' || n, 1,
    'u', 'sc', 's', 1, 0, NULL, d.document, sha256(d.document), d.document, d.document, 'f',
    :at ::timestamptz
FROM generate_series(:first ::integer, :last ::integer) AS n
CROSS JOIN LATERAL (SELECT convert_to(format('{"n":%s}', n), 'UTF8') AS document) AS d
""")


async def fill(company: Company, first: int, last: int, at: datetime) -> None:
    values = {"tenant": company.number, "first": first, "last": last, "at": at}
    async with company.owner.write(company.number) as session:
        await session.execute(_FILL, values)


async def test_requirement_26_ten_thousand_results_are_each_walked_once_while_more_come(
    company: Company,
) -> None:
    await fill(company, 1, 5_000, START)
    await fill(company, 5_001, 10_000, START + timedelta(seconds=1))
    path, found, pages = "/v1/results?limit=500", [], 0
    cursor = ""
    while True:
        page = (await company.get(f"{path}{cursor}")).json()
        found += [item["n"] for item in page["items"]]
        assert page["total"] == 10_000 + 10 * pages
        if page["next_cursor"] is None:
            break
        pages += 1
        cursor = f"&cursor={page['next_cursor']}"
        first = 10_000 + 10 * (pages - 1)
        await fill(company, first + 1, first + 10, START + timedelta(minutes=pages))
    assert found == list(range(1, 10_000 + 10 * pages + 1))
    assert pages == 20
