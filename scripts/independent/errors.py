"""The two ways of saying no."""

from __future__ import annotations


class Refused(Exception):
    """Well formed, and false: what it says does not hold."""


class Malformed(Exception):
    """Not a file of the format in docs/formats.md."""


def require(condition: bool, why: str) -> None:
    """Refuses what does not hold."""
    if not condition:
        raise Refused(why)


def well_formed(condition: bool, why: str) -> None:
    """Turns away what is not in the format."""
    if not condition:
        raise Malformed(why)
