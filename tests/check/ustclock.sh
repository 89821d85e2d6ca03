#!/bin/bash
# SPDX-License-Identifier: MIT
#
# LTTng-UST with the host's clock (guest/ust): its own daemons and a program, and a page
# that is a file here. In a guest it is vmsync-clock.ko's: tests/check/lab-guestclock.sh.
. tests/check/lib.sh

t=$check_tmp
if ! has_ust lttng-sessiond; then
	skip "LTTng-UST: no lttng-tools or liblttng-ust-dev here"
	finish
fi
if ! unshare -mn true 2> "$check_out"; then
	skip "UST's clock: no mount namespace can be had here"
	finish
fi
plugin=$PWD/build/release/libvmsync-ust-clock.so
read -ra cc <<< "${CC:-cc}"
expect "the plugin builds" make -s build/release/libvmsync-ust-clock.so
expect "the traced program builds" "${cc[@]}" -O2 -o "$t/ustclock" tests/lab/ustclock.c \
	-llttng-ust -ldl
expect "the page's program builds" "${cc[@]}" -O2 -Iinclude -o "$t/page" tests/gen/clock-page.c

# Where nothing else is: not this machine's daemons, nor its devices.
cat > "$t/inside" <<'EOS'
set -e
mkdir -p "$t/dev/shm"
cp -a /dev/null /dev/zero /dev/random /dev/urandom "$t/dev/"
rm -f "$t/dev/vmsync-clock"
[ -z "$page" ] || cp "$page" "$t/dev/vmsync-clock"
mount --bind "$t/dev" /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
export HOME=$t LTTNG_HOME=$t LTTNG_UST_CLOCK_PLUGIN=$plugin LTTNG_UST_REGISTER_TIMEOUT=-1
lttng-sessiond --no-kernel > "$t/daemon" 2>&1 &
daemon=$!
for _ in $(seq 100); do
	! lttng -n list > "$t/list" 2>&1 || break
	sleep 0.1
done
lttng -n create s --output="$out"
lttng -n enable-event -u 'lttng_ust_tracef:*'
lttng -n start
"$t/ustclock" 200 2> "$out.err"
lttng -n destroy
kill $daemon
wait $daemon || true
EOS

# record WHAT OUT PAGE
record() {
	out=$t/$2 page=$3 timeout -k 5 60 unshare -mn bash "$t/inside" > "$t/$2.log" 2>&1
	expect_eq "$1" $? 0
	grep -s Error "$t/$2.log" "$t/daemon"
}

export t plugin
start=$("$t/page" "$t/file")
record "recorded" clock "$t/file"
expect "the clock's name" grep -rqa --include=metadata 'name = "*vmsync_host_monotonic' "$t/clock"
babeltrace2 --clock-cycles --no-delta "$t/clock" > "$t/events"
# Each event says a TSC before its stamp, the next one one behind it.
expect_eq "events, and those whose stamp is not what the page says" "$(perl -e '
	my ($ns, $bad, $n) = (0, 0, 0);
	while (<STDIN>) {
		my ($stamp, $tsc) = /^\[0*(\d+)\].*_tsc=(\d+)/ or next;
		my $at = 1000000000000000000 + $tsc - $ARGV[0];
		$bad++ if $ns > $at || $stamp < $at;
		$ns = $stamp;
		$n++;
	}
	print "$n $bad"' "$start" < "$t/events")" "400 0"

# Without it the process is told, and its own clock is taken.
record "recorded without the module" none ""
expect_eq "one line says so" "$(sort -u "$t/none.err")" \
	"libvmsync-ust-clock: /dev/vmsync-clock: No such file or directory: LTTng stamps this process with another clock; modprobe vmsync-clock"
expect "... and the clock's name, too" grep -rqa --include=metadata 'name = "*monotonic"' "$t/none"

# Another version's page is not read.
printf '\377' | dd of="$t/file" bs=1 seek=4 conv=notrunc status=none
record "recorded with another version's page" other "$t/file"
expect "it says so" grep -q ": of another version of vmsync: " "$t/other.err"
finish
