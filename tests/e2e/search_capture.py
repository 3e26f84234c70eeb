#!/usr/bin/env python3
"""Looks for known values in what scripts/capture.py took.

search_capture.py CAPTURE VALUES...: each file of VALUES has lines "NAME HEX", as a rank of a test build writes what it knows
(CONSORT_SPY). Prints for each name how many values there were and how many were seen: "NAME SEEN OF". A value counts as seen
if 16 of its bytes in a row, 6 of them different, are in one of the TCP streams: at any place, as they are or, of 64-bit
integers, cut to 32 bits each.
"""
import struct
import sys

WINDOW, DIFFERENT = 16, 6


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def segments(path):
    """(connection and direction, sequence number, SYN?, payload) of every TCP segment."""
    for frame in frames(path):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        ip = frame[14:]
        header, total = 4 * (ip[0] & 15), struct.unpack_from("!H", ip, 2)[0]
        tcp = ip[header : total or len(ip)]  # 0: longer than the field can say
        yield (ip[12:20], tcp[0:4]), struct.unpack_from("!I", tcp, 4)[0], tcp[13] & 2, tcp[4 * (tcp[12] >> 4) :]


def streams(path):
    """Every direction of every connection, put together in order; a gap is an error."""
    parts, starts = {}, {}
    for key, number, syn, payload in segments(path):
        if syn:
            starts[key] = number + 1
            parts[key] = {}
        elif payload:
            offset = (number - starts[key]) % 2**32
            parts[key][offset] = max(parts[key].get(offset, b""), payload, key=len)
    for key, found in parts.items():
        out = bytearray()
        for offset, payload in sorted(found.items()):
            if offset > len(out):
                sys.exit(f"search_capture.py: {offset - len(out)} bytes of a stream are missing")
            out[offset : offset + len(payload)] = payload
        yield bytes(out)


def windows(value):
    """The pieces by which a value is recognised."""
    forms = [value]
    if len(value) % 8 == 0:
        forms.append(b"".join(value[k : k + 4] for k in range(0, len(value), 8)))
    for form in forms:
        for k in range(len(form) - WINDOW + 1):
            piece = form[k : k + WINDOW]
            if len(set(piece)) >= DIFFERENT:
                yield piece


def main():
    values, wanted = {}, set()
    for path in sys.argv[2:]:
        with open(path, encoding="ascii") as f:
            for line in f:
                name, text = line.split()
                pieces = frozenset(windows(bytes.fromhex(text)))
                if pieces:
                    values.setdefault(name, set()).add(pieces)
                    wanted |= pieces
    seen, total = set(), 0
    for stream in streams(sys.argv[1]):
        total += len(stream)
        seen |= {stream[k : k + WINDOW] for k in range(len(stream) - WINDOW + 1)} & wanted
    for name, known in sorted(values.items()):
        print(name, sum(not seen.isdisjoint(pieces) for pieces in known), len(known))
    print("bytes", total, total)


main()
