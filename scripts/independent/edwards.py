"""Ed25519 (RFC 8032) and ristretto255 (RFC 9496): checking only, nothing here is secret."""

from __future__ import annotations

import hashlib

P = (1 << 255) - 19
ORDER = (1 << 252) + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

# Extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, xy = T/Z.
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def _add(a: Point, b: Point) -> Point:
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(scalar: int, a: Point) -> Point:
    out = NEUTRAL
    for bit in bin(scalar)[2:]:
        out = _add(out, out)
        if bit == "1":
            out = _add(out, a)
    return out


def _root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """Is u/v a square; and the non-negative root of u/v, or of sqrt(-1) u/v (RFC 9496, section 4.2)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    flipped = check == -u % P or check == -u * ROOT_OF_MINUS_ONE % P
    square = check in (u % P, -u % P)
    if flipped:
        r = r * ROOT_OF_MINUS_ONE % P
    return square, min(r, P - r) if r & 1 else r


def decode(data: bytes) -> Point | None:
    """A point of Ed25519 from its canonical encoding (RFC 8032, section 5.1.3)."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & ((1 << 255) - 1)
    if y >= P:
        return None
    square, x = _root_of_ratio(y * y - 1, D * y * y + 1)
    if not square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def _encode(a: Point) -> bytes:
    zi = pow(a[2], -1, P)
    x, y = a[0] * zi % P, a[1] * zi % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, -1, P) % P
BASE = decode(BASE_Y.to_bytes(32, "little"))


def _small_order(a: Point) -> bool:
    eight = _multiply(8, a)
    return eight[0] == 0 and eight[1] == eight[2]


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519: S B = R + k A, with S below the order and no key of low order."""
    point, s = decode(key), int.from_bytes(signature[32:], "little")
    start = decode(signature[:32])
    if point is None or start is None or s >= ORDER or _small_order(point):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return _encode(_multiply(s, BASE)) == _encode(_add(start, _multiply(k, point)))


# ---------------------------------------------------------------- ristretto255


def ristretto_decode(data: bytes) -> Point | None:
    """RFC 9496, section 4.3.1."""
    s = int.from_bytes(data, "little")
    if s >= P or s & 1:
        return None
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    u2u2 = u2 * u2 % P
    v = (-D * u1 * u1 - u2u2) % P
    square, inverse = _root_of_ratio(1, v * u2u2)
    x_den = inverse * u2 % P
    y_den = inverse * x_den * v % P
    x = 2 * s * x_den % P
    x = P - x if x & 1 else x
    y = u1 * y_den % P
    t = x * y % P
    if not square or t & 1 or y == 0:
        return None
    return (x, y, 1, t)


INVERSE_ROOT_A_MINUS_D = _root_of_ratio(1, -1 - D)[1]


def ristretto_encode(a: Point) -> bytes:
    """RFC 9496, section 4.3.2."""
    x0, y0, z0, t0 = a
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, inverse = _root_of_ratio(1, u1 * u2 * u2)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t0 % P
    x, y, den = x0, y0, den2
    if t0 * z_inverse % P & 1:
        x, y, den = y0 * ROOT_OF_MINUS_ONE % P, x0 * ROOT_OF_MINUS_ONE % P, den1 * INVERSE_ROOT_A_MINUS_D % P
    if x * z_inverse % P & 1:
        y = -y
    s = den * (z0 - y) % P
    return (P - s if s & 1 else s).to_bytes(32, "little")


def ring_closes(context: bytes, keys: list[bytes], challenge: bytes, responses: list[bytes]) -> bool:
    """The ring signature of docs/formats.md, Certificates."""
    points = [ristretto_decode(key) for key in keys]
    c = int.from_bytes(challenge, "little")
    scalars = [int.from_bytes(r, "little") for r in responses]
    if not 2 <= len(keys) <= 128 or len(keys) != len(responses) or None in points or bytes(32) in keys:
        return False
    if any(not 0 < s < ORDER for s in [c, *scalars]) or sorted(set(keys)) != keys:
        return False
    at = c
    for i, (s, point) in enumerate(zip(scalars, points)):
        r = ristretto_encode(_add(_multiply(s, BASE), _multiply(at, point)))
        step = hashlib.sha512(b"consort/ring-step/1\0" + context + i.to_bytes(8, "little") + r).digest()
        at = int.from_bytes(step, "little") % ORDER
    return at == c
