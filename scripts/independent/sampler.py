"""What follows from the seed: W(0) and the draws (docs/formats.md, The statement)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .errors import well_formed

WEIGHTS, DRAWS = 1, 2
MASK = (1 << 32) - 1


def _quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
    s[a] = (s[a] + s[b]) & MASK
    x = s[d] ^ s[a]
    s[d] = (x << 16 | x >> 16) & MASK
    s[c] = (s[c] + s[d]) & MASK
    x = s[b] ^ s[c]
    s[b] = (x << 12 | x >> 20) & MASK
    s[a] = (s[a] + s[b]) & MASK
    x = s[d] ^ s[a]
    s[d] = (x << 8 | x >> 24) & MASK
    s[c] = (s[c] + s[d]) & MASK
    x = s[b] ^ s[c]
    s[b] = (x << 7 | x >> 25) & MASK


def _block(key: list[int], counter: int, nonce: list[int]) -> list[int]:
    """One block of ChaCha20 in its original form: 64 bits of counter, 64 of nonce."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, counter & MASK, counter >> 32, *nonce]
    s = list(start)
    for _ in range(10):
        for k in range(4):
            _quarter(s, k, 4 + k, 8 + k, 12 + k)
        for k in range(4):
            _quarter(s, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4)
    return [(x + y) & MASK for x, y in zip(s, start)]


def _numbers(seed: bytes, purpose: int, index: int, bits: int = 64) -> Iterator[int]:
    """The key stream as integers of 32 or 64 bits."""
    key = [int.from_bytes(seed[k:k + 4], "little") for k in range(0, 32, 4)]
    counter = 0
    while True:
        words = _block(key, counter, [purpose, index])
        if bits == 32:
            yield from words
        else:
            for low, high in zip(words[::2], words[1::2]):
                yield low | high << 32
        counter += 1


def _below(stream: Iterator[int], bound: int) -> int:
    """Uniform below the bound: numbers from the largest multiple of it below 2^64 on are skipped."""
    limit = (1 << 64) - (1 << 64) % bound
    for value in stream:
        if value < limit:
            return value % bound
    raise AssertionError("the stream does not end")


def _around_zero(stream: Iterator[int], most: int, bits: int) -> int:
    """Uniform in [-most, most]: the upper half of a number times 2 most + 1. Those whose lower half is too small are skipped."""
    bound = 2 * most + 1
    least = (1 << bits) % bound
    for value in stream:
        if value * bound % (1 << bits) >= least:
            return (value * bound >> bits) - most
    raise AssertionError("the stream does not end")


def initial_weights(seed: bytes, widths: list[int], initial_max: list[int]) -> list[list[list[int]]]:
    """W(0): layer l uniform in [-initial_max, initial_max], row by row; biases, the last row, are zero."""
    out = []
    for layer, most in enumerate(initial_max):
        bits = 32 if most < 1 << 31 else 64
        stream = _numbers(seed, WEIGHTS, layer + 1, bits)
        columns = widths[layer + 1]
        rows = [[_around_zero(stream, most, bits) for _ in range(columns)] for _ in range(widths[layer])]
        out.append(rows + [[0] * columns])
    return out


@dataclass
class Piece:
    """A dataset in a member's shard."""

    offset: int
    rows: int
    weight: float = 1.0
    per_epoch: int | None = None
    total: int | None = None

    def share(self, used: int) -> int:
        """What a pass takes of it, after so many draws."""
        n = int(self.weight * float(self.rows))
        if self.per_epoch is not None:
            n = min(n, self.per_epoch)
        return n if self.total is None else min(n, self.total - used)


def _shuffled(stream: Iterator[int], order: list[int], n: int) -> list[int]:
    """The first n of a Fisher-Yates shuffle: entry k is exchanged with one of those from k on."""
    for k in range(n):
        other = k + _below(stream, len(order) - k)
        order[k], order[other] = order[other], order[k]
    return order[:n]


def draws(seed: bytes, rank: int, pieces: list[Piece], count: int) -> list[int]:
    """A member's draws: pass after pass, dataset by dataset, and these shuffled together if there are several."""
    stream = _numbers(seed, DRAWS, rank)
    used = [0] * len(pieces)
    out: list[int] = []
    while len(out) < count:
        taken: list[int] = []
        for k, piece in enumerate(pieces):
            n = piece.share(used[k])
            taken += [piece.offset + row for row in _shuffled(stream, list(range(piece.rows)), n)]
            used[k] += n
        well_formed(bool(taken), "draws: the total quotas of the datasets do not suffice")
        out += _shuffled(stream, taken, len(taken)) if len(pieces) > 1 else taken
    return out[:count]


def whole_passes(pieces: list[Piece], count: int, limit: int) -> list[list[int]]:
    """Hidden draws: what each pass takes of each dataset, the last one perhaps cut off."""
    used = [0] * len(pieces)
    out: list[list[int]] = []
    done = 0
    while done < count:
        well_formed(len(out) < limit // len(pieces), "draws: too many passes for hidden draws")
        shares = [piece.share(u) for piece, u in zip(pieces, used)]
        well_formed(sum(shares) > 0, "draws: the total quotas of the datasets do not suffice")
        used = [u + n for u, n in zip(used, shares)]
        done += sum(shares)
        out.append(shares)
    return out


def tally(pieces: list[Piece], drawn: list[int], already: int = 0) -> list[tuple[int, int]]:
    """Public draws of each dataset: in all, not counting the first `already`, and the most in a pass."""
    used = [0] * len(pieces)
    most = [0] * len(pieces)
    total = [0] * len(pieces)
    at = 0
    while at < len(drawn):
        shares = [piece.share(u) for piece, u in zip(pieces, used)]
        used = [u + n for u, n in zip(used, shares)]
        for k, piece in enumerate(pieces):
            in_pass = [x for x in range(at, min(at + sum(shares), len(drawn)))
                       if piece.offset <= drawn[x] < piece.offset + piece.rows]
            if in_pass and in_pass[-1] >= already:
                most[k] = max(most[k], len(in_pass))
            total[k] += sum(x >= already for x in in_pass)
        at += sum(shares)
    return list(zip(total, most))
