# SPDX-License-Identifier: MIT
#
# What services' databases say, beside what vmsync layers --all --json says of the recording:
# $all[0], and $instances, $actions, $events, $migrations, $faults, $volumes, $attachments, rows
# of tables; and what logs say, $lines of log-lines.jq, of $requests, each [SERVICE, ID], that the
# operator's program made to list servers. Prints lines of fields between tabs: "eq TEXT GOT
# WANTED", "in TEXT LEAST VALUE MOST", for judge-services.sh. Times are us since the recording
# began.

# A time of a database.
def us: ((.[0:19] | strptime("%Y-%m-%d %H:%M:%S") | mktime) - $second) * 1000000 +
	(.[20:26] | tonumber) - $rest_us;
# One of vmsync's, cut off and rounded up.
def before: . / 1000 | floor;
def after: . / 1000 | ceil;
def eq($text; $got; $wanted): ["eq", $text, ($got | tostring), ($wanted | tostring)];
# The database's is not before the one, and not after the other one of vmsync's. Where Nova has
# told a whole second, it was later by less than one.
def in($text; $from; $value; $until): ["in", $text,
	($from | before) - (if $value | endswith(".000000") then 999999 else 0 end),
	($value | us), ($until | after)];

def track($name): $all[0].tracks[] | select(.name == $name) | .listed[];
def object($name; $key): [track($name) | select(.key == $key)] | first;
# The first state after so many others that is called so
def state($name): [.states[] | select(.state == $name)] | first;

# What Nova calls what it has a compute node do, and what it notifies of that
def operation: {
	compute__do_build_and_run_instance: "instance.create",
	compute_pre_live_migration: "instance.live_migration_pre",
	compute_post_live_migration_at_destination: "instance.live_migration_post_dest",
	compute_rollback_live_migration_at_destination: "instance.live_migration_rollback_dest",
	compute_live_migration_abort: "instance.live_migration_abort",
	compute_attach_volume: "instance.volume_attach",
	compute_terminate_instance: "instance.delete" }[.];
def request: {create: "instance.create", delete: "instance.delete",
	attach_volume: "instance.volume_attach", "live-migration": "instance.live_migration"}[.];

# ------------------------------------------------------------------------ instances

eq("instances: the same"; [track("instance").key] | sort | join(" ");
	[$instances[].uuid] | sort | join(" ")),
($instances[] | . as $row | .display_name as $name | object("instance"; .uuid) as $object |
	eq("\($name): its name"; $object.name; $name),
	eq("\($name): its last state"; $object.states[-1].state; .vm_state),
	eq("\($name): its last host";
		[$object.states[] | select(.state == "active") | .place] | last; .host),
	eq("\($name): the host that it was launched on"; $object | state("active").place;
		.launched_on),
	eq("\($name): it failed, or something of it"; $object.failures > 0;
		any($faults[]; .instance_uuid == $row.uuid) or
		any($migrations[]; .instance_uuid == $row.uuid and .status != "completed")),
	eq("\($name): was it in error"; any($object.states[]; .state == "error");
		any($faults[]; .instance_uuid == $row.uuid)),
	if .launched_at then
		in("\($name): launched"; $object | state("building/spawning").from_ns;
			.launched_at; $object | state("active").from_ns)
	else eq("\($name): never active"; $object | state("active"); null) end,
	in("\($name): terminated"; $object.states[-2].from_ns; .terminated_at;
		$object.states[-1].from_ns),
	in("\($name): deleted"; $object.states[-2].from_ns; .deleted_at; $object.until_ns)),

# ------------------------------------------- requests, and operations on compute nodes

($actions[] | . as $row | object("request"; .request_id) as $request |
	"\(.action) of \([$instances[] | select(.uuid == $row.instance_uuid).display_name][])" as $text |
	if .action | request | not then empty
	elif .message then eq("\($text): the request failed"; $request.failures > 0; true)
	else eq("\($text): what the request was for"; $request.name; .action | request) end,
	in("\($text): begun"; 0; .start_time; $request.states[-1].from_ns)),
(($events | map(select(.event | operation))) as $known |
	eq("operations on compute nodes";
		[track("operation") | .states[] | select(.place | startswith("nova-compute:")) |
			.state | select(. as $it | any($known[]; (.event | operation) == $it))] |
			sort | join(" ");
		[$known[].event | operation] | sort | join(" ")),
	($known[] | . as $row | ([$actions[] | select(.id == $row.action_id and
			.database == $row.database)] | first) as $action |
		([$instances[] | select(.uuid == $action.instance_uuid).display_name] | first) as $name |
		(.event | operation) as $operation |
		([object("operation"; $action.instance_uuid).states[] | select(.state == $operation and
			.place == "nova-compute:\($row.host)")] | first) as $told |
		"\($operation) of \($name) on \(.host)" as $text |
		if $told then
			["in", "\($text): Nova began first", 0, ($row.start_time | us),
				($told.from_ns | after)],
			# Of several hosts that tried, Nova keeps with the first when the last one ended.
			if .finish_time then
				["in", "\($text): and ended last", ($told.until_ns | before),
					($row.finish_time | us), 1e12],
				["gap", $text, ($told.from_ns | before) - ($row.start_time | us),
					($row.finish_time | us) - ($told.until_ns | before)]
			else empty end
		else eq("\($text)"; "not told"; "told") end)),

# ----------------------------------------------------------------------- migrations

($migrations[] | . as $row | object("instance"; .instance_uuid) as $object |
	([$object.states[] | select(.state == "active/migrating")] | first) as $moving |
	([$object.states[] | select(.state == "active" and .from_ns >= $moving.until_ns)] |
		first) as $behind |
	"migration of \($object.name)" as $text |
	eq("\($text): where it was"; $moving.place; .source_compute),
	eq("\($text): where it is"; $behind.place; if .status == "completed" then .dest_compute
		else .source_compute end),
	in("\($text): asked for"; $moving.from_ns; .created_at; $moving.until_ns),
	in("\($text): at its end"; $moving.until_ns; .updated_at;
		([$object.states[] | select(.from_ns > $behind.from_ns)] | first).from_ns)),

# -------------------------------------------------------------------------- volumes

eq("volumes: the same"; [track("volume").key] | sort | join(" "); [$volumes[].id] | sort | join(" ")),
($volumes[] | object("volume"; .id) as $object |
	eq("volume: its name"; $object.name; .display_name),
	eq("volume: its last state"; $object.states[-1].state; .status),
	eq("volume: its host"; $object.states[0].place; .host),
	eq("volume: its states"; [$object.states[].state] | join(" ");
		"creating available reserved in-use available deleting deleted"),
	in("volume: launched"; $object | state("creating").from_ns; .launched_at;
		$object | state("available").from_ns),
	# The API says so before it tells who has to.
	in("volume: terminated"; [$object.states[] | select(.state == "available").from_ns] | max;
		.terminated_at; $object | state("deleting").from_ns),
	in("volume: deleted"; $object | state("deleting").from_ns; .deleted_at;
		$object | state("deleted").from_ns)),
($attachments[] | object("volume"; .volume_id) as $object |
	object("storage"; .volume_id) as $operations |
	in("volume: attached"; $object | state("reserved").from_ns; .attach_time;
		$object | state("in-use").from_ns),
	in("volume: detached"; $operations | state("volume.detach").from_ns; .detach_time;
		$operations | state("volume.detach").until_ns),
	eq("volume: of which instance"; [$object.links[] | select(.track == "instance").key] | join(" ");
		.instance_uuid)),

# --------------------------------------------------------------- requests of a listing

# Of a request, services whose logs have it, and vmsync's in whose turn it was seen.
eq("list: a request to each of these"; $requests | map(.[0]) | unique | join(" ");
	"compute image"),
($requests[] | .[0] as $to | .[1] as $id | object("request"; $id) as $object |
	[$lines[] | select(.key == $id)] as $logged | "list: request to \($to)" as $text |
	eq("\($text): services that it went through";
		[$object.states[]?.state | split(" -> ")[]] | unique | join(" ");
		[$logged[].service] | unique | join(" ")),
	if $logged == [] then empty else
		($logged | min_by(.us)) as $first | ($logged | max_by(.us)) as $last |
		["in", "\($text): seen first", ($first.us - $second * 1000000 - $rest_us),
			($object.from_ns | before), ($first.next_us - $second * 1000000 - $rest_us)],
		["in", "\($text): seen last", ($last.us - $second * 1000000 - $rest_us),
			($object.until_ns | before), ($last.next_us - $second * 1000000 - $rest_us)],
		([$logged[] | select(.took_us)] | max_by(.took_us) // empty |
			["in", "\($text): not before \(.service) says that it began",
				(.us - .took_us - $second * 1000000 - $rest_us),
				($object.from_ns | before), 1e12])
	end),
eq("list: compute's went to Neutron and back"; [$requests[] | select(.[0] == "compute")[1] as $id |
	$lines[] | select(.key == $id).service] | unique | join(" "); "neutron-server nova-api")
| map(tostring) | join("\t")
