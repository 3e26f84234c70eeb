"""Sumchecks whose messages are commitments (docs/protocol.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

from .errors import Refused
from .field import R, inverse, lagrange
from .ledger import Expression, variable
from .session import Session

# Two rounds are in one message when so many variables are left at most.
PAIR_BITS = 12


@dataclass
class Term:
    """weight_i * public_i(x) * the product of factors; a factor is a table's number: own ones, then common ones."""

    weights: list[int]
    factors: list[int]
    public: Callable[[int, list[int]], int] | None = None  # of rank and point


@dataclass
class Sumcheck:
    """claim = the sum over ranks and points of the terms."""

    label: str
    bits: int
    claim: Expression
    own: int
    terms: list[Term]
    common: int = 0
    eq_point: list[int] | None = None  # all terms stand under eq(eq_point, ·)
    single: int = 0                    # first rounds that have messages of their own
    # results
    point: list[int] = field(default_factory=list)
    first: int = 0                     # rank 0's first own variable
    stride: int = 0                    # from rank to rank
    first_common: int = 0

    @property
    def degree(self) -> int:
        """Of the round polynomials: factors and public weight, eq not counted; at least 2."""
        return max(2, *(len(t.factors) + (t.public is not None) for t in self.terms))

    @property
    def left(self) -> int:
        """Variables that are not bound yet."""
        return self.bits - len(self.point)

    @property
    def products(self) -> int:
        """Products that a rank sends: one for each factor after the first."""
        return sum(len(t.factors) - 1 for t in self.terms)

    def own_variable(self, rank: int, number: int) -> int:
        """A rank's final value of an own table."""
        return self.first + rank * self.stride + number

    def own_variables(self, n_ranks: int, number: int) -> list[int]:
        """The same of all ranks."""
        return [self.own_variable(i, number) for i in range(n_ranks)]

    def table_variable(self, rank: int, number: int) -> int:
        """The final value of a table on a rank."""
        return self.own_variable(rank, number) if number < self.own else self.first_common + number - self.own


def _rounds_of_message(runs: list[Sumcheck]) -> int:
    """0 when all are done."""
    most = max((r.left for r in runs), default=0)
    if most == 0:
        return 0
    if most < 2 or most > PAIR_BITS:
        return 1
    return 1 if any(r.left > 0 and len(r.point) < r.single for r in runs) else 2


def _end_weight(run: Sumcheck, coordinate: int, x: int) -> int:
    """How the value at x in {0, 1} enters the claim."""
    if run.eq_point is None:
        return 1
    a = run.eq_point[coordinate]
    return a if x else 1 - a


def _next_claim(run: Sumcheck, first: int, challenges: list[int]) -> int:
    """Lagrange at the challenges of the values on the grid; the one at (1, …, 1) is what the others leave of the claim.
    Returns the number of values."""
    n, start = len(challenges), len(run.point)
    basis = [lagrange(run.degree + 1, r) for r in challenges]
    ones = (1,) * n
    at_ones = 1   # the basis at (1, …, 1), divided by that value's weight in the claim
    for k in range(n):
        at_ones = at_ones * basis[k][1] % R * inverse(_end_weight(run, start + k, 1)) % R
    claim = run.claim
    claim.scale(at_ones)
    count = 0
    for node in product(range(run.degree + 1), repeat=n):
        if node == ones:
            continue
        coefficient = 1
        for k, x in enumerate(node):
            coefficient = coefficient * basis[k][x] % R
        if max(node) < 2:
            weight = at_ones
            for k, x in enumerate(node):
                weight = weight * _end_weight(run, start + k, x) % R
            coefficient -= weight
        claim.add_term(coefficient, first + count)
        count += 1
    run.point += challenges
    return count


def _message(s: Session, runs: list[Sumcheck], rounds: int) -> None:
    taken = [min(rounds, r.left) for r in runs]
    count = sum((r.degree + 1) ** n - 1 for r, n in zip(runs, taken) if n)
    first = s.send("sumcheck/round", count)
    challenges = s.challenges("sumcheck/challenge", rounds)
    for run, n in zip(runs, taken):
        if n:
            first += _next_claim(run, first, challenges[:n])


def _send_finals(s: Session, runs: list[Sumcheck]) -> None:
    """Rank by rank the own values of all sumchecks, with their products; then the common ones of all."""
    stride = sum(r.own + r.products for r in runs)
    first = s.send("sumcheck/final", stride * s.n_ranks, sum(r.common for r in runs))
    first_common = first + stride * s.n_ranks
    for run in runs:
        run.first, run.stride, run.first_common = first, stride, first_common
        first += run.own + run.products
        first_common += run.common


def _add_rows(s: Session, run: Sumcheck) -> None:
    """Products of each rank, and one linear row that ties the weighted sum to the claim."""
    for i in range(s.n_ranks):
        following = run.own_variable(i, run.own)
        for term in run.terms:
            value = run.table_variable(i, term.factors[0])
            for factor in term.factors[1:]:
                s.ledger.product(variable(value), variable(run.table_variable(i, factor)), variable(following))
                value = following
                following += 1
            weight = term.weights[i]
            if term.public is not None:
                weight = weight * term.public(i, run.point) % R
            run.claim.add_term(-weight, value)
    s.ledger.zero(run.label, run.claim)


def run_together(s: Session, runs: list[Sumcheck]) -> None:
    """Several sumchecks in the same messages, under the same challenges."""
    for run in runs:
        if run.eq_point is not None and 0 in run.eq_point:
            raise Refused("proof: a coordinate of an eq point is zero")
    while rounds := _rounds_of_message(runs):
        _message(s, runs, rounds)
    _send_finals(s, runs)
    for run in runs:
        _add_rows(s, run)


def run_alone(s: Session, run: Sumcheck) -> Sumcheck:
    """One sumcheck by itself."""
    run_together(s, [run])
    return run
