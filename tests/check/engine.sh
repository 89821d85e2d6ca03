#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The trace engine against babeltrace2: the same characters for every event,
# on random metadata, on LTTng-like traces, on what babeltrace2 itself writes,
# before and after a rewrite.
. tests/check/lib.sh

seeds=${CTF_SEEDS:-60}
first=${VMSYNC_SEED:-1}
read -ra cc <<< "${CC:-cc}"
flags=(-std=gnu11 -O1 -g -Wall -Wextra -Werror)
dir=$check_tmp/ctf
vmsync=$dir/vmsync
mkdir -p "$dir"

expect "the tool builds" make -s -j2 tool build/release/tests/pair
cp build/release/vmsync "$dir/vmsync"
expect "the random generator builds, with the sanitizers" \
	make -s VARIANT=asan build/asan/tests/random-trace
expect "the rewriting program builds" "${cc[@]}" "${flags[@]}" -D_GNU_SOURCE= -Ihost \
	-pthread -o "$dir/restamp" tests/gen/restamp.c \
	build/release/libvmsync.a
expect "the example builds" "${cc[@]}" "${flags[@]}" -D_GNU_SOURCE= -Ihost -pthread \
	-o "$dir/count" tests/gen/count.c build/release/libvmsync.a

# same TEXT TRACE...: both programs print the same
same() {
	local text=$1
	shift
	if ! babeltrace2 "$@" > "$dir/bt.txt" 2> "$dir/bt.err"; then
		fail "$text: babeltrace2: $(grep -m 1 -i error "$dir/bt.err")"
	elif ! "$vmsync" cat "$@" > "$dir/our.txt" 2> "$dir/our.err"; then
		fail "$text: $(head -n 1 "$dir/our.err")"
	elif ! cmp -s "$dir/bt.txt" "$dir/our.txt"; then
		fail "$text: the text differs"
		diff "$dir/bt.txt" "$dir/our.txt" | head -n 4 | cut -c1-300
	elif ! [ -s "$dir/our.txt" ]; then
		fail "$text: no events"
	else
		pass "$text"
	fi
}

# Which of two events of equal time comes first is up to each program: one
# stream at a time.
alone() {
	rm -rf "$dir/one"
	mkdir "$dir/one"
	cp "$1/metadata" "$2" "$dir/one"
}

each_stream() {
	local text=$1 trace=$2 s
	for s in "$trace"/[cs]*_*; do
		alone "$trace" "$s"
		same "$text, ${s##*/}" "$dir/one"
	done
}

# wraps TRACE BITS: in each stream so many bits of the time wrap, within gaps that
# they can tell. There are longer gaps too, the longest that they can tell, and
# the shortest that they cannot.
wraps() {
	local s
	for s in "$1"/channel*; do
		alone "$1" "$s"
		# shellcheck disable=SC2016 # of awk
		expect "$2 bits of time wrap, ${s##*/}" awk -F "[][]" -v max="$((1 << $2))" '
			NR > 1 {
				gap = $2 - t
				wrap += gap < max && $2 % max < t % max
				long += gap > max
				last += gap == max - 1
				first += gap == max
			}
			{ t = $2 }
			END { exit !(wrap && long && last && first) }' \
			<(babeltrace2 --clock-cycles --no-delta "$dir/one")
	done
}

# Raw stamps, times a number; in two halves, as awk's numbers are exact below 2^53
# only.
stamps() {
	babeltrace2 --clock-cycles --no-delta "$1" 2> "$dir/bt.err" |
		awk -F "[][]" -v n="$2" '{
			low = substr($2, length($2) - 7) * n
			high = substr($2, 1, length($2) - 8) * n + int(low / 1e8)
			printf "%.0f%08.0f\n", high, low % 1e8
		}' | md5sum
}

# Names and values, without the times.
fields() {
	babeltrace2 --no-delta "$1" 2> "$dir/bt.err" | sed 's/^[^]]*\] //' |
		sort | md5sum
}

for seed in $(seq "$first" $((first + seeds - 1))); do
	rm -rf "$dir/random"
	build/asan/tests/random-trace "$dir/random" "$seed" 1 > "$dir/n" ||
		fail "random trace $seed is not written"
	each_stream "random trace, seed $seed" "$dir/random"
	# The same streams with CTF 2 metadata, which babeltrace2 2.0 cannot read.
	"$vmsync" cat "$dir/random" > "$dir/tsdl.txt"
	build/asan/tests/random-trace "$dir/random" "$seed" 3 > "$dir/n"
	"$vmsync" cat "$dir/random" > "$dir/json.txt"
	expect "random trace, seed $seed, as CTF 2" \
		cmp "$dir/tsdl.txt" "$dir/json.txt"
done

# made FOLDER OPTION...: what a host records, of a pair
made() {
	build/release/tests/pair "$dir/pair" "${@:2}" > "$dir/n" ||
		fail "$1 is not written"
	mv "$dir/pair/host" "$1"
	rm -r "$dir/pair"
}

made "$dir/a" events=60000 edge=5000
made "$dir/b" events=40000 edge=5000 seed=2 large=1 packet=65536
# Gaps about as long as what a short header can tell of the time.
made "$dir/c" events=6000 seed=3 gap=80000000 edge=10
made "$dir/d" events=6000 seed=4 gap=2500000000 edge=10 large=1
wraps "$dir/c" 27
wraps "$dir/d" 32
each_stream "compact headers that wrap" "$dir/c"
each_stream "large headers that wrap" "$dir/d"
each_stream "compact headers" "$dir/a"
each_stream "large headers" "$dir/b"

# Events of any size, up to some that are larger than what is printed at once.
mkdir "$dir/sizes"
cat > "$dir/sizes/metadata" <<-'END'
	/* CTF 1.8 */
	typealias integer { size = 8; align = 8; } := uint8_t;
	typealias integer { size = 16; align = 8; signed = true; } := int16_t;
	typealias integer { size = 16; align = 8; } := uint16_t;
	trace { major = 1; minor = 8; byte_order = le; };
	stream { };
	event {
		name = "sized";
		fields := struct { uint16_t n; int16_t list[n]; string text; };
	};
END
for n in 0 1 100 200 9000 3 20000 7; do
	printf '%b' "$(printf '\\x%02x\\x%02x' $((n % 256)) $((n / 256)))"
	head -c $((2 * n)) "$dir/a/channel0_0"
	head -c "$n" /dev/zero | tr '\0' '?'
	printf '\0'
done > "$dir/sizes/channel0_0"
each_stream "events of any size" "$dir/sizes"

# Threads: the same lines in the same order.
for trace in a b sizes; do
	"$vmsync" cat -j 1 "$dir/$trace" > "$dir/one.txt"
	for jobs in 2 5; do
		"$vmsync" cat -j $jobs "$dir/$trace" > "$dir/our.txt"
		expect "$trace printed by $jobs threads" \
			cmp "$dir/one.txt" "$dir/our.txt"
	done
done

# The example: events per name, as many as babeltrace2 counts.
babeltrace2 --no-delta --fields= "$dir/a" 2> "$dir/bt.err" |
	sed 's/^.*\] [^ ]* \([^:]*\):.*/\1/' | sort | uniq -c |
	awk '{ print $1, $2 }' | sort > "$dir/bt.txt"
"$dir/count" "$dir/a" | awk '{ print $1, $2 }' | sort > "$dir/our.txt"
expect "the example counts what babeltrace2 counts" \
	cmp "$dir/bt.txt" "$dir/our.txt"

# babeltrace2's own writer: other headers, other packets.
expect "babeltrace2 copies" babeltrace2 "$dir/a" --component=sink.ctf.fs \
	--params="path=\"$dir/copy\""
mv "$(dirname "$(find "$dir/copy" -name metadata)")" "$dir/written"
each_stream "what babeltrace2 writes" "$dir/written"

# A rewrite that changes nothing changes no byte of a stream.
for trace in a c d; do
	rm -rf "$dir/same"
	expect "$trace: a rewrite that changes nothing" "$dir/restamp" \
		"$dir/$trace" "$dir/same" 1 1
	for f in "$dir/$trace"/channel*; do
		expect "$trace: ${f##*/} is the same to the byte" \
			cmp "$f" "$dir/same/${f##*/}"
	done
done

# Slower and faster clocks: gaps outgrow short headers. Times 2, only those at the
# edge do, by a bit.
for trace in a b written; do
	before=$(fields "$dir/$trace")
	for ratio in "2 1" "40000 1" "4000000 1" "1 2" "1000003 1000000"; do
		rm -rf "$dir/new"
		# shellcheck disable=SC2086 # two numbers
		expect "$trace rewritten by ${ratio/ /:}" "$dir/restamp" \
			"$dir/$trace" "$dir/new" $ratio
		each_stream "$trace after ${ratio/ /:}" "$dir/new"
		case $ratio in
		*" 1")
			expect_eq "$trace after ${ratio/ /:}: stamps" \
				"$(stamps "$dir/new" 1)" \
				"$(stamps "$dir/$trace" "${ratio% 1}")" ;;
		esac
		expect_eq "$trace after ${ratio/ /:}: names and values" \
			"$(fields "$dir/new")" "$before"
	done
done
finish
