#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every shell script passes shellcheck, at its strictest, and every manual page mandoc.
# What else is linted is where it is made: packages and units in packages.sh, modules
# in modules.sh.
#
# What is wrong is mended. Where it is shellcheck that is wrong, a directive disables
# the one warning for one command, and says why in its own line:
#
#	# shellcheck disable=SC2086 # several options
. tests/check/lib.sh

# files FIND-EXPRESSION...: of the project
files() {
	find . -path ./build -prune -o -path ./.git -prune -o -type f "$@" -print |
		sed 's,^\./,,' | LC_ALL=C sort
}

# Known by their first line. A scenario of the lab is sourced by a name that is
# computed, completion by who completes commands.
scripts() {
	files | while read -r file; do
		case $file in
		tests/lab/scenarios/*.sh | tools/completion/*.bash) echo "$file" ;;
		*) ! head -n 1 "$file" | grep -qaE '^#!.*\<(sh|bash|dash)\>' || echo "$file" ;;
		esac
	done
}

scripts_check() {
	local file t=$check_tmp

	scripts > "$t/scripts"
	files -name '*.sh' | LC_ALL=C comm -23 - "$t/scripts" > "$t/sourced"
	while read -r file; do
		expect "shellcheck: $file" shellcheck --norc --severity=style -x -a \
			-f gcc "$file"
	done < "$t/scripts"
	# These are looked at where they are sourced.
	while read -r file; do
		expect "shellcheck: $file, sourced" xargs -a "$t/scripts" \
			grep -lE "^[^#]*(^|[[:space:]])\. [^ ]*/${file##*/}\"?$"
	done < "$t/sourced"
	expect_eq "shellcheck: disabled without a reason" "$(cat "$t/scripts" "$t/sourced" |
		xargs grep -nE '^[[:space:]]*# shellcheck .*disable=[A-Z0-9,]+ *$')" ""
	# Before the first command a directive is for all that follow: in scenarios, whose
	# variables others read.
	# shellcheck disable=SC2016 # of awk
	expect_eq "shellcheck: disabled in a whole file" "$(cat "$t/scripts" "$t/sourced" |
		xargs awk 'FNR == 1 { head = 1 } !/^#/ && NF { head = 0 }
			head && /^# shellcheck .*disable=/ &&
			!(FILENAME ~ /scenarios/ && / disable=SC2034 /) {
				print FILENAME ": " $0 }')" ""
}

if command -v shellcheck > /dev/null; then
	scripts_check
else
	skip "scripts: no shellcheck here"
fi
if command -v mandoc > /dev/null; then
	for page in Documentation/man/*; do
		expect_eq "mandoc: $page" "$(mandoc -Tlint "$page")" ""
	done
else
	skip "manual pages: no mandoc here"
fi
finish
