// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { REAL, INT, BOOL, TEXT, OPS };

struct key {
	const char *name;
	enum kind kind;
	size_t at;
	size_t size;
	const char *preset;
	const char *about;
};

#define KEY(name, kind, member, preset, about)                             \
	{ name, kind, offsetof(struct sim_scenario, member),               \
	  sizeof(((struct sim_scenario *)0)->member), preset, about }

#define CLOCK_KEYS(side)                                                   \
	KEY(#side ".steer", TEXT, side.steer, "none",                      \
	    "none, const, chrony, slew, pll, adjtime"),                    \
	KEY(#side ".ppm", REAL, side.ppm, "0", "of const and slew"),       \
	KEY(#side ".interval", REAL, side.interval_s, "4",                 \
	    "s between two actions, mean"),                                \
	KEY(#side ".noise", REAL, side.noise_ns, "20000",                  \
	    "error of the time reference, ns"),                            \
	KEY(#side ".idle", REAL, side.idle, "0.1",                         \
	    "chance that the CPU goes idle at a tick"),                    \
	KEY(#side ".idle_ticks", REAL, side.idle_ticks, "10",              \
	    "mean length of that, ticks"),                                 \
	KEY(#side ".stall", REAL, side.stall, "0",                         \
	    "chance of a preemption inside the timekeeper's update"),      \
	KEY(#side ".stall_before", REAL, side.stall_before, "0",           \
	    "the same before its callback"),                               \
	KEY(#side ".stall_after", REAL, side.stall_after, "0",             \
	    "the same before the knot is confirmed"),                      \
	KEY(#side ".stall_ns", REAL, side.stall_ns, "1000000",             \
	    "mean length of that"),                                        \
	KEY(#side ".hpet_at", REAL, side.hpet_at_s, "0",                   \
	    "s, the clocksource changes to hpet, 0: never"),               \
	KEY(#side ".back_at", REAL, side.back_at_s, "0", "s, and back")

#define DELAY_KEYS(way, least)                                             \
	KEY(#way ".least", REAL, way.least_ns, least, "ns"),               \
	KEY(#way ".exp", REAL, way.exp_ns, "60", "ns, exponential"),       \
	KEY(#way ".tail", REAL, way.tail, "0.02", "share of slow ones"),   \
	KEY(#way ".tail_ns", REAL, way.tail_ns, "20000", "mean, ns"),      \
	KEY(#way ".rare", REAL, way.rare, "0.002", "share of very slow"),  \
	KEY(#way ".rare_ns", REAL, way.rare_ns, "3000000", "mean, ns")

static const struct key keys[] = {
	KEY("title", TEXT, title, "", "for people"),
	KEY("seconds", REAL, seconds, "60", "length of the recording"),
	KEY("late", REAL, late_s, "0", "s after which the guest records"),
	KEY("host.late", REAL, host_late_s, "0", "s, the same of the host"),
	KEY("guests", INT, guests, "1", "on one host"),
	KEY("events", INT, events, "200000", "judged, all guests together"),
	KEY("method", TEXT, method, "auto", "or the name of one method"),
	KEY("settle", INT, settle, "0", "settle after so many records"),

	KEY("khz", REAL, khz, "2496000", "of the host's TSC"),
	KEY("quartz", REAL, quartz_ppm, "20", "error of the oscillator"),
	CLOCK_KEYS(host),
	CLOCK_KEYS(guest),

	KEY("guest.clock", TEXT, clock, "tsc", "tsc, kvmclock, or host: stamps follow the host's clock"),
	KEY("guest.vcpus", INT, vcpus, "2", "of each guest"),
	KEY("guest.ratio_min", REAL, ratio_lo, "1", "TSC scaling"),
	KEY("guest.ratio_max", REAL, ratio_hi, "1", "TSC scaling"),
	KEY("guest.frac_bits", INT, frac_bits, "48", "32 or 48"),
	KEY("guest.spread", REAL, spread, "0", "cycles between vCPUs"),
	KEY("guest.swap", BOOL, swap, "no", "vcpu_id is not the CPU number"),
	KEY("guest.boot", REAL, boot_s, "100", "s before the recording"),
	KEY("guest.master", BOOL, master, "yes", "one anchor for all pages"),
	KEY("guest.reanchor", REAL, reanchor_hz, "2",
	    "times a second that each vCPU's page moves, without that"),
	KEY("guest.tsc_left", REAL, tsc_left_s, "0",
	    "s from the start until guest TSCs pass 2^64, 0: never"),
	KEY("rebase", OPS, rebase, "", "s:ns, kvm-clock's anchor moves"),
	KEY("stop", OPS, stop, "", "s:s, stopped and continued"),
	KEY("tsc_write", OPS, tsc_write, "", "s:cycles[:cpu], default all"),
	KEY("move", OPS, move, "", "s:s[:1], stopped, goes on in another VM [1: of another host]"),
	KEY("burst", OPS, burst, "", "s:s[:1], all lost, [1: by the host]"),

	KEY("beacon.hz", REAL, beacon_hz, "10", "of each guest"),
	KEY("beacon.fields", TEXT, fields, "full", "full, pairs or stamps"),
	KEY("beacon.wide", BOOL, wide, "no", "over a port"),
	DELAY_KEYS(gh, "350"),
	DELAY_KEYS(hg, "450"),
	KEY("delay_step", OPS, delay_step, "",
	    "s:ns[:1], gh [1: hg] takes so much longer from then on"),
	KEY("preempt", REAL, preempt, "0.001", "share of slow pairs"),
	KEY("preempt_ns", REAL, preempt_ns, "50000", "mean, ns"),
	KEY("loss", REAL, loss, "0", "of beacon records, each side"),
	KEY("reorder", REAL, reorder, "0",
	    "of ways that outlast the next beacons"),
	KEY("knots", BOOL, knots, "yes", "knots are recorded"),
	KEY("knot_loss", REAL, knot_loss, "0", "of knots, each side"),
	KEY("host.module", BOOL, host_tsc, "yes", "TSC events and scaling"),

	KEY("exits.hz", REAL, exits_hz, "0", "of each vCPU, 0: not recorded"),
	KEY("exits.idle", REAL, idle_exit, "0.3", "share that goes idle"),
	KEY("entry_slack", REAL, entry_slack_ns, "600", "ns, least"),
	KEY("exit_slack", REAL, exit_slack_ns, "400", "ns, least"),
	KEY("slack_exp", REAL, slack_exp_ns, "300", "ns, exponential"),
	KEY("guest_events", REAL, guest_events, "3", "per run, mean"),

	KEY("lie", TEXT, lie, "", "of the first guest; see lies.h"),
	KEY("lie.at", REAL, lie_at_s, "10", "s"),
	KEY("lie.size", REAL, lie_size, "1e9", "ns, ppm or cycles"),
	KEY("lie.share", REAL, lie_share, "1", "of beacons"),
	KEY("sabotage", REAL, sabotage, "0",
	    "cycles by which all recorded TSC offsets are wrong"),

	KEY("limit.max", REAL, limit.max_ns, "0", "ns"),
	KEY("limit.p99", REAL, limit.p99_ns, "0", "ns"),
	KEY("limit.bound_p50", REAL, limit.bound_p50_ns, "0", "ns"),
	KEY("limit.bound_max", REAL, limit.bound_max_ns, "0", "ns"),
	KEY("limit.ratio", REAL, limit.ratio, "0", "bound p99 / error p99"),
	KEY("limit.slacks", REAL, limit.slacks, "0",
	    "error over the least slack on that side"),
	KEY("limit.share", REAL, limit.share, "0",
	    "of event times that the scenario's method covers"),
	KEY("limit.bound", BOOL, limit.bound, "yes", "holds, always"),
	KEY("limit.clean", BOOL, limit.clean, "yes", "no honest one accused"),
	KEY("limit.flagged", BOOL, limit.flagged, "no", "the liar is"),
	KEY("limit.others_same", BOOL, limit.others_same, "no",
	    "other guests' maps are the same bits without the lie"),
	KEY("limit.split", BOOL, limit.split, "no",
	    "a segment begins at every step"),
	KEY("limit.settled", BOOL, limit.settled, "no",
	    "what was settled on the way is in the final map"),
	KEY("limit.contained", BOOL, limit.contained, "no",
	    "all guest events lie between entry and exit"),
	KEY("limit.caught", REAL, limit.caught_ns, "0",
	    "ns by which a map must be wrong to be contradicted"),
	KEY("limit.order_same", BOOL, limit.order_same, "no",
	    "the same bits if one side is pushed first"),
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int parse_ops(struct sim_ops *ops, const char *s)
{
	char *end;

	memset(ops, 0, sizeof(*ops));
	while (*s) {
		struct sim_op *op = &ops->op[ops->count];

		if (ops->count++ == SIM_MAX_OPS)
			return -EINVAL;
		op->at_s = strtod(s, &end);
		op->extra = -1;
		if (end == s || *end != ':')
			return -EINVAL;
		s = end + 1;
		op->value = strtod(s, &end);
		if (end == s)
			return -EINVAL;
		if (*end == ':')
			op->extra = strtod(end + 1, &end);
		while (*end == ',' || *end == ' ')
			end++;
		s = end;
	}
	return 0;
}

static int parse_bool(bool *out, const char *s)
{
	*out = !strcmp(s, "yes");
	return *out || !strcmp(s, "no") ? 0 : -EINVAL;
}

static int parse_value(struct sim_scenario *sc, const struct key *key,
		       const char *s)
{
	void *at = (char *)sc + key->at;
	char *end = "";

	switch (key->kind) {
	case REAL:
		*(double *)at = strtod(s, &end);
		break;
	case INT:
		*(int *)at = strtol(s, &end, 10);
		break;
	case BOOL:
		return parse_bool(at, s);
	case OPS:
		return parse_ops(at, s);
	case TEXT:
		if (strlen(s) >= key->size)
			return -EINVAL;
		strcpy(at, s);
		return 0;
	}
	return *s && !*end ? 0 : -EINVAL;
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s; end--)
		if (!isspace((unsigned char)end[-1]))
			break;
	*end = 0;
	return s;
}

static int parse_line(struct sim_scenario *sc, char *line)
{
	const struct key *key;
	char *s = trim(line), *eq;

	if (!*s || *s == '#')
		return 0;
	eq = strchr(s, '=');
	if (!eq)
		return -EINVAL;
	*eq = 0;
	key = find_key(trim(s));
	return key ? parse_value(sc, key, trim(eq + 1)) : -EINVAL;
}

void sim_scenario_presets(struct sim_scenario *sc)
{
	memset(sc, 0, sizeof(*sc));
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (parse_value(sc, &keys[i], keys[i].preset))
			abort();
}

static void take_name(struct sim_scenario *sc, const char *path)
{
	const char *base = strrchr(path, '/');
	char *dot;

	snprintf(sc->name, sizeof(sc->name), "%s", base ? base + 1 : path);
	dot = strrchr(sc->name, '.');
	if (dot)
		*dot = 0;
}

int sim_scenario_load(struct sim_scenario *sc, const char *path, char *error,
		      size_t error_size)
{
	FILE *f = fopen(path, "r");
	char line[256];
	int err = 0;

	sim_scenario_presets(sc);
	take_name(sc, path);
	if (!f) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -EIO;
	}
	for (int n = 1; !err && fgets(line, sizeof(line), f); n++) {
		err = parse_line(sc, line);
		if (err)
			snprintf(error, error_size,
				 "%s:%d: no such key or no such value", path,
				 n);
	}
	fclose(f);
	return err;
}

void sim_scenario_keys(void)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		printf("%-20s %-10s %s\n", keys[i].name,
		       *keys[i].preset ? keys[i].preset : "-", keys[i].about);
}
