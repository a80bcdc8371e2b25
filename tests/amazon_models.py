"""Amazon's models of its Selling Partner API, read out of the software that Amazon makes of them.

The models themselves are in no registry. The package has each operation with its parameters and
each shape with its fields, types, words and which of them must be there; what it does not have is
how long a text may be, the examples, and which refusal an operation may answer with.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.packages import unpacked

PACKAGE = "@amazon-sp-api-release/amazon-sp-api-sdk-js@1.12.0"
INTEGRITY = (
    "sha512-"
    "ZKLVXusxW5xUk+u1q5LrbdNxrVuxzJvmmI0nui9OLp4Am0nu8FZmpzVJUqP9WNuxlKsdt/8ipbXY93ffoR/mBg=="
)
OURS = (
    "orders_v2026_01_01",
    "orders_v0",
    "reports_v2021_06_30",
    "fbainventory_v1",
    "sales_v1",
)
REFUSALS = ("400", "403", "404", "429", "500", "503")

Schema = dict[str, Any]

_KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": int | float,
}

_PLAIN: dict[str, Schema] = {
    "String": {"type": "string"},
    "Number": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date-time"},
    "Object": {"type": "object"},
}
_PROPERTY = re.compile(
    r"data\.hasOwnProperty\('([^']+)'\)\) \{ obj(?:\.|\[')(\w+)\S* = (.+) \}$", re.MULTILINE
)
_CONVERTED = re.compile(r"ApiClient\.convertToType\(data[^,]*, (.+)\)")
_NEEDED = re.compile(r"^    this(?:\.(\w+)|\['([^']+)'\]) = \w+$", re.MULTILINE)
_WORDS_OF = re.compile(
    r"Allowed values for the <code>(\w+)</code> property.*?\*/\s*\w+\.\w+ = \{(.*?)\n\}", re.DOTALL
)
_WORD = re.compile(r"^\s+(?:\w+|'[^']*'): '([^']*)',?$", re.MULTILINE)
_OPERATION = re.compile(
    r"/\*\*(?P<told>(?:(?!\*/).)*)\*/\s+(?P<name>\w+)WithHttpInfo \((?:.*?)"
    r"pathParams = \{(?P<path>.*?)\n    \}.*?queryParams = \{(?P<query>.*?)\n    \}.*?"
    r"returnType = (?P<answers>\w+)\s+return this\.apiClient\.callApi\('[^']+',\s+"
    r"'(?P<place>[^']+)', '(?P<method>\w+)'",
    re.DOTALL,
)
_PARAMETER = re.compile(r"@param \{([\w\[\].]+)\} (\[opts\.)?(\w+)")
_SENT = re.compile(
    r"^\s+'?([\w-]+)'?(?:: (?:this\.apiClient\.buildCollectionParam\()?(?:opts\.)?(\w+).*)?$",
    re.MULTILINE,
)


@cache
def document() -> Schema:
    """All that we ask of, as one document of OpenAPI; skips, saying so, without the package."""
    source = unpacked(PACKAGE, integrity=INTEGRITY) / "src"
    shapes: Schema = {}
    paths: Schema = {}
    for part in OURS:
        for file in sorted((source / part / "model").glob("*.js")):
            shapes[f"{part}.{file.stem}"] = _shape_of(file.read_text(encoding="utf-8"), part)
        for file in sorted((source / part / "api").glob("*.js")):
            for place, method, operation in _operations_in(file, part, shapes):
                paths.setdefault(place, {})[method] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "Selling Partner API", "version": "1"},
        "paths": paths,
        "components": {"schemas": shapes},
    }


def faults_in(value: Any, schema: Schema, place: str = "") -> list[str]:
    """What of a value is not as a schema says, each with its place; unknown fields, too."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kind = schema.get("type", "object")
    if not isinstance(value, _KINDS[kind]) or (kind == "number" and isinstance(value, bool)):
        return [f"{place} is no {kind}"]
    if kind == "object":
        return _faults_of_object(value, schema, place)
    if kind == "array":
        inside = (faults_in(each, schema["items"], f"{place}/{n}") for n, each in enumerate(value))
        return [fault for faults in inside for fault in faults]
    return [] if value in schema.get("enum", [value]) else [f"{place} may not be {value}"]


def _faults_of_object(value: Schema, schema: Schema, place: str) -> list[str]:
    fields = schema.get("properties", {})
    found = [
        f"{place}/{name} is missing" for name in schema.get("required", ()) if name not in value
    ]
    for name, inner in value.items():
        if name in fields:
            found += faults_in(inner, fields[name], f"{place}/{name}")
        elif fields:
            found.append(f"{place}/{name} is unknown")
    return found


def _shape_of(text: str, part: str) -> Schema:
    if "Object.assign(" in text:
        return {"type": "string", "enum": _WORD.findall(text)}
    found = _PROPERTY.findall(text)
    # Inside the package some fields have another name than on the wire.
    named = {inner: name for name, inner, _ in found}
    fields = {name: _field_of(value, part) for name, _, value in found}
    for name, words in _WORDS_OF.findall(text):
        place = fields[named.get(name, name)]
        place = place.get("items", place)
        place["enum"] = _WORD.findall(words)
    needed = [named[plain or quoted] for plain, quoted in _NEEDED.findall(text)]
    shape: Schema = {"type": "object", "properties": fields}
    return {**shape, "required": needed} if needed else shape


def _field_of(value: str, part: str) -> Schema:
    converted = _CONVERTED.fullmatch(value)
    return _type_of(converted[1] if converted else value.partition(".")[0], part)


def _type_of(name: str, part: str) -> Schema:
    """`'String'`, `[Order]`, `{ String: 'String' }`, `String[]`, or the name of a shape."""
    name = name.strip().strip("'")
    if name.startswith("{"):
        inner = name.strip("{ }").partition(":")[2]
        return {"type": "object", "additionalProperties": _type_of(inner, part)}
    if name.startswith("[") or name.endswith("[]"):
        inner = name.removesuffix("[]").removeprefix("[").removesuffix("]")
        return {"type": "array", "items": _type_of(inner, part)}
    if name in _PLAIN:
        return dict(_PLAIN[name])
    return {"$ref": f"#/components/schemas/{part}.{name}"}


def _operations_in(file: Path, part: str, shapes: Schema) -> Iterator[tuple[str, str, Schema]]:
    for found in _OPERATION.finditer(file.read_text(encoding="utf-8")):
        told = {name: (kind, not way) for kind, way, name in _PARAMETER.findall(found["told"])}
        sent = {"path": found["path"], "query": found["query"]}
        parameters = [
            {
                "name": wire,
                "in": where,
                "required": told[name][1],
                # Lists stand in one parameter, apart by commas.
                **({"style": "form", "explode": False} if where == "query" else {}),
                "schema": _type_of(told[name][0], part),
            }
            for where, lines in sent.items()
            for wire, name in _sent_in(lines)
        ]
        method = found["method"].lower()
        operation: Schema = {
            "operationId": found["name"],
            "parameters": parameters,
            "responses": _answers(found["answers"], part, shapes, created=method == "post"),
        }
        used = {name for lines in sent.values() for _, name in _sent_in(lines)}
        for name in told.keys() - used - {"opts"}:
            content = {"application/json": {"schema": _type_of(told[name][0], part)}}
            operation["requestBody"] = {"required": told[name][1], "content": content}
        yield found["place"], method, operation


def _sent_in(lines: str) -> list[tuple[str, str]]:
    """The parameters as they are sent, each with its name inside the package."""
    bare = (line.removesuffix(",") for line in lines.splitlines())
    return [(wire, name or wire) for line in bare for wire, name in _SENT.findall(line)]


def _answers(name: str, part: str, shapes: Schema, *, created: bool) -> Schema:
    """The good answer, and refusals that the package says nothing of: as they are everywhere."""
    refusal = f"{part}.ErrorList" if f"{part}.ErrorList" in shapes else f"{part}.{name}"
    known = f"{part}.{name}" if f"{part}.{name}" in shapes else None
    good = {"202" if created else "200": known, **dict.fromkeys(REFUSALS, refusal)}
    return {
        status: {
            "description": status,
            "headers": {"x-amzn-RateLimit-Limit": {"schema": {"type": "string"}}},
            **(
                {
                    "content": {
                        "application/json": {"schema": {"$ref": f"#/components/schemas/{of}"}}
                    }
                }
                if of in shapes
                else {}
            ),
        }
        for status, of in good.items()
    }


def rates() -> dict[str, tuple[int, int, int]]:
    """By operation: so many calls in so many seconds, and so many at once."""
    file = unpacked(PACKAGE, integrity=INTEGRITY) / "helper" / "DefaultRateLimitMap.mjs"
    found = re.findall(
        r'"(\w+)Api-(\w+)": \[(\d+), (\d+)(?:, (\d+))?\]', file.read_text(encoding="utf-8")
    )
    ours = {"SearchOrders", "OrdersV0", "Reports", "FbaInventory", "Sales"}
    return {
        name: (int(calls), int(seconds or 1), int(burst))
        for owner, name, calls, burst, seconds in found
        if owner in ours
    }
