-- SPDX-License-Identifier: MIT
--
-- Tables for "vmsync export clickhouse", on each server, in the database that is used:
--
--	clickhouse-client --query "CREATE DATABASE vmsync"
--	clickhouse-client --database vmsync --multiquery < schema.sql
--
-- For ClickHouse 18.16, Debian 12's, and newer ones. What the columns mean is told in
-- Documentation/export.rst. Columns and their types are those that vmsync writes, which
-- it looks at first; more of them may be added, and order, partitions and engines are
-- free. Each chunk is of one day, and so in one part: it is there whole or not at all.

CREATE TABLE IF NOT EXISTS states
(
    vcpu Int64,
    from_ns Int64,
    until_ns Int64,
    state String,
    place String,
    thread Nullable(Int64),
    cpu Nullable(Int64),
    woken_by Nullable(String),
    woken_by_thread Nullable(Int64),
    woken_by_vcpu Nullable(Int64),
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, from_ns);

CREATE TABLE IF NOT EXISTS charges
(
    vcpu Int64,
    from_ns Int64,
    until_ns Int64,
    state String,
    thread Nullable(Int64),
    who String,
    who_thread Nullable(Int64),
    who_vcpu Nullable(Int64),
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, from_ns);

CREATE TABLE IF NOT EXISTS exits
(
    vcpu Int64,
    from_ns Int64,
    until_ns Int64,
    isa String,
    reason Int64,
    name String,
    ended Int64,
    thread Nullable(Int64),
    guest_ns Int64,
    guest_idle_ns Int64,
    host_irq_ns Int64,
    hypervisor_ns Int64,
    polling_ns Int64,
    user_space_ns Int64,
    preempted_ns Int64,
    waking_ns Int64,
    halted_ns Int64,
    blocked_ns Int64,
    stopped_ns Int64,
    unknown_ns Int64,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, from_ns);

CREATE TABLE IF NOT EXISTS wakes
(
    thread Int64,
    from_ns Int64,
    until_ns Int64,
    vcpu Int64,
    waker Nullable(Int64),
    guest_ns Int64,
    guest_idle_ns Int64,
    host_irq_ns Int64,
    hypervisor_ns Int64,
    polling_ns Int64,
    user_space_ns Int64,
    preempted_ns Int64,
    waking_ns Int64,
    halted_ns Int64,
    blocked_ns Int64,
    stopped_ns Int64,
    unknown_ns Int64,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, from_ns);

CREATE TABLE IF NOT EXISTS events
(
    at_ns Int64,
    machine Int64,
    cpu Nullable(Int64),
    name String,
    context String,
    fields String,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, at_ns);

CREATE TABLE IF NOT EXISTS machines
(
    machine Int64,
    name String,
    kind String,
    bound_ns Int64,
    from_ns Int64,
    until_ns Int64,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, machine);

CREATE TABLE IF NOT EXISTS vcpus
(
    vcpu Int64,
    vm String,
    pid Nullable(Int64),
    tid Int64,
    vcpu_id Nullable(Int64),
    machine Nullable(Int64),
    cpu Nullable(Int64),
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, vcpu);

CREATE TABLE IF NOT EXISTS threads
(
    thread Int64,
    machine Int64,
    tid Int64,
    pid Nullable(Int64),
    name Nullable(String),
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, thread);

-- Of "vmsync export clickhouse --table=requests": guests' requests to their block devices.

CREATE TABLE IF NOT EXISTS requests
(
    number Int64,
    from_ns Int64,
    until_ns Int64,
    machine Int64,
    dev Int64,
    name String,
    op String,
    followed String,
    sector Int64,
    sectors Int64,
    before_ns Nullable(Int64),
    error Int64,
    guest_ns Int64,
    to_qemu_ns Int64,
    qemu_ns Int64,
    call_ns Int64,
    queue_ns Int64,
    disk_ns Int64,
    from_disk_ns Int64,
    qemu_after_ns Int64,
    back_ns Int64,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, until_ns);

-- Of "vmsync layers --export=clickhouse": states of services and programs.

CREATE TABLE IF NOT EXISTS layers
(
    track String,
    key String,
    state String,
    place Nullable(String),
    from_ns Int64,
    until_ns Int64,
    self_ns Int64,
    depth Int64,
    nested Int64,
    failed Int64,
    unfinished Int64,
    host String,
    boot_id Nullable(String),
    realtime_offset_ns Nullable(Int64),
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, until_ns);

-- By minutes of real time: what virtual CPUs did, and who had the CPUs while some waited. What lasts longer is in each minute with its part of it, so
-- that sums are those of the rows, to the ns.

CREATE TABLE IF NOT EXISTS states_by_minute
(
    minute DateTime,
    vcpu Int64,
    state String,
    ns Int64,
    host String,
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, minute);

CREATE MATERIALIZED VIEW IF NOT EXISTS states_to_minutes TO states_by_minute AS
WITH from_ns + ifNull(realtime_offset_ns, 0) AS since,
    until_ns + ifNull(realtime_offset_ns, 0) AS until,
    intDiv(since, 60000000000) AS first,
    first + arrayJoin(range(toUInt64(intDiv(until - 1, 60000000000) - first + 1))) AS m
SELECT toDateTime(m * 60) AS minute, vcpu, state,
    sum(least(until, (m + 1) * 60000000000) - greatest(since, m * 60000000000)) AS ns,
    host, day, recording, chunk
FROM states
GROUP BY minute, vcpu, state, host, day, recording, chunk;

CREATE TABLE IF NOT EXISTS culprits_by_minute
(
    minute DateTime,
    who String,
    who_vcpu Nullable(Int64),
    ns Int64,
    host String,
    day Date,
    recording UInt64,
    chunk UInt32
)
ENGINE = MergeTree PARTITION BY day ORDER BY (host, recording, chunk, minute);

CREATE MATERIALIZED VIEW IF NOT EXISTS culprits_to_minutes TO culprits_by_minute AS
WITH from_ns + ifNull(realtime_offset_ns, 0) AS since,
    until_ns + ifNull(realtime_offset_ns, 0) AS until,
    intDiv(since, 60000000000) AS first,
    first + arrayJoin(range(toUInt64(intDiv(until - 1, 60000000000) - first + 1))) AS m
SELECT toDateTime(m * 60) AS minute, who, who_vcpu,
    sum(least(until, (m + 1) * 60000000000) - greatest(since, m * 60000000000)) AS ns,
    host, day, recording, chunk
FROM charges
GROUP BY minute, who, who_vcpu, host, day, recording, chunk;
