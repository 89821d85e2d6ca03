#!/bin/bash
# SPDX-License-Identifier: MIT
#
# databases.sh: what services keep of the operations, in their own databases, as JSON, a row a
# line: /out/TABLE.json; run in the box. All columns; times are UTC.
set -eu
# shellcheck source=tests/cloud/common.sh
. "$(dirname "$0")/common.sh"

# rows FILE DATABASE TABLE: added to the file
rows() {
	local columns

	columns=$(mariadb -N -e "SELECT GROUP_CONCAT(CONCAT('\'', column_name, '\',', column_name))
		FROM information_schema.columns
		WHERE table_schema = '$2' AND table_name = '$3'")
	mariadb -N --raw -e "SELECT JSON_OBJECT('database', '$2', $columns) FROM $2.$3" >> "/out/$1.json"
}

for database in nova nova_cell0; do
	for table in instances instance_actions instance_actions_events migrations \
		instance_faults; do
		rows $table $database $table
	done
done
for table in volumes volume_attachment; do
	rows $table cinder $table
done
