"""How a name in both languages is written in a document."""

from services.api.core.fields import Fields
from services.schema.shapes.schemes import Name

LONGEST_NAME = 200


def read_name(fields: Fields) -> Name:
    return Name(
        fields.needed_text("zh", longest=LONGEST_NAME),
        fields.needed_text("en", longest=LONGEST_NAME),
    )


def read_names(fields: Fields, name: str, *, most: int) -> tuple[Name, ...]:
    """The names of a list; a bare text is the name in both languages."""
    return tuple(read_name(part) for part in fields.parts(name, most=most, bare=("zh", "en")))


def name_to_wire(name: Name) -> dict[str, object]:
    return {"zh": name.zh, "en": name.en}
