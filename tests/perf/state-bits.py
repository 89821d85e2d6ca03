#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
state-bits.py FILE: how few bytes a row of states can take where each column is packed by
itself, as Parquet packs them. FILE is of vmsync export csv --table=states.

Rows are taken in the order of virtual CPUs and time, in which they tell least that is new:
one state begins when the one before it ended. What is then left of either time is how long
a state took; that of any other column is told by the two rows before it, at most. A length
is taken for what it is within an eighth of a power of two, and its lower bits for chance.
"""
import collections
import csv
import math
import sys

TIMES = "from_ns", "until_ns"


def bits(values):
    """What each value tells, if the next one is drawn like all."""
    counts = collections.Counter(values)
    return sum(n * math.log2(len(values) / n) for n in counts.values()) / len(values)


def bits_of_lengths(lengths):
    low = [max(n.bit_length() - 4, 0) for n in lengths]
    return bits([(b, n >> b) for n, b in zip(lengths, low)]) + sum(low) / len(low)


def bits_behind(values, before):
    """What each tells where so many before it are known."""
    runs = [tuple(values[i - before:i + 1]) for i in range(before, len(values))]
    return bits(runs) - (bits([r[:-1] for r in runs]) if before else 0)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda r: (int(r["vcpu"]), int(r["from_ns"])))
    lengths = [int(r["until_ns"]) - int(r["from_ns"]) for r in rows]
    next_ = sum(a["vcpu"] == b["vcpu"] and a["until_ns"] == b["from_ns"]
                for a, b in zip(rows, rows[1:]))
    time = bits_of_lengths(lengths)
    print(f"{len(rows)} rows, of which {100 * next_ / len(rows):.1f} % end where the next begins")
    print(f"a length: {time:.2f} bits; begin and end: {2 * time / 8:.2f} bytes")
    total = 2 * time
    for name in rows[0]:
        if name not in TIMES:
            values = [r[name] for r in rows]
            total += min(bits_behind(values, n) for n in range(3))
    print(f"the other columns: {(total - 2 * time) / 8:.2f} bytes; "
          f"all: {total / 8:.2f} bytes a row, at least")


main()
