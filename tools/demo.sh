#!/bin/bash
# SPDX-License-Identifier: MIT
#
# From nothing to one fused trace of a host and its guest: installs what lacks,
# builds tool and modules, records both machines in the lab, fuses, reports.
set -eu
cd "$(dirname "$0")/.."

step() {
	echo
	echo "== $*"
}

step "packages"
tools/deps.sh
step "the tool"
make -s -j2 tool
step "kernel, headers and LTTng from Debian, under build/root"
make -s lab-packages
make -s lab-lttng
# shellcheck source=/dev/null
. build/packages.env
step "the kernel modules"
make -s modules KDIR="$PWD/$LAB_KDIR" LTTNG_SRC="$PWD/$LAB_LTTNG_SRC"

step "the lab: a host, and a guest in it, both recording (about a minute)"
make -s lab SCENARIO=basic

step "vmsync fuse"
rm -rf build/demo
build/vmsync fuse -o build/demo build/lab/basic/host build/lab/basic/guest

step "vmsync sync"
build/vmsync sync build/lab/basic/host build/lab/basic/guest

step "one trace: the longest time that a vCPU was ready and did not run"
babeltrace2 build/demo > build/demo.txt
awk -f tools/preemption.awk build/demo.txt build/demo.txt

step "what its virtual CPUs were really doing"
build/vmsync analyze build/lab/basic/host build/lab/basic/guest

step "the same as a page, and for Perfetto"
rm -f build/demo.html build/demo.pftrace
build/vmsync report -o build/demo.html build/lab/basic/host build/lab/basic/guest
build/vmsync export perfetto -o build/demo.pftrace build/lab/basic/host \
	build/lab/basic/guest

cat <<END

the fused trace   build/demo        babeltrace2 build/demo, or Trace Compass
as text           build/demo.txt
a page            build/demo.html     open it in a browser: xdg-open build/demo.html
for Perfetto      build/demo.pftrace  open it in https://ui.perfetto.dev
the recordings    build/lab/basic/host build/lab/basic/guest
logs              build/lab/basic
END
