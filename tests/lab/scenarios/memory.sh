# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# memory: what the host holds of two guests that do known things with their memory
#
# What vmsync memory said is in /share, by the moment: free, reported, ...; NAME.count is
# what another program counted just behind NAME. Where the kernel has DAMON, NAME.wss is
# of both guests' working sets, and watching is begun, disturbed and ended in all ways.

LAB_GUESTS=2
LAB_L1_MB=4096
LAB_L2_MB=768
LAB_L2_SMP=1
LAB_MIN_EVENTS=0
LAB_PORT=yes
LAB_TRACECMD=yes
LAB_MEMORY=yes
free_mib=300
touched_mib=200
damon=/sys/kernel/mm/damon/admin/kdamonds

# --- in a guest

agent() {
	port_find
	# shellcheck disable=SC2154 # of port_find
	vmsync-agent --device="$device" --spool=/tmp/spool 2> /tmp/agent &
}

# Pages that are free, by the kernel's other count. Of a line the first four are names.
buddies() {
	pages=0
	while read -r _ _ _ _ counts; do
		order=0
		for n in $counts; do
			pages=$((pages + (n << order)))
			order=$((order + 1))
		done
	done < /proc/buddyinfo
	echo "$pages"
}

# For the host, at the begin of a disk.
flags() {
	say "buddyinfo $(buddies)"
	cat /proc/kpageflags > /dev/vdb || fail "flags not written"
	sync
}

again() {
	touch-memory "$1" 1000 > /tmp/touched &
	touching=$!
	until_true "nothing is touched" grep -q touched /tmp/touched
	say "$(cat /tmp/touched)"
}

# Files that nobody looks at any more. A device that nobody has open is forgotten at once.
cold() {
	exec 9< /dev/vdb
	dd if=/dev/vdb of=/dev/null bs=1M 2> /tmp/dd || fail "dd"
}

enough() {
	kill "$touching"
	wait "$touching"
	:
}

# Pages that are given out and taken back, by the kernel's own tracer.
kmem() {
	trace-cmd record -q -C mono -b 16384 -o /tmp/trace.dat -e kmem:mm_page_alloc \
		-e kmem:mm_page_free -e sched:sched_switch -e sched:sched_process_fork \
		sh -c "vmsync-agent --pages=/tmp/a; touch-memory $1;
			vmsync-agent --pages=/tmp/b" > /tmp/recorded 2>&1 ||
		fail "trace-cmd: $(tail -3 /tmp/recorded)"
	tar -c -f /dev/vdb -C /tmp trace.dat a b || fail "trace not written"
	sync
}

guest_record() {
	say "recording"
	while read -r line < /dev/ttyS0 && [ "$line" != stop ]; do
		# shellcheck disable=SC2086 # a command and its arguments
		$line || fail "$line"
		say "did ${line%% *}"
	done
	say "recorded"
}

# --- in the host

guest_boot() {
	# shellcheck disable=SC2154 # $at is of l1.sh
	guest_qemu "$at.mon" -device virtio-serial-pci \
		-chardev "socket,id=port,path=/run/$at.port,server=on,wait=off" \
		-device virtserialport,chardev=port,name=org.vmsync.agent.0 \
		-device virtio-balloon-pci,id=balloon,free-page-reporting=on \
		-qmp "unix:/run/$at.qmp,server=on,wait=off"
	guest_is $!
	monitor_open "$at.mon"
}

does() { # COMMAND...: the guest does it
	tell "$*"
	await "did $1"
}

qemu_of() { pgrep -P "$(cat "/run/$at.pid")"; }

memory() {
	"$LAB_TOP/build/release/vmsync" memory --control=/run/control "$@"
}

# look NAME: what vmsync says of the first guest, and what another program does
look() {
	name=$1
	memory --qmp=/run/guest.qmp --json > "/share/$name" 2> "/share/$name.err" ||
		fail "vmsync memory: $(cat "/share/$name.err")"
	does flags
	head -c $((LAB_L2_MB << 11)) /run/guest.img > /run/flags
	perl "$LAB_TOP/tests/check/memory-count.pl" "$(qemu_of)" /run/flags \
		$((LAB_L2_MB << 20)) > "/share/$name.count" || fail "no count"
	say "looked $name: $(cat "/share/$name.count")"
}

# watch NAME S: the working sets of both
watch() {
	memory --working-set="$2" --qmp=/run/guest.qmp --qmp=/run/guest2.qmp --json \
		--metrics="/share/$1.prom" > "/share/$1.wss" 2> "/share/$1.wss.err" ||
		fail "working set: $(cat "/share/$1.wss.err")"
	say "watched $1"
}

# What the hint of a minute's watching says to type, until the host has it.
give_back() {
	hint=$(jq '.[0].hints[0].command | fromjson | .arguments' /share/minute.wss) ||
		return 0
	monitor balloon "$hint" || fail "balloon"
	least=$(jq '.[0] | .held_pages - .hints[0].bytes / 4096 * 0.9 | floor' /share/minute.wss)
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		watch given 5
		[ "$(jq '.[0].held_pages' /share/given.wss)" -gt "$least" ] || break
	done
}

kdamonds() { cat $damon/nr_kdamonds; }
is_watching() { [ "$(cat $damon/0/state)" = on ]; }
is_gone() { [ "$(kdamonds)" = 0 ]; }

# ends_by SIGNAL: what is left of a watching that ends by it. Whom a shell leaves in the
# background does not hear of Ctrl-C.
ends_by() {
	env --default-signal=INT "$LAB_TOP/build/release/vmsync" memory --working-set=1000 \
		--qmp=/run/guest.qmp > /run/ended 2>&1 &
	watching=$!
	until_true "nobody watches" is_watching
	[ "$1" != INT ] || watched_by
	kill "-$1" "$watching"
	wait "$watching"
	echo "signal=$1 status=$? said=$(wc -c < /run/ended)" >> /share/ends
	[ "$1" != KILL ] || until_true "the kdamond stays" is_gone
	echo "signal=$1 kdamonds=$(kdamonds)" >> /share/ends
}

# What the kernel was told to watch, and what a second one is told.
watched_by() {
	cat $damon/0/contexts/0/targets/0/regions/*/start > /run/starts
	cat $damon/0/contexts/0/targets/0/regions/*/end | paste /run/starts - > /share/regions
	cat "/proc/$(at=guest qemu_of)/maps" > /share/maps
	memory --working-set=5 --qmp=/run/guest2.qmp > /share/second 2>&1
	echo "second status=$? kdamonds=$(kdamonds) state=$(cat $damon/0/state)" >> /share/ends
}

# Somebody else's is neither used nor removed.
others() {
	echo 1 > $damon/nr_kdamonds
	echo 1 > $damon/0/contexts/nr_contexts
	echo paddr > $damon/0/contexts/0/operations
	memory --working-set=5 --qmp=/run/guest.qmp > /share/others 2>&1
	echo "others status=$? kdamonds=$(kdamonds)" \
		"operations=$(cat $damon/0/contexts/0/operations)" >> /share/ends
	echo 0 > $damon/nr_kdamonds
}

working_sets() {
	at=guest2 does agent
	watch idle 10
	does again $touched_mib
	watch touched 10
	does enough
	watch after 10
	# In large pages of the host's: those that the guest gave back, and takes anew.
	echo always > /sys/kernel/mm/transparent_hugepage/enabled
	for at in guest guest2; do
		monitor qom-set '{"path": "/machine/peripheral/balloon",
			"property": "guest-stats-polling-interval", "value": 5}' ||
			fail "no polling"
	done
	at=guest
	does again $touched_mib
	watch large 10
	does enough
	does cold
	watch minute 60
	give_back
	ends_by INT
	ends_by TERM
	ends_by KILL
	others
}

host_up() {
	system_up
	# A page is what is touched, as long as it is to be known to the page.
	echo never > /sys/kernel/mm/transparent_hugepage/enabled
}

host_prepare() { :; }

host_record() {
	"$LAB_TOP/build/release/vmsyncd" --socket=/run/guest.port --socket=/run/guest2.port \
		--control=/run/control > /share/vmsyncd 2>&1 &
	vmsyncd=$!
	each tell go
	each await recording
	at=guest
	does agent
	does touch-memory $free_mib
	look free
	does kmem 100
	mkdir /share/guest
	tar -x -f /run/guest.img -C /share/guest || fail "no trace"
	does modprobe virtio_balloon
	at=guest2 does modprobe virtio_balloon
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		look reported
		[ "$(jq '.[0].reclaimable_pages' /share/reported)" -gt \
			$(($(jq '.[0].reclaimable_pages' /share/free) / 10)) ] || break
		sleep 2
	done
	if [ -d $damon ]; then
		working_sets
	else
		memory --working-set=5 --qmp=/run/guest.qmp > /share/none 2>&1
		echo "none status=$?" >> /share/ends
	fi
	kill $vmsyncd || fail "vmsyncd died"
	at=guest
	each tell stop
	each await recorded
}
