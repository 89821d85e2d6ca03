#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsyncd beside libvirt: which guests it finds, who may ask it, and the hook.
#
# Domains are files as libvirt keeps them (tests/check/libvirt.sh has a real one).
# Needs liblttng-ust-dev; nothing here waits for a time that is measured.
. tests/check/lib.sh

t=$check_tmp/t
o=$PWD/build/release
mkdir "$t" "$t/bin"
daemon=
others=
trap '[ -z "$daemon$others" ] || kill $daemon $others 2> /dev/null; wait; rm -rf "$check_tmp"' EXIT

expect "the tool builds" make -s -j2 tool build/release/tests/port-chardev \
	build/release/tests/systemd
if ! make -s port > "$check_out" 2>&1; then
	skip "vmsyncd: no liblttng-ust-dev here"
	finish
fi

# start: vmsyncd, ready to be asked
start() {
	"$o/vmsyncd" --domains="$t/domains" --control="$t/control" \
		--hook="$t/hook" 2>> "$t/said" &
	daemon=$!
	for _ in $(seq 200); do
		[ -S "$t/hook" ] && kill -0 $daemon 2> /dev/null && return
		sleep 0.05
	done
	fail "vmsyncd is not ready: $(tail -n 1 "$t/said")"
}

stop() {
	kill $daemon
	wait $daemon
	expect_eq "vmsyncd ends well" $? 0
	daemon=
}

status() {
	"$o/vmsync" status --json --control="$t/control" > "$t/json"
}

# until_is TEXT EXPRESSION WANTED: what status says becomes that
until_is() {
	local got=
	for _ in $(seq 100); do
		status && got=$(jq -r "$2" "$t/json") && [ "$got" = "$3" ] && break
		sleep 0.1
	done
	expect_eq "$1" "$got" "$3"
}

# domain FILE NAME PID CHANNEL...: as libvirt writes it, all at once
domain() {
	local file=$1 name=$2 pid=$3
	shift 3
	cat > "$t/domains/$file.new" <<-END
		<!-- WARNING: THIS IS AN AUTO-GENERATED FILE. -->
		<domstatus state='running' reason='booted' pid='$pid'>
		  <monitor path='/var/lib/libvirt/qemu/monitor.sock' type='unix'/>
		  <vcpus>
		    <vcpu id='0' pid='${pid}1'/>
		    <vcpu id='1' pid='${pid}2'/>
		  </vcpus>
		  <domain type='qemu' id='1'>
		    <name>$name</name>
		    <uuid>00000000-0000-0000-0000-0000000$pid</uuid>
		    <metadata><x:domain xmlns:x="x"><name>mine</name></x:domain>
		      <domain><name>not me</name><devices>
		        <channel type='unix'><source mode='bind' path='/not/me'/>
		          <target type='virtio' name='org.vmsync.agent.0'/></channel>
		      </devices></domain>
		    </metadata>
		    <devices>
		      <channel type='unix'>
		        <source mode='bind' path='/other'/>
		        <target type='virtio' name='org.qemu.guest_agent.0'/>
		      </channel>
		      $*
		    </devices>
		  </domain>
		</domstatus>
	END
	mv "$t/domains/$file.new" "$t/domains/$file"
}

channel() { # PATH [MODE [TYPE]]
	echo "<channel type='${3:-unix}'><source mode='${2:-bind}' path='$1'/>
		<target type='virtio' name='org.vmsync.agent.0' state='disconnected'/>
		<alias name='channel1'/></channel>"
}

# --- domains come and go

# The folder is not there before libvirt's first start.
start
status
expect_eq "no libvirt, no guests" "$(jq '.guests | length' "$t/json")" 0
mkdir "$t/domains"
"$o/tests/port-chardev" "$t/one.sock" "$t/one.dev" > /dev/null &
others=$!
domain one.xml one 12345 "$(channel "$t/one.sock")"
until_is "a domain comes" '.guests[0] | .name, .connected' "$(printf 'one\ntrue')"
jq_is "... with its uuid" .guests[0].uuid 00000000-0000-0000-0000-000000012345
jq_is "... QEMU's process" .guests[0].pid 12345
jq_is "... its vCPUs' threads" '.guests[0].vcpu_threads | join(" ")' "123451 123452"
jq_is "... the socket that its own channel says" .guests[0].socket "$t/one.sock"
jq_is "... whose it is, though another one listens" .guests[0].peer_pid 12345
"$o/vmsync" status --control="$t/control" > "$t/text"
expect_eq "a text for people" $? 0
expect "... names it" grep -qx one "$t/text"

serial=$(jq .guests[0].serial "$t/json")
domain one.xml one 12345 "$(channel "$t/one.sock")"
domain two.xml two 22222 "$(channel "$t/two.sock")"
until_is "another one comes" '.guests | length' 2
jq_is "one that is written anew stays" .guests[0].serial "$serial"
jq_is "... and connected" .guests[0].connected true
rm "$t/domains/two.xml"
until_is "one goes" '[.guests[].name] | join(" ")' one
domain one.xml one 33333 "$(channel "$t/one.sock")"
until_is "one that was started anew is another one" \
	".guests[0].serial > $serial and .guests[0].pid == 33333" true
until_is "... and is connected again" .guests[0].connected true

# --- names and contents that are anything

# shellcheck disable=SC2016 # nothing that is to be expanded
domain odd.xml '&lt;a&gt; "q" &amp;&#9;&#x1b;[31m $(id) ../../x' 44444 \
	"$(channel "$t/a&amp;b.sock")"
# shellcheck disable=SC2016 # nothing that is to be expanded
until_is "a name that is hostile" '.guests[1].name' \
	"$(printf '<a> "q" &\t\033[31m $(id) ../../x')"
jq_is "a path with an entity" .guests[1].socket "$t/a&b.sock"
"$o/vmsync" status --control="$t/control" > "$t/text"
expect_eq "no control character for a terminal" \
	"$(tr -d '\n' < "$t/text" | grep -c '[[:cntrl:]]')" 0
rm "$t/domains/odd.xml"
domain none.xml none 55555
domain far.xml far 56666 "$(channel /far connect)"
domain tty.xml tty 57777 "$(channel /dev/pts/3 bind pty)"
until_is "ports that cannot be used are said" \
	'[.guests[1:][] | .name + ":" + .port] | sort | join(",")' \
	"far:no unix socket of QEMU's,none:none,tty:no unix socket of QEMU's"
rm "$t"/domains/{none,far,tty}.xml
# What is no domain of libvirt's is nobody, and holds up nothing.
mkfifo "$t/domains/fifo.xml"
ln -s one.xml "$t/domains/link.xml"
mkdir "$t/domains/folder.xml"
: > "$t/domains/empty.xml"
head -c 200000 /dev/urandom > "$t/domains/noise.xml"
head -c 700 "$t/domains/one.xml" > "$t/domains/cut.xml"
sed 's/domstatus>/domstatis>/' "$t/domains/one.xml" > "$t/domains/wrong.xml"
sed 's/<name>one.*/<name><\/name>/' "$t/domains/one.xml" > "$t/domains/noname.xml"
domain long.xml long 58888 "$(channel "/$(printf '%0200d' 1)")"
domain last.xml last 59999
until_is "files that are no domains are nobody" \
	'[.guests[].name] | join(" ")' "one last"
expect "... one with a long path is told of" grep -q 'long.xml.*too long' "$t/said"
rm -rf "$t"/domains/{fifo,link,folder,empty,noise,cut,wrong,noname,long,last}.xml
# What is cut in mid-writing changes nothing of one that is known.
cp "$t/domains/one.xml" "$t/whole"
head -c 700 "$t/whole" > "$t/domains/one.xml"
domain two.xml two 22222
until_is "one whose file is not whole stays" '[.guests[].name] | join(" ")' "one two"
rm -rf "$t/domains"
until_is "libvirt is gone" '.guests | length' 0
mkdir "$t/domains"
domain one.xml one 12345 "$(channel "$t/one.sock")"
until_is "... and is there again" '[.guests[].name] | join(" ")' one

# --- the hook

cc -O2 -Wall -o "$t/bin/hook" -DVMSYNC_HOOK_PATH="\"$t/hook\"" tools/libvirt-hook.c
# Of the time that it takes at worst no more is made than a line: that it waits for
# nobody is what is tried, by a vmsyncd that is stopped.
hook_worst_us=0
hook() { # TEXT NAME [HOOK]: exit status 0, and not a word
	local said from_us=${EPOCHREALTIME/./} took_us

	said=$(timeout 10 "${3-$t/bin/hook}" "$2" start begin - 2>&1 < /dev/null; echo $?)
	took_us=$((${EPOCHREALTIME/./} - from_us))
	[ $took_us -le $hook_worst_us ] || hook_worst_us=$took_us
	expect_eq "hook: $1" "$said" 0
}
hook "vmsyncd is there" one
# shellcheck disable=SC2016 # nothing that is to be expanded
hook "a hostile name" "$(printf '\033[31m%%s%%n $(id)`id`\n-x')"
hook "a name of 100 KB" "$(head -c 100000 /dev/zero | tr '\0' x)"
expect_eq "hook: no argument" "$("$t/bin/hook" 2>&1; echo $?)" 0
expect_eq "hook: a domain that nobody reads" \
	"$(head -c 1000000 /dev/zero | "$t/bin/hook" one start begin - 2>&1; echo $?)" 0
kill -STOP $daemon
for _ in $(seq 1000); do
	"$t/bin/hook" one start begin - || break
done
hook "nobody reads, the socket is full" one
kill -CONT $daemon
until_is "... and vmsyncd goes on" '[.guests[].name] | join(" ")' one

# --- who may ask

# shellcheck disable=SC2317 # expect_error calls it
another() { "$o/vmsyncd" --domains="$t/domains" --control="$t/control"; }
expect_error "a second vmsyncd" "control: Address already in use.*another" another
until_is "... harms the first one nothing" '.guests | length' 1
for wrong in --nope -x --socket --help=1; do
	expect_error "vmsyncd $wrong" "^vmsyncd: $wrong: no such option.*; vmsyncd --help" \
		"$o/vmsyncd" $wrong
done
expect_error "a file in the place of domains" "said: Not a directory; name" \
	"$o/vmsyncd" --domains="$t/said" --control="$t/another"
expect_error "no such folder" "make its folder" "$o/vmsyncd" --domains="$t/domains" \
	--control="$t/none/control"
# Who is nobody may read neither where this is built nor root's folders.
chmod 755 "$check_tmp"
cp "$o/vmsync" "$o/vmsyncd" "$t/bin"
# shellcheck disable=SC2317 # expect_error calls it
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
expect_error "the socket is root's" "Permission denied; be root, or.* vmsync" \
	nobody "$t/bin/vmsync" status --control="$t/control"
# The file's mode is not all: the kernel says who asks.
chmod 666 "$t/control"
expect_error "a user" "only root and members of the group vmsync" \
	nobody "$t/bin/vmsync" status --control="$t/control"
# Told why also where the question came before vmsyncd looked who asks, and is still
# there when it hangs up.
state_is() { grep -q "^State:.$2" "/proc/$1/status"; } # PROCESS LETTER
until_state() {
	for _ in $(seq 3000); do
		state_is "$@" && return
		sleep 0.1
	done
	fail "process $1 is not in state $2"
}
kill -STOP $daemon
until_state $daemon T
setpriv --reuid=65534 --regid=65534 --clear-groups "$t/bin/vmsync" status \
	--control="$t/control" > "$t/out" 2> "$t/err" &
asks=$!
until_state $asks S
kill -CONT $daemon
wait $asks
expect_eq "... however late: exit status" $? 2
expect "... and is told why" grep -q "only root and members of the group vmsync" "$t/err"
cat > "$t/group.sh" <<-END
	cp /etc/group $t/group; echo vmsync:x:4242: >> $t/group
	mount --bind $t/group /etc/group || exit 9
	$t/bin/vmsyncd --domains=$t/domains --control=$t/control2 --hook=$t/hook2 &
	for _ in \$(seq 100); do [ -S $t/hook2 ] && break; sleep 0.1; done
	stat -c %a:%g $t/control2 > $t/mode
	for groups in --clear-groups --groups=4242; do
		setpriv --reuid=65534 --regid=65534 \$groups \
			$t/bin/vmsync status --control=$t/control2 > /dev/null
		echo \$? >> $t/may
	done
	setpriv --reuid=65534 --regid=4242 --clear-groups \
		$t/bin/vmsync status --control=$t/control2 > /dev/null
	echo \$? >> $t/may
	kill %1; wait
END
private=()
unshare -m true 2> /dev/null || private=(--propagation unchanged)
if unshare -m "${private[@]}" bash "$t/group.sh" 2> "$t/group.said"; then
	expect_eq "the group vmsync has the socket" "$(cat "$t/mode")" 660:4242
	expect_eq "a user; one of the group vmsync; whose own group it is" \
		"$(paste -sd' ' "$t/may")" "2 0 0"
else
	skip "the group vmsync: $(tail -n 1 "$t/group.said")"
fi

# --- the disk is full: that of the sockets, of vmsyncd's words and of the hook's

cc -O2 -o "$t/bin/hook-full" -DVMSYNC_HOOK_PATH="\"$t/full/hook\"" tools/libvirt-hook.c
mkdir "$t/full"
cat > "$t/full.sh" <<-END
	mount -t tmpfs -o size=64k none $t/full || exit 9
	cd $t/full
	$o/vmsyncd --domains=$t/domains --control=control --hook=$t/full/hook 2>> said &
	for _ in \$(seq 100); do [ -S hook ] && break; sleep 0.1; done
	cat /dev/zero > zero 2> /dev/null
	echo more > more 2> /dev/null && exit 9
	$t/bin/hook-full one start begin - > out 2>&1 < /dev/null
	echo \$? > $t/full.hook
	$o/vmsync status --json --control=control > $t/json
	kill %1; wait %1
	echo \$? > $t/full.status
END
if unshare -m "${private[@]}" bash "$t/full.sh" 2> "$t/full.said"; then
	expect_eq "a disk is full: the hook's exit status" "$(cat "$t/full.hook")" 0
	jq_is "... vmsyncd goes on" '[.guests[].name] | join(" ")' one
	expect_eq "... and ends well" "$(cat "$t/full.status")" 0
else
	skip "a disk that is full: $(tail -n 1 "$t/full.said")"
fi

# --- ends

kill -KILL $daemon
wait $daemon 2> /dev/null
hook "vmsyncd is dead" one
expect_error "status of one that is dead" "refused; start vmsyncd" \
	"$o/vmsync" status --control="$t/control"
rm "$t/hook"
start
until_is "one that was killed is started anew" '.guests | length' 1
stop
expect_eq "nothing is left of its sockets" "$(cd "$t" && ls control hook 2> /dev/null)" ""
hook "no vmsyncd" one
echo "hook: at worst $((hook_worst_us / 1000)) ms"
expect_error "status without one" "No such file.*; start vmsyncd" \
	"$o/vmsync" status --control="$t/control"
expect_error "status: an argument" "takes no arguments" "$o/vmsync" status x

# --- what systemd does

"$o/tests/systemd" "$t/notify" "$t/given" "$o/vmsyncd" --domains="$t/domains" \
	> "$t/ready" 2>> "$t/said"
read -r ready daemon < "$t/ready"
expect_eq "systemd is told" "$ready" READY=1
expect "the socket that systemd gave is answered" \
	"$o/vmsync" status --control="$t/given"
kill "$daemon"
daemon=
expect "... and is systemd's still" test -S "$t/given"
finish
