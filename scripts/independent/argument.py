"""The inner-product argument (docs/protocol.md, section 4, step 4)."""

from __future__ import annotations

from .errors import Refused
from .field import R, dot, inverse
from .session import Session

# The vector is halved while it is longer, and then shown.
STOP = 128


def inner_product(s: Session, right: list[int], value: int) -> None:
    """Adds, to the equation begun with the terms of the commitment, all other terms of: it opens to a vector f with
    <f, right> = value."""
    n = size = len(right)
    equations = s.equations
    base = s.challenge("ipa/base")
    weights = [1] * n
    while size > STOP:
        half = size // 2
        low, high = s.points("ipa/round", 2)
        c = s.challenge("ipa/challenge")
        if c == 0:
            raise Refused("proof: a challenge is zero")
        ci = inverse(c)
        equations.add(c * c, low)
        equations.add(ci * ci, high)
        right = [(ci * a + c * b) % R for a, b in zip(right[:half], right[half:])]
        weights = [w * (ci if k % size < half else c) % R for k, w in enumerate(weights)]
        size = half
    f = s.scalars("ipa/last", size)
    equations.add_generator(base * (value - dot(f, right)), "u")
    for k, w in enumerate(weights):
        equations.add_generator(-w * f[k % size], "g", k)
