# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks whose host and guests are processes of this machine, in
# namespaces of their own: each has a clock, a hostname, a boot and a session daemon,
# and no tracer of the kernel. $t is where they live, $t/NAME each.
#
# Needs root, lttng-tools and liblttng-ust-dev, and for what is between them
# build/release/tests/port-chardev. Whoever sources it calls machines_end when it ends.

machines=""
machine_namespaces=(-m -u)

# machines_can: whether it can be done here; why not is in $check_out
machines_can() {
	unshare -m true 2> /dev/null || machine_namespaces=(-m --propagation unchanged -u)
	unshare "${machine_namespaces[@]}" -T --fork true 2> "$check_out"
}

# machine.sh FOLDER COMMAND...: a machine with COMMAND in it, which is started anew where
# there is a file "again", and ended with the machine where there is one "stop", by the
# signal that "signal" names. What is in "run" is run. It leaves in FOLDER
#
#	ready		it is there
#	said		what COMMAND said; ended: its exit statuses, a line each
#	runs		the process of what is run, status, out, err
#	left		at the end, its sessions
machines_make() {
	cat > "$t/machine.sh" <<-'END'
		dir=$1
		shift
		mkdir -p /var/run/lttng "$dir/home"
		mount -t tmpfs none /var/run/lttng && mount -t tmpfs none /dev/shm &&
			mount --bind "$dir/boot_id" /proc/sys/kernel/random/boot_id &&
			hostname "${dir##*/}" || exit
		export LTTNG_HOME=$dir/home HOME=$dir/home
		lttng-sessiond --no-kernel > "$dir/sessiond.log" 2>&1 &
		daemon=$!
		trap 'kill $daemon; wait' EXIT
		until lttng list > /dev/null 2>&1; do
			kill -0 $daemon || exit
			sleep 0.1
		done
		: > "$dir/ready"
		until [ -e "$dir/stop" ]; do
			"$@" 2>> "$dir/said" &
			command=$!
			until [ -e "$dir/stop" ] || [ -e "$dir/again" ]; do
				if [ -e "$dir/run" ]; then
					mv "$dir/run" "$dir/running"
					( bash "$dir/running" > "$dir/out" 2> "$dir/err" &
					echo $! > "$dir/runs.new"
					mv "$dir/runs.new" "$dir/runs"
					wait $!
					echo $? > "$dir/status.new"
					mv "$dir/status.new" "$dir/status" ) &
				fi
				sleep 0.1
			done
			kill "-$(cat "$dir/signal" 2> /dev/null || echo TERM)" $command
			wait $command
			echo $? >> "$dir/ended"
			rm -f "$dir/again"
		done
		lttng list > "$dir/left.new" 2>&1
		mv "$dir/left.new" "$dir/left"
	END
}

# machine NAME AHEAD COMMAND...: start one; its clock is AHEAD s ahead of ours
machine() {
	local name=$1 ahead=$2

	shift 2
	[ -e "$t/machine.sh" ] || machines_make
	mkdir "$t/$name"
	echo "$name" | md5sum | sed 's/\(.\{8\}\)\(....\)\(....\)\(....\)\(.\{12\}\).*/\1-\2-\3-\4-\5/' \
		> "$t/$name/boot_id"
	unshare "${machine_namespaces[@]}" -T --monotonic "$ahead" --fork \
		bash "$t/machine.sh" "$t/$name" "$@" > "$t/$name/log" 2>&1 &
	machines="$machines $!"
	until_there "$t/$name/ready"
}

# until_true TEXT COMMAND...: try it until it succeeds. It fails only where it never
# does: a slow machine takes its time.
until_true() {
	local text=$1 _

	shift
	for _ in $(seq 3000); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.1
	done
	fail "$text: $*"
	return 1
}

# until_there|until_gone FILE
until_there() { until_true "it does not come" test -e "$1"; }
until_gone() { until_true "it does not go" test ! -e "$1"; }

# run_in NAME COMMAND...: begin to run it there
run_in() {
	local dir=$t/$1

	shift
	rm -f "$dir/status" "$dir/runs"
	echo "exec $*" > "$dir/run.new"
	mv "$dir/run.new" "$dir/run"
}

# result_of NAME: the exit status of what was run there, when it has ended
result_of() {
	until_there "$t/$1/status" >&2
	cat "$t/$1/status"
}

# machine_stop NAME: and wait until it is over
machine_stop() {
	touch "$t/$1/stop"
	until_there "$t/$1/left"
}

# What is killed would leave a session behind: they end by themselves.
machines_end() {
	local dir

	for dir in "$t"/*/ready; do
		[ ! -e "$dir" ] || touch "${dir%ready}stop"
	done
	# shellcheck disable=SC2086 # process numbers
	[ -z "$machines" ] || wait $machines
}

# chardev NAME [ARGUMENT...]: what QEMU is between $t/NAME.sock and $t/NAME.dev; each
# answer that goes to the guest is a line of $t/NAME.answers. $! is its process.
chardev() {
	local name=$1

	shift
	"$PWD/build/release/tests/port-chardev" "$t/$name.sock" "${@:-$t/$name.dev}" \
		> "$t/$name.answers" &
	jobs="$jobs $!"
}

# answered NAME: answers that went to the guest
answered() {
	wc -l < "$t/$1.answers"
}

has_answers() { # NAME N
	[ "$(answered "$1")" -ge "$2" ]
}
