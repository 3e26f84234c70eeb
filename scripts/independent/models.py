"""Models as files (docs/formats.md, Models)."""

from __future__ import annotations

import math
import struct

from . import documents
from .errors import well_formed
from .params import Params

# Of each layer the rows of weights, the bias last.
Model = list[list[list[int]]]


def _header(p: Params) -> tuple[bytes, list[tuple[int, bool]]]:
    """The canonical header of a file of this shape, and the order of its tensors: layer, and whether it is the bias."""
    tensors = {}
    for layer in range(1, p.layers + 1):
        tensors[f"layer{layer}.weight"] = (layer, False, [p.widths[layer - 1], p.widths[layer]])
        tensors[f"layer{layer}.bias"] = (layer, True, [p.widths[layer]])
    header: dict = {"__metadata__": {"format": "consort/model/1", "scale_bits": str(p.w)}}
    offset, order = 0, []
    for name in sorted(tensors):
        layer, bias, shape = tensors[name]
        end = offset + 8 * math.prod(shape)
        header[name] = {"data_offsets": [offset, end], "dtype": "F64", "shape": shape}
        order.append((layer, bias))
        offset = end
    text = documents.canonical(header)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, order


def _integers(numbers: tuple[float, ...], w: int, where: str) -> list[int]:
    out = []
    for v in numbers:
        scaled = v * 2.0 ** w
        negative_zero = v == 0 and math.copysign(1, v) < 0
        well_formed(abs(scaled) < 2.0 ** 53 and scaled == math.floor(scaled) and not negative_zero,
                    f"{where}: a number is not an integer times 2^-{w}")
        out.append(int(scaled))
    return out


def decode(data: bytes, p: Params, where: str) -> Model:
    """The canonical file of a model of these widths."""
    head, order = _header(p)
    size = sum(8 * (n + 1) * m for n, m in zip(p.widths, p.widths[1:]))
    well_formed(data[:len(head)] == head and len(data) == len(head) + size,
                f"{where}: not the canonical file of such a model")
    model: Model = [[] for _ in range(p.layers)]
    biases: list[list[int]] = [[] for _ in range(p.layers)]
    at = len(head)
    for layer, bias in order:
        rows, columns = 1 if bias else p.widths[layer - 1], p.widths[layer]
        values = _integers(struct.unpack_from(f"<{rows * columns}d", data, at), p.w, where)
        at += 8 * rows * columns
        (biases if bias else model)[layer - 1] = values if bias else [values[k:k + columns]
                                                                      for k in range(0, len(values), columns)]
    return [weights + [bias] for weights, bias in zip(model, biases)]


def digest(model: Model) -> bytes:
    """SHA-256 of layers, then per layer rows, columns, weights; 8 bytes each."""
    parts = [len(model).to_bytes(8, "little")]
    for layer in model:
        parts += [len(layer).to_bytes(8, "little"), len(layer[0]).to_bytes(8, "little")]
        parts += [struct.pack(f"<{len(row)}q", *row) for row in layer]
    return documents.sha256(*parts)


def check_bounds(model: Model, bounds: list[int], where: str) -> None:
    """Every weight is within its layer's bound (section 6.7)."""
    for layer, bound in zip(model, bounds, strict=True):
        well_formed(all(-bound <= v <= bound for row in layer for v in row), f"{where}: a weight is beyond its bound")
