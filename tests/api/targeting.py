"""A small company whose targets are set: two units under one, and what a target is stated as."""

from tests.api.companies import Company, Json

SALES = {
    "subject": "employee:ann",
    "indicator": "net_sales",
    "period": "2026-10",
    "level": "budget",
    "value": "120000.5",
    "reason": "a good month",
}


def worker(code: str, unit: str, shops: list[str]) -> Json:
    held = {
        "position": "agent",
        "unit": unit,
        "from": "2026-01-01",
        "shops": [{"shop": shop} for shop in shops],
    }
    return {"code": code, "name": code, "assignments": [held]}


async def staff(company: Company) -> None:
    """Two units under one, three people in them, two shops."""
    shop = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await company.fill("shops", {"code": "s1", **shop}, {"code": "s2", **shop})
    units = (("ops", None), ("east", "ops"), ("west", "ops"), ("office", None))
    await company.fill(
        "units",
        *({"code": code, "name": code, "parent": above, "lead": "ann"} for code, above in units),
    )
    work: Json = (
        ("ann", "ops", []),
        ("bob", "east", ["s1"]),
        ("cyd", "west", ["s2"]),
        ("dan", "office", []),
    )
    await company.fill("employees", *(worker(*each) for each in work))


async def set_value(company: Company, value: str, **change: Json) -> None:
    answer = await company.put("/v1/targets", [{**SALES, "value": value, **change}])
    assert answer.status_code == 200, answer.text
