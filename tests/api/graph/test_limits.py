"""What a query may ask for, at both sides of each limit, and that a refusal reads nothing."""

import time
from itertools import cycle, islice

import pytest
from graphql import get_introspection_query, parse

from services.api.graph.limits import (
    ALIASES,
    COST,
    DEPTH,
    DIRECTIVES,
    FIELDS,
    TOKENS,
    TooComplex,
    count_document,
)
from tests.api.companies import Company
from tests.api.graph.asking import CORE, post, statements
from tests.figures import Figures, Most, Wrong


def cost(query: str, **variables: object) -> int:
    return count_document(parse(query), CORE, variables)


def refusal(query: str, **variables: object) -> str:
    with pytest.raises(TooComplex) as caught:
        cost(query, **variables)
    return caught.value.message.removeprefix("The query asks for too much: ")


def nested(levels: int) -> str:
    """A person's cards' persons' cards, with a leaf at the last level."""
    links = cycle(("scorecards(first: 1)", "nodes", "employee"))
    opened = ['employee(code: "e")', *islice(links, levels - 2)]
    leaf = ("id", "totalCount", "id")[(levels - 2) % 3]
    return "{" + "{".join(opened) + "{" + leaf + "}" * levels


def aliased(count: int) -> str:
    return "{" + " ".join(f"a{n}: viewer {{ role }}" for n in range(count)) + "}"


def directed(count: int) -> str:
    leaves = " ".join("role @include(if: true)" for _ in range(count))
    return "{ viewer { " + leaves + " } }"


def unfolded(levels: int) -> str:
    """Fragments that each spread the next one twice: 2^levels when they are unfolded."""
    folds = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    last = f"fragment F{levels} on Query {{ __typename }}"
    return "{ ...F0 } " + " ".join([*folds, last])


def costing(wanted: int) -> str:
    """A query of 5,000 objects or a few more."""
    people = "employees(first: 100) { nodes { scorecards(first: 47) { nodes { id } } } }"
    return f"{{ {people} units(first: {wanted - 4902}) {{ nodes {{ id }} }} }}"


@pytest.mark.parametrize(
    ("query", "beyond", "what"),
    [
        (nested(DEPTH), nested(DEPTH + 1), f"at most {DEPTH} levels."),
        (aliased(ALIASES), aliased(ALIASES + 1), f"at most {ALIASES} aliases."),
        (directed(DIRECTIVES), directed(DIRECTIVES + 1), f"at most {DIRECTIVES} directives."),
        (costing(COST), costing(COST + 1), f"at most {COST} objects."),
    ],
)
def test_each_limit_holds_at_both_sides(query: str, beyond: str, what: str) -> None:
    assert cost(query) <= COST
    assert refusal(beyond) == what


def test_a_page_costs_what_it_asks_for_and_a_list_what_is_usual() -> None:
    assert cost("{ viewer { role } }") == 1
    assert cost("{ units(first: 7) { nodes { code } } }") == 1 + 7
    assert cost("{ units { edges { node { code } } } }") == 1 + 50 + 50
    assert cost("{ units(first: 7) { totalCount pageInfo { endCursor } } }") == 1 + 1
    lines = '{ scorecard(id: "sc") { lines { definition { name { zh } } } } }'
    assert cost(lines) == 1 + 5 + 5 + 5


def test_variables_count_as_what_they_are() -> None:
    stated = "query ($n: Int! = 3) { units(first: $n) { nodes { code } } }"
    assert (cost(stated), cost(stated, n=9)) == (1 + 3, 1 + 9)
    open_ended = "query ($n: Int!) { units(first: $n) { nodes { code } } }"
    assert (cost(open_ended, n="nine"), cost(open_ended, n=-4)) == (1 + 100, 1 + 1)
    assert refusal(open_ended, n=10**30) == f"at most {COST} objects."
    assert refusal(f"{{ units(first: {10**30}) {{ nodes {{ code }} }} }}")


def test_fragments_count_wherever_they_are_spread() -> None:
    page = "fragment page on Query { units(first: 40) { nodes { ...unit } } } "
    unit = "fragment unit on Unit { a: code }"
    assert cost("{ ...page ...page } " + page + unit) == 2 * 41
    spread = " ".join("...page" for _ in range(ALIASES + 1))
    assert refusal(f"{{ {spread} }} {page} {unit}") == f"at most {ALIASES} aliases."
    assert cost("{ ...a } fragment a on Query { ...a viewer { role } }") == 1
    assert cost('{ node(id: "x") { ... on Employee { assignments { unit } } } }') == 1 + 5


def test_scenario_g01_what_unfolds_into_millions_is_refused_as_fast_as_a_long_query(
    figure: Figures,
) -> None:
    def seconds() -> float:
        started = time.thread_time()
        assert refusal(unfolded(60)) == f"at most {FIELDS} fields."
        return time.thread_time() - started

    # The best of some: a garbage collection of the whole process may fall into any of them.
    figure.most("G01", Most.ANSWER, 1000 * min(seconds() for _ in range(5)), limit=250)


def test_the_dearest_operation_of_a_document_counts() -> None:
    both = "query a { viewer { role } } query b { units(first: 9) { nodes { code } } }"
    assert cost(both) == 10


async def test_limits_01_too_much_is_refused_before_anything_is_read(
    company: Company, figure: Figures
) -> None:
    """Scenarios G01 and G02."""
    with statements(company) as counted:
        assert (await post(company, "{ __typename }")).status_code == 200
    bare = counted.count
    for query, code in (
        (nested(DEPTH + 1), "too_complex"),
        (aliased(ALIASES + 85), "too_complex"),
        (directed(DIRECTIVES + 50), "too_complex"),
        (costing(COST + 1), "too_complex"),
        (unfolded(60), "too_complex"),
        ("{ viewer {" + " role" * TOKENS + " } }", "query_invalid"),
    ):
        with statements(company) as counted:
            answer = await post(company, query)
        figure("G01", Wrong.ACCEPTED, int(answer.status_code != 400), tried=1, of="costly queries")
        of = "costly queries, by statements they were granted"
        figure("G02", Wrong.CALLS, counted.count - bare, tried=1, of=of)
        body = answer.json()
        assert "data" not in body
        assert body["errors"][0]["extensions"] == {"code": code}


async def test_a_query_has_so_many_tokens_and_no_more(company: Company) -> None:
    nine = "units(first: 1) { totalCount }"
    most = (TOKENS - 2) // 9
    left = TOKENS - 2 - 9 * most
    for more, status in ((0, 200), (1, 400)):
        query = "{ " + f"{nine} " * most + "__typename " * (left + more) + "}"
        assert (await post(company, query)).status_code == status


async def test_clients_may_read_the_schema_and_not_go_round_in_it(company: Company) -> None:
    answer = await post(company, get_introspection_query(descriptions=True))
    assert answer.json()["data"]["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}
    circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    assert (await post(company, circle)).status_code == 400


async def test_a_page_beyond_the_largest_is_refused_and_not_cut(company: Company) -> None:
    for first, refusals in ((1, []), (100, []), (101, ["invalid"]), (0, ["invalid"])):
        query = f"{{ units(first: {first}) {{ totalCount }} }}"
        errors = (await post(company, query)).json().get("errors", [])
        assert [error["extensions"]["code"] for error in errors] == refusals
