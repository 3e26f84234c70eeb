"""Fiat and Shamir's challenges: a SHA-256 chain with labels (docs/protocol.md, section 2)."""

from __future__ import annotations

import hashlib

from .field import R


class Transcript:
    """What has been said so far, and the challenges that follow from it."""

    def __init__(self, digest: bytes) -> None:
        self.state = hashlib.sha256(b"consort/transcript/1").digest()
        self.absorb("statement", digest)

    def _step(self, word: bytes, rest: bytes) -> bytes:
        return hashlib.sha256(self.state + word + rest).digest()

    def absorb(self, label: str, data: bytes) -> None:
        """Every byte that the verifier reads, under the label of its message."""
        name = label.encode()
        self.state = self._step(b"absorb", len(name).to_bytes(4, "little") + name + len(data).to_bytes(8, "little") + data)

    def challenge(self, label: str) -> int:
        """A scalar: 64 bytes modulo the group's order."""
        name = label.encode()
        self.state = self._step(b"challenge", len(name).to_bytes(4, "little") + name)
        return int.from_bytes(self._step(b"output", b"\0") + self._step(b"output", b"\1"), "little") % R
