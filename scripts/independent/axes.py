"""Vectors of claims: a claim's coefficient vector is a tensor product of these (docs/protocol.md, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from .field import R, dot, eq, eq_below, eq_index, eq_table, indicator


@dataclass
class Eq:
    """eq(point, ·), cut off at a length if there is one."""

    point: list[int]
    below: int | None = None

    def at(self, x: list[int], _rank: int = 0) -> int:
        """Its extension at a point."""
        return eq(self.point, x) if self.below is None else eq_below(self.point, x, self.below)

    def sum_below(self, n: int) -> int:
        """The sum of its first n entries."""
        return indicator(self.point, n if self.below is None else min(n, self.below))

    def entry(self, index: int) -> int:
        """One entry."""
        if self.below is not None and index >= self.below:
            return 0
        return eq_index(self.point, index)

    def table(self) -> list[int]:
        """All entries."""
        out = eq_table(self.point)
        if self.below is not None:
            out[self.below:] = [0] * (len(out) - self.below)
        return out

    def low_half(self) -> tuple[int, Eq]:
        """Without its first coordinate, on the indices whose highest bit is 0; and the factor that this leaves."""
        return (1 - self.point[0]) % R, Eq(self.point[1:], self.below)


@dataclass
class Ones:
    """All ones, cut off at a length if there is one."""

    below: int | None = None

    def at(self, x: list[int], _rank: int = 0) -> int:
        """Its extension at a point."""
        return 1 if self.below is None else indicator(x, self.below)


class Gather:
    """The sum of v(t) v'(b) e_idx(t,b) over a rank's draws."""

    def __init__(self, time: Eq, batch: Eq, draws: list[list[int]], batch_size: int) -> None:
        self.time, self.batch, self.draws, self.batch_size = time, batch, draws, batch_size
        self.weights: list[int] | None = None

    def at(self, x: list[int], rank: int) -> int:
        """Its extension at a point, in as many steps as there are draws."""
        if self.weights is None:
            steps = len(self.draws[rank]) // self.batch_size
            batch = self.batch.table()[:self.batch_size]
            self.weights = [t * b % R for t in self.time.table()[:steps] for b in batch]
        rows = eq_table(x)
        return dot(self.weights, [rows[row] for row in self.draws[rank]])


class Vector:
    """A public vector, the same for all ranks."""

    def __init__(self, entries: list[int]) -> None:
        self.entries = entries
        self.last: tuple[list[int], int] | None = None

    def at(self, x: list[int], _rank: int = 0) -> int:
        """Its extension at a point; that at the last point is kept."""
        if self.last is None or self.last[0] != x:
            self.last = (x, dot(self.entries, eq_table(x)))
        return self.last[1]


Axis = Eq | Ones | Gather | Vector
