"""Jobs of any size with synthetic data: images of the density of MNIST's, a fifth of their bytes not zero."""
import json
import os
import random

BYTES_ZERO = bytes(0 if b < 206 else b for b in range(256))
BYTES_KEPT = bytes(255 if b < 200 else 0 for b in range(256))


class Job:
    """widths; ranks; global batch; steps; rows of all members together; bits of values; pad_partners, 0: all."""

    def __init__(self, widths, ranks, batch, steps, rows, value_bits=16, partners=0):
        self.value_bits, self.partners = value_bits, partners
        self.widths, self.ranks, self.steps, self.rows = list(widths), ranks, steps, max(rows, ranks)
        self.local_batch = max(1, round(batch / ranks))
        self.batch = self.local_batch * ranks

    @property
    def draws(self):
        return self.steps * self.batch

    @property
    def parameters(self):
        return sum((a + 1) * b for a, b in zip(self.widths, self.widths[1:]))

    def shards(self):
        """First row of each member, and the end."""
        return [self.rows * i // self.ranks for i in range(self.ranks + 1)]

    def to_json(self):
        rate = float(self.batch)
        while rate > 0.06:  # exact: the batch times a power of two
            rate /= 2
        cut = self.shards()
        members = [{"name": f"m{i}", "rows": cut[i + 1] - cut[i], "data": "{name}.idx", "labels": "{name}.labels"}
                   for i in range(self.ranks)]
        partners = {"pad_partners": self.partners} if self.partners else {}
        return {"name": "scaling", **partners, "model": {"widths": self.widths}, "scales": {"a": 8, "d": min(12, self.value_bits - 4), "value_bits": self.value_bits},
                "schedule": {"steps": self.steps, "batch": self.local_batch, "rates": [{"from_step": 0, "rate": rate}]},
                "members": members,
                "data": {"features": {"min": 0, "max": 255, "multiplier": 1}, "classes": self.widths[-1]}}


def records(features, classes, rows, seed=1):
    """(rows * features bytes, rows labels): each class has a pattern, of which each record lacks some pixels."""
    source = random.Random(seed)
    patterns = [int.from_bytes(source.randbytes(features).translate(BYTES_ZERO), "little") for _ in range(classes)]
    labels = bytes(source.randrange(classes) for _ in range(rows))
    noise = source.randbytes(features * 64).translate(BYTES_KEPT)
    parts = []
    for label in labels:
        at = source.randrange(features * 63)
        kept = patterns[label] & int.from_bytes(noise[at:at + features], "little")
        parts.append(kept.to_bytes(features, "little"))
    return b"".join(parts), labels


def write_idx(path, axes, content):
    with open(path, "wb") as out:
        out.write(bytes([0, 0, 8, len(axes)]) + b"".join(n.to_bytes(4, "big") for n in axes) + content)


def write(job, folder):
    """The job file and its members' data in a new folder; returns the job file's path."""
    os.makedirs(folder)
    features, cut = job.widths[0], job.shards()
    data, labels = records(features, job.widths[-1], job.rows)
    for i in range(job.ranks):
        first, last = cut[i], cut[i + 1]
        write_idx(f"{folder}/m{i}.idx", (last - first, features), data[first * features:last * features])
        write_idx(f"{folder}/m{i}.labels", (last - first,), labels[first:last])
    path = f"{folder}/job.json"
    with open(path, "w", encoding="utf-8") as out:
        json.dump(job.to_json(), out, indent=1)
    return path
