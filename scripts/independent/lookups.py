"""Lookups as a tree of fractions (docs/protocol.md, sections 6.4 and 11, step 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .axes import Eq, Vector
from .errors import Refused
from .field import R, bits_of, dot, eq_index, eq_table, indicator, inverse
from .ledger import Expression, variable
from .sumcheck import PAIR_BITS, Sumcheck, Term, run_alone
from .witness import Witness

# Of the leaves' order: a line has a tile at least, and there are so many lines at least.
TILE_BITS, LINES_BITS = 6, 4

# Own tables of a layer.
P0, P1, Q0, Q1 = range(4)

# A row of the table: tag and three columns.
TableRow = tuple[int, int, int, int]


@dataclass
class Column:
    """A constant plus coefficient times block, summed."""

    blocks: list[tuple[int, str]]
    constant: int = 0


@dataclass
class Lookup:
    """Every real entry of the block `shape` with its columns is a row of the table, under the tag."""

    tag: int
    columns: list[Column]
    shape: str
    # per real index of the last axis: what is added to the tag, and to the first column
    lines: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Fractions:
    """Each rank's p and q, as expressions, and where in the tree."""

    p: list[Expression]
    q: list[Expression]
    point: list[int] = field(default_factory=list)

    def combined(self, omega: list[int], lam: int) -> Expression:
        """The sum of omega_i (p_i + lambda q_i)."""
        out = Expression()
        for w, p, q in zip(omega, self.p, self.q, strict=True):
            out.add(p, w)
            out.add(q, w * lam)
        return out


def line_bits(bits: int, last_axis: int) -> int:
    """So many of the lowest bits of a leaf's number are not in reverse; last_axis: bits of the biggest tensor's last axis."""
    if bits <= TILE_BITS + LINES_BITS:
        return bits
    return max(TILE_BITS, min(last_axis, PAIR_BITS, bits - LINES_BITS))


def point_of_entries(point: list[int], last_axis: int) -> list[int]:
    """A point of the leaves as one of the entries: of a leaf's number, the bits above its line are in reverse."""
    high = len(point) - line_bits(len(point), last_axis)
    return point[:high][::-1] + point[high:]


class Lookups:
    """All lookups of a proof into one table."""

    def __init__(self, witness: Witness, table: list[TableRow], lookups: list[Lookup], multiplicities: str) -> None:
        self.witness, self.session = witness, witness.session
        self.table, self.lookups, self.multiplicities = table, lookups, multiplicities

    def verify(self) -> None:
        """The entries' fractions in a tree, whose sum is that of the table's rows, a claim on the multiplicities."""
        self.alpha = self.session.challenge("lookup/alpha")
        beta = self.session.challenge("lookup/beta")
        self.mix = [beta, beta * beta % R, beta * beta * beta % R]
        root, sums = self._root()
        self.witness.claim_block(sums, self.multiplicities, [Vector(self._inverses())])
        self._reduce(root)

    # ------------------------------------------------------------ the root and the table

    def _root(self) -> tuple[Fractions, list[int]]:
        """p, q, 1/q and p/q of each rank."""
        s, n = self.session, self.session.n_ranks
        first = s.send("lookup/root", 4 * n)
        p = [first + 4 * i for i in range(n)]
        for v in p:
            s.ledger.product(variable(v + 1), variable(v + 2), Expression(1))
            s.ledger.product(variable(v), variable(v + 2), variable(v + 3))
        return Fractions([variable(v) for v in p], [variable(v + 1) for v in p]), [v + 3 for v in p]

    def _inverses(self) -> list[int]:
        """1 / (alpha - row) for the table's rows, by one inversion of their product."""
        rows = [(self.alpha - row[0] - sum(m * c for m, c in zip(self.mix, row[1:]) if c)) % R for row in self.table]
        before, product = [], 1
        for row in rows:
            before.append(product)
            product = product * row % R
        if product == 0:
            raise Refused("lookups: the challenge is a row of the table")
        out, rest = [0] * len(rows), inverse(product)
        for k in range(len(rows) - 1, -1, -1):
            out[k] = before[k] * rest % R
            rest = rest * rows[k] % R
        return out

    # ------------------------------------------------------------ layers

    def _size(self, leaf: Lookup) -> int:
        return self.witness.by_name[leaf.shape].size

    def _reduce(self, at: Fractions) -> None:
        """From the root to one claim on the witness."""
        leaves = sorted(self.lookups, key=lambda leaf: -self._size(leaf))
        bits = bits_of(sum(map(self._size, leaves)))
        for level in range(bits):
            at = self._layer(at, level, single=min(level, {bits - 1: 2, bits - 2: 1}.get(level, 0)))
        self._claim_leaves(at, leaves, bits)

    def _layer(self, at: Fractions, level: int, single: int) -> Fractions:
        """p = p0 q1 + q0 p1 and q = q0 q1, as p0 q1 + q0 (p1 + lambda q1)."""
        s = self.session
        lam = s.challenge("lookup/lambda")
        omega = s.rank_weights("lookup/ranks")
        run = run_alone(s, Sumcheck("lookup/lambda", level, at.combined(omega, lam), own=4, eq_point=at.point, single=single,
                                    terms=[Term(omega, [P0, Q1]), Term(omega, [Q0, P1])]))
        mu = s.challenge("lookup/merge")
        p, q = [], []
        for i in range(s.n_ranks):
            p0, p1, q0, q1 = (run.own_variable(i, k) for k in range(4))
            p.append(Expression(0, {p0: (1 - mu) % R, p1: mu, q1: -mu * lam % R}))
            q.append(Expression(0, {q0: (1 - mu) % R, q1: mu}))
        return Fractions(p, q, [mu, *run.point])

    # ------------------------------------------------------------ leaves

    def _denominator(self, lookup: Lookup, rest: list[int]) -> int:
        """The public part of alpha less the compressed lookup, at a point of its block."""
        out = self.alpha - lookup.tag - sum(m * c.constant for m, c in zip(self.mix, lookup.columns))
        if lookup.lines:
            at = eq_table(rest[len(rest) - self.witness.by_name[lookup.shape].bits[-1]:])
            out -= dot([tag + self.mix[0] * constant for tag, constant in lookup.lines], at[:len(lookup.lines)])
        return out % R

    def _real(self, name: str, rank: int, rest: list[int]) -> int:
        """The indicator of real entries: numerators."""
        block, out, at = self.witness.by_name[name], 1, 0
        for axis, bits in enumerate(block.bits):
            out = out * indicator(rest[at:at + bits], block.length(axis, rank)) % R
            at += bits
        return out

    def _axes(self, name: str, rest: list[int]) -> list[Eq]:
        out, at = [], 0
        for bits in self.witness.by_name[name].bits:
            out.append(Eq(rest[at:at + bits]))
            at += bits
        return out

    def _claim_leaves(self, at: Fractions, leaves: list[Lookup], bits: int) -> None:
        """p and q of every rank are linear in committed blocks; leaves that nothing uses are 0/1."""
        s, w = self.session, self.witness
        omega = s.rank_weights("lookup/ranks")
        lam = s.challenge("lookup/lambda")
        claim = w.claim(at.combined(omega, lam))
        point = point_of_entries(at.point, self.witness.by_name[leaves[0].shape].bits[-1])
        offset, unused, denominators = 0, 1, 0
        for leaf in leaves:
            size = self._size(leaf)
            split = bits - bits_of(size)
            here, rest = eq_index(point[:split], offset >> bits_of(size)), point[split:]
            offset += size
            unused -= here
            denominators += here * self._denominator(leaf, rest)
            for i in range(s.n_ranks):
                claim.value.constant -= omega[i] * here % R * self._real(leaf.shape, i, rest)
            for m, column in zip(self.mix, leaf.columns):
                for coefficient, block in column.blocks:
                    w.part(claim, omega, -here * lam % R * m * coefficient, block, self._axes(leaf.shape, rest))
        claim.value.constant -= sum(omega) * lam % R * (denominators + unused)
        claim.value.constant %= R
