# SPDX-License-Identifier: MIT
# What vmsync layers --all --json says, as tests/gen/services.c prints what is true.
.tracks[] | .name as $track | .listed[] | .key as $key |
(.states[] | [$track, $key, .state, .place // "", .depth // 0, .from_ns, .until_ns,
	.self_ns // (.until_ns - .from_ns),
	if .unfinished then "open" else "ended" end]),
(select(.cause) | ["cause", $key, .cause, .cause_ns, .failures]) |
map(tostring) | join("\t")
