// SPDX-License-Identifier: MIT
/*
 * fleet URL FIRST HOSTS VMS ROWS SECONDS: loads what HOSTS hosts with VMS
 * virtual machines of one virtual CPU each did in SECONDS, ROWS rows of states
 * a host, into a server of ClickHouse, with who had their CPUs. The hosts are
 * numbered from FIRST on; of each, one VM runs while others wait more often
 * than the rest do, the more so the higher the number of the host. Prints "HOST
 * VM NS" for each VM that ran while others waited.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/clickhouse_load.h"

#define MOST_VMS 1000
#define EPOCH	 1750000000000000000
#define WAITS	 10 /* one state in so many is one of waiting */

static uint64_t rng_state = 88172645463325252;
static unsigned int vms, rows;
static int64_t length_ns;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

static struct export_value number(int64_t n)
{
	return (struct export_value){ .number = n };
}

static struct export_value text(const char *s)
{
	return (struct export_value){ .text = s };
}

static const struct export_value none = { .none = true };

static void put(struct clickhouse_load *l, enum export_table t,
		const struct export_value *v)
{
	if (clickhouse_load_row(l, t, v)) {
		fprintf(stderr, "fleet: %s\n", clickhouse_load_why(l));
		exit(2);
	}
}

/* Somebody else; VM 0 the more often the more @weight it has, of 1000. */
static unsigned int culprit_of(unsigned int vm, unsigned int weight)
{
	unsigned int c = rng(1000) < weight ? 0 : (unsigned int)rng(vms);

	return c == vm ? (c + 1) % vms : c;
}

static void state_put(struct clickhouse_load *l, unsigned int vm, int64_t from,
		      int64_t until, const char *state)
{
	const struct export_value v[] = {
		number(vm),  number(from), number(until),   text(state),
		text(state), number(1),	   number(vm % 16), none,
		none,	     none,
	};

	put(l, EXPORT_STATES, v);
}

static void charge_put(struct clickhouse_load *l, unsigned int vm, int64_t from,
		       int64_t until, unsigned int culprit)
{
	const struct export_value v[] = {
		number(vm), number(from), number(until),   text("preempted"),
		number(1),  text("vcpu"), number(culprit), number(culprit),
	};

	put(l, EXPORT_CHARGES, v);
}

/* States of all virtual CPUs in turn, of about the same length. */
static void states(struct clickhouse_load *l, unsigned int weight,
		   int64_t had[MOST_VMS])
{
	static const char *const others[] = {"guest", "hypervisor", "guest",
					     "halted"};
	int64_t step = length_ns / (rows / vms), from[MOST_VMS] = { 0 };
	unsigned int i;

	for (i = 0; i < rows; i++) {
		unsigned int vm = i % vms, turn = i / vms, culprit;
		int64_t until =
			(turn + 1) * step - (int64_t)rng((uint64_t)step / 2);
		bool waits = !rng(WAITS);

		state_put(l, vm, from[vm], until,
			  waits ? "preempted" : others[turn % 4]);
		if (waits) {
			culprit = culprit_of(vm, weight);
			charge_put(l, vm, from[vm], until, culprit);
			had[culprit] += until - from[vm];
		}
		from[vm] = until;
	}
}

static void names(struct clickhouse_load *l, const char *host)
{
	const struct export_value machine[] = {
		number(0), text(host), text("host"),
		number(0), number(0),  number(length_ns),
	};
	unsigned int i;

	put(l, EXPORT_MACHINES, machine);
	for (i = 0; i < vms; i++) {
		char name[32];
		const struct export_value vcpu[] = {
			number(i), text(name), number(1000 + i),
			number(i), number(0),  none,
			none,
		};

		snprintf(name, sizeof(name), "vm%u", i);
		put(l, EXPORT_VCPUS, vcpu);
	}
}

static void host_load(const struct http_url *url, unsigned int nr,
		      unsigned int weight)
{
	int64_t had[MOST_VMS] = { 0 };
	char host[32], boot[40];
	const struct clickhouse_recording r = {
		.host = host,
		.origin = { .boot = text(boot), .realtime = number(EPOCH) },
		.number = nr,
	};
	struct clickhouse_load *l;
	unsigned int i;

	snprintf(host, sizeof(host), "host%04u", nr);
	snprintf(boot, sizeof(boot), "00000000-0000-0000-0000-%012u", nr);
	l = clickhouse_load_new(url, NULL, &r);
	if (!l)
		exit(2);
	states(l, weight, had);
	names(l, host);
	if (clickhouse_load_end(l)) {
		fprintf(stderr, "fleet: %s\n", clickhouse_load_why(l));
		exit(2);
	}
	clickhouse_load_free(l);
	for (i = 0; i < vms; i++)
		printf("%s vm%u %" PRId64 "\n", host, i, had[i]);
}

int main(int argc, char **argv)
{
	struct http_url url;
	unsigned int first, hosts, i;

	if (argc != 7 || clickhouse_url_parse(argv[1], &url)) {
		fprintf(stderr,
			"usage: fleet URL FIRST HOSTS VMS ROWS SECONDS\n");
		return 2;
	}
	first = (unsigned int)strtoul(argv[2], NULL, 0);
	hosts = (unsigned int)strtoul(argv[3], NULL, 0);
	vms = (unsigned int)strtoul(argv[4], NULL, 0);
	rows = (unsigned int)strtoul(argv[5], NULL, 0);
	length_ns = strtoll(argv[6], NULL, 0) * 1000000000;
	if (vms < 2 || vms > MOST_VMS || rows < vms || length_ns <= 0)
		return 2;
	rng_state += first;
	for (i = 0; i < hosts; i++)
		host_load(&url, first + i, (first + i) % 1000);
	return 0;
}
