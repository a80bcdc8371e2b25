"""Templates over REST: the built-in schemes as data, and the contract they are held against."""

import pytest

from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.rest.scheme_documents import SchemeDocument
from services.api.rest.templates import TemplateDocument
from services.api.templates import templates
from tests.api.companies import Company


async def test_templates_are_listed_in_the_order_of_codes_and_read_one_by_one(
    company: Company,
) -> None:
    page = (await company.get("/v1/templates")).json()
    assert [item["code"] for item in page["items"]] == sorted(templates())
    assert (page["total"], page["next_cursor"]) == (len(templates()), None)
    for item in page["items"]:
        read = await company.get(f"/v1/templates/{item['code']}")
        assert read.json() == item == templates()[item["code"]]


async def test_a_cursor_walks_the_templates(company: Company) -> None:
    codes = sorted(templates())
    first = (await company.get("/v1/templates?limit=1")).json()
    rest = (await company.get(f"/v1/templates?cursor={first['next_cursor']}")).json()
    assert [item["code"] for item in (*first["items"], *rest["items"])] == codes
    assert (rest["total"], rest["next_cursor"]) == (len(codes), None)


async def test_each_template_is_adopted_by_one_call_and_published_as_it_stands(
    company: Company,
) -> None:
    for code, template in templates().items():
        stated = {"code": f"own-{code}", "template": code}
        answer = await company.post("/v1/schemes", stated)
        assert answer.status_code == 201, (code, answer.text)
        adopted = answer.json()
        assert adopted["template"] == code
        scheme = template["scheme"]
        assert isinstance(scheme, dict)
        assert {name: adopted[name] for name in scheme} == scheme
        published = await company.post(f"/v1/schemes/own-{code}/publish", None)
        assert (published.status_code, published.json()["version"]) == (200, 1), published.text


async def test_another_template_is_not_found(company: Company) -> None:
    assert (await company.get("/v1/templates/nobody")).status_code == 404


async def test_payroll_has_no_business_with_templates(company: Company) -> None:
    await company.make_key("payroll", "payroll")
    assert (await company.get("/v1/templates", key="payroll")).status_code == 403


@pytest.mark.parametrize("code", sorted(templates()))
def test_the_published_contract_describes_every_template(code: str) -> None:
    template = templates()[code]
    TemplateDocument.model_validate(template, strict=False)
    scheme = template["scheme"]
    assert isinstance(scheme, dict)
    SchemeDocument.model_validate(scheme_to_wire(parse_scheme(scheme)), strict=False)
