"""Manifest, signatures and certificates (docs/formats.md and docs/provenance.md)."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from . import documents, edwards
from .documents import fields, hexadecimal, integer, items
from .errors import Refused, require, well_formed
from .statement import Derived, Statement

MANIFEST, STATEMENT, CERTIFICATE = "consort/manifest/1", "consort/statement-signature/1", "consort/certificate/1"
NO_LIMIT = (1 << 53) - 1


@dataclass
class Evidence:
    """What comes with a proof."""

    manifest: list[dict[str, Any]]
    statement: list[dict[str, Any]]
    certificates: list[dict[str, Any]]
    proofs: list[bytes]


def _signature(value: Any, where: str) -> dict[str, Any]:
    v = fields(value, where, "key name signature")
    hexadecimal(v["key"], where)
    documents.text(v["name"], where, 1, 128)
    hexadecimal(v["signature"], where, 64)
    return v


def _proofs(data: bytes, count: int) -> list[bytes]:
    out, at = [], 0
    for _ in range(count):
        size = int.from_bytes(data[at:at + 8], "little")
        well_formed(len(data) - at >= 8 and size <= len(data) - at - 8, "WELL: a proof is missing or cut off")
        out.append(data[at + 8:at + 8 + size])
        at += 8 + size
    well_formed(at == len(data), "WELL: bytes follow the last proof")
    return out


def read(s: Statement, sections: dict[str, bytes]) -> Evidence:
    """The sections WELL, CERT and SIGN."""
    uses = [use for part in s.uses for use in part]
    proofs = _proofs(sections.get("WELL", b""), sum(use.document.proof is not None for use in uses))
    named, certificates = sum(use.certificate is not None for use in uses), []
    if "CERT" in sections:
        value = fields(documents.parse_canonical(sections["CERT"], "CERT"), "CERT", "certificates")
        certificates = [_certificate(item) for item in items(value["certificates"], "CERT", named, named)]
    well_formed(len(certificates) == named, "CERT: certificates that the statement names are missing")
    out = Evidence([], [], certificates, proofs)
    if "SIGN" in sections:
        value = fields(documents.parse_canonical(sections["SIGN"], "SIGN"), "SIGN", "manifest statement")
        out.manifest, out.statement = ([_signature(item, "SIGN") for item in items(value[name], "SIGN", 0, 128)]
                                       for name in ("manifest", "statement"))
    return out


# ---------------------------------------------------------------- members


def _check_signed(signatures: list[dict[str, Any]], s: Statement, label: str, digest: bytes, what: str) -> None:
    """One signature of each member, in their order."""
    require(len(signatures) == len(s.members), f"{what}: not signed by every member, once")
    for member, signature in zip(s.members, signatures):
        require(signature["key"] == member.ed25519.hex() and signature["name"] == member.signer,
                f"{what}: a signature is not that of member {member.name!r}")
        require(edwards.verify(member.ed25519, label.encode() + b"\0" + digest, bytes.fromhex(signature["signature"])),
                f"{what}: not what {member.signer!r} signed")


def _check_manifest(s: Statement) -> None:
    """The manifest says what the statement says."""
    require(s.params.certified, "manifest: it names datasets without well-formedness proofs")
    v, body = s.json, s.manifest
    segment = v.get("segment")
    documents.version(body, "manifest", 1)
    fields(body, "manifest", "version name purpose params initial final schema members datasets seeds indices previous",
           "excluded idle")
    seeds = fields(body["seeds"], "manifest: seeds", "beacon_source contributions")
    final = "committed" if s.final_points is not None else "public"
    members = [{"name": m.name, "identity": {"ed25519": m.ed25519.hex(), "name": m.signer}, "x25519": m.key.hex()}
               for m in s.members]
    ranks = s.params.n_ranks
    expected = {
        "version": 1, "name": v["name"], "purpose": v["purpose"], "params": v["params"], "previous": v["previous"],
        "initial": v["initial"], "final": final, "schema": s.uses[0][0].document.schema_digest.hex(),
        "members": members[:ranks],
        "datasets": [[use.by_digest() for use in uses] for uses in s.uses],
        "seeds": {"contributions": v["contributions"] is not None, "beacon_source": seeds["beacon_source"]},
        "indices": "hidden" if s.hidden else "public"}
    if segment and segment["from"] > 0:
        expected["initial"] = body["initial"]
    if segment and segment["to"] < s.job.steps and final == "committed":
        expected["final"] = body["final"]
    if "excluded" in v:
        expected["excluded"] = v["excluded"]
    if len(members) > ranks:
        expected["idle"] = members[ranks:]
    require(sorted(body) == sorted(expected),
            "manifest: it does not say who was left out or has no data, or the statement does not")
    for name, value in expected.items():
        require(documents.encode(body[name]) == documents.encode(value), f"manifest: it was signed with another {name!r}")
    source = seeds["beacon_source"]
    require(source is None or isinstance(source, str), "manifest: beacon_source")
    require((source is None) == (v["beacon"] == ""), "manifest: a beacon and its source go together")


def check_members(s: Statement, d: Derived, e: Evidence) -> None:
    """What the members agreed on and put their names to."""
    identified = s.members[0].ed25519 is not None
    if s.manifest is None:
        require(not e.manifest, "manifest: there are signatures and no manifest")
    else:
        require(identified, "manifest: the members have no identities to sign it with")
        _check_signed(e.manifest, s, MANIFEST, s.manifest_digest, "manifest")
        _check_manifest(s)
    contributions = s.json["contributions"]
    require(contributions is None or len(set(contributions)) == len(contributions), "seed: two contributions are the same")
    if identified:
        _check_signed(e.statement, s, STATEMENT, d.digest, "statement")
    else:
        require(not e.statement, "statement: there are signatures and no identities")


# ---------------------------------------------------------------- certificates


def date(value: Any, where: str) -> str:
    """YYYY-MM-DD."""
    form = isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    well_formed(bool(form), f"{where}: no date")
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        well_formed(False, f"{where}: no such day")
    return value


def _licence(value: Any) -> None:
    """Every field is there."""
    documents.version(value, "licence", 1)
    v = fields(value, "licence", "version name purposes deny quota expires attribution")
    documents.text(v["name"], "licence.name", 1, 128)
    purposes = items(v["purposes"], "licence.purposes", 1, 16)
    well_formed(purposes == ["*"] or all(isinstance(x, str) and documents.purpose(x) for x in purposes), "licence: purposes")
    well_formed(len(set(purposes)) == len(purposes), "licence: a purpose is there twice")
    well_formed(isinstance(v["deny"], bool), "licence: deny")
    for quota in fields(v["quota"], "licence.quota", "per_epoch total").values():
        if quota is not None:
            integer(quota, "licence.quota", 0, NO_LIMIT)
    if v["expires"] is not None:
        date(v["expires"], "licence.expires")
    documents.text(v["attribution"], "licence.attribution", 0, 512)


def _certificate(value: Any) -> dict[str, Any]:
    """Strictly; the signature is not looked at yet."""
    ring = isinstance(value, dict) and "ring" in value
    v = fields(value, "certificate", "body ring" if ring else "body signatures")
    documents.version(v["body"], "certificate", 1)
    body = fields(v["body"], "certificate", "version dataset rows schema source licence from until authority")
    hexadecimal(body["dataset"], "certificate.dataset")
    integer(body["rows"], "certificate.rows", 1, NO_LIMIT)
    hexadecimal(body["schema"], "certificate.schema")
    documents.text(body["source"], "certificate.source", 1, 256)
    _licence(body["licence"])
    first, last = (date(body[name], f"certificate.{name}") for name in ("from", "until"))
    well_formed(first <= last, "certificate: never valid")
    if ring:
        hexadecimal(fields(body["authority"], "certificate.authority", "one_of")["one_of"], "certificate.authority")
        signed = fields(v["ring"], "certificate.ring", "challenge responses")
        for scalar in [signed["challenge"], *items(signed["responses"], "certificate.ring", 2, 128)]:
            hexadecimal(scalar, "certificate.ring")
        return v
    authority = fields(body["authority"], "certificate.authority", "ed25519 name")
    hexadecimal(authority["ed25519"], "certificate.authority")
    documents.text(authority["name"], "certificate.authority", 1, 128)
    signature = _signature(items(v["signatures"], "certificate.signatures", 1, 1)[0], "certificate.signatures")
    require((signature["key"], signature["name"]) == (authority["ed25519"], authority["name"]),
            "certificate: not signed by the authority that it names")
    return v


@dataclass
class Trust:
    """Authorities whose word is taken, in ascending order of keys."""

    authorities: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        return documents.digest({"version": 1, "authorities": self.authorities}, "consort/trust/1").hex()


def read_trust(data: bytes) -> Trust:
    """A trust list. Whoever keeps it vouches for it; its keys are used, not judged, here."""
    value = documents.parse(data, "trust list")
    documents.version(value, "trust list", 1)
    v = fields(value, "trust list", "version authorities")
    out = []
    for item in items(v["authorities"], "trust list", 0, 128):
        documents.version(item, "trust list", 1)
        authority = fields(item, "trust list", "version name ed25519 x25519 ristretto255")
        documents.text(authority["name"], "trust list", 1, 128)
        for name in ("ed25519", "x25519", "ristretto255"):
            hexadecimal(authority[name], "trust list")
        out.append(authority)
    for name in ("name", "ed25519", "x25519", "ristretto255"):
        well_formed(len({a[name] for a in out}) == len(out), "trust list: two authorities are the same")
    return Trust(sorted(out, key=lambda a: a["ed25519"]))


def _check_ring(c: dict[str, Any], trust: Trust, digest: bytes) -> None:
    require(c["body"]["authority"]["one_of"] == trust.digest, "certificate: it hides among other authorities")
    keys = sorted(bytes.fromhex(a["ristretto255"]) for a in trust.authorities)
    context = hashlib.sha512(b"consort/ring/1\0" + CERTIFICATE.encode() + b"\0" + digest
                             + len(keys).to_bytes(8, "little") + b"".join(keys)).digest()
    require(edwards.ring_closes(context, keys, bytes.fromhex(c["ring"]["challenge"]),
                                [bytes.fromhex(r) for r in c["ring"]["responses"]]), "certificate: the ring signature")


def _check_authority(c: dict[str, Any], trust: Trust, day: str) -> None:
    """Signature, authority, days."""
    body = c["body"]
    digest = documents.digest(body)
    if "ring" in c:
        _check_ring(c, trust, digest)
    else:
        authority = body["authority"]
        signature = bytes.fromhex(c["signatures"][0]["signature"])
        require(edwards.verify(bytes.fromhex(authority["ed25519"]), CERTIFICATE.encode() + b"\0" + digest, signature),
                "certificate: its signature does not hold")
        require(any((a["ed25519"], a["name"]) == (authority["ed25519"], authority["name"]) for a in trust.authorities),
                "certificate: its authority is not on the trust list")
    require(body["from"] <= day <= body["until"], "certificate: not valid on this day")


def check_certificates(s: Statement, d: Derived, e: Evidence, trust: Trust | None, day: str) -> None:
    """Each is the one that the statement names, about that dataset, and its licence is kept. Whose word it is is looked at
    with a trust list only."""
    following = iter(e.certificates)
    for uses, tallies in zip(s.uses, d.tallies):
        for use, (total, per_pass) in zip(uses, tallies):
            if use.certificate is None:
                continue
            c = next(following)
            body, doc = c["body"], use.document
            require(documents.digest(body) == use.certificate, "certificate: another one than the statement names")
            require(body["schema"] == doc.schema_digest.hex(), "certificate: for a dataset of another schema")
            require((body["dataset"], body["rows"]) == (doc.digest.hex(), doc.rows), "certificate: for another dataset")
            if trust is not None:
                _check_authority(c, trust, day)
            licence = body["licence"]
            require(not licence["deny"], "licence: it denies every use")
            require(licence["expires"] is None or day <= licence["expires"], "licence: expired")
            require(licence["purposes"] == ["*"] or s.json["purpose"] in licence["purposes"], "licence: another purpose")
            for name, draws in (("per_epoch", per_pass), ("total", total)):
                quota = licence["quota"][name]
                require(quota is None or draws <= quota, f"licence: {draws} draws, more than its quota {name}")


def check_chain_quotas(files: list[tuple[Statement, Derived, Evidence]]) -> None:
    """Quotas in total are about all files together."""
    draws: dict[bytes, int] = {}
    for s, d, _ in files:
        for uses, tallies in zip(s.uses, d.tallies):
            for use, (total, _per_pass) in zip(uses, tallies):
                draws[use.document.digest] = draws.get(use.document.digest, 0) + total
    for _, _, e in files:
        for c in e.certificates:
            quota = c["body"]["licence"]["quota"]["total"]
            if quota is not None and draws[bytes.fromhex(c["body"]["dataset"])] > quota:
                raise Refused("chain: more draws in all files than a licence's quota")
