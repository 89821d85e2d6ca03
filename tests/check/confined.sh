#!/bin/bash
# SPDX-License-Identifier: MIT
#
# confined.sh UNIT COMMAND...: runs COMMAND with no more than the service UNIT gives it,
# as far as that takes no systemd: what it sees of /proc, no network, no capability.
# The process is ours, whose mounts are its own.

set -eu
unit=$1
shift

if [ "${CONFINED-}" != yes ]; then
	CONFINED=yes exec unshare -m -n --propagation unchanged bash "$0" "$unit" "$@"
fi
unset CONFINED

# has LINE: it has this one
has() { grep -qx "$1" "$unit"; }

die() {
	echo "confined: $*" >&2
	exit 1
}

options=
! has ProtectProc=invisible || options=hidepid=invisible
! has ProcSubset=pid || options=${options:+$options,}subset=pid
mount -t proc ${options:+-o "$options"} proc /proc || die "no /proc"
has CapabilityBoundingSet= || die "$unit: which capabilities?"
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
