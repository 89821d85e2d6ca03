#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What tests/lab/peer-move.sh shows beside vmsync's map is what these methods do: the one
# line passes between all beacons up to the first that it cannot pass, and is in the middle;
# without a move it is as good as they are, behind a move it is off by what the clock jumped.
. tests/check/lib.sh

expect "the tools build" make -s -j2 tool build/release/tests/one-line \
	build/release/tests/recorded
line=${ONE_LINE:-build/release/tests/one-line}
t=$check_tmp/t
mkdir "$t"

# --- the line: 200 beacons of a clock that is 4 s behind and 20 ppm slow, each way 1 us and
# up to 1 us more; from the 101st on with JUMP the guest's clock is that much further behind.
beacons() { # JUMP
	awk -v jump="$1" 'BEGIN {
		for (i = 0; i < 200; i++) {
			guest = 1e9 + i * 1e7 - (i >= 100 ? jump : 0)
			random = (random * 16807 + 12345) % 2147483647
			late = 1000 + random % 1000
			host = 5e9 + i * 1e7 * 1.00002
			if (i % 2)
				printf "down %.0f %.0f\n", guest, host - late
			else
				printf "up %.0f %.0f\n", guest, host + late
		}
	}'
}

# The line, compared with what all pairs of beacons say of it.
beacons 0 > "$t/beacons"
$line < "$t/beacons" > "$t/line"
expect_eq "all beacons are used" "$(cut -d' ' -f4- "$t/line")" "200 0"
expect_eq "no beacon is on the wrong side, and the slope is the middle of what is possible" \
	"$(awk '
	NR == FNR { guest = $1; host = $2; slope = $3; next }
	{
		n++; way[n] = $1; x[n] = $2 - guest; y[n] = $3 - $2
		at = host + x[n] * slope
		bad += $1 == "up" ? at > $3 + 0.01 : at < $3 - 0.01
	}
	END {
		most = 1; least = -1
		for (i = 1; i <= n; i++)
			for (j = i + 1; j <= n; j++) {
				if (way[i] == way[j])
					continue
				s = (y[j] - y[i]) / (x[j] - x[i])
				if (way[j] == "up" && s < most) most = s
				if (way[j] == "down" && s > least) least = s
			}
		off = slope - 1 - (most + least) / 2
		print n, bad + 0, (most - least > 1e-8), (off < 1e-12 && off > -1e-12)
	}' "$t/line" "$t/beacons")" "200 0 1 1"

head -n 100 "$t/beacons" | $line > "$t/half"
beacons 5e6 | $line > "$t/jumped"
expect_eq "behind a jump it stays as it was" "$(cut -d' ' -f-3 "$t/jumped")" \
	"$(cut -d' ' -f-3 "$t/half")"
# Of the first one behind it, on its way up, it may have been late for as long.
expect_eq "... and ignores the rest" "$(cut -d' ' -f4- "$t/jumped")" "101 99"
expect_error "beacons of one way only" "too few beacons" \
	sh -c "grep up $t/beacons | $line"

# --- the table, of what the simulator recorded

# recorded NAME KEY...: the table of a scenario with these keys and of $hosts, in $t/table
hosts=host match=
recorded() {
	local name=$1 traces=() folder
	shift
	printf '%s\n' 'seconds = 5' 'beacon.hz = 50' 'exits.hz = 300' \
		'guest.clock = kvmclock' 'host.steer = none' 'guest.steer = const' \
		"$@" > "$t/$name.sim"
	rm -rf "${t:?}/$name"
	build/release/tests/recorded --both "$t/$name" "$t/$name.sim" 1 ||
		fail "recorded $*"
	for folder in $hosts g0; do
		traces+=("$t/$name/$folder")
	done
	tests/lab/peer-move.sh ${match:+"$match"} "${traces[@]}" > "$t/table" 2> "$t/err" ||
		fail "$name: $(cat "$t/err")"
	build/vmsync sync --json "$t/$name/host" "$t/$name/g0" > "$t/json" 2> "$t/err"
}

# cells ROW COLUMN...: 1 beacons, 2 ignored; events, inside and off by 3 4 5 before the move,
# and 6 7 8 after it
cells() {
	local row=$1
	shift
	sed -n "s/^$row //p" "$t/table" |
		awk -v columns="$*" '{ n = split(columns, c)
			for (i = 1; i <= n; i++) printf "%s%s", $c[i], i < n ? " " : "\n" }'
}

# between TEXT LEAST VALUE MOST: of numbers that need not be whole
between() {
	expect_eq "$1: $2 <= $3 <= $4" \
		"$(awk -v a="$2" -v b="$3" -v c="$4" 'BEGIN { print (a <= b && b <= c) }')" 1
}

# The middle of what the tightest beacons leave is off by half of that, and at both ends
# of the recording by no more than all of it.
recorded straight 'guest.ppm = 20'
room=$(json .guests[0].beacons.round_trip_min_ns)
expect_eq "straight: vmsync has all" "$(cells vmsync 2 4 6)" "0 100.00 -"
expect_eq "straight: all beacons are used" "$(cells "one line" 1 2)" \
	"$(json '.guests[0].beacons.matched * 2') 0"
between "straight: the line is as good as its beacons" 3 "$(cells "one line" 5)" "$room"
between "straight: nearly all are inside" 99 "$(cells "one line" 4)" 100
# 20 ppm of 2.5 to 5 s, the longer side of the beacon.
between "straight: an offset drifts away" 49000 "$(cells "one offset" 5)" 101000
between "straight: ... so that fewer are inside" 80 "$(cells "one offset" 4)" \
	"$(cells "one line" 4)"

# Clocks that do not drift, and beacons that are late: one of 250 that was not is found, and
# its middle is as good as its two ways are alike, which without delay are 350 and 450 ns.
recorded calm 'guest.clock = tsc' 'guest.steer = none' 'gh.exp = 2000' 'hg.exp = 2000'
between "calm: the offset is the tightest beacon's middle" 1 "$(cells "one offset" 5)" \
	$((room / 4))

recorded bent 'guest.steer = chrony' 'guest.interval = 1'
expect_eq "bent: vmsync has all" "$(cells vmsync 4)" 100.00
between "bent: the line ignores what comes then" 100 "$(cells "one line" 2)" 499
between "bent: ... and leaves the clock" 10000 "$(cells "one line" 5)" 1e9

for clock in kvmclock tsc; do
	recorded $clock "guest.clock = $clock" 'guest.ppm = 20' 'move = 2:0.1'
	expect_eq "$clock: vmsync has all, before and after" "$(cells vmsync 4 7)" \
		"100.00 100.00"
	between "$clock: vmsync's bound" 0 "$(cells vmsync 5)" 2
	between "$clock: ... behind the move" 0 "$(cells vmsync 8)" 2
	between "$clock: before the move the line is right" 3 "$(cells "one line" 5)" "$room"
	between "$clock: ... and all inside" 99 "$(cells "one line" 4)" 100
	between "$clock: what comes after it is ignored" 200 "$(cells "one line" 2)" 300
	# Off by what the clock fell back, which the moves tell, along the line.
	jump=$(json '.guests[0] | .moves[0].downtime_ns - .moves[0].guest_ns *
		(.maps[0].segments[0] | .slope / pow(2; .shift)) | round')
	between "$clock: behind it the line is off by the jump" $((jump - room)) \
		"$(cells "one line" 8)" $((jump + room))
	between "$clock: so is the offset, and by its drift" $((jump - 100000)) \
		"$(cells "one offset" 8)" $((jump + 100000))
	between "$clock: and many are outside" 0 "$(cells "one line" 7)" 80
done

# To another host: each line is right where the beacons were that host's.
match=--match=cause=packet_sent,effect=packet_received,key=cnt
hosts="host host2"
recorded away 'guest.ppm = 20' 'move = 2:0.1:1'
expect_eq "first host: vmsync has all" "$(cells vmsync 4 7)" "100.00 100.00"
between "first host: its line is right before the move" 3 "$(cells "one line" 5)" "$room"
between "first host: ... and wrong behind it" 1e6 "$(cells "one line" 8)" 1e12
between "first host: ... so is its offset" 1e6 "$(cells "one offset" 8)" 1e12
hosts="host2 host"
recorded away 'guest.ppm = 20' 'move = 2:0.1:1'
# Before the hosts' first message nothing is known of the first one by the second one's clock.
between "second host: vmsync has all but what was before the first message" 99.8 \
	"$(cells vmsync 4)" 100
expect_eq "second host: ... all since then" "$(cells vmsync 7)" 100.00
between "second host: its line is right behind the move" 3 "$(cells "one line" 8)" "$room"
between "second host: ... and nearly all are inside" 99 "$(cells "one line" 7)" 100
between "second host: ... and wrong before it" 1e6 "$(cells "one line" 5)" 1e12
between "second host: ... so is its offset" 1e6 "$(cells "one offset" 5)" 1e12

expect_error "no recording" "vmsync sync: .*nothing" \
	tests/lab/peer-move.sh "$t/straight/host" "$t/nothing"
finish
