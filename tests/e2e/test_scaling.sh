#!/bin/bash
# The scaling harness in its quick mode: tables whose derived columns follow from the reports' numbers, plots with the series
# that they should have, injected latency that really delays, and predictions that are not far off. How good they are is for
# an idle machine to say: the bound here is wide.
. tests/e2e/common.sh
out=$work/scaling

expect 0 "strong.csv and .json" timeout 300 scripts/scaling strong --quick --out "$out"
expect 0 "weak.csv and .json" timeout 300 scripts/scaling weak --quick --ranks 1,2 --out "$out"
expect 0 "rows.csv and .json" timeout 300 scripts/scaling rows --quick --draws 64 --out "$out"
expect 0 "from the mean (medians of 2)" timeout 300 scripts/scaling parameters --quick --repeat 2 --out "$out"
expect 0 "largest error" timeout 300 scripts/scaling network --quick --out "$out"
expect 0 "efficiency.svg and .png" timeout 60 scripts/scaling plot --out "$out" --plots "$out/plots"
expect 0 "wall time" scripts/scaling predict --ranks 3 --latency 1ms --bandwidth 1Gbit --out "$out"
cp "$work/output" "$work/prediction"

cat >"$work/check.py" <<'END'
import csv, json, re, struct, sys, xml.etree.ElementTree as xml
out = sys.argv[1]
bad = []

def check(good, what):
    if not good:
        bad.append(what)

def table(name):
    with open(f"{out}/{name}.csv", newline="") as f:
        return [{k: v if k in ("widths", "network") else float(v) for k, v in row.items()} for row in csv.DictReader(f)]

def near(a, b, part=1e-4):
    return abs(a - b) <= part * max(abs(a), abs(b))

strong, network = table("strong"), table("network")
check([p["ranks"] for p in strong] == [1, 2, 3], "strong: ranks 1, 2, 3")
check(len({p["draws"] for p in strong}) == 1, "strong: the same draws")
for p in strong:
    check(near(p["efficiency"], strong[0]["cpu_sum"] / (p["ranks"] * p["cpu_max"])), "strong: efficiency")
    check(near(p["cpu_mean"], p["cpu_sum"] / p["ranks"]), "strong: mean and sum")
    check(0 < p["cpu_root"] <= p["cpu_max"] <= p["cpu_sum"] * 1.0001, "strong: max, root, sum")
    check(sum(v for k, v in p.items() if k.startswith("stage_")) >= 0.8 * p["cpu_max"], "strong: stages make up the CPU")
    check(p["path_elapsed"] >= p["path_cpu"] >= 0.8 * p["cpu_max"] - p["transport_cpu_max"], "strong: the chain of work")
    check(p["wall_seconds"] >= 0.95 * p["path_elapsed"], "strong: no run is shorter than its chain")
    check(p["path_trips"] == 0 if p["ranks"] == 1 else 1 <= p["path_trips"] <= 3 * p["exchanges"], "strong: trips")
for a, b in zip(strong, strong[1:]):
    check(a["peak_bytes_sum"] < b["peak_bytes_sum"] and a["bytes_sent_sum"] < b["bytes_sent_sum"], "strong: sums grow with ranks")
whole = json.load(open(f"{out}/strong.json"))
check(len(whole["runs"]) == 3 and whole["machine"]["cores"] >= 1 and whole["machine"]["program"].startswith("consort-prove"), "JSON")
check(re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", whole["date"]), "date")
rows = table("rows")
check([p["rows"] for p in rows] == [4, 8, 16, 32, 64] and all(p["proof_bytes"] > 0 for p in rows), "rows")

growing = table("parameters")
check([p["parameters"] for p in growing] == sorted({p["parameters"] for p in growing}) and len(growing) == 5, "parameters grow")
pairs = json.load(open(f"{out}/parameters.json"))
check(len(pairs["runs"]) == 20 and pairs["rounds"] == 2 and all(p["batch"] == growing[0]["batch"] for p in growing), "parameters: pairs")
for k, p in enumerate(growing):
    each = [(b["cpu_sum"] - a["cpu_sum"]) / (b["steps"] - a["steps"]) for a, b in
            (pairs["runs"][i:i + 2] for i in (2 * k, 2 * k + 10))]
    steps = [e - (b["stage_training"] - a["stage_training"]) / (b["steps"] - a["steps"]) for e, (a, b) in
             zip(each, (pairs["runs"][i:i + 2] for i in (2 * k, 2 * k + 10)))]
    check(abs(p["cpu_step"] - sum(steps) / 2) < 1e-4, "parameters: the median of the pairs")

check([p["network"] for p in network] == ["0", "2ms", "5ms,100Mbit"], "networks")
for p, latency in zip(network, (0, 0.002, 0.005)):
    check(p["measured"] >= p["path_trips"] * latency, "latency delays each trip")
    check(abs(p["error_wall"]) < 0.5, f"prediction of {p['network']}: {p['error_wall']}")
    check(abs(p["error"] - (p["predicted"] / p["measured"] - 1)) < 1e-3, "error")

text = open(sys.argv[2]).read()
parts = [float(v) for v in re.findall(r"([0-9.]+) s$", text, re.M)]
check(len(parts) == 5 and abs(sum(parts[:4]) - parts[4]) < 0.003, "prediction adds up")
check(abs(parts[1] - 0.001 * strong[2]["path_trips"]) < 0.001, "prediction: latency")

series = {"strong-cpu": ["ideal", "maximum", "mean", "root", "ranks", "CPU seconds"],
          "strong-stages": ["commitments", "lookups", "opening", "finale", "ideal"],
          "strong-network": ["root, MiB", "exchanges", "ranks"], "strong-memory": ["of a rank", "of all ranks", "ideal"],
          "efficiency": ["strong", "weak", "ideal", "efficiency"], "clusters": ["0.1 ms, 10 Gbit/s", "ideal", "seconds"],
          "cost-rows": ["proportional", "proof, KiB", "records"],
          "cost-parameters": ["proving a step", "training a step", "10 %", "million parameters", "CPU seconds"], "network": ["predicted", "measured wall time", "latency one way, ms"]}
for name, wanted in series.items():
    root = xml.parse(f"{out}/plots/{name}.svg").getroot()
    check(root.tag.endswith("svg"), f"{name}.svg")
    words = " ".join(t.strip() for t in root.itertext())
    for w in wanted:
        check(w in words, f"{name}.svg: {w}")
    check(sum(1 for e in root.iter() if e.tag.endswith(("path", "use"))) > 10, f"{name}.svg: lines and points")
    head = open(f"{out}/plots/{name}.png", "rb").read()
    check(head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:24]) == (1140, 720) and len(head) > 5000, f"{name}.png")
for b in bad:
    print("FAILED:", b)
sys.exit(len(bad))
END
expect 0 "" python3 "$work/check.py" "$out" "$work/prediction"

# A latency that is not the same on all ranks is noticed.
mkdir "$work/two"
tiny_job "$work/two/job.json" 2
expect 7 "" timeout 60 scripts/mpirun.sh -n 1 "$prove" "$work/two/job.json" --out "$work/two/out" --network 1ms : \
    -n 1 "$prove" "$work/two/job.json" --out "$work/two/out"

expect 2 "is no network" "$prove" "$work/two/job.json" --out "$work/two/out" --network soon
expect 1 "run scripts/scaling strong" scripts/scaling predict --ranks 5 --out "$out"
expect 1 "run that sweep first" scripts/scaling predict --ranks 5 --source weak --out "$work"
expect 1 "no tables" scripts/scaling plot --out "$work/two"
expect 1 "no number with one of the units" scripts/scaling predict --ranks 3 --latency soon --out "$out"
expect 2 "usage" scripts/scaling sideways
finish
