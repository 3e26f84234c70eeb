"""The file of an attestation (docs/formats.md, The attestation)."""

from __future__ import annotations

import zlib

from .errors import Refused, well_formed

MAGIC = b"consort\n"
VERSION = 5
LIMITS = {"STAT": 1 << 28, "INIT": 1 << 32, "MODL": 1 << 32, "PROF": 1 << 30, "WELL": 1 << 30, "CERT": 1 << 28,
          "SIGN": 1 << 20}
ORDER = list(LIMITS)


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at:at + size], "little")


def _unpack(stored: bytes, raw: int) -> bytes:
    """One zlib stream of exactly the raw length."""
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(stored, raw + 1)
    except zlib.error as problem:
        raise Refused(f"container: {problem}") from None
    well_formed(stream.eof and len(out) == raw and not stream.unused_data, "container: a section does not have its length")
    return out


def read(data: bytes) -> dict[str, bytes]:
    """The sections by tag."""
    well_formed(len(data) >= 16 and data[:8] == MAGIC, "container: not an attestation")
    if _number(data, 8, 4) != VERSION:
        raise Refused(f"container: format {_number(data, 8, 4)}, this program reads {VERSION}")
    out: dict[str, bytes] = {}
    at, last = 16, -1
    for _ in range(_number(data, 12, 4)):
        well_formed(len(data) - at >= 24, "container: it ends in a section's head")
        tag = data[at:at + 4].decode("latin-1")
        well_formed(tag in LIMITS and ORDER.index(tag) > last, "container: a section is unknown, repeated or misplaced")
        last = ORDER.index(tag)
        flags, stored, raw = _number(data, at + 4, 4), _number(data, at + 8, 8), _number(data, at + 16, 8)
        well_formed(flags <= 1 and 1 <= raw <= LIMITS[tag] and (stored < raw if flags else stored == raw),
                    f"container: {tag}: flags or lengths")
        at += 24
        well_formed(len(data) - at >= stored, f"container: it ends in section {tag}")
        out[tag] = _unpack(data[at:at + stored], raw) if flags else data[at:at + stored]
        at += stored
    well_formed(at == len(data), "container: bytes follow the last section")
    well_formed("STAT" in out and "PROF" in out, "container: statement or proof are missing")
    return out
