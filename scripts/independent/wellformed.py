"""Well-formedness proofs of datasets (docs/protocol.md, section 6.10 and the end of section 11)."""

from __future__ import annotations

from . import finale
from .axes import Eq, Ones
from .datasets import Document
from .documents import sha256
from .errors import Malformed, Refused, require, well_formed
from .field import R, bits_of, indicator
from .ledger import Expression
from .lookups import Column, Lookup, Lookups
from .session import Equations, Session
from .sumcheck import Sumcheck, Term, run_alone
from .witness import Block, Witness

LEDGER_WIDTH = 16
MAX_TABLE = 1 << 22


def _table(d: Document) -> list[tuple[int, int, int, int]]:
    """Rows (width, 0), …, (width, width) for each width of a feature's range, ascending; two rows at least."""
    widths = sorted({high - low for low, high in d.ranges})
    size = sum(w + 1 for w in widths)
    well_formed(size <= MAX_TABLE, f"dataset {d.name!r}: its features' ranges are too large")
    rows = [(w, v, 0, 0) for w in widths for v in range(w + 1)]
    return rows + rows[:1] * (max(2, 1 << bits_of(size)) - size)


def _blocks(d: Document, row_bits: int, table: int) -> list[Block]:
    out = []
    parts = ((d.features, d.points[:d.feature_rows]), (d.classes, d.points[d.feature_rows:]))
    for name, (width, points) in zip("DY", parts):
        bits = [row_bits, bits_of(width)]
        rows = (1 << sum(bits)) // d.columns
        out.append(Block(name, [d.rows, width], bits, committed=[points + [None] * (rows - len(points))]))
    return [*out, Block("mult", [table], [bits_of(table)])]


def _labels_are_bits(w: Witness, bits: list[int]) -> None:
    s = w.session
    r = s.challenges("labels/bits-point", sum(bits))
    omega = s.rank_weights("labels/ranks")
    run = run_alone(s, Sumcheck("labels/bits", sum(bits), Expression(), own=1, eq_point=r,
                                terms=[Term(omega, [0, 0]), Term([-omega[0] % R], [0])]))
    w.claim_block(run.own_variables(1, 0), "Y", [Eq(run.point[:bits[0]]), Eq(run.point[bits[0]:])])


def _one_label_each(w: Witness, rows: int, row_bits: int) -> None:
    omega = w.session.rank_weights("labels/ranks")
    r = w.session.challenges("labels/point", row_bits)
    w.part(w.claim(Expression(omega[0] * indicator(r, rows))), omega, 1, "Y", [Eq(r), Ones()])


def _verify(d: Document, proof: bytes, equations: Equations) -> None:
    into, out, columns = bits_of(d.features), bits_of(d.classes), bits_of(d.columns)
    row_bits = max(bits_of(d.rows), columns - into, columns - out)
    table = _table(d)
    s = Session(d.shape_digest, 1, LEDGER_WIDTH, proof, equations)
    w = Witness(s, _blocks(d, row_bits, len(table)), columns)
    _labels_are_bits(w, [row_bits, out])
    ranges = d.ranges if len(d.ranges) > 1 else d.ranges * d.features
    lookup = Lookup(0, [Column([(1, "D")])], "D", lines=[(high - low, -low) for low, high in ranges])
    Lookups(w, table, [lookup], "mult").verify()
    _one_label_each(w, d.rows, row_bits)
    w.zero_padding()
    opening = w.open()
    finale.verify(s)
    opening.verify()
    s.finish()


def verify(d: Document, proof: bytes, equations: Equations) -> None:
    """It is the proof that the document names, and it holds but for its equations of points."""
    where = f"dataset {d.name!r}: "
    require(sha256(proof) == d.proof, where + "this is not the well-formedness proof that its document names")
    try:
        _verify(d, proof, equations)
    except Refused as problem:
        raise Refused(f"{where}not well formed: {problem}") from None
    except Malformed as problem:
        raise Malformed(f"{where}{problem}") from None
