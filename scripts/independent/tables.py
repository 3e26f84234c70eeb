"""The merged lookup table of a training proof (docs/protocol.md, section 11, Blocks)."""

from __future__ import annotations

from .documents import sha256
from .field import bits_of
from .params import Params

SIGNED, RELU, EXP, RANGE = 1, 2, 3, 100


def exp_values(a: int, value_bits: int, exp_bits: int) -> list[int]:
    """round(2^exp_bits exp(-x / 2^a)) for 0 <= x < 2^value_bits, from integers alone."""
    term = total = 1 << 100
    for k in range(1, 40):
        term = (term >> a) // k
        total += -term if k % 2 else term
    step, y, out = total >> 38, 1 << 62, []
    half = 1 << (61 - exp_bits)
    for _ in range(1 << value_bits):
        out.append((y + half) >> (62 - exp_bits))
        y = y * step >> 62
    return out


def build(p: Params) -> tuple[list[tuple[int, int, int, int]], bytes]:
    """Its rows (tag, c1, c2, c3), filled up with copies of the first; and its digest."""
    half = 1 << (p.value_bits - 1)
    rows = [(RANGE + bits, x, 0, 0) for bits in sorted({1, *p.limb_bits}) for x in range(1 << bits)]
    rows += [(SIGNED, x, 0, 0) for x in range(-half, half)]
    rows += [(RELU, x, max(x, 0), int(x > 0)) for x in range(-half, half)]
    rows += [(EXP, x, y, 0) for x, y in enumerate(exp_values(p.a, p.value_bits, p.exp_bits))]
    real = len(rows)
    rows += rows[:1] * ((1 << bits_of(real)) - real)
    head = len(rows).to_bytes(8, "little") + real.to_bytes(8, "little")
    return rows, sha256(head, *(v.to_bytes(4, "little", signed=True) for row in rows for v in row))
