"""The worked examples are what the code computes, and anyone can recompute them from the page."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from services.api.templates import FAMILIES, templates
from services.api.templates.ladders import ladder_templates
from services.cli.examples import FOLDER, examples

PAGES = [*(f"{family}.md" for family in FAMILIES), "levels.md"]


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return examples()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_computes(written: dict[str, str], name: str) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == written[name], "run `make examples`"


def test_nothing_else_is_kept_there(written: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(written) == set(PAGES)
    assert examples() == written


def test_every_template_is_worked_through_once_and_to_the_end(written: dict[str, str]) -> None:
    for name, page in written.items():
        codes = templates() if name != "levels.md" else ladder_templates()
        for code, template in codes.items():
            here = name in {f"{template.get('family')}.md", "levels.md"}
            assert page.count(f"\n`{code}`, ") == here, (name, code)
        assert "no total" not in page
        assert "no data" not in page


@pytest.mark.parametrize("name", PAGES[:-1])
def test_anyone_can_recompute_an_example_from_what_it_shows(
    written: dict[str, str], name: str
) -> None:
    for section in written[name].split("\n## ")[1:]:
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in section.splitlines()
            if line.startswith("| ")
        ][2:]
        points = Decimal(0)
        for *_, score, weight, own in rows:
            exact = Decimal(score) * Decimal(weight) / 100
            assert exact.quantize(Decimal("0.0001"), ROUND_HALF_UP) == Decimal(own), section
            points += Decimal(own)
        assert sum(Decimal(row[-2]) for row in rows) == 100
        total = points.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert f" = {total}\n" in section
