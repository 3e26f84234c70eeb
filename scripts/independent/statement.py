"""The statement, and what follows from it (docs/formats.md, The statement; docs/protocol.md, section 6.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import datasets, documents, models, params, sampler, tables
from .curve import Point
from .datasets import Use
from .documents import fields, hexadecimal, integer, items
from .errors import Malformed, Refused, require, well_formed
from .models import Model
from .params import Params
from .sampler import Piece

FIELDS = "version name purpose params members beacon contributions manifest datasets indices previous initial final"
MAX_PASS_COUNTS = 1 << 20


@dataclass
class Member:
    """A party."""

    name: str
    key: bytes
    ed25519: bytes | None   # of who signs for it
    signer: str | None


@dataclass
class Statement:
    """Read and checked by itself."""

    json: dict[str, Any]
    job: Params             # of the whole job
    params: Params          # of the steps that the statement is about
    members: list[Member]   # the ranks of the proof, then those without data
    uses: list[list[Use]]   # of the ranks
    last_pass: list[list[int]] | None          # hidden draws
    initial_points: list[Point] | None = None  # a committed W(0)
    final_points: list[Point] | None = None

    @property
    def hidden(self) -> bool:
        return self.last_pass is not None

    @property
    def before(self) -> bytes | None:
        """Statement digest of the attestation that this one goes on from."""
        segment = self.json.get("segment")
        name = segment["after"] if segment and segment["from"] > 0 else self.json["previous"]
        return bytes.fromhex(name) if name is not None else None

    @property
    def manifest(self) -> dict[str, Any] | None:
        """The manifest's body."""
        return self.json["manifest"]["body"] if self.json["manifest"] is not None else None

    @property
    def manifest_digest(self) -> bytes | None:
        return documents.digest(self.manifest) if self.manifest is not None else None

    def passes(self, rank: int) -> list[list[int]]:
        """Hidden draws: how many records of each dataset each pass draws."""
        pieces = [use.piece for use in self.uses[rank]]
        out = sampler.whole_passes(pieces, self.params.steps * self.params.batch, MAX_PASS_COUNTS)
        last = self.last_pass[rank]
        well_formed(all(x <= y for x, y in zip(last, out[-1], strict=True)), "indices: a last pass takes too much")
        out[-1] = last
        well_formed(sum(map(sum, out)) == self.params.steps * self.params.batch, "indices: the passes are not all draws")
        return out


# ---------------------------------------------------------------- reading


def _file_name(value: Any, where: str) -> str:
    documents.text(value, where, 1, 64)
    form = re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9_.-]*", value)
    well_formed(form is not None, f"{where}: letters, digits, _ - . (not first)")
    return value


def _member(value: Any, where: str) -> Member:
    v = fields(value, where, "identity key name")
    out = Member(_file_name(v["name"], f"{where}.name"), hexadecimal(v["key"], f"{where}.key"), None, None)
    if v["identity"] is not None:
        signer = fields(v["identity"], f"{where}.identity", "ed25519 name")
        out.ed25519 = hexadecimal(signer["ed25519"], f"{where}.identity")
        out.signer = documents.text(signer["name"], f"{where}.identity", 1, 128)
    return out


def _members(v: dict[str, Any], ranks: int) -> list[Member]:
    out = [_member(item, "statement: members") for item in items(v["members"], "statement: members", ranks, ranks)]
    if "idle" in v:
        out += [_member(item, "statement: idle")
                for item in items(v["idle"], "statement: idle", 1, params.MAX_RANKS - ranks)]
    signers = [m for m in out if m.ed25519 is not None]
    well_formed(len(signers) in (0, len(out)), "statement: members: identities for all or none")
    for part in ([m.name for m in out], [m.key for m in out], [m.ed25519 for m in signers], [m.signer for m in signers]):
        well_formed(len(set(part)) == len(part), "statement: members: two are the same")
    return out


def _check_excluded(value: Any, members: list[Member]) -> None:
    """Members of the job who took no part in this run."""
    names = [_file_name(item, "statement: excluded") for item in items(value, "statement: excluded", 1, params.MAX_RANKS)]
    well_formed(len(set(names)) == len(names) and not set(names) & {m.name for m in members},
                "statement: excluded: a name is there twice, or is a member's")


def _either(value: Any, where: str, names: str) -> tuple[str, Any]:
    """An object with exactly one of the fields."""
    v = fields(value, where, "", names)
    well_formed(len(v) == 1, f"{where}: exactly one of {names}")
    return next(iter(v.items()))


def _segment(value: Any, job: Params) -> Params:
    v = fields(value, "statement: segment", "after from to")
    start = integer(v["from"], "statement: segment.from", 0, job.steps - 1)
    end = integer(v["to"], "statement: segment.to", start + 1, job.steps)
    well_formed(end - start < job.steps, "statement: segment: it is the whole job")
    well_formed((start == 0) == (v["after"] is None), "statement: segment.after: the one before is named if there is one")
    if start:
        hexadecimal(v["after"], "statement: segment.after")
    return job.segment(start, end)


def _indices(s: Statement) -> None:
    value = s.json["indices"]
    if isinstance(value, str):
        well_formed(value == "public", "statement: indices")
        return
    v = fields(value, "statement: indices", "last_pass")
    count, p = s.params.n_ranks, s.params
    s.last_pass = items(v["last_pass"], "statement: indices", count, count)
    for uses, last in zip(s.uses, s.last_pass):
        for use, n in zip(uses, items(last, "statement: indices", len(uses), len(uses))):
            integer(n, "statement: indices", 0, use.document.rows)
        passes = sampler.whole_passes([use.piece for use in uses], p.steps * p.batch, MAX_PASS_COUNTS)
        p.hidden_passes = max(p.hidden_passes, len(passes))


def _models(s: Statement, committed_initial: bool, final: tuple[str, Any]) -> None:
    """Initial and final model, by digest or commitments."""
    initial = s.json["initial"]
    segment = s.json.get("segment")
    if isinstance(initial, str):
        well_formed(initial == "seed", "statement: initial")
        well_formed(not segment or segment["from"] == 0, "statement: a later segment does not start from the seed's model")
    elif committed_initial:
        well_formed(s.before is not None, "statement: only the model of an earlier attestation can be committed")
        s.initial_points = datasets.read_points(initial["committed"], "statement: initial", s.params.model_rows, True)
    else:
        hexadecimal(initial["digest"], "statement: initial")
    if final[0] == "public":
        hexadecimal(final[1], "statement: final")
    else:
        s.final_points = datasets.read_points(final[1], "statement: final", s.params.model_rows, True)


def read(data: bytes) -> Statement:
    """The canonical statement; the parameters first, since every length follows from them."""
    value = documents.parse_canonical(data, "statement")
    documents.version(value, "statement", 3)
    v = fields(value, "statement", FIELDS, "excluded idle segment")
    final = _either(v["final"], "statement: final", "committed public")
    committed_initial = not isinstance(v["initial"], str) and _either(
        v["initial"], "statement: initial", "committed digest")[0] == "committed"
    committed = int(committed_initial) + int(final[0] == "committed")
    job = params.read(v["params"], "statement: params")
    job.validate(committed)
    p = _segment(v["segment"], job) if "segment" in v else job
    p.validate(committed)
    _file_name(v["name"], "statement: name")
    documents.text(v["purpose"], "statement: purpose", 0, 64)
    well_formed(v["purpose"] == "" or documents.purpose(v["purpose"]), "statement: purpose")
    documents.text(v["beacon"], "statement: beacon", 0, 1024)
    members = _members(v, p.n_ranks)
    if "excluded" in v:
        _check_excluded(v["excluded"], members)
    if v["contributions"] is not None:
        for item in items(v["contributions"], "statement: contributions", len(members), len(members)):
            hexadecimal(item, "statement: contributions")
    if v["manifest"] is not None:
        manifest = fields(v["manifest"], "statement: manifest", "body digest")
        well_formed(isinstance(manifest["body"], dict), "statement: manifest: an object is required")
        require(documents.digest(manifest["body"]) == hexadecimal(manifest["digest"], "statement: manifest"),
                "statement: the manifest does not have the digest beside it")
    uses = [datasets.read_uses(item, "statement: datasets")
            for item in items(v["datasets"], "statement: datasets", p.n_ranks, p.n_ranks)]
    p.certified = uses[0][0].document.proof is not None
    datasets.check_all(uses, p)
    if v["previous"] is not None:
        hexadecimal(v["previous"], "statement: previous")
    s = Statement(v, job, p, members, uses, None)
    _indices(s)
    p.validate(committed)
    if s.hidden and "segment" in v:
        well_formed(all(use.total is None for part in uses for use in part), "statement: a total limit, and hidden segments")
    _models(s, committed_initial, final)
    return s


# ---------------------------------------------------------------- what follows from it


@dataclass
class Derived:
    """Recomputed, never read."""

    seed: bytes
    initial: Model | None
    initial_digest: bytes
    final: Model | None
    table: list[tuple[int, int, int, int]]
    digest: bytes                 # of the statement: opens the transcript
    draws: list[list[int]] | None
    passes: list[list[list[int]]] | None
    tallies: list[list[tuple[int, int]]]  # per member and dataset: draws in all, and the most in a pass


def _hash(label: str, value: Any, *digests: bytes) -> bytes:
    text = documents.canonical(value)
    return documents.sha256(label.encode() + b"\0", len(text).to_bytes(8, "little"), text, *digests)


def _seed(s: Statement) -> bytes:
    manifest = s.manifest_digest
    return _hash("consort/seed/2", {
        "beacon": s.json["beacon"], "contributions": s.json["contributions"], "params": s.json["params"],
        "previous": s.json["previous"], "manifest": manifest.hex() if manifest else None,
        "datasets": [[use.by_digest() for use in uses] for uses in s.uses]})


def _initial(s: Statement, seed: bytes, section: bytes | None) -> tuple[Model | None, bytes]:
    """W(0) and its digest."""
    stated = s.json["initial"]
    given = isinstance(stated, dict) and "digest" in stated
    well_formed(given == (section is not None), "W(0): a given one is in the file, and only a given one")
    if s.initial_points is not None:
        encoded = [bytes.fromhex(x) for x in stated["committed"]]
        return None, documents.sha256(b"consort/initial-rows/1\0", *encoded)
    if section is not None:
        model = models.decode(section, s.params, "INIT")
    else:
        model = sampler.initial_weights(seed, s.params.widths, s.params.initial_max)
    models.check_bounds(model, s.params.initial_max, "W(0)")
    if not given:
        return model, documents.sha256(b"consort/initial-seed/1\0", seed)
    found = models.digest(model)
    if found.hex() != stated["digest"]:
        raise Refused("W(0): the given one does not have the digest that the statement names")
    return model, found


def _final(s: Statement, section: bytes | None) -> Model | None:
    well_formed((s.final_points is None) == (section is not None),
                "W(T): a public one is in the file, and only a public one")
    if section is None:
        return None
    model = models.decode(section, s.params, "MODL")
    models.check_bounds(model, [s.params.weight_max(layer) for layer in range(1, s.params.layers + 1)], "W(T)")
    if models.digest(model).hex() != s.json["final"]["public"]:
        raise Malformed("W(T): the released model does not have the digest that the statement names")
    return model


def _hidden_tally(pieces: list[Piece], passes: list[list[int]]) -> list[tuple[int, int]]:
    return [(sum(n[k] for n in passes), max(n[k] for n in passes)) for k in range(len(pieces))]


def derive(s: Statement, sections: dict[str, bytes]) -> Derived:
    """Seed, models, table, draws, digest."""
    p = s.params
    final = _final(s, sections.get("MODL"))
    table, table_digest = tables.build(p)
    seed = _seed(s)
    initial, initial_digest = _initial(s, seed, sections.get("INIT"))
    drawn, passes, tallies = None, None, []
    if s.hidden:
        passes = [s.passes(i) for i in range(p.n_ranks)]
        tallies = [_hidden_tally([u.piece for u in uses], passes[i]) for i, uses in enumerate(s.uses)]
    else:
        already = p.step_offset * p.batch
        drawn = []
        for i, uses in enumerate(s.uses):
            pieces = [use.piece for use in uses]
            own = sampler.draws(seed, i, pieces, already + p.steps * p.batch)
            tallies.append(sampler.tally(pieces, own, already))
            drawn.append(own[already:])
    digest = _hash("consort/statement/4", s.json, seed, initial_digest, table_digest)
    return Derived(seed, initial, initial_digest, final, table, digest, drawn, passes, tallies)
