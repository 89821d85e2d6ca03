# SPDX-License-Identifier: MIT
#
# How far two lines were apart at the worst when the new one was seen in force, ns,
# and for how long in all lines were in doubt that were more than 1 ns apart. Reads
# vmsync_knot as text.
function field(name) {
	if (!match($0, " " name " = -?[0-9]+"))
		return 0
	return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
}
function mono(p, c) {
	return field(p "base_ns") + ((c - field(p "cycle_last")) * field(p "mult") + \
		field(p "xtime_nsec")) / 2 ^ field(p "shift")
}
# The clocksource's count when the TSC was @c.
function count(c) {
	if (field("clocksource") != 2)
		return c
	return field("pv_system_time") + (c - field("pv_tsc_timestamp")) * \
		2 ^ field("pv_shift") * field("pv_mul") / 2 ^ 32
}
/vmsync_knot: / {
	c = count(field("confirm_tsc"))
	if (!field("prev_mult") || field("prev_clocksource") != field("clocksource"))
		next
	apart = mono("prev_", c) - mono("", c)
	if (apart < 0)
		apart = -apart
	if (apart > worst)
		worst = apart
	# Readings of both lines stand among each other for as long as they are apart.
	if (apart > 1)
		doubt += 2 * apart + mono("", c) - \
			mono("", count(field("since_tsc")))
}
# Not %d: the awk of a bare Debian cuts numbers at 2^31 there.
END { printf "%.0f %.0f\n", worst + 1, doubt }
