#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make cloud: the services of OpenStack as Debian has them, in a box of their own (tests/cloud);
# operations there are recorded, and what vmsync says of them has to be what these services'
# databases, libvirt and QEMU say. Not part of make check: it installs 2 GB and takes long.
. tests/check/lib.sh
. tests/check/query-migrate.sh
. tests/cloud/left.sh
. tests/cloud/judge-services.sh
. tests/cloud/judge-migrations.sh

dir=build/cloud
t=$dir/out
if [ "$(id -u)" != 0 ] || ! unshare --mount --net --pid --fork true 2> "$check_out"; then
	skip "cloud: not root, or no namespaces here: $(tail -n 1 "$check_out")"
	finish
fi
expect "the tool builds" make -s -j2 tool openstack
vmsync=$PWD/build/vmsync
mkdir -p $dir

machine_now > $dir/before
# shellcheck disable=SC2016 # of awk
expect_eq "of disks, the box can write to its own folder only" "$(tests/cloud/box.sh $dir \
	--no-network awk '$1 ~ "^/dev/" && $4 ~ /^rw/ { print $2 }' /proc/self/mounts)" "$PWD/$dir"
rm -f $dir/killed
# shellcheck disable=SC2016 # of the inner shell
tests/cloud/box.sh $dir --no-network sh -c 'readlink /proc/self/ns/pid > "$1/killed" &&
	sleep 600' box $dir &
box=$!
expect "a box begins" soon test -s $dir/killed
kill $box
# shellcheck disable=SC2317 # soon calls it
none_is_left() {
	[ -z "$(processes_in "$dir/killed")" ]
}
expect "with whoever started it, it ends" soon none_is_left
tests/cloud/root.sh $dir && tests/cloud/run.sh $dir
expect_eq "there was a cloud, to the end (logs: $dir/root.log, $dir/out/log)" $? 0
machine_now > $dir/after
expect_eq "mounts, modules, network: as before" "$(diff $dir/before $dir/after)" ""
expect_eq "nothing is mounted there" "$(mounted_of "$PWD/$dir/")" ""
expect "its namespaces are known" test -s $t/namespaces
expect_eq "no process is left in these" "$(processes_in $t/namespaces)" ""
expect_eq "no file was changed elsewhere" "$(files_since $dir/before)" ""
[ "$check_failed" = 0 ] || finish

judge_answers
judge_services
judge_migrations
finish
