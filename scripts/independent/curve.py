"""The group G, its encoding and generators (docs/protocol.md, section 1; docs/formats.md, The statement)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from .errors import Malformed
from .field import R

# BN254 G1: y^2 = x^3 + 3 over this prime field.
P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
IDENTITY_BYTES = (1 << 254).to_bytes(32, "little")

# Affine points are pairs (x, y); None is the identity. Sums are Jacobian triples, z = 0 for the identity.
Point = tuple[int, int] | None
Jacobian = tuple[int, int, int]
ZERO: Jacobian = (1, 1, 0)


def _root(square: int) -> int | None:
    """A square root modulo P, which is 3 modulo 4; None if there is none."""
    y = pow(square, (P + 1) // 4, P)
    return y if y * y % P == square % P else None


@lru_cache(maxsize=1 << 16)
def decode(data: bytes) -> Point:
    """A point from its 32 bytes: x, little-endian; bit 7 of the last byte if y is odd; bit 6 alone is the identity."""
    if data == IDENTITY_BYTES:
        return None
    value = int.from_bytes(data, "little")
    odd, x = value >> 255, value & ((1 << 255) - 1)
    if x >= P:
        raise Malformed("a point's x is not below the field's prime")
    y = _root(x * x * x + 3)
    if y is None:
        raise Malformed("not the encoding of a point of the curve")
    return (x, y if y & 1 == odd else P - y)


def double(a: Jacobian) -> Jacobian:
    """2 a."""
    x, y, z = a
    if z == 0:
        return ZERO
    xx, yy = x * x % P, y * y % P
    s = 4 * x * yy % P
    m = 3 * xx
    x3 = (m * m - 2 * s) % P
    return (x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P)


def add(a: Jacobian, b: Jacobian) -> Jacobian:
    """a + b."""
    x1, y1, z1 = a
    x2, y2, z2 = b
    if z1 == 0:
        return b
    if z2 == 0:
        return a
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2 % P * z2z2 % P, y2 * z1 % P * z1z1 % P
    h, r = (u2 - u1) % P, (s2 - s1) % P
    if h == 0:
        return double(a) if r == 0 else ZERO
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return (x3, (r * (v - x3) - s1 * hhh) % P, z1 * z2 % P * h % P)


def add_affine(a: Jacobian, x2: int, y2: int) -> Jacobian:
    """a + (x2, y2)."""
    x1, y1, z1 = a
    if z1 == 0:
        return (x2, y2, 1)
    z1z1 = z1 * z1 % P
    h = (x2 * z1z1 - x1) % P
    r = (y2 * z1 % P * z1z1 - y1) % P
    if h == 0:
        return double(a) if r == 0 else ZERO
    hh = h * h % P
    hhh, v = h * hh % P, x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return (x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P)


def _hash_to_point(name: str, index: int) -> tuple[int, int]:
    """The first counter whose hash is the x of a point; y is even."""
    head = b"consort/generator/1" + name.encode() + index.to_bytes(8, "little")
    for counter in range(1 << 32):
        digest = hashlib.sha256(head + counter.to_bytes(4, "little")).digest()
        x = int.from_bytes(digest, "little") % P
        y = _root(x * x * x + 3)
        if y is not None:
            return (x, y if y % 2 == 0 else P - y)
    raise AssertionError("no counter gives a point")


@lru_cache(maxsize=None)
def generator(name: str, index: int = 0) -> tuple[int, int]:
    """g_index, h or u: twice a hashed point."""
    x, y, z = double((*_hash_to_point(name, index), 1))
    zi = pow(z, -1, P)
    return (x * zi * zi % P, y * zi * zi * zi % P)


def _digits(scalar: int, width: int) -> list[int]:
    """Signed digits in (-2^(width-1), 2^(width-1)], the lowest first."""
    out = []
    half, full = 1 << (width - 1), 1 << width
    while scalar:
        digit = scalar & (full - 1)
        scalar >>= width
        if digit > half:
            digit -= full
            scalar += 1
        out.append(digit)
    return out


def _bucket_sum(pairs: list[tuple[list[int], int, int]], window: int, half: int) -> Jacobian:
    """The sum of digit times point over one window of digits."""
    buckets: list[Jacobian] = [ZERO] * (half + 1)
    for digits, x, y in pairs:
        if window < len(digits) and digits[window]:
            digit = digits[window]
            if digit > 0:
                buckets[digit] = add_affine(buckets[digit], x, y)
            else:
                buckets[-digit] = add_affine(buckets[-digit], x, P - y)
    running = total = ZERO
    for bucket in reversed(buckets[1:]):
        running = add(running, bucket)
        total = add(total, running)
    return total


def sum_is_zero(terms: Iterable[tuple[int, Point]]) -> bool:
    """Is the sum of scalar times point the identity? By Pippenger's method."""
    scalars = [(s % R, p) for s, p in terms if p is not None and s % R]
    width = max(2, len(scalars).bit_length() - 3)
    pairs = [(_digits(s, width), p[0], p[1]) for s, p in scalars]
    windows = max((len(d) for d, _, _ in pairs), default=0)
    total = ZERO
    for window in reversed(range(windows)):
        for _ in range(width):
            total = double(total)
        total = add(total, _bucket_sum(pairs, window, 1 << (width - 1)))
    return total[2] == 0
