# shellcheck shell=sh
LAB_SECONDS=12
host_during() {
	t=/sys/kernel/tracing/instances/x
	mkdir -p $t
	echo 1 > $t/events/vmsync/enable
	sleep 5
	echo 0 > $t/events/vmsync/enable
	cat $t/trace > /share/host.ftrace
	cat /sys/kernel/tracing/events/kvm/kvm_entry/format > /share/format
	cat /sys/module/vmsync_host/parameters/state > /share/state
	"$LAB_WORK/load" spin 2
}
