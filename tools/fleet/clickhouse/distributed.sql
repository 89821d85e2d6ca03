-- SPDX-License-Identifier: MIT
--
-- For questions about all shards: NAME_all, on the servers that are asked, after
-- schema.sql on all of them. "fleet" is the cluster in the configuration of the servers
-- (remote_servers), "vmsync" the database. These tables are for reading: each host sends
-- to the tables of one shard, always the same one, which so can tell what it has.

CREATE TABLE IF NOT EXISTS states_all AS states
ENGINE = Distributed(fleet, vmsync, states);

CREATE TABLE IF NOT EXISTS charges_all AS charges
ENGINE = Distributed(fleet, vmsync, charges);

CREATE TABLE IF NOT EXISTS exits_all AS exits
ENGINE = Distributed(fleet, vmsync, exits);

CREATE TABLE IF NOT EXISTS wakes_all AS wakes
ENGINE = Distributed(fleet, vmsync, wakes);

CREATE TABLE IF NOT EXISTS events_all AS events
ENGINE = Distributed(fleet, vmsync, events);

CREATE TABLE IF NOT EXISTS machines_all AS machines
ENGINE = Distributed(fleet, vmsync, machines);

CREATE TABLE IF NOT EXISTS vcpus_all AS vcpus
ENGINE = Distributed(fleet, vmsync, vcpus);

CREATE TABLE IF NOT EXISTS threads_all AS threads
ENGINE = Distributed(fleet, vmsync, threads);

CREATE TABLE IF NOT EXISTS requests_all AS requests
ENGINE = Distributed(fleet, vmsync, requests);

CREATE TABLE IF NOT EXISTS layers_all AS layers
ENGINE = Distributed(fleet, vmsync, layers);

CREATE TABLE IF NOT EXISTS states_by_minute_all AS states_by_minute
ENGINE = Distributed(fleet, vmsync, states_by_minute);

CREATE TABLE IF NOT EXISTS culprits_by_minute_all AS culprits_by_minute
ENGINE = Distributed(fleet, vmsync, culprits_by_minute);

-- One row from each shard that answers: ask.sh counts them.
CREATE TABLE IF NOT EXISTS shards (dummy UInt8) ENGINE = Distributed(fleet, system, one);
