#!/bin/bash
# SPDX-License-Identifier: MIT
#
# operations.sh: what is asked of the cloud, and recorded; run in the box. What the operator
# was answered is /out/answers, NAME TEXT a line.
set -eu
# shellcheck source=tests/cloud/common.sh
. "$(dirname "$0")/common.sh"

# answer NAME COMMAND...: what openstack(1) prints
answer() {
	local name=$1

	shift
	"$@" > /tmp/answer 2>> /out/log/answers.log
	echo "$name $(xargs < /tmp/answer)" >> /out/answers
}

# server NAME IMAGE FLAVOR [OPTION]...: asked for; it may fail
server() {
	local name=$1 image=$2 flavor=$3

	shift 3
	answer "$name" openstack server create --image "$image" --flavor "$flavor" --nic none \
		"$@" "$name" -f value -c id
}

# active NAME: it has to be
active() {
	is openstack server show "$1" -f value -c status = ACTIVE || {
		echo "cloud: $1 is not active" >&2
		exit 1
	}
}

# is COMMAND... = WANTED: what openstack(1) prints now is that
is() {
	local wanted=${*: -1}

	[ "$("${@:1:$# - 2}")" = "$wanted" ]
}

# rounds N: since /tmp/asked a QEMU has looked so often for dirty pages
rounds() {
	[ "$(find /out -name 'qemu-*.log' -newer /tmp/asked -exec cat {} + |
		grep -c migration_bitmap_sync_end)" -ge "$1" ]
}

# has_ended NAME: its migration, that was aborted. "failed" is what Nova says if it finds no
# libvirt's job any more by the time it looks.
has_ended() {
	openstack server migration list --server "$1" -f value -c Status |
		grep -qxE 'cancelled|failed'
}

# all_done: Nova has finished all that it began. Where two hosts tried the same for one request
# it takes both for one, and finishes the first, twice.
all_done() {
	[ "$(mariadb -N -e 'SELECT COUNT(*) FROM nova.instance_actions_events e
		WHERE finish_time IS NULL AND NOT EXISTS (
			SELECT 1 FROM nova.instance_actions_events o WHERE o.action_id = e.action_id
				AND o.event = e.event AND o.finish_time IS NOT NULL)')" = 0 ]
}

say "images and flavors"
truncate -s 1M /tmp/empty
openstack image create --disk-format raw --container-format bare --file /tmp/empty --public \
	empty > /out/log/images.log
for guest in slow large; do
	openstack image create --disk-format aki --container-format aki --public \
		--file /cloud/$guest.elf $guest-kernel -f value -c id > /tmp/kernel
	openstack image create --disk-format raw --container-format bare --file /tmp/empty \
		--public --property kernel_id="$(cat /tmp/kernel)" $guest >> /out/log/images.log
done
openstack image create --disk-format raw --container-format bare --file /tmp/empty --public \
	--property hw_machine_type=nosuch broken >> /out/log/images.log
openstack flavor create --ram 64 --disk 0 --vcpus 1 small > /out/log/flavors.log
openstack quota set --ram -1 admin >> /out/log/flavors.log
openstack flavor create --ram 9999999 --disk 0 --vcpus 1 giant >> /out/log/flavors.log

{
	lttng create cloud --output=/out/trace
	lttng enable-channel -u services --subbuf-size=1M --num-subbuf=8
	lttng enable-event -u -c services 'vmsync_cloud:*'
	lttng add-context -u -c services -t vpid -t procname
	lttng start
} > /out/log/lttng.log

say "create, list"
server slow slow small --host hv1 --wait
active slow
# It says which requests it makes.
answer list openstack --debug server list -f value -c Name -c Status

say "creates that fail: too large for any host; refused by libvirt"
server giant empty giant
server broken broken small
for name in giant broken; do
	soon "$name did not fail" is openstack server show $name -f value -c status = ERROR
	soon "$name is not done" all_done
	openstack server delete --wait $name
done

say "live migration that converges"
openstack server migrate --live-migration --block-migration --host hv2 --wait slow \
	> /out/log/migrate.log
answer moved openstack server show slow -f value -c OS-EXT-SRV-ATTR:host

say "a volume is created, attached, free again once its machine is deleted, deleted"
answer volume openstack volume create --size 1 volume -f value -c id
soon "no volume" is openstack volume show volume -f value -c status = available
openstack server add volume slow volume > /out/log/attach.log
soon "not attached" is openstack volume show volume -f value -c status = in-use
openstack server delete --wait slow
soon "not free again" is openstack volume show volume -f value -c status = available
openstack volume delete volume
soon "not deleted" is openstack volume list -f value = ""

say "live migration that does not converge, and is cancelled"
server large large small --host hv1 --wait
active large
touch /tmp/asked
openstack server migrate --live-migration --block-migration --host hv2 large
soon "no ten rounds" rounds 10
openstack server migration list --server large -f value -c Id > /tmp/migration
openstack server migration abort large "$(cat /tmp/migration)"
soon "not cancelled" has_ended large
soon "not active again" is openstack server show large -f value -c status = ACTIVE
openstack server delete --wait large

soon "something is not done" all_done
lttng destroy >> /out/log/lttng.log
