#!/usr/bin/env python3
"""A second opinion on attestations, independent of the C verifier: the documents say all that scripts/independent needs.

Exit status: 0 accepted, 1 refused, 2 wrong usage or a file that cannot be read, 3 malformed, 4 an error in this program.
Several attestations, or a chain's listing, are judged as one chain.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
import traceback
from collections.abc import Callable

from independent import chain, container, provenance, statement, training, wellformed
from independent.errors import Malformed, Refused
from independent.provenance import Evidence, Trust
from independent.session import Equations
from independent.statement import Derived, Statement

Judged = tuple[Statement, Derived, Evidence]
ACCEPTED, REFUSED, USAGE, MALFORMED, BROKEN = range(5)


class Judge:
    """Stages of one judgement; the last one begun names a failure."""

    def __init__(self, trust: Trust | None, day: str, tell: Callable[[str], None]) -> None:
        self.trust, self.day, self.tell = trust, day, tell
        self.stage = "start"
        self.since = time.monotonic()

    def verdict(self, paths: list[str]) -> int:
        """Of these files as a chain; says what did not hold and where."""
        self.stage = "start"
        try:
            self.chain(paths)
        except (Refused, Malformed) as problem:
            refused = isinstance(problem, Refused)
            print(f"{paths[0]}: {'refused' if refused else 'malformed'}, {self.stage}: {problem}")
            return REFUSED if refused else MALFORMED
        print(f"{paths[0]}: accepted")
        return ACCEPTED

    def begin(self, stage: str) -> None:
        """What is looked at from now on."""
        now = time.monotonic()
        if self.stage != "start":
            self.tell(f"  {self.stage:<28} {now - self.since:8.2f} s")
        self.stage, self.since = stage, now

    def attestation(self, data: bytes, before: Judged | None) -> Judged:
        """One file, after the one before it in its chain."""
        self.begin("container")
        sections = container.read(data)
        self.begin("statement")
        s = statement.read(sections["STAT"])
        evidence = provenance.read(s, sections)
        chain.check_segment(before[0] if before else None, s)
        self.begin("seed, draws and models")
        d = statement.derive(s, sections)
        chain.check_link(before[:2] if before else None, s)
        self.begin("manifest and signatures")
        provenance.check_members(s, d, evidence)
        self.begin("certificates and licences")
        if evidence.certificates and self.trust is None:
            self.tell("  not checked without --trust: whose word the certificates are")
        provenance.check_certificates(s, d, evidence, self.trust, self.day)
        self.begin("well-formedness proofs")
        equations = Equations()
        proofs = iter(evidence.proofs)
        for uses in s.uses:
            for use in uses:
                if use.document.proof is not None:
                    wellformed.verify(use.document, next(proofs), equations)
        self.begin("training proof")
        training.verify(s, d, sections["PROF"], equations)
        self.begin("equations of points")
        equations.check()
        return s, d, evidence

    def chain(self, paths: list[str]) -> None:
        """All files as one chain."""
        seen: list[Judged] = []
        for path in chain.expand(paths):
            self.tell(path)
            with open(path, "rb") as file:
                data = file.read()
            seen.append(self.attestation(data, seen[-1] if seen else None))
        self.begin("quotas of the chain")
        provenance.check_chain_quotas(seen)
        self.begin("end")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="ATTESTATION", help="one, or a chain in its order, or its listing")
    parser.add_argument("--trust", metavar="LIST", help="authorities whose certificates are believed")
    parser.add_argument("--at", metavar="DATE", help="the day at which certificates are judged (today)")
    parser.add_argument("--each", action="store_true", help="judge each file by itself; the exit status is the highest")
    parser.add_argument("--quiet", action="store_true", help="print verdicts only, not how long each stage took")
    return parser.parse_args()


def main() -> int:
    """Judges; prints the verdict, or what did not hold and where."""
    arguments = _arguments()
    judge = Judge(None, "", (lambda line: None) if arguments.quiet else print)
    try:
        judge.day = provenance.date(arguments.at or datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "--at")
        if arguments.trust:
            with open(arguments.trust, "rb") as file:
                judge.trust = provenance.read_trust(file.read())
        if arguments.each:
            return max(judge.verdict([path]) for path in arguments.files)
        return judge.verdict(arguments.files)
    except (Refused, Malformed, OSError) as problem:
        print(f"verify_independent.py: {problem}", file=sys.stderr)
    return USAGE


def run() -> int:
    """A program that fails has not judged: that must not look like a refusal."""
    try:
        return main()
    except Exception:
        traceback.print_exc()
        return BROKEN


if __name__ == "__main__":
    sys.exit(run())
