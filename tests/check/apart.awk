# SPDX-License-Identifier: MIT
#
# The widest that a change of line is in doubt, ns: how far the two lines are
# apart when the new one was seen in force. Reads vmsync_knot as text.
function field(name) {
	if (!match($0, " " name " = -?[0-9]+"))
		return 0
	return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
}
function mono(p, c) {
	return field(p "base_ns") + ((c - field(p "cycle_last")) * field(p "mult") + \
		field(p "xtime_nsec")) / 2 ^ field(p "shift")
}
/vmsync_knot: / {
	c = field("confirm_tsc")
	if (field("clocksource") == 2)
		c = field("pv_system_time") + (c - field("pv_tsc_timestamp")) * \
			2 ^ field("pv_shift") * field("pv_mul") / 2 ^ 32
	if (!field("prev_mult") || field("prev_clocksource") != field("clocksource"))
		next
	apart = mono("prev_", c) - mono("", c)
	if (apart < 0)
		apart = -apart
	if (apart > worst)
		worst = apart
}
# Not %d: the awk of a bare Debian cuts numbers at 2^31 there.
END { printf "%.0f\n", worst + 1 }
