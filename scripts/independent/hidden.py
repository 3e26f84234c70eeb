"""Draws whose positions stay with their member (docs/protocol.md, sections 6.9 and 11, step 7)."""

from __future__ import annotations

from .axes import Eq, Ones
from .datasets import Use
from .field import R, eq_index, eq_table, indicator
from .ledger import Expression, weighted
from .params import Params
from .sumcheck import Sumcheck, Term, run_alone
from .witness import Block, Part, Witness


class HiddenDraws:
    """What is shown of them."""

    def __init__(self, witness: Witness, p: Params, uses: list[list[Use]], passes: list[list[list[int]]]) -> None:
        self.w, self.s, self.p, self.uses, self.passes = witness, witness.session, p, uses, passes
        self.bt, self.bb = p.step_bits, p.batch_bits
        self.digits = p.digit_bits

    @staticmethod
    def blocks(p: Params) -> list[Block]:
        """I_1, …, and N, whose real lengths are the padded ones."""
        out = [Block(f"I{c}", [p.steps, p.batch, 1 << bits], [p.step_bits, p.batch_bits, bits])
               for c, bits in enumerate(p.digit_bits, 1)]
        return [*out, Block("N", [1 << p.pass_bits, 1 << p.row_bits], [p.pass_bits, p.row_bits])]

    def _split(self, point: list[int], bits: list[int]) -> list[Eq]:
        out, at = [], 0
        for n in bits:
            out.append(Eq(point[at:at + n]))
            at += n
        return out

    def _products_of_digits(self, claim: Expression, weights: list[int], public, row_point: list[int]) -> None:
        """claim = the sum over (t, b) of a public weight times the product of I_c(t, b, row_c)."""
        n = len(self.digits)
        run = run_alone(self.s, Sumcheck("draws/digits", self.bt + self.bb, claim, own=n,
                                         terms=[Term(weights, list(range(n)), public)]))
        at = self._split(run.point, [self.bt, self.bb])
        for c, digit in enumerate(self._split(row_point, self.digits)):
            self.w.claim_block(run.own_variables(self.s.n_ranks, c), f"I{c + 1}", [*at, digit])

    def records(self, claim: Expression, weights: list[int], block: str, t: Eq, b: Eq, k: Eq) -> None:
        """claim = the sum over draws of v(t) v'(b) <block(idx, ·), k>: over rows, then over draws."""
        n = self.s.n_ranks
        run = run_alone(self.s, Sumcheck("draws/records", self.p.row_bits, claim, own=2, terms=[Term(weights, [0, 1])]))
        self.w.claim_block(run.own_variables(n, 0), block, [Eq(run.point), k])
        omega = self.s.rank_weights("draws/ranks")
        self._products_of_digits(weighted(omega, run.own_variables(n, 1)), omega,
                                 lambda _, x: t.at(x[:self.bt]) * b.at(x[self.bt:]) % R, run.point)

    def labels(self, t: Eq, b: Eq, j: Eq) -> list[int]:
        """Each rank's labels of the drawn records, as variables."""
        n = self.s.n_ranks
        first = self.s.send("draws/labels", n)
        own = list(range(first, first + n))
        weights = self.s.rank_weights("draws/ranks")
        self.records(weighted(weights, own), weights, "Y", t, b, j)
        return own

    # ------------------------------------------------------------ step 7

    def verify(self) -> None:
        """Digits are one-hot, no row is drawn twice in a pass, datasets have their counts."""
        for c, bits in enumerate(self.digits, 1):
            self._bits(f"I{c}")
            r = self.s.challenges("draws/point", self.bt + self.bb)
            omega = self.s.rank_weights("draws/ranks")
            real = indicator(r[:self.bt], self.p.steps) * indicator(r[self.bt:], self.p.batch)
            self.w.part(self.w.claim(Expression(sum(omega) * real)), omega, 1, f"I{c}",
                        [Eq(r[:self.bt]), Eq(r[self.bt:]), Ones()])
        self._bits("N")
        self._counts()
        self._counts_by_dataset()

    def _bits(self, block: str) -> None:
        """x^2 = x for all entries."""
        bits = self.w.by_name[block].bits
        r = self.s.challenges("draws/point", sum(bits))
        omega = self.s.rank_weights("draws/ranks")
        run = run_alone(self.s, Sumcheck("draws/bits", sum(bits), Expression(), own=1, eq_point=r,
                                         terms=[Term(omega, [0, 0]), Term([-w % R for w in omega], [0])]))
        self.w.claim_block(run.own_variables(self.s.n_ranks, 0), block, self._split(run.point, bits))

    def _draws_below(self, x: list[int], n: int) -> int:
        """The sum of eq(x, (t, b)) over the first n draws."""
        steps, rest = divmod(n, self.p.batch)
        t, b = x[:self.bt], x[self.bt:]
        whole = indicator(t, steps) * indicator(b, self.p.batch)
        return (whole + eq_index(t, steps) * indicator(b, rest) if rest else whole) % R

    def _pass_weight(self, rank: int, point: list[int], x: list[int]) -> int:
        """eq(r_p, pass of the draw), extended."""
        out, before, drawn = 0, 0, 0
        for number, counts in enumerate(self.passes[rank]):
            drawn += sum(counts)
            below = self._draws_below(x, drawn)
            out += eq_index(point, number) * (below - before)
            before = below
        return out % R

    def _counts(self) -> None:
        """N counts the draws of each record in each pass."""
        n, bits = self.s.n_ranks, self.p.pass_bits
        point = self.s.challenges("draws/point", bits + self.p.row_bits)
        first = self.s.send("draws/count", n)
        own = list(range(first, first + n))
        self.w.claim_block(own, "N", [Eq(point[:bits]), Eq(point[bits:])])
        omega = self.s.rank_weights("draws/ranks")
        self._products_of_digits(weighted(omega, own), omega, lambda i, x: self._pass_weight(i, point[:bits], x),
                                 point[bits:])

    def _counts_by_dataset(self) -> None:
        """The sums of N over the rows of each dataset are the public counts."""
        point = self.s.challenges("draws/point", self.p.pass_bits)
        mix = self.s.challenge("draws/mix")
        at, scale = eq_table(point), 1
        claim = self.w.claim(Expression())
        block = self.w.by_name["N"]
        for i, uses in enumerate(self.uses):
            for k, use in enumerate(uses):
                count = sum(v * counts[k] for v, counts in zip(at, self.passes[i]))
                claim.value.constant = (claim.value.constant + scale * count) % R
                for sign, end in ((1, use.offset + use.document.rows), (-1, use.offset)):
                    weights = [scale * sign % R if rank == i else 0 for rank in range(self.s.n_ranks)]
                    if end:
                        claim.parts.append(Part(weights, block, [Eq(point), Ones(end)]))
                scale = scale * mix % R
