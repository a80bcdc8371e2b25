"""Who stands behind the name under which something was done: a person, or what a key is for."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.views import View

Names = Mapping[str, str]
"""By the name under which it was done; who is not told, or is nobody, is left out."""

_TOKEN = "token:"  # noqa: S105  a kind of caller, not a secret
# An author is a key, a token, a part of the system, or by its code an employee.
_READ = text("""
SELECT n.author, e.code AS person, e.name, k.role
FROM unnest(:authors) AS n (author)
LEFT JOIN api_keys AS k ON k.tenant_id = :tenant AND n.author = 'key:' || k.id
LEFT JOIN employees AS e
    ON e.tenant_id = :tenant AND e.code = coalesce(k.employee, n.author)
WHERE k.id IS NOT NULL OR e.code IS NOT NULL
""").bindparams(bindparam("authors", type_=ARRAY(Text)))


async def read_people(session: ReadSession, authors: Iterable[str]) -> Mapping[str, str]:
    """The employee whom each key names, or who the author is, by the author; others left out."""
    values = {"tenant": session.tenant, "authors": sorted({*authors})}
    rows = await session.execute(_READ, values)
    return {row.author: row.person for row in rows if row.person is not None}


async def read_author_names(
    session: ReadSession, authors: Iterable[str | None], view: View
) -> Names:
    """The person's name, as far as a view tells of them; of a key of nobody's its role.

    The subject of a token is for who sees the company whole: it may be a person's name.
    """
    asked = {each for each in authors if each is not None}
    if not asked:
        return {}
    values = {"tenant": session.tenant, "authors": sorted(asked)}
    names = {}
    for row in await session.execute(_READ, values):
        if row.person is not None and view.names_person(row.person):
            names[row.author] = row.name
        elif row.person is None:
            names[row.author] = row.role
    if view.whole:
        tokens = (each for each in asked if each.startswith(_TOKEN))
        names |= {each: each.removeprefix(_TOKEN) for each in tokens}
    return names
