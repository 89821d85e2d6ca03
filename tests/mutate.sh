#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mutate.sh [OPTION...] [PATH...]: which tests defend each constant
#
# Every constant (a #define, a static const or an enumerator with a number) in the
# files under PATH (host/sync and host/ctf unless told) is changed: to zero, half,
# double and to far more than anything that is compared with it. What the change
# concerns is built, and the tests that execute a line which uses the constant run,
# cheapest first, until one of them fails. A change that no test notices SURVIVED:
# then a test is missing, or the constant is not needed, or tests/mutate.reasons says
# why neither is so.
#
# Half is tried only where zero was noticed, and double where infinite was: what is
# nearer to the true value is noticed less.
#
#	-k		keep the tree, the coverage and the results that an earlier run
#			left in build/mutate, and go on from there
#	-m MINUTES	begin no other constant after that time (240); the table then
#			says which were not tried
#	-n REGEX	only constants whose name the regular expression matches
#	-s NAMES	scripts of tests/check that run as well, each if it executes such
#			a line ("match bounds ctf metadata packets")
#
# The tree in build/mutate is a copy: the work tree is not touched. Exit status 0
# if every survivor has a reason, else 1; 2 if it could not be done.
#
# One thing runs at a time, at the lowest priority. For host/sync and host/ctf it
# takes about two hours of one idle CPU; a mutant takes at most a minute.
set -u
cd "$(dirname "$0")/.." || exit 2
renice -n 19 $$ > /dev/null

# Scripts of tests/check that are quick and build with the usual flags.
scripts="match bounds ctf metadata packets"
# A simulation of one seed with few event times sees as much as a long one, mostly.
sim=(build/sim/sim --seeds 1 --events 20000)
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
	*) sed -n '3,36s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- host/sync host/ctf

work=$PWD/build/mutate
tree=$work/tree results=$work/results reasons=$PWD/tests/mutate.reasons
[ -n "$keep" ] || rm -rf "$work"
mkdir -p "$work/lines" || die "$work cannot be made"
touch "$results"

# A change of a constant is a call of one of these macros, so that its type stays.
cat > "$work/mutant.h" <<-'END'
	#define MUTANT_zero(x) (0 * (x))
	#define MUTANT_half(x) ((x) / 2)
	#define MUTANT_double(x) ((x) * 2)
	#define MUTANT_infinite(x) _Generic((x), float: 1e30f, double: 1e30, \
		int: (x) < 0x10000000 ? 0x20000000 : 0x7fffffff, \
		unsigned: (x) < 0x10000000 ? 0x40000000u : 0xffffffffu, \
		long: 1L << 61, unsigned long: 1UL << 62, \
		long long: 1LL << 61, unsigned long long: 1ULL << 62, \
		__int128: (__int128)1 << 120, \
		unsigned __int128: (unsigned __int128)1 << 120)
END
export CFLAGS="-O1 -w -fwrapv -include $work/mutant.h"

# build TARGET...: in the current folder
build() {
	make -s SIM_CFLAGS="$CFLAGS -std=gnu11 -D_GNU_SOURCE -Ihost -Iinclude" "$@" \
		> "$work/build.log" 2>&1
}

tests() {
	local name
	for name in tests/unit/{sync,ctf,map,holes,runs}*.c; do
		echo "unit $(basename "$name" .c)"
	done
	for name in tests/sim/scenarios/*.sim; do
		echo "sim $(basename "$name" .sim)"
	done
	for name in $scripts; do
		echo "check $name"
	done
}

# run KIND NAME [SECONDS]: one test, in the current folder
run() (
	ulimit -t $((${3:-60} * 10 + patience)) -v $memory_kib
	case $1 in
	unit) exec timeout 600 "build/release/unit/$2" ;;
	sim) exec timeout 600 "${sim[@]}" "tests/sim/scenarios/$2.sim" ;;
	check) exec timeout 600 bash "tests/check/$2.sh" ;;
	esac > "$work/test.log" 2>&1 < /dev/null
)

# Which lines each test executes, and the CPU seconds that it takes: "file:line" in
# lines/KIND.NAME, and a line "SECONDS KIND NAME" in costs.
cover() {
	local kind name seconds plain=$CFLAGS
	cp -a "$tree" "$work/covered" || die "$work cannot be written"
	cd "$work/covered" || exit 2
	CFLAGS="$CFLAGS --coverage" LDFLAGS=--coverage
	export LDFLAGS
	build tool build/sim/sim unit SIM_CFLAGS="$CFLAGS -std=gnu11 -D_GNU_SOURCE \
		-Ihost -Iinclude" || die "the tree does not build: $work/build.log"
	tests > "$work/tests"
	: > "$work/costs.new"
	while read -r kind name; do
		find build -name '*.gcda' -delete
		seconds=$({ TIMEFORMAT='%U'; time run "$kind" "$name"; } 2>&1) || {
			echo "$kind $name fails unchanged, and is left out" >&2
			continue
		}
		echo "$seconds $kind $name" >> "$work/costs.new"
		find build -name '*.gcda' -exec gcov -t {} + 2> /dev/null |
			awk -F: '$2 + 0 == 0 && $3 == "Source" { file = $4 }
				$1 ~ /[0-9]/ && $2 + 0 > 0 {
					sub(/^ */, "", $2); print file ":" $2 }' |
			grep ^host/ | sort -u > "$work/lines/$kind.$name"
	done < "$work/tests"
	sort -n "$work/costs.new" > "$work/costs"
	cat "$work/lines"/* | sort -u > "$work/executed"
	cd - > /dev/null || exit 2
	CFLAGS=$plain
	unset LDFLAGS
	rm -rf "$work/covered"
}

# constants PATH...: lines "FILE LINE NAME VALUE"
constants() {
	# shellcheck disable=SC2016 # of awk
	find "$@" -name '*.[ch]' | sort | xargs awk '
		function told(name, value) {
			sub(/[ \t]*(\/\*|\/\/).*/, "", value)
			if (value ~ /[0-9]/ && value !~ /["\\]/ && value !~ /__attr/)
				print FILENAME, FNR, name, value
		}
		/^#define[ \t]+[A-Z][A-Z0-9_]*[ \t]+[^ \t]/ {
			value = $0
			sub(/^#define[ \t]+[A-Z0-9_]+[ \t]+/, "", value)
			told($2, value)
		}
		/^[ \t]*(static const [a-z0-9_ ]+ )?[A-Za-z0-9_]+ = [-(0-9][^;]*[,;]/ {
			if ($1 == "static")
				match($0, /[A-Za-z0-9_]+ = /)
			else if ($1 ~ /^[A-Z][A-Z0-9_]*$/)
				match($0, /[A-Z][A-Z0-9_]* = /)
			else
				next
			name = substr($0, RSTART, RLENGTH - 3)
			value = substr($0, RSTART + RLENGTH)
			sub(/[,;].*/, "", value)
			told(name, value)
		}'
}

# sites FILE NAME: "file:line" where a constant is used, through others as well
sites() {
	local where=$1 names=$2 more
	[ "${1%.h}" = "$1" ] || where=host
	for _ in 1 2 3; do
		more=$(grep -rhwE "$names" "$where" --include='*.[ch]' |
			sed -nE 's/^#define[ \t]+([A-Za-z0-9_]+).*/\1/p' | sort -u |
			paste -sd'|')
		[ -n "$more" ] && names="$names|$more"
	done
	grep -rnwHE "$names" "$where" --include='*.[ch]' |
		grep -vE '^[^:]+:[0-9]+:[ \t]*(#define|\*|/\*|//)' | cut -d: -f1,2
}

# near FILE NAME: the tests that execute one of these lines or one beside it, as
# "SECONDS KIND NAME", cheapest first; all that execute the file if nothing is code
near() {
	local seconds kind name file
	sites "$1" "$2" | awk -F: '{ for (i = -3; i < 2; i++) print $1 ":" $2 + i }' |
		sort -u > "$work/sites"
	comm -12 "$work/executed" "$work/sites" > "$work/wanted"
	if [ ! -s "$work/wanted" ]; then
		cut -d: -f1 "$work/sites" | sort -u | sed 's/$/:/' > "$work/wanted"
		set -- -F
	else
		set -- -xF
	fi
	while read -r seconds kind name; do
		grep -q "$@" -f "$work/wanted" "$work/lines/$kind.$name" &&
			echo "$seconds $kind $name"
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

# Change line $2 of file $1 with macro $3, and say what notices it.
mutant() {
	local file=$1 line=$2 macro=$3 seconds kind name
	awk -v line="$line" -v macro="MUTANT_$macro" '
		NR != line { print; next }
		{
			text = $0
			rest = ""
			if (match(text, /[ \t]*(\/\*|\/\/)/)) {
				rest = substr(text, RSTART)
				text = substr(text, 1, RSTART - 1)
			}
			if (text ~ /^#/)
				match(text, /^#define[ \t]+[A-Za-z0-9_]+[ \t]+/)
			else
				match(text, /^.* = /)
			head = substr(text, 1, RLENGTH)
			value = substr(text, RLENGTH + 1)
			tail = ""
			if (text !~ /^#/ && match(value, /[,;]/)) {
				tail = substr(value, RSTART)
				value = substr(value, 1, RSTART - 1)
			}
			print head macro "(" value ")" tail rest
		}' "$file" > "$work/mutated" && cp "$work/mutated" "$file"
	if ! build build/sim/sim build/release/libvmsync.a; then
		echo "does not build"
		return
	fi
	while read -r seconds kind name; do
		[ "$kind" != unit ] || build "build/release/unit/$name" || {
			echo "$kind $name"
			return
		}
		run "$kind" "$name" "${seconds%.*}" && continue
		echo "$kind $name"
		return
	done < <(first < "$work/near")
	echo SURVIVED
}

# try FILE LINE NAME MACRO: the result, kept
try() {
	local outcome
	outcome=$(awk -F'\t' -v key="$1 $3 $4" '$1 == key { print $2 }' "$results")
	if [ -z "$outcome" ]; then
		cp "$1" "$work/original" || die "$1 cannot be copied"
		trap 'cp "$work/original" "'"$1"'"' EXIT
		outcome=$(mutant "$1" "$2" "$4")
		cp "$work/original" "$1" || die "$1 cannot be restored"
		trap - EXIT
		printf '%s\t%s\n' "$1 $3 $4" "$outcome" >> "$results"
		case $outcome in unit*|sim*|check*)
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
	unit*|sim*) echo "${1#* }" ;;
	*) echo "$1" ;;
	esac
}

# side FILE LINE NAME FAR NEAR: how near a change is noticed
side() {
	local far near
	far=$(try "$1" "$2" "$3" "$4")
	if [ "$far" = SURVIVED ]; then
		echo SURVIVED
		return
	fi
	near=$(try "$1" "$2" "$3" "$5")
	case $near in
	SURVIVED) echo "$4: $(short "$far")" ;;
	*) echo "$5: $(short "$near")" ;;
	esac
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

if [ ! -d "$tree" ]; then
	mkdir "$tree" || die "$tree cannot be made"
	cp -a Makefile dkms.conf host include kmod guest tests tools "$tree" ||
		die "$tree cannot be written"
fi
cd "$tree" || exit 2
[ -s "$work/costs" ] || cover
build build/sim/sim build/release/libvmsync.a ||
	die "the tree does not build: $work/build.log"

bad=0 last=
end=$(($(date +%s) + minutes * 60))
constants "$@" > "$work/constants"
row() {
	printf '    %-26s %-28s %-30s %s\n' "$@"
}
row constant value less more
while read -r file line name value; do
	[[ $name =~ $only ]] || continue
	[ "$file" = "$last" ] || echo "$file"
	last=$file
	if [ "$(date +%s)" -ge "$end" ]; then
		row "$name" "$value" "not tried" "not tried"
		bad=$((bad + 1))
		continue
	fi
	near "$file" "$name" > "$work/near"
	less=$(side "$file" "$line" "$name" zero half)
	more=$(side "$file" "$line" "$name" infinite double)
	row "$name" "$value" "$less" "$more"
	for s in less more; do
		[ "${!s}" = SURVIVED ] || continue
		said=$(reason "$file" "$name" $s)
		[ -n "$said" ] || bad=$((bad + 1))
		printf '        %s: %s\n' $s "${said:-NO REASON}"
	done
done < "$work/constants"
echo "$bad without a test and without a reason"
[ $bad -eq 0 ]
