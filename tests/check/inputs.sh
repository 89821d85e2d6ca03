#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every command of vmsync, and what may be wrong with the files and options that it is
# given: one line that names the file and what can be done, exit status 2, and nothing
# left behind. Bytes that are wrong within a trace are tried by ctf, metadata and fuzz.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair
vmsync=$PWD/build/vmsync
t=$check_tmp/t
mkdir "$t"
"$PWD/build/release/tests/pair" "$t/good" events=4000 beacons=500 > "$t/truth"
cd "$t" || exit 2

# --- what is no trace, or not a whole one

mkdir folder no-metadata no-text folder-metadata
mkdir folder-metadata/metadata
: > empty-file
echo hello > text-file
cp good/host/channel0_0 no-metadata
: > no-text/metadata
cp -r good/host cut-text
truncate -s 700 cut-text/metadata
cp -r good/host cut-stream
truncate -s 1000 cut-stream/channel0_0
"$vmsync" sync -o map good > "$check_out"
declare -A says=(
	[none]="none: No such file"
	[folder]="folder: no trace here or below; give"
	[empty-file]="empty-file: neither a folder nor.*; give"
	[text-file]="text-file: neither a folder nor.*; give"
	[folder-metadata]="folder-metadata: no trace here or below; give"
	[no-metadata]="no-metadata: a trace without its file metadata: channel0_0.*; copy"
	[no-text]="no-text/metadata: empty; copy the whole trace again"
	[cut-text]="cut-text/metadata:[0-9]+:[0-9]+: "
	[cut-stream]="cut-stream/channel0_0: packet at byte 0: cut short.*; copy"
)
commands=(sync "fuse -o made" "check --map=map" cat analyze hints layers "report -o made"
	"export jsonl -o made" migration "memory --events" "import jvm-log -o made text-file --clock")
for command in "${commands[@]}"; do
	read -ra words <<< "$command"
	for bad in "${!says[@]}"; do
		expect_error "$command: $bad" "${says[$bad]}" "$vmsync" "${words[@]}" "$bad"
	done
done
expect_eq "nothing is made of them" "$(ls -d made* 2> /dev/null)" ""

# --- other files

# file TEXT PATTERN COMMAND...: with none, a folder, and what is no such file as FILE in it
file() {
	local bad pattern words
	for bad in none folder empty-file text-file; do
		case $bad in
		none) pattern="none: No such file" ;;
		folder) pattern="folder: Is a directory; name a file" ;;
		*) pattern="$bad$1" ;;
		esac
		words=("${@:2}")
		words[-1]+=$bad
		expect_error "$2 $3: $bad" "$pattern" "$vmsync" "${words[@]}" \
			${after:+"${after[@]}"}
	done
}
after=(good)
file ": line 1, column 1: .*; vmsync sync -o makes" check --map=
file ": no file of free pages.*; have vmsync-agent" memory --events --pages=
after=()
file ": no event of QEMU in it; switch" import qemu-log -o made ./
file ": no event of QEMU in it; record" import qemu-log -o made --qmp=
file ": no line of a Java virtual machine" import jvm-log -o made ./
file " is no file of metrics; give" top --batch --number=1 ./
after=(text-file)
file ": declares no event; name QEMU's trace-events-all" import qemu-log -o made --events=
expect_error "a layer that is none" "no such layer; vmsync layers --list" \
	"$vmsync" layers --layer=none good
expect_error "no layer knows it" "good/[a-z]+ and others: no layer knows.*; vmsync cat" \
	"$vmsync" layers --layer=nova good
for bad in none folder text-file; do
	expect_error "freeze: $bad" "$bad/freeze.json: .*; name a folder" \
		"$vmsync" freeze --check=$bad
	expect_error "a socket: $bad" "$bad: .*; start vmsyncd" \
		"$vmsync" status --control=$bad
done
expect_error "a file where live is to keep traces" "text-file: Not a directory; name a folder" \
	"$vmsync" live --record=text-file --seconds=0.1 tcp://127.0.0.1:1/s
expect_eq "nothing is made of these" "$(ls -d made* 2> /dev/null)" ""

# --- where it is to be written

# What else they find is printed all the same.
# shellcheck disable=SC2317 # expect_error calls it
quietly() {
	"$@" > "$check_tmp/printed"
}
outputs=("fuse -o" "report -o" "export jsonl -o" "export csv -o" "export parquet -o"
	"export perfetto -o" "sync -o" "sync --plot" "hints --shortest=0 --metrics")
for command in "${outputs[@]}"; do
	read -ra words <<< "$command"
	expect_error "$command: a file of something else" "text-file exists already.*another name" \
		quietly "$vmsync" "${words[@]}" text-file good
	expect_error "$command: a folder" "folder( exists already.*another name|: Is a directory; name)" \
		quietly "$vmsync" "${words[@]}" folder good
	expect_error "$command: in none" "none/x: No such file.*; the folder" \
		quietly "$vmsync" "${words[@]}" none/x good
	expect_error "$command: no name" "'': No such file.*; the folder" \
		quietly "$vmsync" "${words[@]}" "" good
done
expect_eq "what was there is as it was" "$(cat text-file; ls -A folder)" hello

# As root nothing is refused.
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 711 "$check_tmp"
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cp map not-mine
	chmod 600 not-mine
	for command in "${outputs[@]}"; do
		read -ra words <<< "$command"
		expect_error "$command: not one's own" "$t/x: Permission denied; the folder" \
			quietly "${as_nobody[@]}" "$vmsync" "${words[@]}" "$t/x" good
	done
	expect_error "a map of somebody else's" "not-mine: Permission denied; it is for" \
		"${as_nobody[@]}" "$vmsync" check --map=not-mine good
else
	skip "files that are not one's own: not root, or no setpriv"
fi

# --- a full disk

if unshare -m true 2> /dev/null; then
	# shellcheck disable=SC2016 # of the inner shell
	cat > full.sh <<- 'END'
		mkdir -p disk && mount -t tmpfs -o size=8k none disk || exit 3
		head -c 1M /dev/zero > disk/full 2> /dev/null
		"$@"
		status=$?
		rm disk/full
		ls -A disk > left
		exit $status
	END
	for command in "${outputs[@]}"; do
		read -ra words <<< "$command"
		expect_error "$command: a full disk" "disk/x.*No space left on device; make room" \
			quietly unshare -m bash full.sh "$vmsync" "${words[@]}" disk/x good
		expect_eq "... nothing is left" "$(cat left)" ""
	done
else
	skip "a full disk: no mount namespace of its own"
fi
for command in sync "sync --json" "check --map=map" cat analyze "analyze --json" hints \
	"export jsonl -o -" "export csv -o -" "export parquet -o -" "sync --help"; do
	expect_error "$command: stdout is full" "No space left on device" \
		sh -c "$vmsync $command good > /dev/full"
done

# --- options

for command in $("$vmsync" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
	expect_error "$command: an option that is none" "no option --nope; see vmsync $command" \
		"$vmsync" "$command" --nope
	expect_error "$command: a value for none" "--help takes no value; see" \
		"$vmsync" "$command" --help=1
done
# twice OPTION COMMAND...
twice() {
	expect_error "$2: $1 twice" "$1 is given twice; see vmsync $2 --help" "$vmsync" "${@:2}"
}
twice --output sync -o made --output=made2 good
twice --jobs sync -j2 --jobs=2 good
twice --vm analyze --vm=a --vm=b good
twice --table export csv --table=exits --table=wakes -o made good
twice --seconds record -o made --seconds=1 --seconds=2
twice --before freeze --before=1 --before=2
twice --record live --record=made --record=made2 tcp://127.0.0.1:1/s
twice --number top --batch -n 1 -n 2 map
twice --root doctor --root=none --root=none
for command in "cat --vm=guest --vm=host --event=vmsync_* --event=kvm_*" \
	"layers --check --layer=nova --layer=cinder --"; do
	read -ra words <<< "$command"
	[[ $command == layers* ]] || words+=(good)
	expect "$command: as often as one likes" "$vmsync" "${words[@]}"
done
# useless PATTERN COMMAND...: some of it would have nothing to do
useless() {
	expect_error "${*:2}: has nothing to do" "$1" "$vmsync" "${@:2}"
}
useless "list is by itself" layers --list good
useless "list is by itself, and --check but for --layer" layers --check --json
useless "list is by itself" layers --list --layer=nova
useless "until=[+]1 is before --since" cat --since=+2 --until=+1 good
useless "kernel and --lttng are of tracer" setup host --dry-run --kernel=6.1
useless "kernel and --lttng are of tracer" setup guest --dry-run --lttng=folder web1
useless "connect is of guest" setup tracer --dry-run --connect=test:///default
useless "not of --check, --status or --quiet" freeze --status --reason=why
useless "not of --check, --status or --quiet" freeze --quiet=3 --before=5
useless "not of --check, --status or --quiet" freeze --check=folder --no-wait
useless "one at a time" freeze --check=folder --status
useless "go with --on-freeze" record -o made --per-hour=3 --seconds=1
useless "are of --events" memory --window=1
useless "are of qemu-log" import jvm-log -o made --vm=x text-file
useless "patience and --states are of --analyze" live --record=made --patience=3 tcp://127.0.0.1:1/s
expect_eq "nothing is made of any" "$(ls -d made* 2> /dev/null)" ""
finish
