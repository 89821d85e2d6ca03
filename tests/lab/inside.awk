# SPDX-License-Identifier: MIT
#
# inside.awk: of lines in the order of time,
#
#	in VCPU | out VCPU	the host's: it enters the guest, or comes back
#	guest VCPU		an event of the guest, on its CPU of this number
#
# how many of the guest's there are between an entry of their virtual CPU and the next
# exit. Before its first entry or exit nothing can be said. Prints
# "events=N inside=N outside=N".
$1 == "guest" {
	events++
	if (state[$2] == "in")
		inside++
	else if (state[$2] == "out")
		outside++
	next
}
{ state[$2] = $1 }
END {
	printf "events=%d inside=%d outside=%d\n", events, inside, outside
}
