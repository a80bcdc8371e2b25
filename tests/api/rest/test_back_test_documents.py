"""What a back-test comes to is published as it is written, to the last member."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.api.core.back_test_documents import quotas_document, whom_document
from services.api.core.calibrations import rank_round
from services.api.rest.back_test_documents import (
    TriedFiguresDocument,
    TriedPopulationDocument,
    TriedQuotasDocument,
)
from services.schema.shapes.back_tests import Whom
from tests.api.core.test_calibration_documents import of_round

KEPT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "core" / "kept" / "back_tests.json").read_text(encoding="utf-8")
)["all"]


def test_figures_are_as_the_contract_says() -> None:
    read = TriedFiguresDocument.model_validate(KEPT, strict=False)
    assert read.model_dump(mode="json", by_alias=True) == KEPT
    for name in KEPT:
        with pytest.raises(ValidationError):
            TriedFiguresDocument.model_validate(
                {other: KEPT[other] for other in KEPT if other != name}, strict=False
            )


@pytest.mark.parametrize("whom", Whom)
def test_whom_a_period_was_tried_on_is_as_the_contract_says(whom: Whom) -> None:
    document = json.loads(json.dumps(whom_document(whom, [of_round(1).cycle])))
    read = TriedPopulationDocument.model_validate(document, strict=False)
    assert read.model_dump(mode="json", by_alias=True) == document


def test_quotas_are_as_the_contract_says() -> None:
    of = of_round(1)
    documents = json.loads(json.dumps(quotas_document(rank_round(of.begun, of.scheme), of.scheme)))
    assert {each["unforced"] for each in documents} == {None, "below_minimum"}
    for document in documents:
        read = TriedQuotasDocument.model_validate(document, strict=False)
        assert read.model_dump(mode="json", by_alias=True) == document
