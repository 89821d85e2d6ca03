# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced, after machines.sh and series.sh, by the checks of vmsync live with LTTng's own
# daemons: a host and its guest, two machines that record what their kernels would
# ($t/ust-vm, of tests/gen/ust-vm.c), and what is made of it in $t/RUN.

# turns_prepare WHAT PROGRAM TARGET...: what all of that takes, PROGRAM of LTTng's too, and
# what is made for it; or WHAT is skipped
turns_prepare() {
	local what=$1 program=$2 cc

	shift 2
	read -ra cc <<< "${CC:-cc}"
	if ! has_ust "$program"; then
		skip "$what: no lttng-tools or liblttng-ust-dev here"
		finish
	fi
	if ! machines_can; then
		skip "$what: no namespaces: $(head -n 1 "$check_out")"
		finish
	fi
	expect "the tool builds" make -s -j2 VARIANT=asan tool "$@"
	cp build/asan/vmsync "$t"
	vmsync=$t/vmsync
	expect "the recorded program builds" "${cc[@]}" -O1 -D_GNU_SOURCE= -Itests/gen \
		-o "$t/ust-vm" tests/gen/ust-vm.c -llttng-ust -ldl
	mkfifo "$t/to" "$t/from"
	# Nothing is recorded of who does not wait for it.
	export LTTNG_UST_REGISTER_TIMEOUT=-1
}

# in_machine NAME COMMAND...: run it there, to its end
in_machine() {
	run_in "$@"
	[ "$(result_of "$1")" = 0 ] || fail "$*: $(cat "$t/$1/err")"
}

# turns: what is recorded, in the background, until turns_end. Where there is a file
# $t/late the host's other CPU has something to do, too.
turns() {
	rm -f "$t/end" "$t/late"
	cat > "$t/host/turns" <<-END
		"$t/ust-vm" host "$t/to" "$t/from" "$t/end" < /dev/null &
		host=\$!
		until [ -e "$t/late" ] || [ -e "$t/end" ]; do
			sleep 0.1
		done
		[ ! -e "$t/late" ] || "$t/ust-vm" other "$t/end"
		wait \$host
	END
	run_in guest "$t/ust-vm guest $t/from $t/to < /dev/null"
	run_in host bash "$t/host/turns"
}
turns_end() {
	touch "$t/end"
	expect_eq "$1: the host's process" "$(result_of host)" 0
	expect_eq "$1: the guest's process" "$(result_of guest)" 0
}

# said RUN TEXT: how often that was said
said() { grep -c "$2" "$t/$1/said"; }
# shellcheck disable=SC2317 # until_true calls it
is_said() { grep -q "$2" "$t/$1/said"; }

# judge RUN FOLDER...: what was found is what is in the recording, and nothing is wrong
judge() {
	local run=$1

	shift
	wanted "$@" > "$t/$run/wanted"
	expect "$run: all series, to the ns" \
		diff <(series "$t/$run/prom") "$t/$run/wanted"
	expect "$run: there was something to find" \
		grep -q 'domain="guest",state="preempted"} [0-9.]*[1-9]' "$t/$run/wanted"
	expect "$run: ... and who had the CPU" grep -q 'by="task:hog"} ' "$t/$run/wanted"
	expect "$run: no event came after it was said to be there" \
		grep -qx 'vmsync_live_late_events_total 0' "$t/$run/prom"
	expect "$run: witnesses have no complaint" \
		grep -q '^vmsync_witness_violations_total{.* 0$' "$t/$run/prom"
}
# shellcheck disable=SC2317 # until_true calls it
analysed() { grep -q '^vmsync_live_analysed_seconds [1-9]' "$t/$1/prom"; }
