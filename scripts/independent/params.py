"""Parameters of a training run, their limits and bounds (docs/protocol.md, sections 6.7 and 6.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .documents import fields, integer, items
from .errors import well_formed
from .field import bits_of

NAMES = "a d w value_bits exp_bits column_bits ledger_width steps batch widths rows initial_max limb_bits rates"
MAX_RANKS, MAX_LAYERS, MAX_LIMBS = 64, 16, 4
MAX_WEIGHT = 1 << 62
MAX_DRAWS = 1 << 28


@dataclass
class Params:
    """As in the statement; rates one per step."""

    a: int
    d: int
    w: int
    value_bits: int
    exp_bits: int
    column_bits: int
    ledger_width: int
    steps: int
    batch: int
    widths: list[int]
    rows: list[int]
    initial_max: list[int]
    limb_bits: list[int]
    rates: list[int]
    # what the rest of the statement adds
    certified: bool = False       # all datasets have well-formedness proofs
    hidden_passes: int = 0        # most passes of a member, if draws are hidden
    step_offset: int = 0         # of a segment: its first step

    @property
    def n_ranks(self) -> int:
        return len(self.rows)

    @property
    def layers(self) -> int:
        return len(self.widths) - 1

    @property
    def step_bits(self) -> int:
        return bits_of(self.steps)

    @property
    def batch_bits(self) -> int:
        return bits_of(self.batch)

    @property
    def row_bits(self) -> int:
        return bits_of(max(self.rows))

    def short_bits(self, layer: int) -> int:
        """Of the axis of committed tensors."""
        return bits_of(self.widths[layer])

    def long_bits(self, layer: int) -> int:
        """Of the axis of weights, which has room for the bias unit."""
        return bits_of(self.widths[layer] + 1)

    @property
    def digit_bits(self) -> list[int]:
        """Hidden draws: the row number's bits in up to three digits, as equal as possible, longer ones first."""
        bits = self.row_bits
        n = min(max(bits, 1), 3)
        return [bits // n + (c < bits % n) for c in range(n)]

    @property
    def pass_bits(self) -> int:
        return bits_of(self.hidden_passes)

    @property
    def gradient_max(self) -> int:
        """N B |A| |delta|: what lookups leave of activations (the bias unit among them) and errors."""
        activation = 1 << max(self.value_bits - 1, self.a)
        error = 1 << max(self.value_bits - 1, self.d)
        return self.n_ranks * self.batch * activation * error

    def weight_max(self, layer: int) -> int:
        """|W_l(t)| for all t, l from 1."""
        return self.initial_max[layer - 1] + sum(self.rates) * self.gradient_max

    def segment(self, start: int, end: int) -> Params:
        """The parameters of the steps start, …, end - 1 alone."""
        bound = sum(self.rates[:start]) * self.gradient_max
        return replace(self, steps=end - start, rates=self.rates[start:end], step_offset=start,
                       initial_max=[m + bound for m in self.initial_max])

    # ------------------------------------------------------------ limits

    def validate(self, committed_models: int) -> None:
        """Every limit, and the inequalities that keep identities from wrapping. `committed_models`: of W(0) and W(T), how
        many are only committed."""
        where = "statement: params: "
        well_formed(self.d < self.value_bits, where + "the softmax quotient needs d < value_bits")
        well_formed(self.widths[-1] << self.exp_bits <= 1 << self.value_bits, where + "the softmax remainder")
        well_formed(self.gradient_max < 1 << 63, where + "gradients wrap")
        well_formed(all(0 <= c <= 1 << 31 for c in self.rates), where + "a rate is too large")
        for layer in range(1, self.layers + 1):
            well_formed(1 <= self.initial_max[layer - 1] < MAX_WEIGHT, where + "initial_max")
            well_formed(self.weight_max(layer) < MAX_WEIGHT, where + "weights may reach 2^62")
        well_formed(self.hidden_passes <= 1 << 16, where + "too many passes of hidden draws")
        well_formed(self._witness_size(committed_models) < 1 << 40, where + "the witness is too large")
        weights = sum((n + 1) * m for n, m in zip(self.widths, self.widths[1:]))
        well_formed(weights < 1 << 29, where + "the model is too large")
        well_formed(self.dataset_rows * self.n_ranks < 1 << 24, where + "too many commitments of datasets")

    def _witness_size(self, committed_models: int) -> int:
        """Padded entries of a rank, without the table's multiplicities."""
        sample = self.step_bits + self.batch_bits
        size = 1 << sample
        for layer in range(1, self.layers + 1):
            blocks = (4 + 2 * len(self.limb_bits)) if layer < self.layers else 6 + len(self.limb_bits)
            size += blocks << (sample + self.short_bits(layer))
            size += committed_models << (self.long_bits(layer - 1) + self.short_bits(layer))
        if self.hidden_passes:
            size += sum(1 << (sample + bits) for bits in self.digit_bits) + (1 << (self.pass_bits + self.row_bits))
        return size + (1 << (self.row_bits + self.short_bits(0))) + (1 << (self.row_bits + self.short_bits(self.layers)))

    def committed_rows(self, entry_bits: int) -> int:
        """Commitment rows of a block that is committed by itself."""
        return 1 << max(0, entry_bits - self.column_bits)

    @property
    def dataset_rows(self) -> int:
        """Commitment rows of D and Y."""
        return (self.committed_rows(self.row_bits + self.short_bits(0))
                + self.committed_rows(self.row_bits + self.short_bits(self.layers)))

    @property
    def model_rows(self) -> int:
        """Commitment rows of a committed model."""
        return sum(self.committed_rows(self.long_bits(layer - 1) + self.short_bits(layer))
                   for layer in range(1, self.layers + 1))


def _rates(value: Any, steps: int, where: str) -> list[int]:
    """[[first step, c], …] as one rate per step; neighbours differ."""
    out: list[int] = []
    pieces = items(value, where, 1, steps)
    for k, piece in enumerate(pieces):
        start, rate = items(piece, where, 2, 2)
        integer(start, where, len(out), len(out))
        integer(rate, where, 0, (1 << 63) - 1)
        well_formed(k == 0 or rate != out[-1], f"{where}: neighbours are equal")
        end = integer(items(pieces[k + 1], where, 2, 2)[0], where, start + 1, steps - 1) if k + 1 < len(pieces) else steps
        out += [rate] * (end - start)
    return out


def read(value: Any, where: str) -> Params:
    """From the statement. Limits come before anything is shifted or allocated."""
    v = fields(value, where, NAMES)

    def number(name: str, low: int, high: int) -> int:
        return integer(v[name], f"{where}.{name}", low, high)

    def numbers(name: str, count: tuple[int, int], low: int, high: int) -> list[int]:
        return [integer(x, f"{where}.{name}", low, high) for x in items(v[name], f"{where}.{name}", *count)]
    widths = numbers("widths", (2, MAX_LAYERS + 1), 1, 1 << 20)
    layers = len(widths) - 1
    steps, batch = number("steps", 1, 1 << 24), number("batch", 1, 1 << 16)
    rows = numbers("rows", (1, MAX_RANKS), 1, 1 << 28)
    well_formed(steps * batch * len(rows) <= MAX_DRAWS, f"{where}: too many draws")
    out = Params(
        a=number("a", 1, 62), d=number("d", 1, 62), w=number("w", 1, 62), value_bits=number("value_bits", 2, 16),
        exp_bits=number("exp_bits", 1, 16), column_bits=number("column_bits", 2, 20),
        ledger_width=number("ledger_width", 4, 64), steps=steps, batch=batch, widths=widths, rows=rows,
        initial_max=numbers("initial_max", (layers, layers), 1, MAX_WEIGHT),
        limb_bits=numbers("limb_bits", (1, MAX_LIMBS), 1, 16),
        rates=_rates(v["rates"], steps, f"{where}.rates"))
    well_formed(sum(out.limb_bits) == out.w, f"{where}: the limbs make up the w bits of a remainder")
    well_formed(out.ledger_width & (out.ledger_width - 1) == 0, f"{where}: ledger_width is no power of two")
    return out
