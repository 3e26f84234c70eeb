"""The witness matrix, the claims on it and their opening (docs/protocol.md, section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .argument import inner_product
from .axes import Axis, Eq
from .curve import Point
from .field import R, bits_of, eq_index, eq_table, powers
from .ledger import Expression, weighted
from .session import Session
from .sumcheck import Sumcheck, Term, run_alone

# The first rounds of the opening's sumcheck have messages of their own.
OPENING_SINGLE = 4


@dataclass
class Block:
    """A tensor of every rank's witness."""

    name: str
    shape: list[int]                       # real lengths
    bits: list[int]                        # of the padded lengths
    committed: list[list[Point]] | None = None  # by rank: rows that were committed before the proof
    root_only: bool = False
    rank_rows: list[int] | None = None     # real lengths of the first axis, where ranks differ
    zero_padded: bool = False              # its padding is known to be zero
    offset: int = 0

    @property
    def size(self) -> int:
        """Padded number of entries."""
        return 1 << sum(self.bits)

    def held_by(self, rank: int) -> bool:
        """Does the rank have it?"""
        return rank == 0 or not self.root_only

    def length(self, axis: int, rank: int) -> int:
        """Real length on a rank."""
        return self.rank_rows[rank] if axis == 0 and self.rank_rows else self.shape[axis]

    def has_real_entry(self, at: int) -> bool:
        """Of the aligned piece of the block that begins there: its first entry has the least coordinates."""
        for length, bits in zip(reversed(self.shape), reversed(self.bits)):
            if at & ((1 << bits) - 1) >= length:
                return False
            at >>= bits
        return True

    def space(self, columns: int) -> int:
        """What it takes of the matrix: what was committed before takes whole rows."""
        return max(self.size, columns) if self.committed is not None else self.size

    def padded_anywhere(self, n_ranks: int) -> bool:
        """Is an axis longer than its real length, on any rank?"""
        return any(self.length(axis, i) != 1 << bits for axis, bits in enumerate(self.bits) for i in range(n_ranks))


@dataclass
class Part:
    """weight_i * <the product of axes, block of rank i>."""

    weights: list[int]
    block: Block
    axes: list[Axis]


@dataclass
class Claim:
    """The sum of its parts over all ranks is the value."""

    value: Expression
    parts: list[Part] = field(default_factory=list)


class Witness:
    """All ranks' commitments, and what is claimed of what they commit to."""

    def __init__(self, session: Session, blocks: list[Block], column_bits: int) -> None:
        self.session = session
        self.column_bits = column_bits
        self.blocks = blocks
        self.by_name = {b.name: b for b in blocks}
        self.claims: list[Claim] = []
        self._place()
        self.rows = self._read_rows()

    # ------------------------------------------------------------ layout and commitments

    def _place(self) -> None:
        columns = 1 << self.column_bits
        order = sorted(self.blocks, key=lambda b: (-b.space(columns), b.committed is None))
        offset = 0
        for block in order:
            block.offset = offset
            offset += block.space(columns)
        self.bits = max(bits_of(offset), self.column_bits)

    def _fresh_rows(self, rank: int) -> list[int]:
        """Rows with a real entry, that were not committed before."""
        columns = 1 << self.column_bits
        rows = set()
        for block in self.blocks:
            if block.committed is None and block.held_by(rank):
                end = block.offset + block.size
                for row in range(block.offset // columns, -(-end // columns)):
                    if block.has_real_entry(max(0, row * columns - block.offset)):
                        rows.add(row)
        return sorted(rows)

    def _read_rows(self) -> list[list[tuple[int, Point]]]:
        """Of each rank: row and commitment. New ones are in the proof: rank 0's, then rank 1's, …, absorbed together."""
        n = self.session.n_ranks
        fresh = [self._fresh_rows(i) for i in range(n)]
        points = iter(self.session.points("witness/rows", sum(map(len, fresh))))
        out = [[(row, next(points)) for row in rows] for rows in fresh]
        for block in self.blocks:
            if block.committed is not None:
                first = block.offset >> self.column_bits
                for i in range(n):
                    if block.held_by(i):
                        out[i] += [(first + k, p) for k, p in enumerate(block.committed[i])]
        return out

    # ------------------------------------------------------------ claims

    def claim(self, value: Expression) -> Claim:
        """A new claim without parts."""
        out = Claim(value)
        self.claims.append(out)
        return out

    def part(self, claim: Claim, weights: list[int], factor: int, block: str, axes: list[Axis]) -> None:
        """Adds weights times factor times <axes, block>."""
        b = self.by_name[block]
        claim.parts.append(Part([w * factor % R for w in weights], b, axes[:len(b.bits)]))

    def claim_block(self, variables: list[int], block: str, axes: list[Axis]) -> None:
        """A block claim: each rank's variable is <axes, its block>."""
        omega = self.session.rank_weights("claim/ranks")
        self.part(self.claim(weighted(omega, variables)), omega, 1, block, axes)

    def zero_padding(self) -> None:
        """All padded entries are zero (section 6): eq(r, ·) less eq(r, ·) cut off at the real lengths."""
        s = self.session
        omega = s.rank_weights("padding/ranks")
        gamma = s.challenge("padding/mix")
        claim, scale = self.claim(Expression()), 1
        for block in self.blocks:
            if block.zero_padded or not block.padded_anywhere(s.n_ranks):
                continue
            points = [s.challenges("padding/point", bits) for bits in block.bits]
            weights = [w * scale % R if block.held_by(i) else 0 for i, w in enumerate(omega)]
            claim.parts.append(Part(weights, block, [Eq(p) for p in points]))
            for i in range(s.n_ranks if block.rank_rows else 1):
                mine = [-w % R if not block.rank_rows or k == i else 0 for k, w in enumerate(weights)]
                cut = [Eq(p, block.length(axis, i)) for axis, p in enumerate(points)]
                claim.parts.append(Part(mine, block, cut))
            scale = scale * gamma % R

    # ------------------------------------------------------------ the opening

    def _coefficient_at(self, rank: int, gammas: list[int], point: list[int]) -> int:
        """E_i(r*)."""
        out = 0
        for gamma, claim in zip(gammas, self.claims, strict=True):
            for part in claim.parts:
                block = part.block
                if not part.weights[rank] or not block.held_by(rank):
                    continue
                low = sum(block.bits)
                at = len(point) - low
                value = gamma * part.weights[rank] % R * eq_index(point[:at], block.offset >> low) % R
                for bits, axis in zip(block.bits, part.axes, strict=True):
                    value = value * axis.at(point[at:at + bits], rank) % R
                    at += bits
                out += value
        return out % R

    def open(self) -> Opening:
        """Steps 1 to 3: one sumcheck for all claims, then the masked answers. The argument comes after the finale."""
        s = self.session
        gammas = powers(s.challenge("open/claims"), len(self.claims))
        total = Expression()
        for gamma, claim in zip(gammas, self.claims):
            total.add(claim.value, gamma)
        run = run_alone(s, Sumcheck(
            "open/claims", self.bits, total, own=1, single=min(OPENING_SINGLE, self.bits - self.column_bits),
            terms=[Term([1] * s.n_ranks, [0], lambda rank, point: self._coefficient_at(rank, gammas, point))]))
        theta = s.rank_weights("open/ranks")
        mask, = s.points("open/mask", 1)
        y = s.send("open/mask-value", s.n_ranks)
        e = s.challenge("open/challenge")
        blinding, *values = s.scalars("open/answer", 1 + s.n_ranks)
        for i in range(s.n_ranks):
            row = Expression(-values[i])
            row.add_term(1, y + i)
            row.add_term(e * theta[i], run.own_variable(i, 0))
            s.ledger.zero("open/value", row)
        return Opening(self, run.point, [e * t % R for t in theta], mask, blinding, sum(values) % R)


@dataclass
class Opening:
    """What step 4 needs."""

    witness: Witness
    point: list[int]
    scale: list[int]  # e theta_i
    mask: Point
    blinding: int
    value: int

    def verify(self) -> None:
        """Step 4: Com(f; zeta), and <f, R>."""
        w = self.witness
        row_bits = w.bits - w.column_bits
        left, right = eq_table(self.point[:row_bits]), eq_table(self.point[row_bits:])
        equations = w.session.equations
        equations.begin()
        equations.add(1, self.mask)
        equations.add_generator(-self.blinding, "h")
        for scale, rows in zip(self.scale, w.rows, strict=True):
            for row, point in rows:
                equations.add(scale * left[row], point)
        inner_product(w.session, right, self.value)
