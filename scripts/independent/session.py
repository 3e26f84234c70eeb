"""The verifier's session: reads the proof item by item, absorbs it, draws challenges (docs/protocol.md, section 2)."""

from __future__ import annotations

import secrets

from . import curve
from .curve import Point
from .errors import Malformed, Refused
from .field import R
from .ledger import Ledger
from .transcript import Transcript


class Equations:
    """Equations of points that must all be the identity, summed under random weights of the verifier's own."""

    def __init__(self) -> None:
        self.generators: dict[tuple[str, int], int] = {}
        self.terms: list[tuple[int, Point]] = []
        self.weight = 1

    def begin(self) -> None:
        """The terms that follow are of a new equation."""
        self.weight = secrets.randbelow(R - 1) + 1

    def add(self, scalar: int, point: Point) -> None:
        """One term of the equation begun."""
        self.terms.append((scalar * self.weight % R, point))

    def add_generator(self, scalar: int, name: str, index: int = 0) -> None:
        """The same for g_index, h or u."""
        key = (name, index)
        self.generators[key] = (self.generators.get(key, 0) + scalar * self.weight) % R

    def check(self) -> None:
        """All of them at once: a false one passes with probability 1/r."""
        known = [(s, curve.generator(*key)) for key, s in self.generators.items()]
        if not curve.sum_is_zero(self.terms + known):
            raise Refused("proof: an opening does not hold")


class Session:
    """One proof being read."""

    def __init__(self, digest: bytes, n_ranks: int, width: int, proof: bytes, equations: Equations) -> None:
        self.transcript = Transcript(digest)
        self.n_ranks = n_ranks
        self.ledger = Ledger(width)
        self.equations = equations
        self.proof = proof
        self.position = 0

    def _read(self, label: str, count: int) -> list[bytes]:
        size = 32 * count
        data = self.proof[self.position:self.position + size]
        if len(data) != size:
            raise Malformed(f"proof: it ends before {label}")
        self.position += size
        self.transcript.absorb(label, data)
        return [data[k:k + 32] for k in range(0, size, 32)]

    def points(self, label: str, count: int) -> list[Point]:
        """The next points of the proof, absorbed together."""
        try:
            return [curve.decode(item) for item in self._read(label, count)]
        except Malformed as problem:
            raise Malformed(f"proof: {label}: {problem}") from None

    def scalars(self, label: str, count: int) -> list[int]:
        """The next scalars of the proof, absorbed together."""
        out = [int.from_bytes(item, "little") for item in self._read(label, count)]
        if any(s >= R for s in out):
            raise Malformed(f"proof: {label}: a scalar is not below the group's order")
        return out

    def send(self, label: str, private: int, common: int = 0) -> int:
        """A message of own or shared variables, then common ones. One without variables is not sent."""
        if private + common == 0:
            return len(self.ledger.cells)
        points = self.points(label, self.ledger.rows_of_message(private, common))
        return self.ledger.add_message(private, common, points)

    def challenge(self, label: str) -> int:
        """The next challenge."""
        return self.transcript.challenge(label)

    def challenges(self, label: str, count: int) -> list[int]:
        """A point of so many coordinates."""
        return [self.challenge(label) for _ in range(count)]

    def rank_weights(self, label: str) -> list[int]:
        """omega_i = x^(i+1) of one challenge x."""
        x = self.challenge(label)
        out, power = [], 1
        for _ in range(self.n_ranks):
            power = power * x % R
            out.append(power)
        return out

    def finish(self) -> None:
        """The proof ends exactly where the protocol does."""
        if self.position != len(self.proof):
            raise Malformed(f"proof: {len(self.proof) - self.position} bytes follow its end")
