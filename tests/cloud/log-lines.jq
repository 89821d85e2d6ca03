# SPDX-License-Identifier: MIT
#
# Lines of the log of $service that tell of a request, as vmsync's layer takes them (openstack.layer
# leaves out loggers that may still have the request before). An object a line: by which id it is
# known, when it was told in us, cut off at the ms, before when (the next line of the log, cut off
# likewise), and how long the request took by the line itself.
[inputs | capture("^(?<day>[0-9-]{10}) (?<time>[0-9:]{8})[,.](?<ms>[0-9]{3})(\\.[0-9]+)? [0-9]+ [A-Z]+ (?<logger>[^ ]+) \\[(?<global>[^] ]+)( (?<request>[^] ]+))?(?<text>.*)") |
	.us = ("\(.day) \(.time)" | strptime("%Y-%m-%d %H:%M:%S") | mktime) * 1000000 +
		(.ms | tonumber) * 1000] |
. as $all | range(length) | . as $i | $all[$i] |
select(.request and (.text | test("\\) accepted \\(") | not) and
	(.logger | test("^(keystonemiddleware|eventlet|routes\\.middleware)") | not)) |
{key: (if .global | startswith("req-") then .global else .request end), $service, us,
	next_us: (($all[$i + 1].us // 1e18) + 1000),
	took_us: ((.text | capture("time: (?<s>[0-9.]+)$")? | .s | tonumber * 1000000 + 1000 | ceil) // null)}
