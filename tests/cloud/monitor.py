#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""monitor.py SOCKET PID TRANSCRIPT: all that a QEMU says on a monitor of its own, a line each.

It is asked to query-migrate ten times a second for as long as it runs, so of each round, and once
more before it ends. For libvirt ends a QEMU as soon as its guest runs elsewhere, and QEMU makes its
figures of time only after it has said that it is completed: until then they are 0. So QEMU is
started with SIGTERM blocked, which is pending then, and is told to quit here, once it has answered.
"""
import json
import os
import socket
import sys
import time

EVERY_S = 0.1
SIGTERM_BIT = 1 << 14


def connected(path, pid):
    """QEMU listens soon after it began."""
    monitor = socket.socket(socket.AF_UNIX)
    while True:
        try:
            monitor.connect(path)
            return monitor
        except OSError:
            os.kill(pid, 0)
            time.sleep(EVERY_S)


def is_to_end(pid):
    """SIGTERM is pending."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        pending = [line.split()[1] for line in status if line.startswith("ShdPnd:")]
    return bool(int(pending[0], 16) & SIGTERM_BIT)


def ask(to, said, transcript, command):
    """The answer, once QEMU has said all that comes before it."""
    to.write(json.dumps({"execute": command}) + "\n")
    to.flush()
    for line in said:
        transcript.write(line)
        message = json.loads(line)
        if "return" in message:
            return message["return"]
    return None


def main():
    path, pid, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    monitor = connected(path, pid)
    with monitor.makefile("w") as to, monitor.makefile("r") as said, \
            open(out, "w", buffering=1, encoding="utf-8") as transcript:
        ask(to, said, transcript, "qmp_capabilities")
        while True:
            ending = is_to_end(pid)
            answer = ask(to, said, transcript, "query-migrate")
            if answer is None:
                return
            if ending and answer.get("total-time") != 0:
                ask(to, said, transcript, "quit")
                return
            time.sleep(EVERY_S)


# What libvirt has opened is for QEMU alone.
os.closerange(3, 1024)
try:
    main()
except (OSError, ValueError) as error:
    # It was killed meanwhile, or never listened: the judge misses what was not said.
    sys.exit(f"{sys.argv[1]}: {error}")
