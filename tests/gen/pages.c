// SPDX-License-Identifier: MIT
/*
 * pages OUT [EVENTS [SEED [said]]]: traces of a host and of a guest whose processes allocate
 * and free pages, OUT/host and OUT/guest, and on stdout what vmsync memory --events has
 * to find, as JSON.
 *
 * The guest has one virtual CPU, threads and processes, of which some end and leave
 * their number to others, and names that may do harm. Blocks of pages are allocated by
 * one and freed by another process, whole or page by page. The host tells with its exits
 * which pages it gives; a second VM, whose trace is not there, has faults of its own.
 * With "said" events of pages say themselves who made them, as perf's do, and no event
 * tells who runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "writer.h"

#define PAGES	  8192
#define MOST	  4000 /* processes */
#define ALIVE	  5
#define ORDERS	  11
#define FIRST_PID 100
#define GUEST_TID 501
#define OTHER_TID 601
#define BEGIN	  77000000000
#define EPOCH	  1750000000000000000

enum { GH_GUEST, GH_HOST, HG_HOST, HG_GUEST, ENTRY, EXIT, SWITCH, FORK, DUMP, ALLOC,
       FREED, CLASSES };

#define BEACON { { "cnt", GEN_U32 }, { "vm_uid", GEN_U64 } }

#define WHO { "perf_tid", GEN_S32 }, { "perf_pid", GEN_S32 }

static struct gen_class classes[CLASSES] = {
	[GH_GUEST] = { "vmsync_gh_guest", BEACON },
	[GH_HOST] = { "vmsync_gh_host", BEACON },
	[HG_HOST] = { "vmsync_hg_host", BEACON },
	[HG_GUEST] = { "vmsync_hg_guest", BEACON },
	[ENTRY] = { "kvm_x86_entry", { { "vcpu_id", GEN_U32 } } },
	[EXIT] = { "kvm_x86_exit",
		   { { "exit_reason", GEN_U32 }, { "isa", GEN_U32 },
		     { "info1", GEN_X64 }, { "info2", GEN_X64 }, { "vcpu_id", GEN_U32 } } },
	[SWITCH] = { "sched_switch",
		     { { "prev_comm", GEN_TEXT16 }, { "prev_tid", GEN_S32 },
		       { "prev_prio", GEN_S32 }, { "prev_state", GEN_S64 },
		       { "next_comm", GEN_TEXT16 }, { "next_tid", GEN_S32 },
		       { "next_prio", GEN_S32 } } },
	[FORK] = { "sched_process_fork",
		   { { "parent_comm", GEN_TEXT16 }, { "parent_tid", GEN_S32 },
		     { "parent_pid", GEN_S32 }, { "child_comm", GEN_TEXT16 },
		     { "child_tid", GEN_S32 }, { "child_pid", GEN_S32 } } },
	[DUMP] = { "lttng_statedump_process_state",
		   { { "tid", GEN_S32 }, { "pid", GEN_S32 }, { "ppid", GEN_S32 },
		     { "name", GEN_TEXT16 } } },
	[ALLOC] = { "kmem_mm_page_alloc",
		    { { "page", GEN_X64 }, { "pfn", GEN_U64 }, { "order", GEN_U32 },
		      { "gfp_flags", GEN_U32 }, { "migratetype", GEN_S32 } } },
	[FREED] = { "kmem_mm_page_free",
		    { { "page", GEN_X64 }, { "pfn", GEN_U64 }, { "order", GEN_U32 } } },
};

static const struct gen_class said[] = {
	{ "kmem:mm_page_alloc",
	  { { "page", GEN_X64 }, { "pfn", GEN_U64 }, { "order", GEN_U32 },
	    { "gfp_flags", GEN_U32 }, { "migratetype", GEN_S32 }, WHO } },
	{ "kmem:mm_page_free",
	  { { "page", GEN_X64 }, { "pfn", GEN_U64 }, { "order", GEN_U32 }, WHO } },
};
static bool says;

/* What a process may call itself: as JSON has it, and as a terminal may get it. */
static const struct name {
	const char *raw, *json, *shown;
} names[] = {
	{ "eater", "eater", "eater" },
	{ "<b>&\"x\"", "<b>&\\\"x\\\"", "<b>&\"x\"" },
	{ "\\u0041\\", "\\\\\\\\u0041\\\\\\\\", "\\u0041\\" },
	{ "=1+1", "=1+1", "=1+1" },
	{ "fifteen bytes x", "fifteen bytes x", "fifteen bytes x" },
	{ "\x1b[2J\x1b]0;x\a", "\\u001b[2J\\u001b]0;x\\u0007",
	  "\\x1b[2J\\x1b]0;x\\x07" },
	{ "a\n 1 1 1 1  b\r", "a\\n 1 1 1 1  b\\r", "a\\x0a 1 1 1 1  b\\x0d" },
	{ "\xff\xe2\x80", "\\\\xff\\\\xe2\\\\x80", "\\xff\\xe2\\x80" },
	{ "\xe2\x80\xae" "txt", "\\u202etxt", "\\xe2\\x80\\xaetxt" },
	{ "\x7f\xc2\x9b" "31m", "\\u007f\\u009b31m", "\\x7f\\xc2\\x9b31m" },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

struct process {
	int pid;
	const struct name *name;
	uint64_t allocated, freed, held, most;
};

static struct gen_trace host, guest;
static struct process processes[MOST];
static int n_processes, alive[ALIVE], runs = -1;
static int owner[PAGES], order_of[PAGES]; /* process or -1; of a block's first page */
static bool released[PAGES], given[PAGES];
static struct {
	uint64_t allocated, freed, in_use, most, released, reused, failed, given, again,
		events;
} sum;
static uint64_t now = BEGIN, rng_state = 88172645463325252;
static uint32_t cnt;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

static void later(uint64_t ns)
{
	now += ns / 2 + 1 + rng(ns);
}

static uint64_t guest_ns(void)
{
	uint64_t h = now - 70000000000;

	return h - h / 50000;
}

#define EVENT(cpu, id, ...) \
	gen_event(&host, cpu, id, now, (struct gen_value[]){ __VA_ARGS__ })
#define GUEST_EVENT(id, ...) \
	gen_event(&guest, 0, id, guest_ns(), (struct gen_value[]){ __VA_ARGS__ })
#define N(x) { .u = (uint64_t)(x) }
#define S(x) { .s = x }

static void exit_and_entry(uint32_t cpu, uint32_t reason, uint64_t info2)
{
	later(300);
	EVENT(cpu, EXIT, N(reason), N(2), N(0), N(info2), N(0));
	later(800);
	EVENT(cpu, ENTRY, N(0));
	later(300);
}

static void beacon(void)
{
	GUEST_EVENT(GH_GUEST, N(cnt), N(4711));
	later(300);
	EVENT(0, EXIT, N(0x81), N(2), N(0), N(0), N(0));
	EVENT(0, GH_HOST, N(cnt), N(4711));
	later(200);
	EVENT(0, HG_HOST, N(cnt + 1), N(4711));
	EVENT(0, ENTRY, N(0));
	later(300);
	GUEST_EVENT(HG_GUEST, N(cnt + 1), N(4711));
	cnt += 2;
}

static void touch(uint64_t page)
{
	exit_and_entry(0, 0x400, page * 4096 + rng(4096));
	sum.events++;
	sum.again += given[page];
	sum.given += !given[page];
	given[page] = true;
}

static struct process *running(void)
{
	return &processes[alive[runs]];
}

/* Odd ones have a second thread, which is told of, too. */
static int tid_of(const struct process *p)
{
	return p->pid % 2 && rng(2) ? p->pid + 5000 : p->pid;
}

static void switch_to(int next)
{
	const struct process *p = &processes[alive[next]];
	int before = runs < 0 ? 0 : running()->pid;

	if (says) {
		runs = next;
		return;
	}
	GUEST_EVENT(SWITCH, S(runs < 0 ? "swapper/0" : running()->name->raw), N(before), N(0),
		    N(1), S(p->name->raw), N(tid_of(p)), N(0));
	later(400);
	runs = next;
}

/* In the place @at of those that are alive; now and then under a number that was used. */
static void start_process(int at, bool dumped)
{
	struct process *p = &processes[n_processes];

	*p = (struct process){ .pid = FIRST_PID + n_processes,
			       .name = &names[rng(NAMES)] };
	if (!dumped && rng(2))
		p->pid = processes[alive[at]].pid;
	alive[at] = n_processes++;
	if (dumped) {
		GUEST_EVENT(DUMP, N(p->pid), N(p->pid), N(1), S(p->name->raw));
		GUEST_EVENT(DUMP, N(p->pid + 5000), N(p->pid), N(1), S("a thread"));
		return;
	}
	GUEST_EVENT(FORK, S("init"), N(1), N(1), S(p->name->raw), N(p->pid), N(p->pid));
	later(100);
	GUEST_EVENT(FORK, S(p->name->raw), N(p->pid), N(p->pid), S("a thread"),
		    N(p->pid + 5000), N(p->pid));
	later(100);
}

static void page_alloc(uint64_t page, struct process *p)
{
	owner[page] = (int)(p - processes);
	sum.reused += released[page];
	sum.released -= released[page];
	released[page] = false;
	if (++p->held > p->most)
		p->most = p->held;
	if (++sum.in_use > sum.most)
		sum.most = sum.in_use;
}

static bool is_free(uint64_t page, uint64_t n)
{
	while (n--) {
		if (owner[page + n] >= 0)
			return false;
	}
	return true;
}

static void block_alloc(void)
{
	struct process *p = running();
	uint32_t order = rng(3) ? 0 : (uint32_t)rng(ORDERS);
	uint64_t n = 1ull << order, page = rng(PAGES / n) * n, i;

	if (rng(200) == 0) {
		GUEST_EVENT(ALLOC, N(0), N(-1), N(order), N(0xcc0), N(0), N(tid_of(p)),
			    N(p->pid));
		sum.events++;
		sum.failed++;
		return;
	}
	if (!is_free(page, n))
		return;
	GUEST_EVENT(ALLOC, N(0), N(page), N(order), N(0xcc0), N(1), N(tid_of(p)),
		    N(p->pid));
	sum.events++;
	for (i = 0; i < n; i++) {
		page_alloc(page + i, p);
		order_of[page + i] = -1;
	}
	order_of[page] = (int)order;
	sum.allocated += n;
	p->allocated += n;
	if (rng(2))
		touch(page + rng(n));
}

static void page_free(uint64_t page)
{
	if (owner[page] >= 0) {
		processes[owner[page]].held--;
		sum.in_use--;
	}
	owner[page] = -1;
	released[page] = true;
	sum.released++;
}

static void freed(uint64_t page, uint32_t order)
{
	uint64_t i;

	GUEST_EVENT(FREED, N(0), N(page), N(order), N(tid_of(running())),
		    N(running()->pid));
	sum.events++;
	for (i = 0; i < 1ull << order; i++)
		page_free(page + i);
	sum.freed += 1ull << order;
	running()->freed += 1ull << order;
}

static void block_free(void)
{
	uint64_t page = rng(PAGES), i;
	int order = order_of[page];

	/* One that was in use before the recording began. */
	if (owner[page] < 0 && !released[page] && rng(4) == 0) {
		freed(page, 0);
		return;
	}
	if (owner[page] < 0 || order < 0)
		return;
	order_of[page] = -1;
	if (!order || rng(3)) {
		freed(page, (uint32_t)order);
		return;
	}
	for (i = 0; i < 1ull << order; i++) {
		freed(page + i, 0);
		later(100);
	}
}

static void step(void)
{
	switch (rng(12)) {
	case 0:
		switch_to((int)rng(ALIVE));
		break;
	case 1:
		beacon();
		break;
	case 2:
		/* Another VM's, of the same pages by number. */
		exit_and_entry(1, 0x400, rng(PAGES) * 4096);
		break;
	case 3:
		/* An exit that is no fault, whatever its second number is. */
		exit_and_entry(0, 0x60, rng(PAGES) * 4096);
		break;
	case 4:
		if (n_processes < MOST && rng(8) == 0) {
			int at = (int)rng(ALIVE);

			start_process(at, false);
			switch_to(at);
		}
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		block_free();
		break;
	default:
		block_alloc();
	}
	later(2000);
}

/* As JSON: a backslash is two, a quote has one. */
static void put_shown(const char *text)
{
	putchar('"');
	for (; *text; text++)
		printf("%s%c", strchr("\\\"", *text) ? "\\" : "", *text);
	printf("\"]");
}

static void truth(void)
{
	const char *comma = "";
	uint64_t certain = 0;
	int i;

	for (i = 0; i < PAGES; i++)
		certain += released[i] && given[i];
	printf("{\"allocated_pages\": %" PRIu64 ", \"freed_pages\": %" PRIu64
	       ", \"in_use_pages\": %" PRIu64 ", \"most_in_use_pages\": %" PRIu64
	       ", \"released_pages\": %" PRIu64 ", \"reused_pages\": %" PRIu64
	       ", \"failed_allocations\": %" PRIu64 ", \"given_pages\": %" PRIu64
	       ", \"given_again_pages\": %" PRIu64 ", \"released_certain_pages\": %" PRIu64
	       ", \"events\": %" PRIu64 ", \"odd_pages\": 0,\n\"recorded_ns\": %" PRIu64
	       ",\n\"processes\": [",
	       sum.allocated, sum.freed, sum.in_use, sum.most, sum.released, sum.reused,
	       sum.failed, sum.given, sum.again, certain, sum.events, now - BEGIN);
	for (i = 0; i < n_processes; i++) {
		const struct process *p = &processes[i];

		if (!p->allocated && !p->freed)
			continue;
		printf("%s\n[%d, %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
		       ", \"%s\", ",
		       comma, p->pid, p->allocated, p->freed, p->held, p->most,
		       p->name->json);
		put_shown(p->name->shown);
		comma = ",";
	}
	puts("]}");
}

static void open_trace(struct gen_trace *t, const char *out, const char *name,
		       unsigned int seed, uint32_t streams)
{
	static char paths[2][4096];
	char *path = paths[seed - 1];

	snprintf(path, sizeof(paths[0]), "%s/%s", out, name);
	*t = (struct gen_trace){ .path = path, .classes = classes, .n_classes = CLASSES,
				 .packet = 8192, .n_streams = streams };
	gen_open(t, name, seed, EPOCH);
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? (unsigned int)atoi(argv[2]) : 20000;
	int i;

	if (argc < 2 || (mkdir(argv[1], 0755) && errno != EEXIST)) {
		fprintf(stderr, "usage: pages OUT [EVENTS [SEED [said]]]\n");
		return 2;
	}
	if (argc > 3)
		rng_state += strtoull(argv[3], NULL, 0) * 0x9e3779b97f4a7c15;
	says = argc > 4;
	if (says)
		memcpy(&classes[ALLOC], said, sizeof(said));
	open_trace(&host, argv[1], "host", 1, 2);
	open_trace(&guest, argv[1], "guest", 2, 1);
	memset(owner, -1, sizeof(owner));
	memset(order_of, -1, sizeof(order_of));
	EVENT(0, DUMP, N(GUEST_TID), N(500), N(1), S("CPU 0/KVM"));
	EVENT(1, DUMP, N(OTHER_TID), N(600), N(1), S("CPU 0/KVM"));
	EVENT(0, SWITCH, S("swapper/0"), N(0), N(0), N(0), S("CPU 0/KVM"), N(GUEST_TID), N(0));
	EVENT(1, SWITCH, S("swapper/1"), N(0), N(0), N(0), S("CPU 0/KVM"), N(OTHER_TID), N(0));
	later(1000);
	EVENT(0, ENTRY, N(0));
	EVENT(1, ENTRY, N(0));
	later(1000);
	for (i = 0; i < ALIVE; i++)
		start_process(i, true);
	switch_to(0);
	beacon();
	while (n--)
		step();
	beacon();
	later(1000);
	gen_stop(&host, now);
	gen_stop(&guest, guest_ns());
	gen_close(&host);
	gen_close(&guest);
	truth();
	return 0;
}
