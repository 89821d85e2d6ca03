# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by checks that run QEMUs and move a guest from one to another: each is named by
# a word, WHO. Its log is $t/WHO.log, what QMP said $t/WHO.jsonl. $qemu is the program,
# ${cc[@]} the compiler. Whoever sources it sources query-migrate.sh, too, and calls
# qemus_end when it ends.

pids=()
qemus_end() {
	[ ${#pids[@]} -eq 0 ] || kill -9 "${pids[@]}" 2> /dev/null
}

# guest NAME PAGES SPIN EVERY
guest() {
	expect "guest $1 builds" "${cc[@]}" -m32 -nostdlib -static -no-pie \
		-Wl,--build-id=none,-N,-Ttext=0x100000,--no-warn-rwx-segments \
		-DPAGES="$2" -DSPIN="$3" -DEVERY="$4" -o "$t/$1.elf" tests/migration/dirty.S
}

# qmp WHO COMMAND [ARGUMENTS]: a command, and all that comes up to its answer
declare -A to from pid
qmp() {
	local line
	printf '{"execute":"%s"%s}\n' "$2" "${3:+,\"arguments\":$3}" >&"${to[$1]}"
	while IFS= read -r -t 30 line <&"${from[$1]}"; do
		printf '%s\n' "$line" >> "$t/$1.jsonl"
		case $line in
		'{"return"'*) printf '%s\n' "$line" > "$t/answer"; return ;;
		'{"error"'*) fail "QMP, $1, $2: $line"; return 1 ;;
		esac
	done
	fail "QMP, $1, $2: no answer"
	return 1
}
monitor() { qmp "$1" human-monitor-command "{\"command-line\":\"$2\"}"; }

# start WHO GUEST [OPTION]...: a QEMU, with the events of migrations switched on later
start() {
	local who=$1 guest=$2 in out pattern
	shift 2
	mkfifo "$t/$who.in" "$t/$who.out"
	nice -n 5 "$qemu" -M pc -m 64 -accel tcg -nodefaults \
		-display none -serial null -kernel "$t/$guest.elf" \
		-msg timestamp=on -qmp stdio "$@" < "$t/$who.in" \
		> "$t/$who.out" 2> "$t/$who.stderr" &
	pid[$who]=$!
	pids+=("${pid[$who]}")
	exec {in}> "$t/$who.in" {out}< "$t/$who.out"
	to[$who]=$in from[$who]=$out
	qmp "$who" qmp_capabilities &&
		qmp "$who" migrate-set-capabilities \
			'{"capabilities":[{"capability":"events","state":true}]}' ||
		return
	for pattern in 'migrat*' 'savevm_state_*' 'loadvm_state_*' runstate_set \
		vm_state_notify serial_write; do
		qmp "$who" trace-event-set-state \
			"{\"name\":\"$pattern\",\"enable\":true}"
	done
	monitor "$who" "logfile $t/$who.log"
	monitor "$who" "log trace"
}

# state WHO: of its migration, by query-migrate. QEMU says that it has completed before it has
# made its figures of time, which are 0 until then.
state() {
	qmp "$1" query-migrate && jq -r '.return | if .status == "completed" and ."total-time" == 0
		then "completing" else .status // "none" end' "$t/answer"
}

# until_state WHO PATTERN [ROUNDS]: it is one of these, or has so many rounds
until_state() {
	local is _
	for _ in $(seq 150); do
		is=$(state "$1")
		[[ ! $is =~ ^($2)$ ]] || return 0
		if [ -n "${3:-}" ] && jq -e ".return.ram.\"dirty-sync-count\" >= $3" \
			"$t/answer" > "$check_out"; then
			return 0
		fi
		sleep 0.2
	done
	fail "migration of $1: '$is', never $2"
	return 1
}

# limits WHO BANDWIDTH DOWNTIME-MS
limits() {
	qmp "$1" migrate-set-parameters \
		"{\"max-bandwidth\":$2,\"downtime-limit\":$3}"
}

# go FROM TO: begin
go() {
	now_ns > "$t/$1.told"
	qmp "$1" migrate "{\"uri\":\"unix:$t/$2.sock\"}"
}

stop() {
	local who in out
	for who in "$@"; do
		# What came after the last answer.
		qmp "$who" query-status
		qmp "$who" quit
		wait "${pid[$who]}"
		in=${to[$who]} out=${from[$who]}
		exec {in}>&- {out}<&-
	done
}

# capability NAME WHO...: it is switched on, if QEMU can
capability() {
	local name=$1 who
	shift
	for who in "$@"; do
		qmp "$who" migrate-set-capabilities \
			"{\"capabilities\":[{\"capability\":\"$name\",\"state\":true}]}" ||
			return
	done
}
