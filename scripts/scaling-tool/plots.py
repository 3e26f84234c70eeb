"""Plots of the sweeps' tables by gnuplot: SVG and PNG."""
import os
import subprocess

import measure

STYLE = """
set datafile separator comma
set grid lc rgb "#d8d8d8" lw 1
set border lw 1.2 lc rgb "#404040"
set tics nomirror
set key outside bottom center vertical maxrows 2 reverse Left samplen 2.5 spacing 1.35 width -1
set pointsize 1.1
set style line 1 lc rgb "#0072b2" lw 2.5 pt 7
set style line 2 lc rgb "#d55e00" lw 2.5 pt 5
set style line 3 lc rgb "#009e73" lw 2.5 pt 9
set style line 4 lc rgb "#cc79a7" lw 2.5 pt 13
set style line 5 lc rgb "#e69f00" lw 2.5 pt 11
set style line 9 lc rgb "#606060" lw 2 dt 2
c(name) = column(name)
"""
TERMINALS = {"svg": 'set terminal svg size 760,480 dynamic enhanced font "Helvetica,14" background "#ffffff"',
             "png": 'set terminal pngcairo size 1140,720 enhanced font "DejaVu Sans,16" background "#ffffff"'}
STAGES = ["dataset_commitments", "training", "commitments", "relations", "lookups", "opening", "finale"]
COLOURS = ["#bbbbbb", "#009e73", "#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#cc79a7", "#888888"]


def ranks_axis(points):
    """Ranks as powers of two, with a tic for each number of ranks that was run."""
    tics = ", ".join(f'"{p["ranks"]:.0f}" {p["ranks"]:.0f}' for p in points)
    return f'set xlabel offset 0,0.4 "ranks"\nset logscale x 2\nset xtics ({tics})\nset xrange [{points[0]["ranks"] * 0.9}:{points[-1]["ranks"] * 1.1}]\n'


def what(points):
    p = points[0]
    return f'{p["draws"]:,.0f} draws, {p["widths"]}'


def strong_cpu(t, points):
    alone = points[0]["cpu_max"] * points[0]["ranks"]
    return ranks_axis(points) + f"""
set title "Strong scaling: CPU of a rank ({what(points)})"
set ylabel "CPU seconds of a rank"
set logscale y
plot {alone} / x with lines ls 9 title "ideal: one rank's / ranks", \\
  "{t}" using (c("ranks")):(c("cpu_max")) with linespoints ls 1 title "maximum", \\
  "{t}" using (c("ranks")):(c("cpu_mean")) with linespoints ls 3 title "mean", \\
  "{t}" using (c("ranks")):(c("cpu_root")) with points ls 2 ps 1.6 pt 4 title "root"
"""


def efficiency(t, points, weak, weak_points):
    ranks = max(points + weak_points, key=lambda p: p["ranks"])["ranks"]
    axis = ranks_axis(points if points[-1]["ranks"] == ranks else weak_points)
    bars = "\n".join(f'set label {k} at {x},{y} "×" center tc rgb "#606060" front' for k, (x, y) in
                     enumerate([(4, 0.90), (16, 0.85), (64, 0.75)], 1) if x <= ranks)
    return axis + f"""
set title "Parallel efficiency: CPU of one rank / (ranks × largest CPU); weak: without ranks"
set ylabel "efficiency"
set yrange [0:1.15]
{bars}
plot 1 with lines ls 9 title "ideal", \\
  "{t}" using (c("ranks")):(c("efficiency")) with linespoints ls 1 title "strong: {what(points)}", \\
  "{weak}" using (c("ranks")):(c("efficiency")) with linespoints ls 2 title "weak: {weak_points[0]["draws"]:,.0f} draws a rank", \\
  NaN with points pt 2 ps 0.8 lc rgb "#606060" title "aim for strong"
"""


def stages(t, points):
    names = [s for s in STAGES if "stage_" + s in points[0]]
    parts = ", \\\n  ".join(f'"{t}" using (c("stage_{s}")*c("ranks")):xtic(sprintf("%.0f", c("ranks"))) title "{s.replace("_", " ")}" '
                            f'lc rgb "{COLOURS[k]}"' for k, s in enumerate(names))
    alone = points[0]["cpu_sum"]
    return f"""
set title "Strong scaling: ranks × largest CPU of each stage ({what(points)})"
set xlabel offset 0,0.4 "ranks"
set ylabel "CPU seconds"
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 border rgb "#ffffff"
set boxwidth 0.7
set xrange [0.4:{len(points) + 0.6}]
set key outside right center vertical maxrows 20 invert width -2
set yrange [0:*]
plot {parts}, \\
  {alone} with lines ls 9 title "ideal: one rank's"
"""


def traffic(t, points):
    return ranks_axis(points) + f"""
set title "Network ({what(points)})"
set ylabel "MiB sent by a rank"
set y2label "exchanges, one after the other"
set y2tics
set logscale y
set y2range [0:*]
M = 1048576.0
plot "{t}" using (c("ranks") > 1 ? c("ranks") : NaN):(c("bytes_sent_root")/M) with linespoints ls 2 title "root, MiB", \\
  "{t}" using (c("ranks") > 1 ? c("ranks") : NaN):(c("bytes_sent_others")/M) with linespoints ls 1 title "other ranks at most, MiB", \\
  "{t}" using (c("ranks")):(c("exchanges")) axes x1y2 with linespoints ls 3 dt 4 title "exchanges (right axis)"
"""


def memory(t, points):
    alone = points[0]["peak_bytes_sum"] / 2**20
    return ranks_axis(points) + f"""
set title "Memory ({what(points)})"
set ylabel "MiB, resident at most"
set logscale y
M = 1048576.0
plot {alone} / x with lines ls 9 title "ideal: one rank's / ranks", \\
  "{t}" using (c("ranks")):(c("peak_bytes_max")/M) with linespoints ls 1 title "of a rank", \\
  "{t}" using (c("ranks")):(c("peak_bytes_sum")/M) with linespoints ls 2 title "of all ranks"
"""


def cost(title, x, column, t, points):
    """CPU and proof size against what grows; the dashed line is proportional, through the last point."""
    last = points[-1]
    tics = ", ".join(f'"{p[column]:,.0f}" {p[column]:.0f}' for p in points)
    return f"""
set title "{title}"
set xlabel offset 0,0.4 "{x}"
set ylabel "CPU seconds of all ranks"
set y2label "KiB"
set y2tics
set logscale xy
set xtics ({tics})
set xrange [{points[0][column] * 0.8}:{last[column] * 1.25}]
set y2range [0:*]
plot {last["cpu_sum"] / last[column]} * x with lines ls 9 title "proportional", \\
  "{t}" using (c("{column}")):(c("cpu_sum")) with linespoints ls 1 title "CPU", \\
  "{t}" using (c("{column}")):(c("stage_dataset_commitments")*c("ranks")) with linespoints ls 3 title "of it the datasets' commitments", \\
  "{t}" using (c("{column}")):(c("proof_bytes")/1024) axes x1y2 with linespoints ls 2 dt 4 title "proof, KiB (right axis)"
"""


def parameters(t, points):
    mean = sum(p["cpu_step"] for p in points) / len(points)
    units = sum(map(int, points[0]["widths"].split("-")[1:-1]))
    return f"""
set title "Cost against parameters: {units:,} hidden units in two layers, batch {points[0]["batch"]:.0f}"
set xlabel offset 0,0.4 "million parameters"
set ylabel "CPU seconds"
set yrange [0:*]
plot {mean} with lines ls 9 title "mean of proving a step", \\
  {0.9 * mean} with lines lc rgb "#a0a0a0" lw 1 dt 3 title "± 10 %", {1.1 * mean} with lines lc rgb "#a0a0a0" lw 1 dt 3 notitle, \\
  "{t}" using (c("parameters")/1e6):(c("cpu_step")) with linespoints ls 1 title "proving a step", \\
  "{t}" using (c("parameters")/1e6):(c("cpu_step_training")) with linespoints ls 3 title "training a step", \\
  "{t}" using (c("parameters")/1e6):(c("cpu_once")) with linespoints ls 2 title "once for a run"
"""


def network(t, points, where):
    plain = [p for p in points if "," not in p["network"]]
    top = max(p["latency_ms"] for p in plain)
    chosen = '(strstrt(strcol("network"), ",") == 0 ? c("latency_ms") : NaN)'
    base, many = plain[0]["predicted"], plain[-1]["path_trips"]
    return f"""
set title "Wall time with injected latency, {points[0]["ranks"]:.0f} ranks {where} ({what(points)})"
set xlabel offset 0,0.4 "latency one way, ms"
set ylabel "seconds"
set xrange [{-0.04 * top}:{1.08 * top}]
set yrange [0:*]
plot {base} + {many} * x / 1000 with lines ls 9 title "predicted from the run without latency", \\
  "{t}" using {chosen}:(c("measured")) with points ls 1 ps 1.6 title "measured, less waiting for a core", \\
  "{t}" using {chosen}:(c("wall_seconds")) with points ls 2 ps 1.6 pt 4 title "measured wall time"
"""


def clusters(t, points):
    networks = [("0.1 ms, 10 Gbit/s", 1e-4, 1.25e9), ("1 ms, 1 Gbit/s", 1e-3, 125e6), ("20 ms, 100 Mbit/s", 2e-2, 12.5e6)]
    lines = ", \\\n  ".join(f'"{t}" using (c("ranks")):(c("path_cpu") + c("path_trips")*{l} + c("path_bytes")/{b}) '
                            f'with linespoints ls {k} title "{name}"' for k, (name, l, b) in enumerate(networks, 1))
    return ranks_axis(points) + f"""
set title "Predicted wall time with a core for each rank ({what(points)})"
set ylabel "seconds"
set logscale y
plot {points[0]["path_cpu"] * points[0]["ranks"]} / x with lines ls 9 title "ideal: one rank's / ranks", \\
  {lines}
"""


def draw(name, commands, out):
    for kind, terminal in TERMINALS.items():
        path = f"{out}/{name}.{kind}"
        script = f'{terminal}\nset output "{path}.new"\n{STYLE}{commands}'
        done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, check=False)
        if done.returncode != 0 or done.stderr.strip() or not os.path.getsize(f"{path}.new"):
            raise measure.Failed(f"gnuplot cannot draw {path}: {done.stderr.strip()}")
        os.replace(f"{path}.new", path)
    print(f"{out}/{name}.svg and .png")


def make(tables, out):
    """All plots for which there are tables."""
    if not measure.available("gnuplot"):
        raise measure.Failed("gnuplot is missing: scripts/install-deps.sh test")
    os.makedirs(out, exist_ok=True)
    path = {s: f"{tables}/{s}.csv" for s in ("strong", "weak", "rows", "steps", "parameters", "network", "hosts")}
    have = {s: measure.read_table(p) for s, p in path.items() if os.path.exists(p)}
    if not have:
        raise measure.Failed(f"no tables in {tables}: run a sweep first")
    if "strong" in have:
        for name, plot in (("strong-cpu", strong_cpu), ("strong-stages", stages), ("strong-network", traffic), ("strong-memory", memory),
                           ("clusters", clusters)):
            draw(name, plot(path["strong"], have["strong"]), out)
    if "strong" in have and "weak" in have:
        draw("efficiency", efficiency(path["strong"], have["strong"], path["weak"], have["weak"]), out)
    if "rows" in have:
        draw("cost-rows", cost("Cost against records, one pass", "records", "rows", path["rows"], have["rows"]), out)
    if "steps" in have:
        draw("cost-steps", cost("Cost against steps over the same records", "steps", "steps", path["steps"], have["steps"]), out)
    if "parameters" in have:
        draw("cost-parameters", parameters(path["parameters"], have["parameters"]), out)
    for name, where in (("network", "of one machine"), ("hosts", "on hosts of their own")):
        if name in have:
            draw(name, network(path[name], have[name], where), out)
