#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The source's shape: includes go one way, between files and between folders; a struct
# that a header names has its name to itself; functions and files stay short, but for
# those that are listed here with what they are; words that were given up stay so.
. tests/check/lib.sh

# What may be longer than 80 lines: loops over the ops of a plan.
long_functions=(host/ctf/exec.c host/ctf/skip.c)
# What may be longer than 500 lines: an interface with its documentation, the same
# inside of ctf, one loop with its state, and one estimator.
long_files=(host/ctf/ctf.h host/ctf/internal.h host/ctf/join.c
	host/sync/estimate/segmentation.c)
# Names of files in host/sync until each got the field's word: corridor is hulls, bend
# breakpoint, fit segmentation, winding stitch, and so on.
given_up="corridor bend fit rows core winding seen reach pieces apart turn choose
	settle axis steps delay pair"

sources() {
	find host kmod guest include tools -name '*.[ch]' | LC_ALL=C sort
}

# includes: "FILE HEADER" for each include of a header of the project
includes() {
	# shellcheck disable=SC2016 # of awk
	find "$@" -name '*.[ch]' | LC_ALL=C sort | xargs awk '
		BEGIN { split("host include kmod tests tests/unit tests/sim .", dirs) }
		function is_file(name) {
			if (!(name in known)) {
				known[name] = (getline line < name) > 0
				close(name)
			}
			return known[name]
		}
		/^#[ \t]*include [<"]/ {
			split($0, parts, /[<">]/)
			dirs[0] = FILENAME
			sub("/[^/]*$", "", dirs[0])
			for (i = 0; i in dirs; i++) {
				name = dirs[i] "/" parts[2]
				if (!is_file(name))
					continue
				print FILENAME, name
				break
			}
		}'
}

# circle: pairs on standard input; what tsort says of those that lead back
circle() {
	tsort 2>&1 > "$check_tmp/sorted" | sed 's/^tsort: //'
}

includes host kmod guest include tests tools > "$check_tmp/includes"
expect "includes are found" \
	grep -qx 'host/fuse/session.c host/fuse/session.h' "$check_tmp/includes"
expect_eq "headers include each other one way" "$(circle < "$check_tmp/includes")" ""
expect_eq "folders include each other one way" "$(
	sed 's,/[^/ ]* , ,; s,/[^/ ]*$,,' "$check_tmp/includes" |
		awk '$1 != $2' | sort -u | circle)" ""

# A name that two .c files use for something of their own is nobody else's.
# shellcheck disable=SC2016 # of awk
expect_eq "a header's struct has its name to itself" "$(sources |
	grep ^host/ | xargs awk '/^struct [a-z0-9_]+ \{/ {
			n[$2]++
			where[$2] = where[$2] " " FILENAME
			header[$2] += FILENAME ~ /h$/
		}
		END {
			for (name in n)
				if (header[name] && n[name] > 1)
					print name where[name]
		}')" ""

# shellcheck disable=SC2016 # of awk
sources | xargs awk '
	FNR == 1 { begin = 0 }
	/^\{/ { begin = FNR }
	/^\}/ && begin {
		if (FNR - begin - 1 > 80)
			print FILENAME
		begin = 0
	}' > "$check_tmp/functions"
expect_eq "functions over 80 lines" "$(xargs < "$check_tmp/functions")" \
	"${long_functions[*]}"
expect_eq "files over 500 lines" "$(sources | xargs wc -l |
	awk '$1 > 500 && $2 != "total" { print $2 }' | xargs)" "${long_files[*]}"

expect_eq "words that were given up" "$(for word in $given_up; do
		find host/sync -name "$word.[ch]"
		grep -rnE "(struct|enum) (vmsync_)?(sync_)?$word\>" host/sync |
			grep -vE 'struct vmsync_pair\>'
	done)" ""
finish
