-- SPDX-License-Identifier: MIT
--
-- Days after which rows go, on each server: only for ClickHouse 19.6 and newer, and so not
-- tested with Debian's 18.16, for which there is expire.sh.

ALTER TABLE states MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE charges MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE exits MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE wakes MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE requests MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE layers MODIFY TTL day + INTERVAL 14 DAY;
ALTER TABLE events MODIFY TTL day + INTERVAL 3 DAY;
ALTER TABLE machines MODIFY TTL day + INTERVAL 400 DAY;
ALTER TABLE vcpus MODIFY TTL day + INTERVAL 400 DAY;
ALTER TABLE threads MODIFY TTL day + INTERVAL 400 DAY;
ALTER TABLE states_by_minute MODIFY TTL day + INTERVAL 400 DAY;
ALTER TABLE culprits_by_minute MODIFY TTL day + INTERVAL 400 DAY;
