"""The scalar field F and multilinear polynomials over it (docs/protocol.md, section 1).

Coordinate 0 of a point belongs to the highest bit of an index.
"""

from __future__ import annotations

from collections.abc import Sequence

# BN254's scalar field: the order of the group G.
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def inverse(a: int) -> int:
    """1 / a; zero has none, and a challenge is zero with probability 2^-254 only."""
    return pow(a, -1, R)


def bits_of(n: int) -> int:
    """The logarithm of n, rounded up."""
    return (n - 1).bit_length()


def powers(x: int, n: int) -> list[int]:
    """1, x, x^2, …"""
    out = []
    power = 1
    for _ in range(n):
        out.append(power)
        power = power * x % R
    return out


def dot(a: Sequence[int], b: Sequence[int]) -> int:
    """<a, b> of vectors of one length."""
    return sum(x * y for x, y in zip(a, b, strict=True)) % R


def eq(a: Sequence[int], x: Sequence[int]) -> int:
    """The product of a_k x_k + (1 - a_k)(1 - x_k)."""
    out = 1
    for s, t in zip(a, x, strict=True):
        out = out * (1 - s - t + 2 * s * t) % R
    return out


def eq_index(a: Sequence[int], index: int) -> int:
    """eq(a, bits of index)."""
    out = 1
    last = len(a) - 1
    for k, s in enumerate(a):
        out = out * (s if index >> (last - k) & 1 else 1 - s) % R
    return out


def eq_table(a: Sequence[int]) -> list[int]:
    """eq(a, x) for every index x."""
    table = [1]
    for s in a:
        following = []
        for v in table:
            high = v * s % R
            following.append(v - high)
            following.append(high)
        table = following
    return [v % R for v in table]


def indicator(a: Sequence[int], n: int) -> int:
    """The sum of eq(a, x) over the indices x < n: the extension of "is below n"."""
    if n >= 1 << len(a):
        return 1
    total, prefix = 0, 1
    last = len(a) - 1
    for k, s in enumerate(a):
        if n >> (last - k) & 1:
            total += prefix * (1 - s)
            prefix = prefix * s % R
        else:
            prefix = prefix * (1 - s) % R
    return total % R


def eq_below(a: Sequence[int], x: Sequence[int], n: int) -> int:
    """The extension, at x, of the vector eq(a, ·) cut off at length n."""
    if n >= 1 << len(a):
        return eq(a, x)
    total, prefix = 0, 1
    last = len(a) - 1
    for k in range(len(a)):
        zero = (1 - a[k]) * (1 - x[k])
        one = a[k] * x[k]
        if n >> (last - k) & 1:
            # everything below this bit's zero branch is below n
            total += prefix * zero % R * eq(a[k + 1:], x[k + 1:])
            prefix = prefix * one % R
        else:
            prefix = prefix * zero % R
    return total % R


def lagrange(n: int, x: int) -> list[int]:
    """Lagrange's basis at the nodes 0, …, n - 1, evaluated at x."""
    out = []
    for i in range(n):
        above, below = 1, 1
        for j in range(n):
            if j != i:
                above = above * (x - j) % R
                below = below * (i - j) % R
        out.append(above * inverse(below) % R)
    return out
