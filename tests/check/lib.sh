# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the scripts of tests/check: counts, and says what failed.

check_passed=0
check_failed=0
check_skipped=0

# Scripts may run side by side, in one build folder: two at a time would write the same files.
mkdir -p build
make() {
	flock build/make.lock make "$@"
}

# pass|fail|skip TEXT...
pass() {
	check_passed=$((check_passed + 1))
	[ -z "${VERBOSE:-}" ] || echo "ok   $*"
}

fail() {
	check_failed=$((check_failed + 1))
	echo "FAIL $*"
}

skip() {
	check_skipped=$((check_skipped + 1))
	echo "SKIP $*"
}

# expect TEXT COMMAND...: the command succeeds
expect() {
	local text=$1
	shift
	if "$@" > "$check_out" 2>&1; then
		pass "$text"
	else
		fail "$text: $* (exit $?)"
		tail -n 5 "$check_out" | sed 's/^/     /'
	fi
}

# expect_eq TEXT GOT WANTED
expect_eq() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1: got '$2', wanted '$3'"
	fi
}

# json EXPRESSION: of what a command printed into $t/json
json() {
	jq -r "$1" "${t:?}/json"
}

# jq_is TEXT EXPRESSION WANTED: of the same
jq_is() {
	expect_eq "$1" "$(json "$2")" "$3"
}

# against SCHEMA FILE [CHANGE]: what of FILE contradicts the SCHEMA that is published
against() {
	jq "${3:-.}" "$2" | jq -c -f tests/check/schema.jq \
		--slurpfile schema "Documentation/$1.schema.json"
}

# within TEXT LEAST VALUE MOST
within() {
	if [ "$2" -le "$3" ] && [ "$3" -le "$4" ]; then
		pass "$1: $2 <= $3 <= $4"
	else
		fail "$1: not $2 <= $3 <= $4"
	fi
}

# expect_error TEXT PATTERN COMMAND...: exit status 2, one line on stderr that
# matches the pattern, nothing on stdout
expect_error() {
	local text=$1 pattern=$2 status
	shift 2
	"$@" > "$check_out" 2> "$check_out.err"
	status=$?
	if [ "$status" -ne 2 ]; then
		fail "$text: exit status $status, wanted 2"
	elif [ "$(wc -l < "$check_out.err")" -ne 1 ]; then
		fail "$text: $(wc -l < "$check_out.err") lines on stderr, wanted 1"
		head -n 5 "$check_out.err" | sed 's/^/     /'
	elif ! grep -qE -- "$pattern" "$check_out.err"; then
		fail "$text: '$(cat "$check_out.err")' does not match '$pattern'"
	elif [ -s "$check_out" ]; then
		fail "$text: printed to stdout: $(head -n 1 "$check_out")"
	else
		pass "$text"
	fi
}

# soon COMMAND...: it succeeds within a minute
soon() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# has_ust PROGRAM: LTTng's tracer of user space can be built for and run, and PROGRAM is there
has_ust() {
	local compiler
	read -ra compiler <<< "${CC:-cc}"
	command -v "$1" > /dev/null &&
		echo '#include <lttng/tracepoint.h>' | "${compiler[@]}" -E - > "$check_out" 2>&1
}

# Counts of a program that ends with a line of its own are added to ours.
add_counts() {
	local line
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" |
		tail -n 1 | tr -dc '0-9 ')
	# shellcheck disable=SC2086 # two or three numbers
	set -- $line
	check_passed=$((check_passed + ${1:-0}))
	check_failed=$((check_failed + ${2:-0}))
	check_skipped=$((check_skipped + ${3:-0}))
	[ -n "$line" ]
}

finish() {
	echo "$check_passed passed, $check_failed failed, $check_skipped skipped"
	[ "$check_failed" -eq 0 ]
	exit
}

check_tmp=$(mktemp -d)
check_out=$check_tmp/out
# What a test mounted there is not what it made.
trap 'rm -rf --one-file-system "$check_tmp"' EXIT
