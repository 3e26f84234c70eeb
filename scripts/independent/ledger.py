"""Variables, expressions and rows (docs/protocol.md, sections 2 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .curve import Point
from .field import R


class Expression:
    """A constant plus a sum of coefficient times variable. The verifier needs no more of constants than their sum."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0, terms: dict[int, int] | None = None) -> None:
        self.constant = constant % R
        self.terms = terms if terms is not None else {}

    def add_term(self, coefficient: int, variable: int) -> None:
        """self += coefficient * variable."""
        self.terms[variable] = (self.terms.get(variable, 0) + coefficient) % R

    def add(self, other: Expression, coefficient: int = 1) -> None:
        """self += coefficient * other."""
        self.constant = (self.constant + coefficient * other.constant) % R
        for variable, value in other.terms.items():
            self.add_term(coefficient * value, variable)

    def scale(self, factor: int) -> None:
        """self *= factor."""
        self.constant = self.constant * factor % R
        for variable, value in self.terms.items():
            self.terms[variable] = value * factor % R


def variable(index: int) -> Expression:
    """The expression that is one variable."""
    return Expression(0, {index: 1})


def weighted(weights: list[int], variables: list[int]) -> Expression:
    """The sum of weight times variable."""
    out = Expression()
    for weight, index in zip(weights, variables, strict=True):
        out.add_term(weight, index)
    return out


@dataclass
class Product:
    """(a)(b) = (c)."""

    a: Expression
    b: Expression
    c: Expression


@dataclass
class Ledger:
    """All variables, where they are committed, and all rows."""

    width: int
    cells: list[tuple[int, int]] = field(default_factory=list)  # of each variable: commitment row, column
    points: list[Point] = field(default_factory=list)           # of each commitment row
    products: list[Product] = field(default_factory=list)
    local: list[tuple[str, Expression]] = field(default_factory=list)
    cross: list[Expression] = field(default_factory=list)

    def rows_of_message(self, private: int, common: int) -> int:
        """Own and shared variables are cut at the width, then the common ones."""
        return -(-private // self.width) - (-common // self.width)

    def add_message(self, private: int, common: int, points: list[Point]) -> int:
        """Own and shared variables, then common ones; the index of the first."""
        first, row = len(self.cells), len(self.points)
        for count in (private, common):
            self.cells += [(row + k // self.width, k % self.width) for k in range(count)]
            row += -(-count // self.width)
        self.points += points
        return first

    def product(self, a: Expression, b: Expression, c: Expression) -> None:
        """Adds a product row."""
        self.products.append(Product(a, b, c))

    def zero(self, label: str, e: Expression) -> None:
        """Adds a local linear row."""
        self.local.append((label, e))

    def zero_across(self, e: Expression) -> None:
        """Adds a cross linear row."""
        self.cross.append(e)

    def combined(self, x: int) -> list[Expression]:
        """Linear rows by label, in the order in which labels first appear, and the cross rows; each under 1, x, x^2, …"""
        batches: dict[str, tuple[list[int], Expression]] = {}
        for label, e in self.local:
            scale, total = batches.setdefault(label, ([1], Expression()))
            total.add(e, scale[0])
            scale[0] = scale[0] * x % R
        across, power = Expression(), 1
        for e in self.cross:
            across.add(e, power)
            power = power * x % R
        return [total for _, total in batches.values()] + [across]
