"""The proof of a training run (docs/protocol.md, sections 6 and 11)."""

from __future__ import annotations

from dataclasses import dataclass

from . import datasets, finale
from .axes import Axis, Eq, Gather, Ones
from .field import R, dot, eq, eq_table, indicator, powers
from .hidden import HiddenDraws
from .ledger import Expression, variable, weighted
from .lookups import Column, Lookup, Lookups
from .models import Model
from .session import Equations, Session
from .statement import Derived, Statement
from .sumcheck import Sumcheck, Term, run_together
from .tables import EXP, RANGE, RELU, SIGNED
from .witness import Block, Witness


@dataclass
class WeightClaim:
    """<k x j, W_l(time)> = value; without time it is W_l(T)."""

    layer: int
    value: Expression
    time: Eq | None
    k: Eq
    j: Eq


@dataclass
class ErrorClaim:
    """<t x b x j, delta_l> of each rank = its variable."""

    variables: list[int]
    t: Eq
    b: Eq
    j: Eq


def _matrix_at(layer: list[list[int]], k: Eq, j: Eq) -> int:
    """<k x j, a public matrix>."""
    columns = j.table()
    return sum(a * dot(row, columns[:len(row)]) for a, row in zip(k.table(), layer)) % R


class Training:
    """One run being checked."""

    def __init__(self, statement: Statement, derived: Derived, proof: bytes, equations: Equations) -> None:
        self.statement, self.derived = statement, derived
        self.p = p = statement.params
        self.bt, self.bb = p.step_bits, p.batch_bits
        self.s = Session(derived.digest, p.n_ranks, p.ledger_width, proof, equations)
        self.w = Witness(self.s, self._blocks(), p.column_bits)
        self.hidden = HiddenDraws(self.w, p, statement.uses, derived.passes) if statement.hidden else None
        self.weight_claims: dict[int, list[WeightClaim]] = {layer: [] for layer in range(1, p.layers + 1)}
        self.error_claims: dict[int, list[ErrorClaim]] = {layer: [] for layer in range(1, p.layers + 1)}

    def verify(self) -> None:
        """All messages in order."""
        self._steps()
        self._updates()
        self._errors()
        Lookups(self.w, self.derived.table, self._lookup_list(), "mult").verify()
        if not self.p.certified:
            self._labels()
        if self.hidden:
            self.hidden.verify()
        self.w.zero_padding()
        opening = self.w.open()
        finale.verify(self.s)
        opening.verify()
        self.s.finish()

    # ------------------------------------------------------------ blocks and lookups

    def _limbs(self, name: str) -> list[tuple[int, str]]:
        """A remainder's limbs from the lowest: factor and block."""
        out, shift = [], 0
        for k, bits in enumerate(self.p.limb_bits):
            out.append((1 << shift, f"{name}.{k}"))
            shift += bits
        return out

    def _tensor(self, name: str, layer: int) -> Block:
        """[T, B, n_l]."""
        p = self.p
        return Block(name, [p.steps, p.batch, p.widths[layer]], [self.bt, self.bb, p.short_bits(layer)])

    def _committed_model(self, name: str, points: list) -> list[Block]:
        """A committed model's layers, held by rank 0."""
        p, out, at = self.p, [], 0
        for layer in range(1, p.layers + 1):
            bits = [p.long_bits(layer - 1), p.short_bits(layer)]
            rows = p.committed_rows(sum(bits))
            out.append(Block(f"{name}{layer}", [p.widths[layer - 1] + 1, p.widths[layer]], bits,
                             committed=[points[at:at + rows]], root_only=True))
            at += rows
        return out

    def _blocks(self) -> list[Block]:
        p, st, last = self.p, self.statement, self.p.layers
        rows = [datasets.shard_rows(uses, p) for uses in st.uses]
        out = [Block(name, [max(p.rows), p.widths[layer]], [p.row_bits, p.short_bits(layer)],
                     committed=[r[part] for r in rows], rank_rows=p.rows, zero_padded=p.certified)
               for part, (name, layer) in enumerate((("D", 0), ("Y", last)))]
        for name, points in (("F", st.final_points), ("G", st.initial_points)):
            if points is not None:
                out += self._committed_model(name, points)
        for layer in range(1, last + 1):
            names = [f"Z{layer}", *(b for _, b in self._limbs(f"R{layer}"))]
            if layer < last:
                names += [f"A{layer}", f"S{layer}", f"V{layer}", *(b for _, b in self._limbs(f"Q{layer}"))]
            out += [self._tensor(name, layer) for name in names]
        out += [self._tensor(name, last) for name in ("m", "E", "P", "rho", "gap")]
        out.append(Block("c", [p.steps, p.batch], [self.bt, self.bb]))
        if st.hidden:
            out += HiddenDraws.blocks(p)
        table = len(self.derived.table)
        out.append(Block("mult", [table], [table.bit_length() - 1]))
        return out

    def _lookup_list(self) -> list[Lookup]:
        p, last = self.p, self.p.layers

        def one(tag: int, block: str, constant: int = 0) -> Lookup:
            return Lookup(tag, [Column([(1, block)], constant)], block)

        def limbs(name: str) -> list[Lookup]:
            return [one(RANGE + bits, block) for bits, (_, block) in zip(p.limb_bits, self._limbs(name))]
        out = []
        for layer in range(1, last + 1):
            out += limbs(f"R{layer}")
            if layer < last:
                z = f"Z{layer}"
                out.append(Lookup(RELU, [Column([(1, z)]), Column([(1, f"A{layer}")]), Column([(1, f"S{layer}")])], z))
                out += [one(SIGNED, f"V{layer}"), *limbs(f"Q{layer}")]
        z = f"Z{last}"
        out += [one(SIGNED, z), Lookup(EXP, [Column([(1, "c"), (-1, z)]), Column([(1, "E")])], z)]
        out += [one(SIGNED, block, -(1 << (p.value_bits - 1))) for block in ("P", "rho", "gap")]
        if not p.certified:
            out += [one(SIGNED, "D"), one(RANGE + 1, "Y")]
        return out

    # ------------------------------------------------------------ helpers

    def _real(self, layer: int, r: list[int]) -> int:
        """The indicator of the real entries of a tensor [T, B, n_l]."""
        p, tb = self.p, self.bt + self.bb
        return self._real_samples(r) * indicator(r[tb:], p.widths[layer]) % R

    def _real_samples(self, r: list[int]) -> int:
        return indicator(r[:self.bt], self.p.steps) * indicator(r[self.bt:self.bt + self.bb], self.p.batch) % R

    def _claim_activation(self, layer: int, variables: list[int], t: Eq, b: Eq, k: Eq) -> None:
        """On A_l with its bias unit, or for l = 0 on D through the draws."""
        p = self.p
        omega = self.s.rank_weights("claim/ranks")
        bias = (1 << p.a) * t.sum_below(p.steps) * b.sum_below(p.batch) * k.entry(p.widths[layer]) % R
        value = weighted(omega, variables)
        value.constant = -sum(omega) * bias % R
        factor = 1
        if len(k.point) > p.short_bits(layer):
            factor, k = k.low_half()
        if layer:
            self.w.part(self.w.claim(value), omega, factor, f"A{layer}", [t, b, k])
        elif self.hidden:
            self.hidden.records(value, [x * factor % R for x in omega], "D", t, b, k)
        else:
            self.w.part(self.w.claim(value), omega, factor, "D", [self._gather(t, b), k])

    def _gather(self, t: Eq, b: Eq) -> Gather:
        return Gather(t, b, self.derived.draws, self.p.batch)

    # ------------------------------------------------------------ step 2

    def _steps(self) -> None:
        """Forward, softmax, backward, all together."""
        s, last = self.s, self.p.layers
        relations: list[Product | Softmax] = [Product(self, layer, backward=False) for layer in range(1, last + 1)]
        relations.append(Softmax(self))
        relations += [Product(self, layer, backward=True) for layer in range(1, last)]
        first = s.send("step/values", sum(r.values for r in relations))
        runs = []
        for relation in relations:
            runs.append(relation.claim(first))
            first += relation.values
        run_together(s, runs)
        for relation, run in zip(relations, runs):
            relation.finish(run)

    # ------------------------------------------------------------ step 3

    def _updates(self) -> None:
        """The final model, and what all claims on weights are reduced to."""
        s, w, n = self.s, self.w, self.p.n_ranks
        claims: list[WeightClaim] = []
        for layer in range(1, self.p.layers + 1):
            self.weight_claims[layer].append(self._final_model(layer))
            claims += self.weight_claims[layer]
        first = s.send("update/part", len(claims) * n)
        runs = []
        for number, c in enumerate(claims):
            parts = [first + i * len(claims) + number for i in range(n)]
            row = c.value
            self._subtract_initial(row, c)
            for part in parts:
                row.add_term(1, part)
            s.ledger.zero_across(row)
            omega = s.rank_weights("update/ranks")
            weights = self._step_weights(c)
            runs.append(Sumcheck(
                "update/part", self.bt + self.bb, weighted(omega, parts), own=2,
                terms=[Term(omega, [0, 1], lambda _, x, v=weights: dot(eq_table(x[:self.bt])[:len(v)], v))]))
        run_together(s, runs)
        for c, run in zip(claims, runs):
            t, b = Eq(run.point[:self.bt]), Eq(run.point[self.bt:])
            self.error_claims[c.layer].append(ErrorClaim(run.own_variables(n, 1), t, b, c.j))
            self._claim_activation(c.layer - 1, run.own_variables(n, 0), t, b, c.k)

    def _model_value(self, label: str, name: str, k: Eq, j: Eq) -> int:
        """A common variable, and the claim that it is the committed model's."""
        v = self.s.send(label, 0, 1)
        self.w.part(self.w.claim(variable(v)), [1] * self.p.n_ranks, 1, name, [k, j])
        return v

    def _final_model(self, layer: int) -> WeightClaim:
        bits = self.p.long_bits(layer - 1)
        r = self.s.challenges("final-model/point", bits + self.p.short_bits(layer))
        k, j = Eq(r[:bits]), Eq(r[bits:])
        model: Model | None = self.derived.final
        if model is not None:
            return WeightClaim(layer, Expression(_matrix_at(model[layer - 1], k, j)), None, k, j)
        return WeightClaim(layer, variable(self._model_value("final-model/value", f"F{layer}", k, j)), None, k, j)

    def _subtract_initial(self, row: Expression, c: WeightClaim) -> None:
        model = self.derived.initial
        if model is not None:
            row.constant = (row.constant - _matrix_at(model[c.layer - 1], c.k, c.j)) % R
        else:
            row.add_term(-1, self._model_value("initial-model/value", f"G{c.layer}", c.k, c.j))

    def _step_weights(self, c: WeightClaim) -> list[int]:
        """c_s less(s, tau), or c_s alone: the sum of eq(tau, ·) over later steps."""
        rates = self.p.rates
        if c.time is None:
            return list(rates)
        later, total = [], 0
        for v in reversed(c.time.table()):
            later.append(total)
            total = (total + v) % R
        later.reverse()
        return [rate * v % R for rate, v in zip(rates, later)]

    # ------------------------------------------------------------ step 4

    def _errors(self) -> None:
        """Claims on errors: V times S, or P less 2^d Y at the drawn records."""
        s, n, last = self.s, self.p.n_ranks, self.p.layers
        runs = [self._hidden_errors(layer) for layer in range(1, last)]
        run_together(s, runs)
        for layer, run in enumerate(runs, 1):
            at = [Eq(run.point[:self.bt]), Eq(run.point[self.bt:self.bt + self.bb]), Eq(run.point[self.bt + self.bb:])]
            self.w.claim_block(run.own_variables(n, 0), f"V{layer}", at)
            self.w.claim_block(run.own_variables(n, 1), f"S{layer}", at)
        omega = s.rank_weights("error/ranks")
        for c in self.error_claims[last]:
            self._output_error(c, omega)

    def _hidden_errors(self, layer: int) -> Sumcheck:
        omega = self.s.rank_weights("error/ranks")
        claims = self.error_claims[layer]
        gammas = powers(self.s.challenge("error/mix"), len(claims))
        total = Expression()
        for g, c in zip(gammas, claims):
            total.add(weighted(omega, c.variables), g)

        def public(_rank: int, x: list[int]) -> int:
            return sum(g * eq(c.t.point + c.b.point + c.j.point, x) for g, c in zip(gammas, claims)) % R
        bits = self.bt + self.bb + self.p.short_bits(layer)
        return Sumcheck("error/mix", bits, total, own=2, terms=[Term(omega, [0, 1], public)])

    def _output_error(self, c: ErrorClaim, omega: list[int]) -> None:
        value, scale = weighted(omega, c.variables), 1 << self.p.d
        if self.hidden:
            own = self.hidden.labels(c.t, c.b, c.j)
            for w, v in zip(omega, own):
                value.add_term(w * scale, v)
        claim = self.w.claim(value)
        self.w.part(claim, omega, 1, "P", [c.t, c.b, c.j])
        if not self.hidden:
            self.w.part(claim, omega, -scale, "Y", [self._gather(c.t, c.b), c.j])

    # ------------------------------------------------------------ step 6

    def _labels(self) -> None:
        """Every real row of Y has one 1."""
        omega = self.s.rank_weights("labels/ranks")
        r = self.s.challenges("labels/point", self.p.row_bits)
        value = Expression(sum(w * indicator(r, rows) for w, rows in zip(omega, self.p.rows)))
        self.w.part(self.w.claim(value), omega, 1, "Y", [Eq(r), Ones()])


class Product:
    """2^w q + remainder - 2^(w-1) [real] = the sum over (t, k) of left times weights, at r (6.1 and 6.2)."""

    values = 1

    def __init__(self, of: Training, layer: int, backward: bool) -> None:
        self.of, self.layer, self.backward = of, layer, backward
        p, name = of.p, "backward" if backward else "forward"
        self.label = f"{name}/value"
        r = of.s.challenges(f"{name}/point", of.bt + of.bb + p.short_bits(layer))
        self.omega = of.s.rank_weights(f"{name}/ranks")
        self.r = r
        self.t, self.b, self.j = Eq(r[:of.bt]), Eq(r[of.bt:of.bt + of.bb]), Eq(r[of.bt + of.bb:])

    def claim(self, value: int) -> Sumcheck:
        """On the quotient and the limbs; and the sumcheck."""
        of, p, layer = self.of, self.of.p, self.layer
        half = (1 << (p.w - 1)) * of._real(layer, self.r) % R
        quotient, remainder = (f"V{layer}", f"Q{layer}") if self.backward else (f"Z{layer}", f"R{layer}")
        total = variable(value)
        total.constant = sum(self.omega) * half % R
        claim = of.w.claim(total)
        for factor, block in [(1 << p.w, quotient), *of._limbs(remainder)]:
            of.w.part(claim, self.omega, factor, block, [self.t, self.b, self.j])
        bits = p.short_bits(layer + 1) if self.backward else p.long_bits(layer - 1)
        return Sumcheck(self.label, of.bt + bits, variable(value), own=1, common=1,
                        terms=[Term(self.omega, [0, 1], lambda _, x: eq(self.t.point, x[:of.bt]))])

    def finish(self, run: Sumcheck) -> None:
        """Claims on the weights, and on activations or errors."""
        of, p, layer = self.of, self.of.p, self.layer
        t, k = Eq(run.point[:of.bt]), Eq(run.point[of.bt:])
        own, weight = run.own_variables(p.n_ranks, 0), variable(run.first_common)
        if self.backward:
            zeros = [0] * (p.long_bits(layer) - p.short_bits(layer))
            rows = Eq(zeros + self.j.point, p.widths[layer])
            of.weight_claims[layer + 1].append(WeightClaim(layer + 1, weight, t, rows, k))
            of.error_claims[layer + 1].append(ErrorClaim(own, t, self.b, k))
        else:
            of.weight_claims[layer].append(WeightClaim(layer, weight, t, k, self.j))
            of._claim_activation(layer - 1, own, t, self.b, k)


class Softmax:
    """Section 6.5."""

    values = 2

    def __init__(self, of: Training) -> None:
        self.of = of
        self.last = of.p.layers
        self.r = of.s.challenges("softmax/point", of.bt + of.bb + of.p.short_bits(self.last))
        self.omega = of.s.rank_weights("softmax/ranks")
        self.mu = of.s.challenge("softmax/mix")

    def claim(self, first: int) -> Sumcheck:
        """Four linear claims; and the sumcheck of the other three relations."""
        of, w, omega, mu, r = self.of, self.of.w, self.omega, self.mu, self.r
        tb = of.bt + of.bb
        axes: list[Axis] = [Eq(r[:of.bt]), Eq(r[of.bt:tb]), Eq(r[tb:])]
        sums: list[Axis] = [*axes[:2], Ones()]
        w.part(w.claim(variable(first)), omega, 1, "c", axes)
        claim = w.claim(variable(first + 1))
        w.part(claim, omega, 1 << of.p.d, "E", axes)
        w.part(claim, omega, -1, "rho", axes)
        w.part(w.claim(Expression(sum(omega) * of._real_samples(r))), omega, 1, "m", sums)
        claim = w.claim(Expression(sum(omega) * of._real(self.last, r)))
        w.part(claim, omega, indicator(r[tb:], of.p.widths[self.last]), "E", sums)
        w.part(claim, omega, -1, "rho", axes)
        w.part(claim, omega, -1, "gap", axes)
        total = variable(first)
        total.add_term(mu * mu, first + 1)

        def scaled(factor: int) -> list[int]:
            return [x * factor % R for x in omega]

        def rows(_rank: int, x: list[int]) -> int:
            return eq(r[:tb], x[:tb])

        def full(_rank: int, x: list[int]) -> int:
            return eq(r, x)
        m, z, p, total_e = range(4)
        return Sumcheck("softmax/values", len(r), total, own=4,
                        terms=[Term(omega, [m, z], rows), Term(scaled(mu), [m, m], full), Term(scaled(-mu), [m], full),
                               Term(scaled(mu * mu), [p, total_e], full)])

    def finish(self, run: Sumcheck) -> None:
        """Claims on the four tables."""
        of, x, tb = self.of, run.point, self.of.bt + self.of.bb
        at = [Eq(x[:of.bt]), Eq(x[of.bt:tb]), Eq(x[tb:])]
        for number, block in enumerate(("m", f"Z{self.last}", "P")):
            of.w.claim_block(run.own_variables(of.p.n_ranks, number), block, at)
        of.w.claim_block(run.own_variables(of.p.n_ranks, 3), "E", [*at[:2], Ones()])


def verify(statement: Statement, derived: Derived, proof: bytes, equations: Equations) -> None:
    """The whole proof but its equations of points."""
    Training(statement, derived, proof, equations).verify()
