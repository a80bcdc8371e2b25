"""Arguments that are more than a word, read as REST reads them."""

from pydantic import TypeAdapter, ValidationError

from services.door.wire import SubjectText
from services.schema.errors import Fault, Invalid
from services.schema.shapes.people import Subject, parse_subject

_SUBJECT: TypeAdapter[str] = TypeAdapter(SubjectText)


def subject_of(text: str) -> Subject:
    """The subject of an argument: `employee:e-1`, `unit:u-1`, `shop:s-1` or `company`."""
    try:
        return parse_subject(_SUBJECT.validate_python(text))
    except ValidationError:
        detail = "A subject is `employee:`, `unit:` or `shop:` and a code, or `company`."
        raise Invalid("invalid", detail, [Fault("subject", "invalid", detail)]) from None
