"""Attestations that go on from one another (docs/protocol.md, section 6.11; docs/formats.md, The chain)."""

from __future__ import annotations

import os

from .errors import Malformed, require, well_formed
from .statement import Derived, Statement

FIRST_LINE = b"consort chain 1\n"
OWN_FIELDS = ("segment", "initial", "final")


def expand(paths: list[str]) -> list[str]:
    """Listings are replaced by the files that they name."""
    out = []
    for path in paths:
        with open(path, "rb") as file:
            head = file.read(len(FIRST_LINE))
            rest = file.read(1 << 24) if head == FIRST_LINE else None
        if rest is None:
            out.append(path)
            continue
        names = rest.split(b"\n")
        well_formed(names.pop() == b"" and 0 < len(names) <= 65536, f"{path}: not a listing of files")
        for name in names:
            well_formed(0 < len(name) <= 255 and name[:1] != b"." and not any(c < 32 or c in b"\x7f/" for c in name),
                        f"{path}: each line is the name of a file beside it")
            out.append(os.path.join(os.path.dirname(path), os.fsdecode(name)))
    if not out:
        raise Malformed("no file")
    return out


def check_segment(before: Statement | None, s: Statement) -> None:
    """Before draws are derived, whose number grows with the segment's first step."""
    segment = s.json.get("segment")
    if not segment or segment["from"] == 0:
        return
    require(before is not None, "chain: it goes on from another attestation, which must be given first")
    require("segment" in before.json, "chain: the file before is no segment")
    same = all(s.json.get(k) == before.json.get(k) for k in {*s.json, *before.json} - {*OWN_FIELDS, "indices"})
    require(same and s.hidden == before.hidden, "chain: a segment of another run")
    require(before.json["segment"]["to"] == segment["from"], "chain: something is missing between two segments")


def check_link(before: tuple[Statement, Derived] | None, s: Statement) -> None:
    """It begins with the model that the one before ended with."""
    if before is None:
        require(s.before is None, "chain: it goes on from another attestation, which must be given first")
        return
    earlier, derived = before
    require(s.before == derived.digest, "chain: it does not go on from the file before")
    p, q = earlier.params, s.params
    require((p.widths, p.a, p.w) == (q.widths, q.a, q.w), "chain: a model of another shape or scale")
    initial, final = s.json["initial"], earlier.json["final"]
    require(isinstance(initial, dict), "chain: it does not start from the model before")
    if earlier.final_points is None:
        require(initial.get("digest") == final["public"], "chain: it does not start from the model before")
        return
    require(p.column_bits == q.column_bits and initial.get("committed") == final["committed"],
            "chain: it does not start from the model before")
    require(all(q.initial_max[layer - 1] >= p.weight_max(layer) for layer in range(1, p.layers + 1)),
            "chain: a smaller bound of its committed first model than the one before shows")
