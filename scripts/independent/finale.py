"""The ledger's rows hold: the folded instance, in the clear (docs/protocol.md, section 5)."""

from __future__ import annotations

from .argument import inner_product
from .errors import require
from .field import R, bits_of, dot, eq, eq_table, lagrange
from .ledger import Expression, Ledger
from .session import Session

ONE, NOTHING = Expression(1), Expression()


def _rows(ledger: Ledger, x: int) -> list[tuple[Expression, Expression, Expression]]:
    """Product rows, then the batches of linear rows as (batch)(1) = 0."""
    rows = [(p.a, p.b, p.c) for p in ledger.products]
    return rows + [(batch, ONE, NOTHING) for batch in ledger.combined(x)]


def _clear_sumcheck(s: Session, label: str, challenge: str, bits: int, degree: int, claim: int) -> tuple[list[int], int]:
    """A sumcheck with numbers in the clear: values at 0, 2, …, degree. Its point and last claim."""
    point = []
    for _ in range(bits):
        sent = s.scalars(label, degree)
        r = s.challenge(challenge)
        point.append(r)
        claim = dot(lagrange(degree + 1, r), [sent[0], claim - sent[0], *sent[1:]])
    return point, claim


def _coefficients(ledger: Ledger, rows: list, row_point: list[int], k: int) -> tuple[dict[tuple[int, int], int], int]:
    """Of the claim A + k B + k^2 C + k^3 E at the row point, over the matrix of messages and then error rows; and the
    constant that u* is multiplied by."""
    cells: dict[tuple[int, int], int] = {}
    constant = 0
    at = eq_table(row_point)
    scales = [1, k, k * k % R]
    errors = len(ledger.points)
    for x, row in enumerate(rows):
        for scale, e in zip(scales, row):
            weight = at[x] * scale % R
            constant += weight * e.constant
            for v, c in e.terms.items():
                cell = ledger.cells[v]
                cells[cell] = (cells.get(cell, 0) + weight * c) % R
        cells[(errors + x // ledger.width, x % ledger.width)] = at[x] * scales[2] % R * k % R
    return cells, constant % R


def verify(s: Session) -> None:
    """Steps 1 to 3."""
    ledger = s.ledger
    rows = _rows(ledger, s.challenge("finale/linear"))
    error_rows = -(-len(rows) // ledger.width)
    mask = s.points("finale/mask", len(ledger.points))
    cross = s.points("finale/cross", error_rows)
    error = s.points("finale/error", error_rows)
    u = s.challenge("finale/challenge")

    row_bits = bits_of(len(rows))
    tau = s.challenges("finale/row-point", row_bits)
    row_point, claim = _clear_sumcheck(s, "finale/rows", "finale/row-challenge", row_bits, 3, 0)
    a, b, c, e = s.scalars("finale/abc", 4)
    require(eq(tau, row_point) * (a * b - u * c - e) % R == claim, "proof: the rows of the ledger do not hold")

    k = s.challenge("finale/mix")
    cells, constant = _coefficients(ledger, rows, row_point, k)
    claim = (a + k * b + k * k * c + k * k * k * e - constant * u) % R
    high, low = bits_of(len(mask) + error_rows), bits_of(ledger.width)
    point, claim = _clear_sumcheck(s, "finale/columns", "finale/column-challenge", high + low, 2, claim)
    left, right = eq_table(point[:high]), eq_table(point[high:])
    blinding, value = s.scalars("finale/opening", 2)
    weight = sum(v * left[row] % R * right[column] for (row, column), v in cells.items())
    require(weight * value % R == claim, "proof: the folded instance is not that of the rows")

    s.equations.begin()
    s.equations.add_generator(-blinding, "h")
    for row, (fresh, folded) in enumerate(zip(mask + error, ledger.points + cross, strict=True)):
        s.equations.add(left[row], fresh)
        s.equations.add(u * left[row], folded)
    inner_product(s, right, value)
