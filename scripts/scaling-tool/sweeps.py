"""The sweeps: which jobs are run, and what is made of their figures."""
import json
import subprocess

import measure
import model
from jobs import Job
from measure import medians, run

SHOWN = ["ranks", "draws", "steps", "parameters", "rows", "cpu_max", "cpu_mean", "cpu_sum", "efficiency", "max_to_mean", "root_to_others",
         "bytes_sent_root", "bytes_sent_others", "messages", "exchanges", "peak_bytes_max", "peak_bytes_sum", "proof_bytes",
         "verify_seconds"]
REPEATS = {"parameters": 5}  # a difference of two runs


class Sweep:
    """Runs points one after the other, each `repeat` times, and keeps all."""

    def __init__(self, name, options):
        self.name, self.options, self.runs, self.points = name, options, [], []
        self.repeat = options.repeat or REPEATS.get(name, 1)

    def point(self, job, network="0", launcher=None):
        runs = [run(job, network, launcher, self.options.timeout) for _ in range(self.repeat)]
        self.runs += runs
        self.points.append(medians(runs))
        p = self.points[-1]
        print(f"{self.name}: {p['ranks']:.0f} ranks, {p['draws']:.0f} draws, {p['parameters']:.0f} parameters, network {network}: "
              f"{p['cpu_max']:.2f} s of CPU at most, {p['cpu_sum']:.2f} in all, {p['wall_seconds']:.2f} s", flush=True)
        return p, runs

    def keep(self, extra=None):
        """The tables up to now: a sweep that is stopped has what it measured."""
        options = {k: v for k, v in vars(self.options).items() if k not in ("sweep", "out")}
        measure.save(self.options.out, self.name, options, self.runs, self.points, extra)

    def finish(self, shown=None):
        measure.show(self.points, shown or [c for c in SHOWN if c in self.points[0]])
        print(f"{self.options.out}/{self.name}.csv and .json")


def steps_for(draws, batch):
    return max(1, round(draws / batch))


def job_for(o, ranks, draws, rows, widths=None, batch=None):
    """The steps that take so many draws at the batch that this number of ranks can have."""
    job = Job(widths or o.widths, ranks, batch or o.batch, 1, rows, o.value_bits, o.pad_partners)
    job.steps = steps_for(draws, job.batch)
    return job


def strong(o):
    """The same draws, records and batch on more and more ranks."""
    sweep = Sweep("strong", o)
    for ranks in o.ranks:
        p, _ = sweep.point(job_for(o, ranks, o.draws, o.rows))
        alone = sweep.points[0]  # by draws: batches that ranks do not divide make it a little more or less
        p["efficiency"] = alone["cpu_sum"] / alone["draws"] / alone["ranks"] * p["draws"] / p["cpu_max"] * alone["ranks"] / p["ranks"]
        p["sum_to_one"] = p["cpu_sum"] / p["draws"] / (alone["cpu_sum"] / alone["draws"])
        sweep.keep()
    sweep.finish()


def weak(o):
    """The same draws and records for each rank, on more and more ranks."""
    sweep = Sweep("weak", o)
    for ranks in o.ranks:
        local = max(1, o.batch // max(o.ranks))
        p, _ = sweep.point(Job(o.widths, ranks, local * ranks, steps_for(o.draws / max(o.ranks), local),
                               ranks * max(1, o.rows // max(o.ranks)), o.value_bits, o.pad_partners))
        p["efficiency"] = sweep.points[0]["cpu_max"] / p["cpu_max"]
        sweep.keep()
    sweep.finish()


def rows(o):
    """More and more records, one pass over them."""
    sweep = Sweep("rows", o)
    for part in (16, 8, 4, 2, 1):
        sweep.point(job_for(o, o.sweep_ranks, max(1, o.draws // part), max(1, o.draws // part)))
        sweep.keep()
    sweep.finish()


def steps(o):
    """More and more steps over the same records, at the same batch."""
    sweep = Sweep("steps", o)
    for part in (16, 8, 4, 2, 1):
        sweep.point(job_for(o, o.sweep_ranks, max(1, o.draws // part), max(o.sweep_ranks, o.draws // 16)))
        sweep.keep()
    sweep.finish()


def step_costs(few, many, ranks):
    """What a step costs, in training and in all that proves it, by two runs of the same model; the rest is paid once."""
    more = many["steps"] - few["steps"]
    training = ranks * (many["stage_training"] - few["stage_training"]) / more
    each = (many["cpu_sum"] - few["cpu_sum"]) / more
    return {**many, "cpu_step": each - training, "cpu_step_training": training, "cpu_once": few["cpu_sum"] - few["steps"] * each}


def parameters(o):
    """16 features, two hidden layers of always as many units together: more and more parameters. The runs of a pair come one
    after the other, and each round has a pair of every model: what slows the machine for a while slows all alike, and the
    median of the pairs' differences leaves it out."""
    sweep = Sweep("parameters", o)
    rounds, sweep.repeat = sweep.repeat, 1
    pairs = {}
    for _ in range(rounds):
        for share in (40, 16, 8, 4, 2):
            second = max(1, o.units // share)
            widths = [16, o.units - second, second, o.widths[-1]]
            few, many = (sweep.point(Job(widths, o.sweep_ranks, o.step_batch, n, o.step_batch, o.value_bits, o.pad_partners))[0]
                         for n in (o.step_count, 2 * o.step_count))
            pairs.setdefault(share, []).append(step_costs(few, many, o.sweep_ranks))
            sweep.points = [medians(of_one) for of_one in pairs.values()]
            sweep.keep({"rounds": rounds})
    mean = sum(p["cpu_step"] for p in sweep.points) / len(sweep.points)
    sweep.finish(["widths", "parameters", "batch", "steps", "cpu_sum", "cpu_step", "cpu_step_training", "cpu_once",
                  "proof_bytes", "verify_seconds", "peak_bytes_max"])
    print(f"proving a step: at most {100 * max(abs(p['cpu_step'] / mean - 1) for p in sweep.points):.1f} % from the mean "
          f"(medians of {rounds})")


def validate(o, name, launcher):
    """Measured against predicted wall time, latencies injected. The prediction knows only the runs without latency: the
    overhead is that of another job, of hardly any work."""
    sweep = Sweep(name, o)
    job = job_for(o, o.network_ranks, o.draws, o.rows)
    idle = Job([4, 2, 2], o.network_ranks, 2 * o.network_ranks, 64, 8 * o.network_ranks, 12)
    overhead = model.overhead([run(idle, launcher=launcher) for _ in range(max(3, sweep.repeat))])
    base = None
    for text in o.networks:
        latency, bandwidth = model.network(text)
        p, runs = sweep.point(job, text, launcher)
        base = base or p
        p["latency_ms"] = 1e3 * latency
        p["predicted"] = model.predict(base, latency, bandwidth, overhead)
        p["measured"] = medians([{"m": r["wall_seconds"] - model.waited(r)} for r in runs])["m"]
        p["error"] = p["predicted"] / p["measured"] - 1
        p["error_wall"] = (p["predicted"] + model.waited(p)) / p["wall_seconds"] - 1
        sweep.keep({"overhead_seconds": overhead})
    sweep.finish(["ranks", "network", "path_trips", "path_bytes", "path_cpu", "path_elapsed", "wall_seconds", "measured",
                  "predicted", "error", "error_wall"])
    print(f"software takes {1e6 * overhead:.0f} us a trip; largest error {100 * max(abs(p['error']) for p in sweep.points):.1f} %")


def network(o):
    """Ranks of one machine."""
    validate(o, "network", None)


def hosts(o):
    """Each rank on a host of its own, a network namespace, with TCP between them."""
    script = f"{measure.ROOT}/scripts/hosts.sh"
    checked = subprocess.run([script, "--check"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise measure.Failed(checked.stderr.strip())
    validate(o, "hosts", [script, str(o.network_ranks)])


def overhead_of(folder):
    """That of the network sweep; a usual one without it."""
    try:
        with open(f"{folder}/network.json", encoding="utf-8") as f:
            return json.load(f)["overhead_seconds"]
    except OSError:
        return 50e-6


def predict(o):
    """What a cluster would take for a point of the strong or weak sweep."""
    table = measure.read_table(f"{o.out}/{o.source}.csv")
    point = next((p for p in table if p["ranks"] == o.cluster_ranks), None)
    if point is None:
        raise measure.Failed(f"{o.out}/{o.source}.csv has no run with {o.cluster_ranks} ranks: run scripts/scaling {o.source} "
                             f"--ranks ...,{o.cluster_ranks} first")
    overhead = overhead_of(o.out)
    latency, bandwidth = model.quantity(o.latency, model.UNITS_TIME), model.quantity(o.bandwidth, model.UNITS_RATE)
    parts = [("work, one rank after the other", point["path_cpu"]), ("latency", point["path_trips"] * latency),
             ("software", point["path_trips"] * overhead), ("bandwidth", point["path_bytes"] / bandwidth if bandwidth else 0)]
    print(f"{point['draws']:.0f} draws of {point['widths']} on {o.cluster_ranks} ranks, {o.latency} and {o.bandwidth} apart:")
    for name, seconds in parts:
        print(f"  {name:32}{seconds:10.3f} s")
    print(f"  {'wall time':32}{model.predict(point, latency, bandwidth, overhead):10.3f} s")
