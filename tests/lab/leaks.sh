# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What modules leave behind. Debian's kernel has no kmemleak; instead it is
# booted with slub_debug=U, and then names for each slab object the code that
# allocated it. Sourced by scenarios, in both machines.

# The places in modules that are gone, or in ours, from which memory was
# allocated that is still held: "COUNT PLACE". A module that is gone has no
# names any more, only addresses.
leaks_held() {
	ls /sys/kernel/debug/slab/*/alloc_traces > /dev/null 2>&1 ||
		echo "0 no-allocation-traces"
	cat /sys/kernel/debug/slab/*/alloc_traces 2>/dev/null |
		awk '$1 ~ /^[0-9]+$/ && $2 ~ /^0xffffffff[c-f]|\[vmsync|\[lttng_probe_vmsync/ { print $1, $2, $3 }'
	grep -E '0xffffffff[c-f][0-9a-f]+/|\[(vmsync|lttng_probe_vmsync)' \
		/proc/vmallocinfo | grep -v 'module_alloc\|load_module\|bpf' |
		awk '{ print $2, $3, $4 }'
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
# narrow is leaks_held().
leaks_grown() {
	for limit in SUnreclaim=1500 Percpu=100 VmallocUsed=1000; do
		key=${limit%=*}
		grown=$(($(leaks_size "$key" "$2") - $(leaks_size "$key" "$1")))
		[ "$grown" -le "${limit#*=}" ] || echo "$key +$grown kB"
	done
}
