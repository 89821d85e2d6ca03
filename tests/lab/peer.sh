#!/bin/bash
# SPDX-License-Identifier: MIT
#
# peer.sh [FOLDER]: what scenario "peer" recorded, by vmsync record and by trace-cmd
# record -A, as a table. FOLDER is build/lab/peer unless said.
#
#	commands	to record, and to read host and guest in one order of time, where
#			both are set up
#	begins		seconds from the command until host and guest are recorded
#	ends		seconds from the end until it has returned, and what it recorded
#			can be read
#	events		of the guest
#	lost		what the tracers, or trace-cmd, say that they lost
#	inside		guest events that lie between an entry of their virtual CPU and its
#			next exit, of those of which that can be said (inside.awk)
#
# Exit status 1 where vmsync lost an event, or has one that is not inside.
set -eu
cd "$(dirname "$0")/../.."
dir=${1:-build/lab/peer}
vmsync=build/vmsync
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# seconds WHO FROM TO, by CLOCK_MONOTONIC of the host
seconds() {
	awk -v who="who=$1" -v from="what=$2" -v to="what=$3" '
		$1 == who { sub(/.*mono_ns=/, "", $3); at[$2] = $3 }
		END { printf "%.1f", (at[to] - at[from]) / 1e9 }' "$dir/times"
}

# field FILE KEY
field() { sed -n "s/.*\b$2=\([0-9]*\).*/\1/p" "$1"; }

share() { # FILE
	awk -v i="$(field "$1" inside)" -v o="$(field "$1" outside)" \
		'BEGIN { printf i + o ? "%.2f %%" : "-", 100 * i / (i + o) }'
}

# --- vmsync: what it fused, as babeltrace2 reads it

rm -rf "$tmp/fused"
$vmsync fuse -o "$tmp/fused" "$dir/host" "$dir/guest" > "$tmp/fuse.log" 2>&1 ||
	{ cat "$tmp/fuse.log" >&2; exit 2; }
babeltrace2 --clock-cycles --no-delta "$tmp/fused" > "$tmp/vmsync.text" 2> "$tmp/err"
awk '/ kvm_x86_(entry|exit): / {
		match($0, / vcpu_id = [0-9]+/)
		print (/kvm_x86_entry/ ? "in" : "out"), substr($0, RSTART + 11, RLENGTH - 11)
		next
	}
	$2 == "guest" && match($0, /cpu_id = [0-9]+/) {
		print "guest", substr($0, RSTART + 9, RLENGTH - 9)
	}' "$tmp/vmsync.text" | awk -f tests/lab/inside.awk > "$tmp/vmsync"
lost=$($vmsync sync --json "$dir/host" "$dir/guest" |
	jq '[.guests[].events_discarded, .host.events_discarded] | add')

# --- trace-cmd: its own report of both files

trace-cmd report -t -N -i "$dir/peer/trace.dat" -i "$dir"/peer/trace-*.dat \
	> "$tmp/peer.text" 2> "$tmp/err" || { cat "$tmp/err" >&2; exit 2; }
peer_lost=$(awk '/EVENTS DROPPED/ { match($0, /[0-9]+ EVENTS DROPPED/)
		n += substr($0, RSTART) + 0 }
	/EVENTS DROPPED/ && !RLENGTH { n++ }
	END { print n + 0 }' "$tmp/peer.text")

# Where a file has a name of its own each line begins with it.
awk '{ host = ($1 == "trace.dat:") }
	!match($0, /\[[0-9]+\] +[0-9.]+: +[a-z_]+:/) { next }
	{
		split(substr($0, RSTART, RLENGTH), part, /[][ :]+/)
		cpu = part[2] + 0
		event = part[4]
		rest = substr($0, RSTART + RLENGTH)
	}
	!host { print "guest", cpu; next }
	event ~ /^kvm_(entry|exit)$/ && match(rest, /vcpu(_id)?[ =]+[0-9]+/) {
		vcpu = substr(rest, RSTART, RLENGTH)
		sub(/.*[ =]/, "", vcpu)
		print (event == "kvm_entry" ? "in" : "out"), vcpu
	}' "$tmp/peer.text" | awk -f tests/lab/inside.awk > "$tmp/peer"

# --- the table

row() { # NAME COMMANDS WHO FILE LOST
	printf '%-10s %8s %8s %8s %9s %6s %9s\n' "$1" "$2" \
		"$(seconds "$3" typed recording)" "$(seconds "$3" stop "done")" \
		"$(field "$4" events)" "$5" "$(share "$4")"
}

printf '%-10s %8s %8s %8s %9s %6s %9s\n' "" commands "begins s" "ends s" events lost inside
row vmsync 1 recorded "$tmp/vmsync" "$lost"
row trace-cmd 2 peer "$tmp/peer" "$peer_lost"
[ "$lost" = 0 ] && [ "$(field "$tmp/vmsync" outside)" = 0 ]
