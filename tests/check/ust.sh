#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Traces of LTTng-UST, both buffering schemes: read like babeltrace2 reads
# them, and rewritten. Needs lttng-tools and liblttng-ust-dev.
. tests/check/lib.sh

dir=$check_tmp/ust
mkdir -p "$dir/home"
export LTTNG_HOME=$dir/home HOME=$dir/home
read -ra cc <<< "${CC:-cc}"

if ! has_ust lttng-sessiond; then
	skip "LTTng-UST: no lttng-tools or liblttng-ust-dev here"
	finish
fi
if lttng list > "$check_out" 2>&1; then
	skip "LTTng-UST: a session daemon is running, which is not ours"
	finish
fi
expect "the tool builds" make -s -j2 tool
expect "the traced program builds" "${cc[@]}" -O1 -Itests/gen \
	-o "$dir/shapes" tests/gen/ust-shapes.c -llttng-ust -ldl
expect "the rewriting program builds" "${cc[@]}" -std=gnu11 -D_GNU_SOURCE= \
	-Ihost -pthread -o "$dir/restamp" tests/gen/restamp.c \
	build/release/libvmsync.a
cp build/release/vmsync "$dir/vmsync"

lttng-sessiond --no-kernel > "$dir/sessiond.log" 2>&1 &
daemon=$!
trap 'kill $daemon 2> /dev/null; wait $daemon; rm -rf "$check_tmp"' EXIT
for _ in $(seq 50); do
	lttng list > "$check_out" 2>&1 && break
	sleep 0.2
done

record() {
	lttng create "s$1" --output="$dir/$1" &&
		lttng enable-channel -u --buffers-"$1" ch --subbuf-size=128k \
			--num-subbuf=8 &&
		lttng enable-event -u -c ch 'shapes:*' &&
		lttng add-context -u -c ch -t procname -t vtid -t ip &&
		lttng start && "$dir/shapes" && lttng destroy
}

# Lines without the differences of time, sorted: ties have no order.
lines() {
	sed 's/(+[^)]*) //' | LC_ALL=C sort
}

for scheme in uid pid; do
	if ! record $scheme > "$dir/log" 2>&1; then
		fail "recording, per $scheme: $(tail -n 1 "$dir/log")"
		continue
	fi
	trace=$(dirname "$(find "$dir/$scheme" -name metadata | head -n 1)")
	babeltrace2 "$trace" 2> "$dir/err" | lines > "$dir/bt.txt"
	"$dir/vmsync" cat "$trace" | lines > "$dir/our.txt"
	expect_eq "per $scheme: events" "$(wc -l < "$dir/our.txt")" 19998
	expect "per $scheme: the same as babeltrace2's" \
		cmp "$dir/bt.txt" "$dir/our.txt"
	expect "per $scheme: rewritten" "$dir/restamp" "$trace" \
		"$dir/$scheme.same" 1 1
	# Streams and LTTng's own index files, to the byte.
	for f in $(cd "$trace" && find . -type f ! -name metadata); do
		expect "per $scheme: ${f#./} is the same" \
			cmp "$trace/$f" "$dir/$scheme.same/$f"
	done
	expect "per $scheme: slowed down" "$dir/restamp" "$trace" \
		"$dir/$scheme.slow" 90 1
	babeltrace2 "$dir/$scheme.slow" 2> "$dir/err" | lines > "$dir/bt.txt"
	"$dir/vmsync" cat "$dir/$scheme.slow" | lines > "$dir/our.txt"
	expect_eq "per $scheme: events after that" \
		"$(wc -l < "$dir/our.txt")" 19998
	expect "per $scheme: still the same as babeltrace2's" \
		cmp "$dir/bt.txt" "$dir/our.txt"
done
finish
