"""scripts/scaling: the command line."""
import argparse
import sys

import measure
import plots
import sweeps

SWEEPS = {"strong": sweeps.strong, "weak": sweeps.weak, "rows": sweeps.rows, "steps": sweeps.steps, "parameters": sweeps.parameters,
          "network": sweeps.network, "hosts": sweeps.hosts}
QUICK = {"draws": 96, "rows": 48, "widths": [16, 8, 4], "batch": 6, "value_bits": 12, "ranks": [1, 2, 3], "units": 64, "step_batch": 4, "step_count": 4,
         "networks": ["0", "2ms", "5ms,100Mbit"], "repeat": 1}
USUAL = {"draws": 60000, "rows": 60000, "widths": [784, 128, 10], "batch": 128, "value_bits": 16, "ranks": [1, 2, 3, 4, 8, 16, 32, 64], "units": 6400,
         "step_batch": 16, "step_count": 32, "networks": ["0", "1ms", "10ms", "50ms"], "repeat": None}


def numbers(text):
    return [int(v) for v in text.split(",")]


def parse(argv):
    p = argparse.ArgumentParser(prog="scripts/scaling", formatter_class=argparse.RawDescriptionHelpFormatter, description="""\
How a run's cost grows, and what a cluster would make of it (docs/scaling.md).

  strong      the same job on more and more ranks
  weak        a job that grows with the ranks
  rows        cost against records, one pass over them
  steps       cost against steps over the same records
  parameters  cost against the model's parameters, its hidden units staying as many
  network     measured against predicted wall time, with injected latency
  hosts       the same with each rank on a host of its own, over TCP (scripts/hosts.sh; as root)
  all         all of these but hosts, then plot
  predict     wall time on a cluster, from the runs of a sweep
  plot        SVG and PNG from the sweeps' tables""")
    p.add_argument("sweep", choices=[*SWEEPS, "all", "predict", "plot"], metavar="SWEEP")
    p.add_argument("--quick", action="store_true", help="a job of a second")
    p.add_argument("--draws", type=int, help="records used, over all steps and ranks (60000)")
    p.add_argument("--rows", type=int, help="records there are (60000)")
    p.add_argument("--widths", type=numbers, help="of the model (784,128,10)")
    p.add_argument("--batch", type=int, help="of a step, all ranks together (128)")
    p.add_argument("--value-bits", type=int, help="of values in the model: the lookup table has 3 * 2^bits rows (16)")
    p.add_argument("--pad-partners", type=int, default=0, help="pads are shared with so many ranks only (0: with all)")
    p.add_argument("--ranks", type=numbers, help="1,2,3,4,8,16,32,64; predict: one number")
    p.add_argument("--repeat", type=int, help="runs of each point, of which the median counts (1; parameters: 5)")
    p.add_argument("--units", type=int, help="parameters: units of both hidden layers together (6400)")
    p.add_argument("--step-batch", type=int, help="parameters: batch of a step (16)")
    p.add_argument("--step-count", type=int, help="parameters: steps of the shorter run (32)")
    p.add_argument("--sweep-ranks", type=int, default=1, help="rows, steps, parameters: ranks (1)")
    p.add_argument("--network-ranks", type=int, default=2, help="network, hosts: ranks (2); no more than cores")
    p.add_argument("--networks", type=lambda t: t.split(), help="network, hosts: \"0 1ms 10ms 50ms\", the first without limits")
    p.add_argument("--latency", default="0.1ms", help="predict: one way (0.1ms)")
    p.add_argument("--bandwidth", default="10Gbit", help="predict: of each rank's link (10Gbit); 0: no limit")
    p.add_argument("--source", choices=["strong", "weak"], default="strong", help="predict: from which sweep (strong)")
    p.add_argument("--timeout", type=int, default=7200, help="seconds for one run (7200)")
    p.add_argument("--out", default="build/scaling", help="folder of tables (build/scaling)")
    p.add_argument("--plots", help="folder of plots (that of the tables)")
    o = p.parse_args(argv)
    for name, value in (QUICK if o.quick else USUAL).items():
        if getattr(o, name) is None:
            setattr(o, name, value)
    o.cluster_ranks = o.ranks[-1]
    return o


def main(argv):
    o = parse(argv)
    try:
        if o.sweep == "predict":
            sweeps.predict(o)
        elif o.sweep != "plot":
            for name in [s for s in SWEEPS if s != "hosts"] if o.sweep == "all" else [o.sweep]:
                SWEEPS[name](o)
        if o.sweep in ("all", "plot"):
            plots.make(o.out, o.plots or o.out)
    except (measure.Failed, ValueError) as e:
        print(f"scripts/scaling: {e}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
