// SPDX-License-Identifier: MIT
#include "freeze/budget.h"

#define HOUR_NS (3600 * 1000000000ll)

/* Before any time that is told. */
#define NEVER INT64_MIN

void freeze_budget_init(struct freeze_budget *b)
{
	size_t i;

	b->busy = false;
	b->used_bytes = b->ended_ns = b->quiet_ns = 0;
	for (i = 0; i < FREEZE_MOST_PER_HOUR; i++)
		b->begun_ns[i] = NEVER;
	for (i = 0; i < FREEZE_REFUSALS; i++)
		b->refused[i] = 0;
}

/* One was within the hour that ends at @now_ns. */
static bool is_recent(int64_t begun_ns, uint64_t now_ns)
{
	return begun_ns != NEVER && (int64_t)now_ns - begun_ns < HOUR_NS;
}

unsigned int freeze_budget_left(const struct freeze_budget *b, uint64_t now_ns)
{
	unsigned int i, n = 0;

	for (i = 0; i < b->per_hour; i++)
		n += !is_recent(b->begun_ns[i], now_ns);
	return n;
}

uint64_t freeze_budget_bytes(const struct freeze_budget *b)
{
	uint64_t allowed, there;

	allowed = b->used_bytes < b->disk_bytes ? b->disk_bytes - b->used_bytes :
						  0;
	there = b->free_bytes > FREEZE_LEAST_BYTES ?
			b->free_bytes - FREEZE_LEAST_BYTES :
			0;
	return allowed < there ? allowed : there;
}

/* The next one takes the place of the one that was so many before it. */
static size_t oldest(const struct freeze_budget *b)
{
	size_t i, o = 0;

	for (i = 1; i < b->per_hour; i++)
		o = b->begun_ns[i] < b->begun_ns[o] ? i : o;
	return o;
}

static enum freeze_refusal look(const struct freeze_budget *b, uint64_t now_ns,
				uint64_t at_ns, uint64_t before_ns)
{
	if (now_ns < b->quiet_ns)
		return FREEZE_QUIET;
	if (at_ns > now_ns || before_ns > FREEZE_MOST_BEFORE_NS)
		return FREEZE_TIME;
	if (b->busy)
		return FREEZE_BUSY;
	if (b->ended_ns && now_ns - b->ended_ns < b->dead_ns)
		return FREEZE_DEAD;
	if (is_recent(b->begun_ns[oldest(b)], now_ns))
		return FREEZE_HOURLY;
	if (!freeze_budget_bytes(b))
		return FREEZE_DISK;
	return FREEZE_ALLOWED;
}

enum freeze_refusal freeze_budget_ask(struct freeze_budget *b, uint64_t now_ns,
				      uint64_t at_ns, uint64_t before_ns)
{
	enum freeze_refusal why = look(b, now_ns, at_ns, before_ns);

	b->refused[why] += why != FREEZE_ALLOWED;
	return why;
}

static void count(struct freeze_budget *b, int64_t begun_ns)
{
	size_t o = oldest(b);

	if (b->begun_ns[o] < begun_ns)
		b->begun_ns[o] = begun_ns;
}

void freeze_budget_earlier(struct freeze_budget *b, int64_t begun_ns)
{
	count(b, begun_ns);
	if (begun_ns > 0 && (uint64_t)begun_ns > b->ended_ns)
		b->ended_ns = (uint64_t)begun_ns;
}

void freeze_budget_begin(struct freeze_budget *b, uint64_t now_ns)
{
	count(b, (int64_t)now_ns);
	b->busy = true;
}

void freeze_budget_end(struct freeze_budget *b, uint64_t now_ns,
		       uint64_t used_bytes)
{
	b->busy = false;
	b->ended_ns = now_ns;
	b->used_bytes = used_bytes;
}

uint64_t freeze_budget_wait_ns(const struct freeze_budget *b,
			       enum freeze_refusal why)
{
	switch (why) {
	case FREEZE_QUIET:
		return b->quiet_ns;
	case FREEZE_DEAD:
		return b->ended_ns + b->dead_ns;
	case FREEZE_HOURLY:
		return (uint64_t)(b->begun_ns[oldest(b)] + HOUR_NS);
	default:
		return 0;
	}
}

const char *freeze_refusal_name(enum freeze_refusal why)
{
	static const char *const names[] = {
		[FREEZE_ALLOWED] = "allowed", [FREEZE_QUIET] = "quiet",
		[FREEZE_TIME] = "time",	      [FREEZE_BUSY] = "busy",
		[FREEZE_DEAD] = "dead_time",  [FREEZE_HOURLY] = "per_hour",
		[FREEZE_DISK] = "disk",
	};

	return names[why];
}
