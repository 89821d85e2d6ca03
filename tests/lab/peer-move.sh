#!/bin/bash
# SPDX-License-Identifier: MIT
#
# peer-move.sh [--match=MATCH] HOST [HOST2] GUEST: what vmsync makes of a guest that was
# moved, and what methods make of the same recording that have one line or one offset for
# all of it, as a table. All stamps are on the clock of HOST; MATCH is that of vmsync.
#
#	one line	Trace Compass's method (one-line.c), of all beacons
#	one offset	what trace-cmd measures of a clock that is not the TSC, at its best: the
#			middle of what the tightest beacon before the move allows. What it
#			would measure later goes over a vsock, which a move closes.
#	beacons		that it was made of, and those that it ignored
#	inside		guest events that lie between an entry of their virtual CPU and its
#			next exit, of those of which that can be said (inside.awk)
#	off by		greatest distance of a guest event from where vmsync's map has it; of
#			vmsync, the greatest bound of one. Events of which vmsync has no
#			evidence do not count.
#
# With two hosts a line's beacons are HOST's. Between the hosts Trace Compass has one more line,
# by messages. trace-cmd has nothing that would say of a guest's file when it was whose: it
# stores its offset to one host. So vmsync's map has put the second host's entries and exits on
# HOST's clock, for all rows.
#
# Needs build/release/tests/one-line and build/vmsync (VMSYNC: another one). Exit status 2
# where there is nothing to compare.
set -eu
cd "$(dirname "$0")/../.."
vmsync=${VMSYNC:-build/vmsync}
match=()
[[ ${1-} != --match=* ]] || { match=("$1"); shift; }
traces=("$@")
host=$1 guest=${!#}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die() { echo "peer-move.sh: $*" >&2; exit 2; }

# text TRACE...: of its events, stamps as they are in it
text() { babeltrace2 --clock-cycles --no-delta "$@" 2> "$tmp/err"; }

hostname_of() { text "$1" | awk 'NR == 1 { print $2 }'; }

# by COMMAND OPTION...: not all events of a guest that was on another host need have
# evidence, which is status 1
by() {
	local status=0

	$vmsync "$@" --json "${match[@]}" "${traces[@]}" > "$tmp/$1" 2> "$tmp/err" || status=$?
	[ $status -lt 2 ] || { cat "$tmp/err" >&2; exit 2; }
}
by sync
by fuse --force -o "$tmp/fused"

# --- the guest's events, the map, and when it was moved

text "$guest" | awk '{ stamp = substr($1, 2) + 0; match($0, /cpu_id = [0-9]+/)
	printf "%.0f %d\n", stamp, substr($0, RSTART + 9, RLENGTH - 9) }' > "$tmp/events"
name=$(hostname_of "$guest")
jq -r --arg name "$name" '.guests[] | select(.hostname == $name) | .cpus as $cpus |
	range($cpus | length) as $cpu | ($cpus[$cpu].same_as // $cpu) as $source |
	$cpus[$source].segments[] | select(.bound_ns) |
	"\($cpu) \(.guest_start) \(.guest_end) \(.host_start) \(.slope / pow(2; .shift)) \(.bound_ns)"' \
	"$tmp/fused/vmsync-map.json" > "$tmp/segments"
moved=$(jq '[.guests[0] | (.crossings // .moves)[] | .arrived_ns][0] // 1e18' "$tmp/sync")

# --- entries, exits and the guest's events as vmsync has them

text "$tmp/fused" | awk -v guest="$name" -v moved="$moved" -v out="$tmp/vmsync." '
	{ stamp = substr($1, 2) + 0 }
	/ kvm_x86_(entry|exit): / {
		match($0, / vcpu_id = [0-9]+/)
		printf "%.0f %s %d\n", stamp, /kvm_x86_entry/ ? "0 in" : "2 out",
			substr($0, RSTART + 11, RLENGTH - 11)
		next
	}
	$2 == guest && match($0, /cpu_id = [0-9]+/) {
		printf "%.0f 1 guest %d\n", stamp, substr($0, RSTART + 9, RLENGTH - 9) > \
			(out (stamp < moved ? "before" : "after"))
	}' > "$tmp/runs"

# --- the beacons that this host saw, in its order

{ text "$guest"; text "$host"; } | awk '
	!match($0, / vmsync_(gh|hg)_(guest|host): /) { next }
	{
		event = substr($0, RSTART + 8, RLENGTH - 10)
		way = substr(event, 1, 2) == "gh" ? "up" : "down"
		match($0, / cnt = [0-9]+/)
		key = way substr($0, RSTART + 7, RLENGTH - 7)
		stamp = substr($1, 2) + 0
	}
	event ~ /guest$/ { sent[key] = stamp; next }
	key in sent { printf "%s %.0f %.0f\n", way, sent[key], stamp }' > "$tmp/beacons"

read -r guest_0 host_0 slope used ignored < <(build/release/tests/one-line < "$tmp/beacons") ||
	exit 2
echo "line $guest_0 $host_0 $slope" > "$tmp/lines"
# Where the first beacon is behind the move, the guest came from elsewhere. One up and one down
# say that the offset is between two numbers; what is between these is their room.
awk -v moved="$moved" '
	NR == 1 { behind = $3 >= moved }
	($3 >= moved) != behind { next }
	$1 == "up" { guest = $2; most = $3 - $2; next }
	guest {
		least = $3 - $2
		if (!best || most - least < room) {
			room = most - least
			best = sprintf("offset %.0f %.1f 1", guest, guest + (most + least) / 2)
		}
		guest = 0
	}
	END { if (best == "") exit 1; print best }' "$tmp/beacons" >> "$tmp/lines" ||
	die "$host: no beacon was answered both ways"

# --- the table

touch "$tmp/vmsync.before"
awk -v out="$tmp/" -v before="$(wc -l < "$tmp/vmsync.before")" -f tests/lab/peer-move.awk \
	kind=segment "$tmp/segments" kind=line "$tmp/lines" kind=event "$tmp/events" > "$tmp/worst"

share() { # FILE of guest events
	[ -e "$1" ] || return 0
	sort -s -k1,1n -k2,2n "$tmp/runs" "$1" | cut -d' ' -f3- | awk -f tests/lab/inside.awk |
		awk -F'[= ]' '{ n = $4 + $6; print $2, n ? sprintf("%.2f", 100 * $4 / n) : "-" }'
}

row() { # TITLE NAME BEACONS IGNORED
	local side ns events inside

	printf '%-10s %7s %7s' "$1" "$3" "$4"
	read -ra ns < <(sed -n "s/^$2 //p" "$tmp/worst")
	for side in before after; do
		read -r events inside < <(share "$tmp/$2.$side") || true
		printf ' %8s %8s %12s' "${events:--}" "${inside:--}" "${ns[0]}"
		ns=("${ns[@]:1}")
	done
	printf '\n'
}

beacons=$(wc -l < "$tmp/beacons")
printf '%-26s %30s %30s\n' "on the clock of $(hostname_of "$host")" \
	"--------- before the move" "---------- after the move"
printf '%-10s %7s %7s %8s %8s %12s %8s %8s %12s\n' "" beacons ignored \
	events "inside %" "off by ns" events "inside %" "off by ns"
row vmsync vmsync "$beacons" 0
row "one line" line "$used" "$ignored"
row "one offset" offset 2 $((beacons - 2))
