#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh quick|all|NAME...: runs the scripts of tests/check, each of which ends
# with a line "N passed, N failed[, N skipped]", adds these up and prints the
# sum as its own last line. Exit status 0 if nothing failed, else 1.
#
# "quick" is what needs neither kernel modules nor the lab.
set -u
cd "$(dirname "$0")/.." || exit 2

quick="unit cli ctf engine bt2 sim"
case ${1:-all} in
quick) set -- $quick ;;
all) set -- $quick fuzz modules lab ;;
esac

passed=0 failed=0 skipped=0 bad=""
log_dir=build/check
mkdir -p "$log_dir"
started=$(date +%s)

for name in "$@"; do
	script=tests/check/$name.sh
	if [ ! -f "$script" ]; then
		echo "run.sh: no test $script" >&2
		exit 2
	fi
	echo "== $name"
	t0=$(date +%s)
	bash "$script" 2>&1 | tee "$log_dir/$name.log"
	status=${PIPESTATUS[0]}
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' \
		"$log_dir/$name.log" | tail -n 1)
	read -r p f s <<-EOF
		$(echo "$sum" | tr -dc '0-9 ')
	EOF
	p=${p:-0} f=${f:-0} s=${s:-0}
	# A script that dies, or says nothing, has failed whatever it counted.
	if [ -z "$sum" ] || { [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; }; then
		f=$((f + 1))
		echo "FAIL $name: ended with status $status and no count of its own"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || bad="$bad $name"
	echo "== $name: $(($(date +%s) - t0)) s"
done

echo "== all: $(($(date +%s) - started)) s"
if [ -n "$bad" ]; then
	echo "failed:$bad (logs in $log_dir)"
	grep -h '^FAIL' "$log_dir"/*.log | sort -u | head -n 40
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
