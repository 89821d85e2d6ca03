# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What modules leave behind. Debian's kernel has no kmemleak; instead it is
# booted with slub_debug=U, and then names for each slab object the code that
# allocated it. Sourced by scenarios, in both machines.

# leaks_sites PATTERN: "COUNT PLACE ..." of what is held and was allocated from a
# place that matches.
leaks_sites() {
	cat /sys/kernel/debug/slab/*/alloc_traces 2>/dev/null |
		awk -v p="$1" '$1 ~ /^[0-9]+$/ && ($2 " " $3) ~ p { print $1, $2, $3 }'
	awk -v p="$1" '($3 " " $4) ~ p { print $2, $3, $4 }' \
		/proc/vmallocinfo
}

# leaks_traced: whether slab objects have such names, without which nothing is found.
leaks_traced() {
	cat /sys/kernel/debug/slab/*/alloc_traces 2>/dev/null |
		grep -q '^ *[0-9][0-9]* [^ ]*+0x'
}

# What modules that are gone, or ours, still hold. A module that is gone has no
# names any more, only addresses.
leaks_held() {
	leaks_sites "^0xffffffff[c-f]|[[](vmsync|lttng_probe_vmsync)"
}

# Sizes in kB that would grow if every cycle left something.
leaks_sizes() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
	sleep 1
	awk '/^(MemAvailable|SUnreclaim|Percpu|VmallocUsed|KernelStack):/ {
		printf "%s%s", sep, $1 $2; sep = " "
	} END { print "" }' /proc/meminfo | sed 's/:/=/g'
}

# leaks_size NAME LINE: one of them.
leaks_size() {
	echo "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# leaks_grown FIRST LAST: names what grew by more than noise, or nothing.
# Other parts of the kernel are at work too, so the limits are wide; what is
# narrow is leaks_held(). On the debug kernel they say nothing: KASAN keeps what was
# freed for a while, and kmemleak has an object for each. There kmemleak judges.
leaks_grown() {
	case $(uname -r) in
	*-vmsync-debug) return 0 ;;
	esac
	for limit in SUnreclaim=300 Percpu=40 VmallocUsed=300; do
		key=${limit%=*}
		grown=$(($(leaks_size "$key" "$2") - $(leaks_size "$key" "$1")))
		[ "$grown" -le "${limit#*=}" ] || echo "$key +$grown kB"
	done
}
