"""Whatever is plain text is escaped, wherever it stands."""

from services.api.rest.markup import Markup, element, page

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'too'"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot; &#x27;too&#x27;"


def test_texts_and_attributes_are_escaped_and_elements_are_not() -> None:
    inner = element("b", HOSTILE)
    made = element("a", inner, [HOSTILE, None, Markup("<i>x</i>")], href=HOSTILE, title=None)
    assert made == f'<a href="{ESCAPED}"><b>{ESCAPED}</b>{ESCAPED}<i>x</i></a>'


def test_attributes_are_named_as_html_names_them() -> None:
    made = element("span", class_="x", aria_label="y", lang="zh")
    assert made == '<span class="x" aria-label="y" lang="zh"></span>'
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_what_is_joined_to_markup_is_text_again() -> None:
    joined = element("b") + HOSTILE
    assert not isinstance(joined, Markup)
    assert element("p", joined) == f"<p>&lt;b&gt;&lt;/b&gt;{ESCAPED}</p>"


def test_a_page_escapes_its_title_and_keeps_its_style() -> None:
    made = page(HOSTILE, "p > a { color: red }", element("p", HOSTILE))
    assert f"<title>{ESCAPED}</title><style>p > a {{ color: red }}</style>" in made
    assert made.endswith(f"<body><p>{ESCAPED}</p></body></html>")
