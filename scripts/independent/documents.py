"""Canonical JSON and reading it strictly (docs/formats.md, The statement, Signed documents)."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

from .errors import Malformed, Refused

INT_LIMIT = 1 << 63
# Control characters, and those that hide or reorder text.
HIDING = re.compile("[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e"
                    "\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\U000e0000-\\U000e007f]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Malformed("a key is there twice")
    return out


def _not_a_number(text: str) -> float:
    raise Malformed(f"{text} is not a number of JSON")


def _integer(text: str) -> int:
    value = int(text) if len(text) < 21 else INT_LIMIT
    if not -INT_LIMIT <= value < INT_LIMIT:
        raise Malformed("an integer does not fit 64 bits")
    return value


def _real(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Malformed("a number is too large")
    return value


def parse(data: bytes, where: str) -> Any:
    """UTF-8 JSON without duplicate keys."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_not_a_number, parse_int=_integer,
                          parse_float=_real)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"{where}: {problem}") from None
    except Malformed as problem:
        raise Malformed(f"{where}: {problem}") from None


def _real_text(value: float) -> str:
    """17 significant digits; a digit after the point, or an exponent without + and leading zeros."""
    text = f"{value:.17g}"
    if "e" in text:
        digits, exponent = text.split("e")
        return f"{digits}e{int(exponent)}"
    return text if "." in text else text + ".0"


def encode(value: Any) -> str:
    """Canonical: keys sorted, no spaces."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(k)}:{encode(value[k])}" for k in sorted(value, key=str.encode)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, float):
        return _real_text(value)
    return json.dumps(value, ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """The canonical encoding as bytes."""
    return encode(value).encode()


def parse_canonical(data: bytes, where: str) -> Any:
    """JSON that encodes to itself."""
    value = parse(data, where)
    try:
        same = canonical(value) == data
    except UnicodeEncodeError:  # half of a surrogate pair, escaped
        same = False
    if not same:
        raise Malformed(f"{where}: not in canonical form")
    return value


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the concatenation."""
    return hashlib.sha256(b"".join(parts)).digest()


def digest(value: Any, label: str | None = None) -> bytes:
    """SHA-256(label, NUL, canonical JSON), or of the JSON alone."""
    return sha256(label.encode() + b"\0" if label is not None else b"", canonical(value))


# ---------------------------------------------------------------- reading


def fields(value: Any, where: str, required: str, optional: str = "") -> dict[str, Any]:
    """An object with exactly these fields."""
    if not isinstance(value, dict):
        raise Malformed(f"{where}: an object is required")
    for name in value:
        if name not in required.split() + optional.split():
            raise Refused(f"{where}: unknown field {name!r}")
    for name in required.split():
        if name not in value:
            raise Malformed(f"{where}: the field {name!r} is missing")
    return value


def version(value: Any, where: str, known: int) -> None:
    """The version of a document, before its fields are looked at."""
    stated = value.get("version") if isinstance(value, dict) else None
    if type(stated) is not int:
        raise Malformed(f"{where}: a version is required")
    if stated != known:
        raise Refused(f"{where}: version {stated}, this program reads {known}")


def integer(value: Any, where: str, low: int, high: int) -> int:
    """An integer in [low, high]."""
    if type(value) is not int or not low <= value <= high:
        raise Malformed(f"{where}: an integer from {low} to {high} is required")
    return value


def items(value: Any, where: str, low: int, high: int) -> list[Any]:
    """A list of so many items."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise Malformed(f"{where}: a list of {low} to {high} items is required")
    return value


def text(value: Any, where: str, low: int, high: int) -> str:
    """Text of so many bytes that can be shown."""
    if not isinstance(value, str) or not low <= len(value.encode("utf-8", "surrogatepass")) <= high:
        raise Malformed(f"{where}: text of {low} to {high} bytes is required")
    if HIDING.search(value):
        raise Malformed(f"{where}: characters that cannot be shown")
    return value


def hexadecimal(value: Any, where: str, size: int = 32) -> bytes:
    """Lower-case hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{%d}" % (2 * size), value):
        raise Malformed(f"{where}: {2 * size} lower-case hexadecimal digits are required")
    return bytes.fromhex(value)


def purpose(value: str) -> bool:
    """1 to 64 of a-z, 0-9 and -."""
    return re.fullmatch("[a-z0-9-]{1,64}", value) is not None
