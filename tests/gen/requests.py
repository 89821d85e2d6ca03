# SPDX-License-Identifier: MIT
"""requests.py PORT-FILE N: asks a server on this machine so often, prints its answers."""
import sys
import urllib.request

with open(sys.argv[1]) as file:
    port = int(file.read())
for number in range(int(sys.argv[2])):
    with urllib.request.urlopen('http://127.0.0.1:%d/%d' % (port, number), timeout=30) as answer:
        print(answer.read().decode())
