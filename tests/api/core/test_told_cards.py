"""A card read back from its explanation: to the last record, with marks that people give now."""

import json

from services.api.core.card_documents import card_document
from services.api.core.scorecards import score
from services.api.core.told_cards import inputs_with, segments_of
from tests.api.core.rated import rated, rating, stated_mark
from tests.api.core.scoring import flat, given, head, item, segment_input
from tests.api.core.test_next_steps import told_card

STATED = flat(item("sales", "60"), rated("team", "40", rating(), missing="zero"))
INPUTS = {"sales": given("80", budget="100", challenge="120"), "team": given(None)}


def test_marks_of_now_go_to_their_items_and_all_else_stays() -> None:
    first = segment_input(STATED, INPUTS, days=15)
    second = segment_input(STATED, INPUTS, days=16, after=15)
    card = told_card(first, second)
    team = [stated_mark("team", "self", "e-1", mark="70"), stated_mark("team", "hr", mark="3")]
    other = stated_mark("gone", "self", "e-1", mark="1")
    anew = inputs_with(card, [team[0], other, team[1]])
    assert [each.items["team"].marks for each in anew] == [tuple(team)] * 2
    for was, now in zip(card.segments, anew, strict=True):
        assert now.items["sales"] == was.items["sales"]
        assert (now.segment, now.scheme) == (was.segment, was.scheme)
    assert [each.items["team"].marks for each in inputs_with(card, [])] == [(), ()]


def test_segments_are_read_back_from_a_card_and_from_what_explains_it() -> None:
    first = segment_input(STATED, INPUTS, days=15)
    second = segment_input(STATED, INPUTS, days=16, after=15)
    document = json.loads(card_document(head([first, second]), score([first, second])))
    assert segments_of(document) == (first.segment, second.segment)
    assert segments_of({"segments": document["segments"][1:]}) == (second.segment,)
