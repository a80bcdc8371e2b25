"""What is printed when everything stands: where to look, and one call for each kind of user."""

from collections.abc import Mapping, Sequence

Sights = Sequence[tuple[str, str]]


def welcome(port: int, keys: Mapping[str, str], *, shop: str, sights: Sights) -> str:
    """Addresses and calls to copy and paste; `shop` is one whose orders the ERP posts.

    `sights` are what there is to see with its path: a page, or a list for HR.
    """
    origin = f"http://127.0.0.1:{port}"
    query = (
        '{"query": "{ scorecards(sort: TOTAL_DOWN, first: 5) '
        '{ nodes { employee { name } cycle total grade } } }"}'
    )
    order = (
        f'[{{"source": "erp", "id": "SO-1", "shop": "{shop}", "status": "unpaid", '
        '"modified_at": "2026-11-01T09:00:00+08:00", "created_at": "2026-11-01T09:00:00+08:00"}]'
    )
    calls = [
        ("an employee: the own scores", "employee", "/v1/scorecards", None),
        ("a lead: the team's scores, best first", "lead", "/v1/scorecards?sort=-total", None),
        ("HR: the cycles and where they stand", "hr", "/v1/cycles", None),
        ("bonus payroll: the feed from the start", "payroll", "/v1/payroll/entries?after=0", None),
        ("a front end: a query of just what it shows", "viewer", "/graphql", query),
        ("an ERP: an order; again, and it is a duplicate", "erp", "/v1/facts/orders", order),
    ]
    lines = [
        "",
        "Kaohe is up.",
        f"  scoreboard  {origin}/",
        f"  REST        {origin}/docs",
        f"  GraphQL     {origin}/graphql",
        "  keys        var/demo-keys.json",
        "",
        "One call for each kind of user:",
    ]
    for who, role, path, body in calls:
        lines += ["", f"  # {who}", f"  {_curl(f'{origin}{path}', keys[role], body)}"]
    lines += ["", "What there is to see (lists with the key of hr, as in its call above):"]
    lines += [f"  {what:<38} {origin}{path}" for what, path in sights]
    return "\n".join([*lines, "", "Ctrl-C stops everything; `make reset` forgets it."])


def _curl(url: str, key: str, body: str | None) -> str:
    call = f"curl -sS -H 'Authorization: Bearer {key}'"
    if body is not None:
        call += f" -H 'Content-Type: application/json' -d '{body}'"
    return f"{call} '{url}'"
