"""HTML made of elements: whatever is plain text is escaped, nothing has to be remembered."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """HTML that is good as it stands; only `element` and `page` make it of texts."""

    __slots__ = ()


Content = str | Markup | Iterable["Content"] | None
_VOID = frozenset({"br", "meta"})


def element(name: str, /, *content: Content, **attributes: str | None) -> Markup:
    """An element; an attribute of null is left out, `class_` is `class`."""
    stated = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{stated}>")
    return Markup(f"<{name}{stated}>{_joined(content)}</{name}>")


def page(title: str, style: str, *content: Content) -> str:
    """A whole document in which nothing runs and one sheet of style is its own."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        # The sheet is ours, and its digest stands in the policy: escaping would change it.
        element("style", Markup(style)),
    )
    return "<!doctype html>\n" + element("html", head, element("body", *content), lang="en")


def _joined(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(content)
    return "".join(_joined(part) for part in content)
