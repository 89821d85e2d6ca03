-- SPDX-License-Identifier: MIT
--
-- Questions to all shards, for ClickHouse 18.16 and newer:
--
--	ask.sh --database vmsync < questions.sql
--
-- Each sums up on the shards, and names what it found afterwards: numbers of virtual CPUs
-- and threads are those of one recording.

-- The ten worst aggressors: VMs that ran while virtual CPUs of others waited, s.
SELECT host, vm, sum(ns) / 1e9 AS s
FROM
(
    SELECT host, recording, assumeNotNull(who_vcpu) AS vcpu, sum(ns) AS ns
    FROM culprits_by_minute_all WHERE who = 'vcpu' GROUP BY host, recording, vcpu
)
ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
GROUP BY host, vm ORDER BY s DESC, host, vm LIMIT 10;

-- The ten worst victims, s.
SELECT host, vm, sum(ns) / 1e9 AS s
FROM
(
    SELECT host, recording, vcpu, sum(ns) AS ns
    FROM states_by_minute_all WHERE state IN ('preempted', 'waking')
    GROUP BY host, recording, vcpu
)
ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
GROUP BY host, vm ORDER BY s DESC, host, vm LIMIT 10;

-- Who did it to whom, s.
SELECT host, vm, by_vm, sum(ns) / 1e9 AS s
FROM
(
    SELECT host, recording, by_vcpu, vm, ns
    FROM
    (
        SELECT host, recording, vcpu, assumeNotNull(who_vcpu) AS by_vcpu,
            sum(until_ns - from_ns) AS ns
        FROM charges_all WHERE who = 'vcpu'
        GROUP BY host, recording, vcpu, by_vcpu
    )
    ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
)
ANY LEFT JOIN
(
    SELECT host, recording, vcpu AS by_vcpu, vm AS by_vm FROM vcpus_all
) USING (host, recording, by_vcpu)
GROUP BY host, vm, by_vm ORDER BY s DESC, host, vm, by_vm LIMIT 20;

-- What each VM did, s.
SELECT host, vm, state, sum(ns) / 1e9 AS s
FROM
(
    SELECT host, recording, vcpu, state, sum(ns) AS ns
    FROM states_by_minute_all GROUP BY host, recording, vcpu, state
)
ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
GROUP BY host, vm, state ORDER BY host, vm, s DESC LIMIT 1000;

-- Hosts by what their virtual CPUs were denied, of what they wanted, percent.
SELECT host, 100 * sumIf(ns, state IN ('preempted', 'waking', 'blocked'))
    / sumIf(ns, state IN ('guest', 'preempted', 'waking', 'blocked', 'hypervisor',
    'user_space', 'host_irq')) AS denied
FROM states_by_minute_all GROUP BY host ORDER BY denied DESC, host LIMIT 20;

-- Steal of all hosts together by minutes, s, and on how many.
SELECT minute, sum(ns) / 1e9 AS s, uniqExact(host) AS hosts
FROM states_by_minute_all WHERE state IN ('preempted', 'waking')
GROUP BY minute ORDER BY minute DESC LIMIT 60;

-- The ten longest waits, and when, in UTC.
SELECT host, vm, state, toDateTime(intDiv(at_ns, 1000000000), 'UTC') AS at,
    at_ns % 1000000000 AS and_ns, ns / 1e6 AS ms
FROM
(
    SELECT host, recording, vcpu, state, from_ns + ifNull(realtime_offset_ns, 0) AS at_ns,
        until_ns - from_ns AS ns
    FROM states_all WHERE state IN ('preempted', 'waking')
    ORDER BY ns DESC, host, vcpu, at_ns LIMIT 10
)
ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
ORDER BY ms DESC, host, vm, at, and_ns;

-- How long preemptions are, by powers of two of ns.
SELECT toUInt8(floor(log2(until_ns - from_ns))) AS power, count() AS times,
    sum(until_ns - from_ns) / 1e9 AS s
FROM states_all WHERE state = 'preempted' GROUP BY power ORDER BY power;

-- Which programs of hosts took CPUs from virtual CPUs, s.
SELECT name, count() AS threads, sum(times) AS turns, sum(ns) / 1e9 AS s
FROM
(
    SELECT host, recording, assumeNotNull(who_thread) AS thread, count() AS times,
        sum(until_ns - from_ns) AS ns
    FROM charges_all WHERE who = 'task' GROUP BY host, recording, thread
)
ANY LEFT JOIN (SELECT host, recording, thread, name FROM threads_all)
    USING (host, recording, thread)
GROUP BY name ORDER BY s DESC, name LIMIT 20;

-- What exits cost, by reason.
SELECT isa, name, count() AS exits, sum(until_ns - from_ns) / 1e9 AS s,
    sum(hypervisor_ns) / 1e9 AS handling_s, sum(user_space_ns) / 1e9 AS user_space_s
FROM exits_all GROUP BY isa, name ORDER BY s DESC, name LIMIT 20;

-- How long woken threads of guests wait until they run, us, and what preemption adds.
SELECT host, vm, sum(times) AS wakes, max(p50) / 1e3 AS p50_us, max(p99) / 1e3 AS p99_us,
    sum(preempted) / 1e9 AS preempted_s
FROM
(
    SELECT host, recording, vcpu, count() AS times, quantileExact(0.5)(until_ns - from_ns) AS p50,
        quantileExact(0.99)(until_ns - from_ns) AS p99, sum(preempted_ns) AS preempted
    FROM wakes_all GROUP BY host, recording, vcpu
)
ANY LEFT JOIN (SELECT host, recording, vcpu, vm FROM vcpus_all) USING (host, recording, vcpu)
GROUP BY host, vm ORDER BY p99_us DESC, host, vm LIMIT 20;

-- Guests whose clocks are known worst.
SELECT host, name, max(bound_ns) AS bound_ns FROM machines_all WHERE kind = 'guest'
GROUP BY host, name ORDER BY bound_ns DESC, host, name LIMIT 20;

-- What is there: recordings of each host, and seconds of the last one.
SELECT host, uniqExact(recording) AS recordings, max(day) AS last_day,
    max(until_ns - from_ns) / 1e9 AS longest_s
FROM machines_all WHERE machine = 0 GROUP BY host ORDER BY host LIMIT 1000;

-- Chunks without sums by minutes: minutes.sql makes them. None is as it should be.
SELECT host, recording, chunk, countIf(of = 0) AS states, countIf(of = 1) AS minutes
FROM
(
    SELECT host, recording, chunk, 0 AS of FROM states_all GROUP BY host, recording, chunk
    UNION ALL
    SELECT host, recording, chunk, 1 AS of FROM states_by_minute_all
    GROUP BY host, recording, chunk
)
GROUP BY host, recording, chunk HAVING states != minutes
ORDER BY host, recording, chunk LIMIT 100;
