"""Who stands below and above an employee, found by the database in one statement."""

from datetime import date

from sqlalchemy import text

from services.schema.db import ReadSession
from services.schema.shapes.views import Reach

# A recursive UNION ends also where a chain should ever lead back to itself.
_REACH = text("""
WITH RECURSIVE
working AS (
    SELECT a.employee, a.number, a.unit
    FROM assignments AS a
    JOIN employees AS e ON e.tenant_id = a.tenant_id AND e.code = a.employee
    WHERE a.tenant_id = :tenant
        AND a.starts_on <= :day AND (a.ends_on IS NULL OR a.ends_on > :day)
        AND (e.joined_on IS NULL OR e.joined_on <= :day)
        AND (e.left_on IS NULL OR e.left_on >= :day)
),
led (code) AS (
    SELECT code FROM units WHERE tenant_id = :tenant AND lead = :employee AND :below
    UNION
    SELECT u.code FROM units AS u JOIN led ON u.parent = led.code WHERE u.tenant_id = :tenant
),
managed (code) AS (
    SELECT code FROM employees WHERE tenant_id = :tenant AND manager = :employee AND :below
    UNION
    SELECT e.code
    FROM employees AS e JOIN managed ON e.manager = managed.code
    WHERE e.tenant_id = :tenant
),
member (code) AS (
    SELECT working.employee FROM working JOIN led ON led.code = working.unit
),
people (code) AS (
    SELECT CAST(:employee AS text) UNION SELECT code FROM managed UNION SELECT code FROM member
),
shop (code) AS (
    SELECT s.shop
    FROM assignment_shops AS s
    JOIN working ON working.employee = s.employee AND working.number = s.number
    JOIN people ON people.code = s.employee
    WHERE s.tenant_id = :tenant
),
above (code) AS (
    SELECT manager FROM employees WHERE tenant_id = :tenant AND code = :employee
    UNION
    SELECT u.lead
    FROM units AS u JOIN working ON working.unit = u.code
    WHERE u.tenant_id = :tenant AND working.employee = :employee
)
SELECT 'units' AS part, code FROM led
UNION SELECT 'members', code FROM member
UNION SELECT 'managed', code FROM managed
UNION SELECT 'shops', code FROM shop
UNION SELECT 'above', code FROM above WHERE code IS NOT NULL
""")


async def read_reach(session: ReadSession, employee: str, day: date, *, below: bool) -> Reach:
    """What an employee reaches on a day; without `below` nobody is led and shops are the own."""
    values = {"tenant": session.tenant, "employee": employee, "day": day, "below": below}
    parts: dict[str, set[str]] = {
        name: set() for name in ("units", "members", "managed", "shops", "above")
    }
    for row in await session.execute(_REACH, values):
        parts[row.part].add(row.code)
    return Reach(**{name: frozenset(codes) for name, codes in parts.items()})
