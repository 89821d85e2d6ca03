// SPDX-License-Identifier: MIT
/* The traces that both leave: a session of the kernel's, and those beside it. */
#include "pair.h"
#include "uapi/vmsync_clock.h"

int64_t truth_sum;

uint64_t recorded(const struct kernel *k)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < k->trace.n_streams; i++)
		n += k->trace.streams[i].events;
	return n;
}

/* Whether the host's recording is stopped at this moment. */
static bool paused(void)
{
	static uint64_t since; /* guest events, 0: it was not yet */

	if (!opt.pause || recorded(&host) < opt.events / 2)
		return false;
	if (!since) {
		since = recorded(guest);
		gen_flush(&host.trace, stamp(&host, now));
	}
	return recorded(guest) < since + opt.pause;
}

void emit(struct kernel *k, uint32_t cpu, uint32_t id,
	  const struct gen_value *values)
{
	uint64_t at = stamp(k, now + ahead(k, cpu));

	if (k == &host && paused())
		return;
	gen_event(&k->trace, cpu, id, at, values);
	if (k == guest)
		truth_sum += (int64_t)(stamp(&host, now) - at);
}

struct gen_value number(uint64_t u)
{
	return (struct gen_value){ .u = u };
}

void add_truth(uint32_t id, struct gen_value *v)
{
	size_t n = 0;

	while (classes[id].fields[n].type)
		n++;
	if (opt.truth)
		v[n - 1] = number(stamp(&host, now));
}

void kernel_init(struct kernel *k, const char *path, uint32_t n_cpus,
		 uint64_t tsc_offset, int64_t base_ns, int ppm)
{
	k->trace = (struct gen_trace){
		.path = path,
		.classes = classes,
		.n_classes = opt.clock_cycles ? N_CLASSES :
			     opt.halts	      ? FOLLOWED :
						HALTED,
		.clock = opt.clock_cycles && k == guest ? VMSYNC_CLOCK_NAME :
							   NULL,
		.large = opt.large,
		.packet = opt.packet,
		.timer = opt.timer,
		.early_ns = k == guest ? opt.early_ns : 0,
		.n_streams = n_cpus,
	};
	k->tsc_offset = tsc_offset;
	k->line.cycle_last = k->line.since = now - tsc_offset;
	k->line.base_ns = base_ns;
	k->line.mult = (uint32_t)((1000000ull << SHIFT) / TSC_KHZ);
	k->line.mult += (uint32_t)((int64_t)k->line.mult * ppm / 1000000);
	k->line.seq = 1;
	k->next_knot = now + rng_exp((double)opt.knot_cycles);
}

/* A second session, in a folder beside the first one's. */
static void session_open(const struct kernel *k, struct gen_trace *t,
			 const char *name, const char *hostname, uint64_t seed,
			 int64_t offset)
{
	static char paths[2 + 2 * GUESTS_MAX][4096];
	static size_t n;
	char *path = paths[n++];

	snprintf(path, sizeof(paths[0]), "%s-%s", k->trace.path, name);
	t->path = path;
	t->packet = opt.packet;
	t->clock_seed = seed;
	t->clock = k->trace.clock;
	t->n_streams = k->trace.n_streams;
	gen_open(t, hostname, seed + n * 1000000, offset);
}

void sessions_open(struct kernel *k, const char *hostname, uint64_t seed,
		   int64_t offset)
{
	gen_open(&k->trace, hostname, seed, offset);
	k->ust = (struct gen_trace){ .classes = ust_classes, .n_classes = 1,
				     .user_space = true };
	k->blocks = (struct gen_trace){ .classes = blocks_classes,
					.n_classes = blocks_n_classes };
	if (opt.ust)
		session_open(k, &k->ust, "ust", hostname, seed,
			     offset + (int64_t)opt.ust);
	if (opt.blocks)
		session_open(k, &k->blocks, "blocks", hostname, seed, offset);
}

static void session_close(struct kernel *k, struct gen_trace *t)
{
	gen_stop(t, stamp(k, now));
	gen_close(t);
}

void sessions_close(struct kernel *k)
{
	session_close(k, &k->trace);
	if (opt.ust)
		session_close(k, &k->ust);
	if (opt.blocks)
		session_close(k, &k->blocks);
}
