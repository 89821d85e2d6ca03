#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Alertmanager's webhook as a condition of vmsync freeze: one request of HTTP on standard
# input, its answer on standard output. systemd listens, and runs it for each connection:
# vmsync-webhook.socket. Whoever may connect there may freeze, as often as the flight
# recorder's budget allows, and nothing else: of the request only the first alert's name is
# used, as a reason.
length=0
while read -r line; do
	line=$(printf %s "$line" | tr -d '\r')
	case $line in
	'') break ;;
	[Cc]ontent-[Ll]ength:*) length=$(printf %s "${line#*:}" | tr -dc 0-9) ;;
	esac
done
# An alert has some KiB.
[ "${length:-0}" -le 1048576 ] || length=0
body=$(head -c "${length:-0}")
answer() { # STATUS TEXT
	printf 'HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n' \
		"$1" $((${#2} + 1)) "$2"
	exit 0
}
case $body in
*'"status":"firing"'*) ;;
*) answer '200 OK' 'nothing is firing' ;;
esac
name=$(printf %s "$body" | grep -o '"alertname":"[^"]*"' | head -n 1 |
	tr -dc 'A-Za-z0-9_:. -')
# What is refused is not asked again by Alertmanager: 200, too.
text=$("${VMSYNC:-vmsync}" freeze --no-wait --reason="alert ${name#alertname:}" \
	${VMSYNC_CONTROL:+--control="$VMSYNC_CONTROL"} 2>&1)
answer '200 OK' "$text"
