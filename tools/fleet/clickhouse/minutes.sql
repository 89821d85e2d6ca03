-- SPDX-License-Identifier: MIT
--
-- Sums by minutes for chunks that came while there were no views, or while one failed:
-- on each server, as often as wanted, but not while chunks come. What is there is not
-- touched. The same sums as in schema.sql.

INSERT INTO states_by_minute (minute, vcpu, state, ns, host, day, recording, chunk)
WITH from_ns + ifNull(realtime_offset_ns, 0) AS since,
    until_ns + ifNull(realtime_offset_ns, 0) AS until,
    intDiv(since, 60000000000) AS first,
    first + arrayJoin(range(toUInt64(intDiv(until - 1, 60000000000) - first + 1))) AS m
SELECT toDateTime(m * 60) AS minute, vcpu, state,
    sum(least(until, (m + 1) * 60000000000) - greatest(since, m * 60000000000)) AS ns,
    host, day, recording, chunk
FROM states
WHERE (host, recording, chunk) NOT IN (SELECT host, recording, chunk FROM states_by_minute)
GROUP BY minute, vcpu, state, host, day, recording, chunk;

INSERT INTO culprits_by_minute (minute, who, who_vcpu, ns, host, day, recording, chunk)
WITH from_ns + ifNull(realtime_offset_ns, 0) AS since,
    until_ns + ifNull(realtime_offset_ns, 0) AS until,
    intDiv(since, 60000000000) AS first,
    first + arrayJoin(range(toUInt64(intDiv(until - 1, 60000000000) - first + 1))) AS m
SELECT toDateTime(m * 60) AS minute, who, who_vcpu,
    sum(least(until, (m + 1) * 60000000000) - greatest(since, m * 60000000000)) AS ns,
    host, day, recording, chunk
FROM charges
WHERE (host, recording, chunk) NOT IN (SELECT host, recording, chunk FROM culprits_by_minute)
GROUP BY minute, who, who_vcpu, host, day, recording, chunk;
