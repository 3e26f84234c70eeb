"""Runs of consort-prove and the figures that they report, one flat record for each run."""
import csv
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile

import jobs

ROOT = os.environ.get("CONSORT_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


TEXTS = ("widths", "network")  # columns that are no numbers


class Failed(Exception):
    """Says what to do."""


def program(name):
    path = os.path.join(ROOT, os.environ.get("BUILD", "build"), name)
    if not os.access(path, os.X_OK):
        raise Failed(f"{path} is missing: make all")
    return path


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip().split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine():
    """Where the figures come from."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_bytes": memory,
            "system": f"{platform.system()} {platform.release()}", "mpi": first_line("mpirun", "--version"),
            "program": first_line(program("consort-prove"), "--version"),
            "commit": first_line("git", "describe", "--always", "--dirty")}


def flatten(job, report, network):
    """The report's figures, and what follows from them."""
    per = report["per_rank"]
    cpu = per["cpu_seconds"]
    others = cpu[1:] or cpu
    out = {"ranks": job.ranks, "rows": job.rows, "widths": "-".join(map(str, job.widths)),
           "parameters": report["parameters"], "steps": report["steps"], "batch": job.batch, "draws": report["draws"],
           "network": network, "cpu_max": max(cpu), "cpu_mean": statistics.fmean(cpu), "cpu_sum": sum(cpu), "cpu_root": cpu[0],
           "max_to_mean": max(cpu) / statistics.fmean(cpu), "root_to_others": cpu[0] / statistics.fmean(others),
           "transport_cpu_max": max(per["transport_cpu_seconds"]),
           "bytes_sent_root": per["bytes_sent"][0], "bytes_sent_others": max(per["bytes_sent"][1:] or [0]),
           "bytes_received_root": per["bytes_received"][0], "bytes_received_others": max(per["bytes_received"][1:] or [0]),
           "bytes_sent_sum": sum(per["bytes_sent"]), "messages": report["messages"], "exchanges": report["exchanges_max"],
           "peak_bytes_max": max(per["peak_bytes"]), "peak_bytes_sum": sum(per["peak_bytes"]),
           "proof_bytes": report["proof_bytes"], "verify_seconds": report["verify_seconds"],
           "wall_seconds": report["wall_seconds"], "path_cpu": report["path"]["cpu_seconds"],
           "path_elapsed": report["path"]["elapsed_seconds"], "path_trips": report["path"]["trips"],
           "path_bytes": report["path"]["bytes"]}
    for stage in report["stages"]:
        out["stage_" + stage["stage"].replace(" ", "_")] = stage["cpu_max"]
    return out


def run(job, network="0", launcher=None, timeout=3600):
    """One run in a folder of its own, which is removed; the flat record."""
    launcher = launcher or [os.path.join(ROOT, "scripts/mpirun.sh"), "-n", str(job.ranks)]
    with tempfile.TemporaryDirectory(prefix="consort-scaling-") as base:
        path = jobs.write(job, f"{base}/job")
        command = [*launcher, program("consort-prove"), path, "--out", f"{base}/out", "--quiet", "--json", "--network", network]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise Failed(f"consort-prove on {job.ranks} ranks ended with {done.returncode}:\n{done.stderr}")
        return flatten(job, json.loads(done.stdout), network)


def medians(runs):
    """The median of each number over repeated runs of one point."""
    return {k: statistics.median(r[k] for r in runs) if not isinstance(v, str) else v for k, v in runs[0].items()}


def write_table(path, points):
    """CSV, by way of a temporary file."""
    names = list(dict.fromkeys(k for p in points for k in p))
    with open(path + ".new", "w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, names, restval=0, lineterminator="\n")
        table.writeheader()
        for p in points:
            table.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in p.items()})
    os.replace(path + ".new", path)


def read_table(path):
    """A list of records; numbers as such."""
    def value(name, text):
        return text if name in TEXTS else float(text)

    if not os.path.exists(path):
        raise Failed(f"{path} is missing: run that sweep first")
    with open(path, encoding="utf-8", newline="") as f:
        return [{k: value(k, v) for k, v in row.items()} for row in csv.DictReader(f)]


def save(folder, sweep, options, runs, points, extra=None):
    """folder/SWEEP.csv has the points, folder/SWEEP.json also all runs and where they were made."""
    os.makedirs(folder, exist_ok=True)
    write_table(f"{folder}/{sweep}.csv", points)
    whole = {"sweep": sweep, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
             "machine": machine(), "options": options, **(extra or {}), "points": points, "runs": runs}
    with open(f"{folder}/{sweep}.json.new", "w", encoding="utf-8") as out:
        json.dump(whole, out, indent=1)
        out.write("\n")
    os.replace(f"{folder}/{sweep}.json.new", f"{folder}/{sweep}.json")


def show(points, columns):
    """A table for people."""
    def text(v):
        return f"{v:.4g}" if isinstance(v, float) else str(v)

    rows = [columns] + [[text(p.get(c, "")) for c in columns] for p in points]
    widths = [max(len(r[k]) for r in rows) for k in range(len(columns))]
    for r in rows:
        print("  ".join(v.rjust(w) for v, w in zip(r, widths)), flush=True)


def available(tool):
    return shutil.which(tool) is not None
