# shellcheck shell=sh
LAB_SECONDS=10
LAB_MIN_EVENTS=1000
host_prepare() {
	rmmod vmsync-host || fail rmmod
	modprobe vmsync-host max_vcpus=1 beacon_rate=2 beacon_burst=1 announce_ms=500 || fail modprobe
}
host_during() {
	sleep 3
	cat /sys/module/vmsync_host/parameters/state > /share/state
	echo 1000000 > /sys/module/vmsync_host/parameters/beacon_burst
	echo x > /sys/module/vmsync_host/parameters/state
	sleep 5
	echo 0 > /sys/module/vmsync_host/parameters/beacon_rate
}
host_after() {
	cat /sys/module/vmsync_host/parameters/state >> /share/state
}
