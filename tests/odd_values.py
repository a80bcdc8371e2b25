"""Numbers and texts that a program may change in silence, or fall over."""

from collections.abc import Mapping

NUMBERS: Mapping[str, str | None] = {
    "128.5": "128.5", "1.0050": "1.005", "1.005": "1.005", "-0": "0", "-0.00": "0", "2.00": "2",
    "1E2": "100", "99999999999999.9999": "99999999999999.9999", "-1": "-1", "-1.25": "-1.25",
    "1000000000000": "1000000000000", "1000000000001": "1000000000001",
    "9223372036854775808": "9223372036854775808", "12345678901234567": "12345678901234567",
    "1.00001": "1.00001", '"9223372036854775808"': "9223372036854775808",
    '"12345678901234567"': "12345678901234567", '"1.00001"': "1.00001",
    "NaN": None, "Infinity": None, "-Infinity": None, "1e999": None, "9" * 4301: None,
    "true": None, '"NaN"': None, '"Infinity"': None, '"-inf"': None, '"1e999"': None,
    '"1_000"': None, '"１２８"': None, '"1e2"': None, '"true"': None, '"+1"': None, '" 1"': None,
    '"-"': None,
}  # fmt: skip
"""As JSON writes them, and in plain words: null for what is no number, or none that is kept."""

TEXTS: Mapping[str, str] = {
    "nul": "a\0b", "surrogate": "a\ud800b", "escape": "\x1b[31mred", "control": "a\x07b",
    "C1": "a\x85b", "line": "a\u2028b", "bidi": "\u202etxt.exe", "isolate": "\u2066a\u2069",
    "BOM": "\ufeffa", "wide": "１２８", "dot": "İstanbul", "marks": "é" + "\u0301" * 40,
    "flower": "梅花 🌸", "long": "x" * 2001, "1 MB": "x" * 1_000_000, "empty": "", "spaces": "   ",
    "TAB CR LF": "a\tb\r\nc", "backslash": "\\N\\.\\t", "quotes": "\"';--", "null": "null",
    "ten decimals": "2026-11-01T00:10:00.1234567891+08:00",
}  # fmt: skip

BYTES = (
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    "梅".encode("utf-16-le"),
    b"\xf8\x88\x80\x80\x80",
)
"""Not of UTF-8: a mark, a long way to write a slash, half a pair, UTF-16, five bytes for one."""
