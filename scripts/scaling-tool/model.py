"""The time of a run on a network, from the longest chains of one run (docs/scaling.md)."""
import re

UNITS_TIME = {"s": 1, "ms": 1e-3, "us": 1e-6}
UNITS_RATE = {"bit": 1 / 8, "kbit": 125, "Mbit": 125e3, "Gbit": 125e6}


def quantity(text, units):
    """"10ms" -> 0.01; "0" needs no unit."""
    m = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text)
    if m is None or (m[2] not in units and float(m[1]) != 0):
        raise ValueError(f"\"{text}\" is no number with one of the units {', '.join(units)}")
    return float(m[1]) * units.get(m[2], 0)


def network(text):
    """"10ms" or "0.1ms,10Gbit" -> (seconds one way, bytes a second or 0 for no limit)."""
    latency, _, bandwidth = text.partition(",")
    return quantity(latency, UNITS_TIME), quantity(bandwidth, UNITS_RATE) if bandwidth else 0


def predict(point, latency, bandwidth, overhead):
    """Seconds with a core for each rank."""
    return point["path_cpu"] + point["path_trips"] * (latency + overhead) + (point["path_bytes"] / bandwidth if bandwidth else 0)


def waited(point):
    """Seconds for which the chain had work and no core: none on a cluster."""
    return point["path_elapsed"] - point["path_cpu"]


def overhead(runs):
    """Software's seconds for each trip, from runs that inject nothing: the least, as other programs can only add to it."""
    return min(max(0.0, (r["wall_seconds"] - r["path_elapsed"]) / max(1, r["path_trips"])) for r in runs)
