#!/usr/bin/env python3
"""Writes every frame that enters a port of the switch of scripts/hosts.sh to a file, until SIGTERM.

capture.py FILE. Each frame, from its Ethernet header on, follows its length (4 bytes, little-endian). The file appears once
frames are being taken. Exit status 1, with a line on standard error, if the kernel had to drop some.
"""
import os
import signal
import socket
import struct
import sys

ETH_P_ALL, SOL_PACKET, PACKET_STATISTICS, PACKET_OUTGOING = 3, 263, 6, 4
SO_RCVBUFFORCE, ROOM, LONGEST = 33, 1 << 28, 1 << 18


def main():
    taken = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    taken.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    taken.settimeout(0.1)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with open(sys.argv[1] + ".tmp", "wb") as out:
        os.rename(sys.argv[1] + ".tmp", sys.argv[1])
        while True:
            try:
                frame, source = taken.recvfrom(LONGEST)
            except socket.timeout:
                if ended:
                    break
                continue
            if source[0].startswith("port") and source[2] != PACKET_OUTGOING:
                out.write(struct.pack("<I", len(frame)) + frame)
    dropped = struct.unpack("II", taken.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
    if dropped:
        sys.exit(f"capture.py: the kernel dropped {dropped} frames")


main()
