# SPDX-License-Identifier: MIT
#
# peer-move.awk: where lines put the events of a guest, and how far that is from where
# vmsync's map has them. Reads, with kind= before each file,
#
#	segment CPU FROM TO HOST SLOPE BOUND	of the map: guest ns, host ns, host ns per
#						guest ns, ns; in the order of time
#	line NAME GUEST HOST SLOPE		host = HOST + (guest - GUEST) * SLOPE
#	event STAMP CPU				of the guest, in the order of time
#
# The first -v before= events were before the move. Writes "HOST_NS 1 guest CPU" for each event
# to the file -v out=, the line's name and .before or .after, and prints "NAME BEFORE_NS
# AFTER_NS": the greatest distance of an event from the map. Of "vmsync" it is the greatest
# bound. An event that no segment has is left out of this.
function far(name, ns)
{
	if (ns < 0)
		ns = -ns
	if (!((name, side) in worst) || ns > worst[name, side])
		worst[name, side] = ns
}
function told(name, side)
{
	return (name, side) in worst ? sprintf("%.0f", worst[name, side]) : "-"
}
BEGIN { CONVFMT = OFMT = "%.17g" }
kind == "segment" {
	n = ++segments[$1]
	from[$1, n] = $2; to[$1, n] = $3
	host[$1, n] = $4; slope[$1, n] = $5; bound[$1, n] = $6
	next
}
kind == "line" {
	names[++lines] = $1
	base[lines] = $2; there[lines] = $3; speed[lines] = $4
	next
}
{
	side = ++events <= before ? "before" : "after"
	cpu = $2
	while (at[cpu] < segments[cpu] && (!at[cpu] || to[cpu, at[cpu]] < $1))
		at[cpu]++
	i = at[cpu]
	has = i && $1 >= from[cpu, i] && $1 <= to[cpu, i]
	if (has) {
		known = host[cpu, i] + ($1 - from[cpu, i]) * slope[cpu, i]
		far("vmsync", bound[cpu, i])
	}
	for (l = 1; l <= lines; l++) {
		stamp = there[l] + ($1 - base[l]) * speed[l]
		printf "%.0f 1 guest %d\n", stamp, cpu > (out names[l] "." side)
		if (has)
			far(names[l], stamp - known)
	}
}
END {
	names[0] = "vmsync"
	for (l = 0; l <= lines; l++)
		print names[l], told(names[l], "before"), told(names[l], "after")
}
