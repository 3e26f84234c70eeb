"""Documents of datasets, and how a member uses them (docs/formats.md, Datasets; docs/protocol.md, section 6.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from . import curve, documents
from .curve import Point
from .documents import fields, hexadecimal, integer, items
from .errors import Malformed, require, well_formed
from .field import bits_of
from .sampler import Piece

FIELDS = "version name rows columns features classes maps class_names value_bits commitments proof"
MAX_DATASETS = 256


def _image(mapping: list[float], value: float) -> int:
    """The nearest integer of (value - offset) * multiplier, ties away from zero."""
    _, _, offset, multiplier = mapping
    x = (value - offset) * multiplier
    down = int(x)
    return down + (x >= down + 0.5) - (x <= down - 0.5)


@dataclass
class Document:
    """What is public of a dataset."""

    json: dict[str, Any]
    name: str
    rows: int
    columns: int
    features: int
    classes: int
    ranges: list[tuple[int, int]]  # one, or one per feature
    value_bits: int
    points: list[Point]
    proof: bytes | None            # digest

    @property
    def feature_rows(self) -> int:
        """How many of the commitments are rows of D."""
        return -(-(self.rows << bits_of(self.features)) // self.columns)

    @property
    def label_rows(self) -> int:
        """How many are rows of Y."""
        return -(-(self.rows << bits_of(self.classes)) // self.columns)

    @property
    def digest(self) -> bytes:
        """By which certificates, manifests and seeds name it."""
        return documents.digest(self.json, "consort/dataset/1")

    @property
    def shape_digest(self) -> bytes:
        """What opens the transcript of its well-formedness proof."""
        return documents.digest({k: v for k, v in self.json.items() if k != "proof"}, "consort/dataset-shape/1")

    @property
    def schema_digest(self) -> bytes:
        """What its numbers mean."""
        names = ("features", "maps", "classes", "class_names", "value_bits")
        return documents.digest({k: self.json[k] for k in names}, "consort/schema/1")

    @property
    def alignment(self) -> int:
        """A dataset begins at a multiple of so many rows in a shard."""
        return max(1, self.columns >> bits_of(self.features), self.columns >> bits_of(self.classes))


def _maps(value: Any, features: int, where: str) -> list[tuple[int, int]]:
    maps = items(value, where, 1, features)
    well_formed(len(maps) in (1, features), f"{where}: one map, or one per feature")
    out = []
    for mapping in maps:
        numbers = items(mapping, where, 4, 4)
        well_formed(all(type(v) is float and abs(v) <= 2.0 ** 100 for v in numbers), f"{where}: four real numbers")
        low, high, offset, multiplier = numbers
        well_formed(low <= high and multiplier > 0, f"{where}: min above max, or the multiplier is not positive")
        ends = [(v - offset) * multiplier for v in (low, high)]
        well_formed(all(math.isfinite(v) and abs(v) < 2.0 ** 31 for v in ends), f"{where}: images do not fit 32 bits")
        out.append((_image(numbers, low), _image(numbers, high)))
    return out


def _value_bits(ranges: list[tuple[int, int]]) -> int:
    bits = 2
    for low, high in ranges:
        while low < -(1 << (bits - 1)) or high >= 1 << (bits - 1):
            bits += 1
    return bits


def read_points(values: Any, where: str, count: int, identity: bool) -> list[Point]:
    """Exactly so many points, in hexadecimal."""
    out = []
    for value in items(values, where, count, count):
        try:
            point = curve.decode(hexadecimal(value, where))
        except Malformed as problem:
            raise Malformed(f"{where}: {problem}") from None
        well_formed(identity or point is not None, f"{where}: the identity hides nothing")
        out.append(point)
    return out


def read_document(value: Any, where: str) -> Document:
    """Strictly, without its commitments being compared with anything."""
    documents.version(value, where, 3)
    v = fields(value, where, FIELDS)
    documents.text(v["name"], f"{where}.name", 1, 256)
    rows = integer(v["rows"], f"{where}.rows", 1, 1 << 28)
    columns = integer(v["columns"], f"{where}.columns", 4, 1 << 20)
    well_formed(columns & (columns - 1) == 0, f"{where}: columns is no power of two")
    features = integer(v["features"], f"{where}.features", 1, 1 << 20)
    classes = integer(v["classes"], f"{where}.classes", 1, 1 << 20)
    ranges = _maps(v["maps"], features, f"{where}.maps")
    bits = integer(v["value_bits"], f"{where}.value_bits", 2, 16)
    well_formed(bits == _value_bits(ranges), f"{where}: the maps give another value_bits")
    well_formed(bits_of(rows) + bits_of(max(features, classes)) <= 40, f"{where}: too many entries")
    if v["class_names"] is not None:
        for name in items(v["class_names"], f"{where}.class_names", classes, classes):
            documents.text(name, f"{where}.class_names", 1, 256)
    out = Document(v, v["name"], rows, columns, features, classes, ranges, bits, [], None)
    count = out.feature_rows + out.label_rows
    well_formed(count <= 1 << 22, f"{where}: too many commitments")
    out.points = read_points(v["commitments"], f"{where}.commitments", count, identity=False)
    if v["proof"] is not None:
        out.proof = hexadecimal(v["proof"], f"{where}.proof")
    return out


@dataclass
class Use:
    """A dataset in a member's shard."""

    document: Document
    weight: float
    per_epoch: int | None
    total: int | None
    certificate: bytes | None
    offset: int = 0

    @property
    def piece(self) -> Piece:
        """For the sampler."""
        return Piece(self.offset, self.document.rows, self.weight, self.per_epoch, self.total)

    def by_digest(self) -> dict[str, Any]:
        """As in seeds and manifests."""
        return {"certificate": self.certificate.hex() if self.certificate else None, "digest": self.document.digest.hex(),
                "per_epoch": self.per_epoch, "rows": self.document.rows, "total": self.total, "weight": self.weight}


def _limit(value: Any, where: str) -> int | None:
    return None if value is None else integer(value, where, 1, 1 << 40)


def read_uses(value: Any, where: str) -> list[Use]:
    """A member's datasets, placed one after the other in its shard."""
    out: list[Use] = []
    end = 0
    for item in items(value, where, 1, MAX_DATASETS):
        v = fields(item, where, "certificate document per_epoch total weight")
        weight = v["weight"]
        well_formed(type(weight) is float and 2.0 ** -40 <= weight <= 1, f"{where}.weight: a number above 0, at most 1")
        document = read_document(v["document"], f"{where}.document")
        use = Use(document, weight, _limit(v["per_epoch"], f"{where}.per_epoch"), _limit(v["total"], f"{where}.total"),
                  None if v["certificate"] is None else hexadecimal(v["certificate"], f"{where}.certificate"))
        use.offset = -(-end // document.alignment) * document.alignment
        end = use.offset + document.rows
        well_formed(use.piece.share(0) > 0, f"{where}: a dataset gives no record to a pass")
        out.append(use)
    return out


def extent(uses: list[Use]) -> int:
    """The row after the last record."""
    return uses[-1].offset + uses[-1].document.rows


def check_all(members: list[list[Use]], p: Any) -> None:
    """All datasets have one schema, all a proof or none, none is there twice, and they fit the parameters."""
    everything = [use.document for uses in members for use in uses]
    first = everything[0]
    schema = first.schema_digest
    require(all(d.schema_digest == schema for d in everything), "datasets: their numbers mean different things")
    well_formed(all((d.proof is None) == (first.proof is None) for d in everything), "datasets: all have proofs, or none")
    well_formed(len({d.digest for d in everything}) == len(everything), "datasets: one is there twice")
    for i, uses in enumerate(members):
        well_formed(p.certified or len(uses) == 1, "datasets: several need well-formedness proofs")
        for use in uses:
            d = use.document
            well_formed((d.columns, d.features, d.classes) == (1 << p.column_bits, p.widths[0], p.widths[-1]),
                        f"datasets: {d.name!r} does not fit the parameters")
            well_formed(d.value_bits <= p.value_bits, f"datasets: {d.name!r} needs more value_bits")
        well_formed(extent(uses) == p.rows[i], "datasets: rows are not those of the parameters")


def shard_rows(uses: list[Use], p: Any) -> tuple[list[Point], list[Point]]:
    """A member's commitment rows of D and of Y: the identity where no dataset lies."""
    into, out = p.short_bits(0), p.short_bits(p.layers)
    features: list[Point] = [None] * p.committed_rows(p.row_bits + into)
    labels: list[Point] = [None] * p.committed_rows(p.row_bits + out)
    for use in uses:
        d = use.document
        for rows, bits, points in ((features, into, d.points[:d.feature_rows]), (labels, out, d.points[d.feature_rows:])):
            start = use.offset << bits >> p.column_bits
            rows[start:start + len(points)] = points
    return features, labels
