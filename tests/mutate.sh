#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mutate.sh [OPTION...] [PATH...]: which tests defend each constant
#
# Every constant (a #define with a number) in the files under PATH (host/sync and
# host/ctf unless told) is changed: to zero, half, double and to far more than anything
# that is compared with it. The tests that evaluate the constant run, cheapest first,
# until one of them fails. A change that no test notices SURVIVED, and one that no test
# evaluates is UNREACHED: then a test is missing, or the constant is not needed, or
# tests/mutate.reasons says why neither is so.
#
# All is built once: each constant becomes an expression that the environment variable
# MUTANT changes while a program runs. Where C wants a constant (an array's size, a case
# label) the number stays as it is written. What bounds an array is therefore not made
# more, as that would only write behind it: "array".
#
# Half is tried only where zero was noticed, and double where infinite was: what is
# nearer to the true value is noticed less.
#
#	-k		keep the tree, what tests evaluate and the results that an
#			earlier run left in build/mutate, and go on from there
#	-m MINUTES	begin no other constant after that time (240); the table then
#			says which were not tried
#	-n REGEX	only constants whose name the regular expression matches
#	-s NAMES	scripts of tests/check that run as well, each if it evaluates such
#			a constant ("match bounds boots ctf metadata packets")
#
# The tree in build/mutate is a copy: the work tree is not touched. Exit status 0
# if every survivor has a reason, else 1; 2 if it could not be done.
#
# One test runs at a time, at the lowest priority.
set -u
cd "$(dirname "$0")/.." || exit 2
renice -n 19 $$ > /dev/null

# Scripts of tests/check that are quick and build with the usual flags.
scripts="match bounds boots ctf metadata packets"
# A simulation of one seed with few event times sees as much as a long one, mostly.
sim=(build/sim/sim --seeds 1 --events "${MUTATE_EVENTS:-20000}")
# What one test may take: ten times what it took unchanged, and this (CPU seconds).
patience=10
memory_kib=$((4 << 20))

die() {
	echo "mutate.sh: $*" >&2
	exit 2
}

keep='' minutes=240 only=.
while getopts km:n:s: opt; do
	case $opt in
	k) keep=1 ;;
	m) minutes=$OPTARG ;;
	n) only=$OPTARG ;;
	s) scripts=$OPTARG ;;
	*) sed -n '3,34s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- host/sync host/ctf

work=$PWD/build/mutate
tree=$work/tree results=$work/results reasons=$PWD/tests/mutate.reasons
[ -n "$keep" ] || rm -rf "$work"
mkdir -p "$work/uses" "$work/cases" || die "$work cannot be made"
touch "$results" "$work/arrays" "$work/costs"

tests() {
	local name way seeds
	for name in tests/unit/{sync,ctf,map,holes,runs,analysis}*.c; do
		echo "unit $(basename "$name" .c)"
	done
	for name in tests/sim/scenarios/*.sim; do
		echo "sim $(basename "$name" .sim)"
	done
	while read -r way seeds; do
		for name in ${seeds%%#*}; do
			echo "case $way.$name"
		done
	done < <(grep -v '^#' tests/property/once)
	for name in $scripts; do
		echo "check $name"
	done
}

# constants PATH...: lines "FILE LINE NAME VALUE". A value of which a small letter is
# left besides numbers, types and sizes is no number; one without a digit is only said
# in terms of others, and is not changed itself.
constants() {
	# shellcheck disable=SC2016 # of awk
	find "$@" -name '*.[ch]' | LC_ALL=C sort | xargs awk '
		/^#define[ \t]+[A-Z][A-Z0-9_]*[ \t]+[^ \t]/ {
			value = $0
			sub(/^#define[ \t]+[A-Z0-9_]+[ \t]+/, "", value)
			sub(/[ \t]*(\/\*|\/\/).*/, "", value)
			left = value
			gsub(/sizeof\([^)]*\)|[a-z0-9]+_t|int128/, "", left)
			gsub(/[0-9][0-9a-fA-FxXuUlL.]*(e-?[0-9]+)?/, "", left)
			if (value ~ /[0-9A-Z]/ && left !~ /[a-z"\\{]/)
				print FILENAME, FNR, $2, value
		}'
}

# header: what every file includes. Each file has all of it, and the linker keeps one.
header() {
	cat <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	extern int mutant_which, mutant_how;
	extern unsigned char mutant_used[2048];
	#pragma weak mutant_which
	#pragma weak mutant_how
	#pragma weak mutant_used
	int mutant_which, mutant_how;
	unsigned char mutant_used[2048];
	__attribute__((weak, constructor)) void mutant_begin(void)
	{
		const char *said = getenv("MUTANT");

		mutant_which = -1;
		if (said)
			sscanf(said, "%d %d", &mutant_which, &mutant_how);
	}
	__attribute__((weak, destructor)) void mutant_end(void)
	{
		const char *name = getenv("MUTANT_USED");
		FILE *out = name ? fopen(name, "a") : 0;

		for (int i = 0; out && i < (int)sizeof(mutant_used); i++)
			if (mutant_used[i])
				fprintf(out, "%d\n", i);
		if (out)
			fclose(out);
	}
	#define MUTANT_infinite(x) _Generic((x), float: 1e30f, double: 1e30, \
		int: (x) < 0x10000000 ? 0x20000000 : 0x7fffffff, \
		unsigned: (x) < 0x10000000 ? 0x40000000u : 0xffffffffu, \
		long: 1L << 61, unsigned long: 1UL << 62, \
		long long: 1LL << 61, unsigned long long: 1ULL << 62, \
		__int128: (__int128)1 << 120, \
		unsigned __int128: (unsigned __int128)1 << 120)
	#define MUTANT(n, x) (mutant_used[n] = 1, mutant_which != (n) ? (x) : \
		mutant_how == 0 ? 0 * (x) : mutant_how == 1 ? (x) / 2 : \
		mutant_how == 2 ? (x) * 2 : MUTANT_infinite(x))
	END
	# shellcheck disable=SC2016 # of awk
	awk "$resolve"'
		NR == FNR { next }
		{ print "#define PLAIN_" FNR " " plain($1, rest($0)) }' \
		"$work/constants" "$work/constants"
}

# How to write a constant that has to stay as it is: PLAIN_ and its number, the one of
# the same file, else of a header. For awk, whose first file is the list of constants.
# shellcheck disable=SC2016 # of awk
resolve='
	NR == FNR {
		number[$1, $3] = FNR
		if ($1 ~ /h$/)
			number[$3] = FNR
		own[$1, $2]
	}
	function rest(line) {
		sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", line)
		return line
	}
	function plain(file, text,    out, name) {
		out = ""
		while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
			name = substr(text, RSTART, RLENGTH)
			out = out substr(text, 1, RSTART - 1)
			text = substr(text, RSTART + RLENGTH)
			if ((file, name) in number)
				name = "PLAIN_" number[file, name]
			else if (name in number)
				name = "PLAIN_" number[name]
			out = out name
		}
		return out text
	}'

# Each constant of the tree becomes one that can be changed.
rewrite() {
	# shellcheck disable=SC2016 # of awk
	awk '{ print $1 }' "$work/constants" | sort -u | while read -r file; do
		awk -v file="$file" '
			NR == FNR {
				if ($1 == file && $0 ~ /^[^ ]+ [^ ]+ [^ ]+ .*[0-9]/)
					number[$2] = FNR
				next
			}
			FNR in number {
				note = ""
				if (match($0, /[ \t]*(\/\*|\/\/)/)) {
					note = substr($0, RSTART)
					$0 = substr($0, 1, RSTART - 1)
				}
				match($0, /^#define[ \t]+[A-Z0-9_]+[ \t]+/)
				$0 = substr($0, 1, RLENGTH) "MUTANT(" number[FNR] ", " \
					substr($0, RLENGTH + 1) ")" note
			}
			{ print }' "$work/constants" "$file" > "$work/changed" &&
			cp "$work/changed" "$file" || return
	done
}

# plainly LINES FILE: constants on these lines ("FILE NUMBER") stay what they are
plainly() {
	# shellcheck disable=SC2016 # of awk
	awk -v file="$2" "$resolve"'
		NR == FNR { next }
		FILENAME == ARGV[2] { if ($1 == file) wrong[$2]; next }
		FNR in wrong && !((file, FNR) in own) {
			$0 = plain(file, $0)
			if ($0 ~ /\[.*PLAIN_.*\]/)
				print >> "'"$work/arrays"'"
		}
		{ print }' "$work/constants" "$1" "$2" > "$work/changed"
	cmp -s "$work/changed" "$2" || cp "$work/changed" "$2"
}

# build TARGET...: lets constants be where the compiler wants them to be. In headers
# these are the sizes of arrays, mostly.
build() {
	local file before
	grep -rnE --include='*.h' '\[.*[A-Z].*\]' host | grep -v '#define' |
		sed -E 's/^([^:]+):([0-9]+):.*/\1 \2/' > "$work/wrong"
	: > "$work/build.log"
	while :; do
		before=$(cat "$work/wrong" "$work/build.log" | cksum)
		while read -r file; do
			plainly "$work/wrong" "$file"
		done < <(cut -d' ' -f1 "$work/wrong" | sort -u)
		make -s -k -j2 "$@" > "$work/build.log" 2>&1 && return
		sed -nE 's/^([a-z][^: ]*):([0-9]+):[0-9:]* (error|note: in exp).*/\1 \2/p' \
			"$work/build.log" | sort -u > "$work/wrong"
		[ "$before" != "$(cat "$work/wrong" "$work/build.log" | cksum)" ] ||
			return 1
	done
}

# run KIND NAME [SECONDS]: one test, in the current folder
run() (
	ulimit -t $((${3:-60} * 10 + patience)) -v $memory_kib
	case $1 in
	unit) exec timeout 600 "build/release/unit/$2" ;;
	sim) exec timeout 600 "${sim[@]}" "tests/sim/scenarios/$2.sim" ;;
	case) case $2 in
		all.*) export PROPERTY_ALL=1 ;;
		bare.*) export PROPERTY_BARE=1 ;;
		esac
		rm -rf "$work/cases"
		mkdir "$work/cases"
		exec timeout 600 build/release/tests/property build/vmsync \
			build/release/tests/carve "$work/cases" "${2#*.}" 1 ;;
	check) exec timeout 600 bash "tests/check/$2.sh" ;;
	esac > "$work/test.log" 2>&1 < /dev/null
)

# Which constants each test evaluates, in uses/KIND.NAME, and the CPU seconds that it
# takes: a line "SECONDS KIND NAME" in costs.
evaluate() {
	local kind name seconds
	while read -r kind name; do
		! grep -q " $kind $name$" "$work/costs" || continue
		rm -f "$work/used"
		seconds=$(export MUTANT_USED=$work/used
			{ TIMEFORMAT='%U'; time run "$kind" "$name"; } 2>&1) || {
			echo "$kind $name fails unchanged, and is left out" >&2
			continue
		}
		echo "$seconds $kind $name" >> "$work/costs"
		sort -u "$work/used" > "$work/uses/$kind.$name" 2> /dev/null
	done < <(tests)
	sort -n -o "$work/costs" "$work/costs"
}

# near NUMBER: the tests that evaluate this constant, as "SECONDS KIND NAME", cheapest
# first
near() {
	local seconds kind name
	while read -r seconds kind name; do
		grep -qx "$1" "$work/uses/$kind.$name" && echo "$seconds $kind $name"
	done < "$work/costs"
}

# first: those named in the file "killers" before the rest, the latest one first
first() {
	awk -v killers="$work/killers" 'BEGIN {
			while ((getline line < killers) > 0)
				at[line] = ++n
		}
		{ print n - at[$2 " " $3], NR, $0 }' | sort -n -k1,1 -k2,2 | cut -d' ' -f3-
}

# mutant NUMBER HOW: what notices the change
mutant() {
	local seconds kind name
	export MUTANT="$1 $2"
	while read -r seconds kind name; do
		run "$kind" "$name" "${seconds%.*}" && continue
		echo "$kind $name"
		return
	done < <(first < "$work/near")
	echo SURVIVED
}

# try KEY NUMBER HOW: the result, kept
try() {
	local outcome how
	outcome=$(awk -F'\t' -v key="$1 $3" '$1 == key { print $2 }' "$results")
	if [ -z "$outcome" ]; then
		case $3 in zero) how=0 ;; half) how=1 ;; double) how=2 ;; *) how=3 ;; esac
		outcome=$(mutant "$2" "$how")
		printf '%s\t%s\n' "$1 $3" "$outcome" >> "$results"
		case $outcome in unit*|sim*|case*|check*)
			{ grep -vxF "$outcome" "$work/killers" 2> /dev/null
			echo "$outcome"; } > "$work/killers.new"
			mv "$work/killers.new" "$work/killers" ;;
		esac
	fi
	echo "$outcome"
}

# short OUTCOME: unit tests, scenarios and scripts have names that tell them apart
short() {
	case $1 in
	check*) echo "${1#check }.sh" ;;
	case*) echo "property ${1#*.}" ;;
	unit*|sim*) echo "${1#* }" ;;
	*) echo "$1" ;;
	esac
}

# side KEY NUMBER FAR NEAR: how near a change is noticed
side() {
	local far near
	[ -s "$work/near" ] || { echo UNREACHED; return; }
	far=$(try "$1" "$2" "$3")
	if [ "$far" = SURVIVED ]; then
		echo SURVIVED
		return
	fi
	near=$(try "$1" "$2" "$4")
	case $near in
	SURVIVED) echo "$3: $(short "$far")" ;;
	*) echo "$4: $(short "$near")" ;;
	esac
}

# bounds_array NUMBER: itself, or through another constant
bounds_array() {
	local others
	others=$(sed -nE "s/^#define (PLAIN_[0-9]+) .*\bPLAIN_$1\b.*/\\1/p" "$work/mutant.h" |
		paste -sd'|')
	grep -qwE "PLAIN_$1${others:+|$others}" "$work/arrays"
}

# reason FILE NAME SIDE: from tests/mutate.reasons
reason() {
	awk -v file="${1##*/}" -v name="$2" -v side="$3" '
		$1 == file && $2 == name && ($3 == side || $3 == "both") {
			sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "")
			print
			exit
		}' "$reasons" 2> /dev/null
}

# A compiler that does as it is told, and then this.
cat > "$work/cc" <<-END
	#!/bin/sh
	exec ${CC:-cc} "\$@" -O1 -fwrapv -fno-sanitize=all -Wno-error -Werror=vla \\
		-Wno-all -Wno-extra -include "$work/mutant.h"
END
chmod +x "$work/cc"
export CC=$work/cc

if [ ! -d "$tree" ]; then
	mkdir "$tree" || die "$tree cannot be made"
	cp -a Makefile dkms.conf host include kmod guest tests tools "$tree" ||
		die "$tree cannot be written"
	cd "$tree" || exit 2
	constants "$@" > "$work/constants"
	# One build is enough.
	sed -i 's/ VARIANT=asan//; s,build/asan,build/release,g' tests/check/*.sh
	header > "$work/mutant.h"
	rewrite || die "$tree cannot be written"
else
	cd "$tree" || exit 2
fi
mapfile -t units < <(tests | sed -n 's,^unit ,build/release/unit/,p')
build tool build/sim/sim build/release/tests/{property,carve,boots} "${units[@]}" ||
	die "the tree does not build: $work/build.log"
evaluate

bad=0 last=
end=$(($(date +%s) + minutes * 60))
row() {
	printf '    %-26s %-28s %-30s %s\n' "$@"
}
row constant value less more
while read -r number file _ name value; do
	[[ $name =~ $only && $value =~ [0-9] ]] || continue
	[ "$file" = "$last" ] || echo "$file"
	last=$file
	if [ "$(date +%s)" -ge "$end" ]; then
		row "$name" "$value" "not tried" "not tried"
		bad=$((bad + 1))
		continue
	fi
	near "$number" > "$work/near"
	key="$file $name"
	less=$(side "$key" "$number" zero half)
	if bounds_array "$number"; then
		more=array
	else
		more=$(side "$key" "$number" infinite double)
	fi
	row "$name" "$value" "$less" "$more"
	for s in less more; do
		[ "${!s}" = SURVIVED ] || [ "${!s}" = UNREACHED ] || continue
		said=$(reason "$file" "$name" $s)
		[ -n "$said" ] || bad=$((bad + 1))
		printf '        %s: %s\n' $s "${said:-NO REASON}"
	done
done < <(cat -n "$work/constants" | while read -r number file rest; do
	for path; do
		[[ $file/ == "${path%/}"/* ]] && echo "$number $file $rest"
	done
done)
echo "$bad without a test and without a reason"
[ $bad -eq 0 ]
