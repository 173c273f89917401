#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""rds.py ADDRESS PEER-ADDRESS: two RDS sockets of this host, bound to two of its addresses, send each
other messages of many sizes at once, and look at every byte and at the order."""
import socket
import sys

AF_RDS = 21
SOL_RDS = 276
SIZES = [1, 8, 511, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 262144, 1000003]
ROUNDS = 3
LIMIT = 60  # seconds, for one message


def pattern(size, seed):
    """Bytes that tell their place and their message."""
    block = bytes((seed * 7 + i * 31 + (i >> 8)) & 255 for i in range(65521))
    return (block * (size // len(block) + 1))[:size]


def rds_socket(address):
    """A bound socket whose buffers hold the largest messages."""
    sock = socket.socket(AF_RDS, socket.SOCK_SEQPACKET)
    sock.settimeout(LIMIT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((address, 4000))
    return sock


def receive(sock, expected, source):
    """One message, which must be this one, from there."""
    data, sender = sock.recvfrom(len(expected) + 1)
    if sender[0] != source:
        sys.exit(f"rds: a message from {sender[0]} instead of {source}")
    if data != expected:
        sys.exit(f"rds: a message of {len(expected)} bytes arrived wrong, {len(data)} bytes long")


def main():
    """Both directions, one after another and several at once."""
    one, other = sys.argv[1:3]
    a, b = rds_socket(one), rds_socket(other)
    count = 0
    for round_ in range(ROUNDS):
        for i, size in enumerate(SIZES):
            there, back = pattern(size, round_ * 50 + i), pattern(size, round_ * 50 + i + 25)
            a.sendto(there, (other, 4000))
            receive(b, there, one)
            b.sendto(back, (one, 4000))
            receive(a, back, other)
            count += 2
    burst = [pattern(1 + 977 * i, i) for i in range(40)]
    for message in burst:
        a.sendto(message, (other, 4000))
    for message in burst:
        receive(b, message, one)
    print(f"rds: {count + len(burst)} messages of up to {max(SIZES)} bytes, both ways, in order: all verified")


main()
