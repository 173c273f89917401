#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""Picks one packet of each kind out of a capture and prints it as a test vector.

pick.py CAPTURE SOURCE: reads a pcap file of Ethernet frames and prints, for each
opcode and length, the first packet from the IP header to the ICRC in hex. For
the longest kinds only one packet in all is kept, since they are bulky.
"""
import struct
import sys

LONG = 1200


def frames(path):
    with open(path, "rb") as file:
        order = "<" if file.read(24)[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while head := file.read(16):
            yield file.read(struct.unpack(order + "4I", head)[2])


def roce(frame):
    """(IP packet, offset of the BTH) of a RoCEv2 frame, or None."""
    packet = frame[14:]
    if frame[12:14] == b"\x08\x00" and packet[9] == 17:
        return packet[: struct.unpack(">H", packet[2:4])[0]], 28
    if frame[12:14] == b"\x86\xdd" and packet[6] == 17:
        return packet[: 40 + struct.unpack(">H", packet[4:6])[0]], 48
    return None


def pick(path):
    seen = set()
    for frame in frames(path):
        found = roce(frame)
        if not found:
            continue
        packet, bth = found
        opcode, pad = packet[bth], packet[bth + 1] >> 4 & 3
        kind = "long" if len(packet) > LONG else (opcode, len(packet), pad)
        if kind not in seen:
            seen.add(kind)
            yield opcode, packet


def main():
    path, source = sys.argv[1:]
    print("# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB")
    print(f"# Packets sent by {source}, taken by capture.sh; see there.")
    print("# One a line, from the IP header to the ICRC.")
    for opcode, packet in pick(path):
        print(f"# opcode {opcode:#04x}, {len(packet)} bytes")
        print(packet.hex())


main()
