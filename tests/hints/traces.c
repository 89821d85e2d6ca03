// SPDX-License-Identifier: MIT
/*
 * What the scheduler does, as LTTng would have recorded it on the host, and in the
 * guests, whose clocks are their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gen/writer.h"
#include "world.h"

#define EPOCH	   1750000000000000000
#define BOOT_NS	   77000000000 /* the host had run for so long */
#define BEACON_NS  300000000
#define VM_EXIT_INTR 0x60
#define VM_EXIT_HLT  0x78
#define VM_EXIT_VMMCALL 0x81

enum {
	GH_GUEST,
	GH_HOST,
	HG_HOST,
	HG_GUEST,
	ENTRY,
	EXIT,
	SWITCH,
	WAKING,
	WAKEUP,
	MIGRATE,
	DUMP,
	CLASSES,
};

#define BEACON {{"cnt", GEN_U32}, {"vm_uid", GEN_U64}}
#define WOKEN                                                              \
	{{"comm", GEN_TEXT16}, {"tid", GEN_S32}, {"prio", GEN_S32},        \
	 {"target_cpu", GEN_S32}}

static const struct gen_class classes[] = {
	[GH_GUEST] = {"vmsync_gh_guest", BEACON},
	[GH_HOST] = {"vmsync_gh_host", BEACON},
	[HG_HOST] = {"vmsync_hg_host", BEACON},
	[HG_GUEST] = {"vmsync_hg_guest", BEACON},
	[ENTRY] = {"kvm_x86_entry", {{"vcpu_id", GEN_U32}}},
	[EXIT] = {"kvm_x86_exit",
		  {{"exit_reason", GEN_U32},
		   {"isa", GEN_U32},
		   {"vcpu_id", GEN_U32}}},
	[SWITCH] = {"sched_switch",
		    {{"prev_comm", GEN_TEXT16},
		     {"prev_tid", GEN_S32},
		     {"prev_prio", GEN_S32},
		     {"prev_state", GEN_S64},
		     {"next_comm", GEN_TEXT16},
		     {"next_tid", GEN_S32},
		     {"next_prio", GEN_S32}}},
	[WAKING] = {"sched_waking", WOKEN},
	[WAKEUP] = {"sched_wakeup", WOKEN},
	[MIGRATE] = {"sched_migrate_task",
		     {{"comm", GEN_TEXT16},
		      {"tid", GEN_S32},
		      {"prio", GEN_S32},
		      {"orig_cpu", GEN_S32},
		      {"dest_cpu", GEN_S32}}},
	[DUMP] = {"lttng_statedump_process_state",
		  {{"tid", GEN_S32},
		   {"pid", GEN_S32},
		   {"ppid", GEN_S32},
		   {"name", GEN_TEXT16}}},
};

struct stream {
	int runs;	/* task, -1: idle */
	bool in_guest;
	uint64_t last;
	int was;	/* CPU of the task that is moved */
};

struct guest {
	struct gen_trace trace;
	char path[4096];
	uint64_t last[MAX_TASKS];	/* by virtual CPU */
	int64_t beacon_ns[MAX_TASKS];
	uint32_t cnt;
};

struct writer {
	struct world *w;
	struct gen_trace host;
	char path[4096];
	struct stream cpus[MAX_CPUS];
	bool with_guests;
	struct guest guests[MAX_VMS];
	int at[MAX_TASKS];	/* CPU of each task, as told */
};

#define N(x) {.u = (uint64_t)(x)}
#define S(x) {.s = x}
#define EVENT(w, ns, cpu, id, ...)                              \
	gen_event(&(w)->host, (uint32_t)(cpu), id, at(w, cpu, ns), \
		  (struct gen_value[]){__VA_ARGS__})
#define GUEST_EVENT(w, k, ns, id, ...)                                         \
	gen_event(&(w)->guests[(k)->vm].trace, (uint32_t)(k)->number, id,      \
		  guest_at(&(w)->guests[(k)->vm], k, ns),                      \
		  (struct gen_value[]){__VA_ARGS__})

/* A beacon takes its time; what comes meanwhile is told when it is over. */
static uint64_t at(struct writer *w, int cpu, int64_t ns)
{
	struct stream *c = &w->cpus[cpu];

	if ((uint64_t)ns + BOOT_NS > c->last)
		c->last = (uint64_t)ns + BOOT_NS;
	return c->last;
}

static uint64_t guest_clock(int vm, int64_t ns)
{
	uint64_t g = (uint64_t)ns + 7000000000 + (uint64_t)vm * 1000000000;

	return vm % 2 ? g + g / 100000 : g - g / 50000;
}

static uint64_t guest_at(struct guest *g, const struct task *k, int64_t ns)
{
	uint64_t stamp = guest_clock(k->vm, ns);

	if (stamp > g->last[k->number])
		g->last[k->number] = stamp;
	return g->last[k->number];
}

static struct task *task_of(struct writer *w, int cpu)
{
	int runs = w->cpus[cpu].runs;

	return runs < 0 ? NULL : &w->w->tasks[runs];
}

static void leave(struct writer *w, int64_t ns, int cpu, uint32_t reason)
{
	struct task *k = task_of(w, cpu);

	if (!w->cpus[cpu].in_guest)
		return;
	EVENT(w, ns, cpu, EXIT, N(reason), N(2), N(k->number));
	w->cpus[cpu].in_guest = false;
}

static void enter(struct writer *w, int64_t ns, int cpu)
{
	struct task *k = task_of(w, cpu);

	if (!k || k->kind != VCPU || w->cpus[cpu].in_guest)
		return;
	EVENT(w, ns, cpu, ENTRY, N(k->number));
	w->cpus[cpu].in_guest = true;
}

/* Within the guest; is so afterwards. */
static void beacon(struct writer *w, int64_t ns, int cpu)
{
	struct task *k = task_of(w, cpu);
	struct guest *g = &w->guests[k->vm];
	uint64_t uid = 4711 + (uint64_t)k->vm;

	if (ns < g->beacon_ns[k->number])
		return;
	g->beacon_ns[k->number] = ns + BEACON_NS;
	GUEST_EVENT(w, k, ns + 300, GH_GUEST, N(g->cnt), N(uid));
	leave(w, ns + 500, cpu, VM_EXIT_VMMCALL);
	EVENT(w, ns + 600, cpu, GH_HOST, N(g->cnt), N(uid));
	EVENT(w, ns + 700, cpu, HG_HOST, N(g->cnt + 1), N(uid));
	enter(w, ns + 800, cpu);
	GUEST_EVENT(w, k, ns + 1000, HG_GUEST, N(g->cnt + 1), N(uid));
	g->cnt += 2;
}

static const char *const guest_names[] = {"swapper/0", "worker"};

/* The guest's own scheduler: its worker, or nothing. */
static void guest_switch(struct writer *w, const struct task *k, int64_t ns, int to)
{
	int tid = 1000 + k->number;

	GUEST_EVENT(w, k, ns, SWITCH, S(guest_names[!to]), N(to ? 0 : tid), N(0),
		    N(!to), S(guest_names[to]), N(to ? tid : 0), N(0));
}

static void wake(void *ctx, int64_t ns, int task, int cpu, bool moved)
{
	struct writer *w = ctx;
	const struct task *k = &w->w->tasks[task];

	leave(w, ns, cpu, VM_EXIT_INTR);
	EVENT(w, ns, cpu, WAKING, S(k->name), N(k->tid), N(20), N(w->at[task]));
	if (moved)
		EVENT(w, ns, cpu, MIGRATE, S(k->name), N(k->tid), N(20),
		      N(w->at[task]), N(cpu));
	EVENT(w, ns, cpu, WAKEUP, S(k->name), N(k->tid), N(20), N(cpu));
	w->at[task] = cpu;
}

static void move(void *ctx, int64_t ns, int task, int cpu)
{
	struct writer *w = ctx;
	const struct task *k = &w->w->tasks[task];

	leave(w, ns, cpu, VM_EXIT_INTR);
	EVENT(w, ns, cpu, MIGRATE, S(k->name), N(k->tid), N(20), N(w->at[task]),
	      N(cpu));
	w->at[task] = cpu;
}

static void change(void *ctx, int64_t ns, int cpu, int prev, bool sleeps, int next)
{
	struct writer *w = ctx;
	struct task *tasks = w->w->tasks;

	if (prev >= 0 && tasks[prev].kind == VCPU && sleeps && w->with_guests)
		guest_switch(w, &tasks[prev], ns - 1, 0);
	leave(w, ns, cpu, sleeps ? VM_EXIT_HLT : VM_EXIT_INTR);
	EVENT(w, ns, cpu, SWITCH, S(prev < 0 ? "swapper" : tasks[prev].name),
	      N(prev < 0 ? 0 : tasks[prev].tid), N(0), N(prev >= 0 && sleeps),
	      S(next < 0 ? "swapper" : tasks[next].name),
	      N(next < 0 ? 0 : tasks[next].tid), N(0));
	w->cpus[cpu].runs = next;
	enter(w, ns, cpu);
	if (next < 0 || tasks[next].kind != VCPU || !w->with_guests)
		return;
	guest_switch(w, &tasks[next], ns + 1, 1);
	beacon(w, ns, cpu);
}

/* An interrupt is over: a guest that was left for it goes on. */
static void step(void *ctx, int64_t ns)
{
	struct writer *w = ctx;
	int i;

	for (i = 0; i < w->w->n_cpus; i++)
		enter(w, ns, i);
}

static void open_guests(struct writer *w, const char *out)
{
	int i, k;

	for (i = 0; i < w->w->n_vms; i++) {
		struct guest *g = &w->guests[i];
		char name[16];
		int n = 0;

		for (k = 0; k < w->w->n_tasks; k++)
			n += w->w->tasks[k].kind == VCPU && w->w->tasks[k].vm == i;
		snprintf(g->path, sizeof(g->path), "%s/vm%d", out, i);
		snprintf(name, sizeof(name), "vm%d", i);
		g->trace = (struct gen_trace){.path = g->path,
					      .classes = classes,
					      .n_classes = CLASSES,
					      .packet = 32768,
					      .n_streams = (uint32_t)n};
		gen_open(&g->trace, name, 2 + (uint64_t)i, EPOCH);
	}
}

static void dump(struct writer *w)
{
	int i;

	for (i = 0; i < w->w->n_tasks; i++) {
		const struct task *k = &w->w->tasks[i];

		w->at[i] = __builtin_ctzll(k->cpus);
		EVENT(w, 0, 0, DUMP, N(k->tid), N(k->pid), N(1), S(k->name));
	}
	for (i = 0; i < w->w->n_cpus; i++) {
		w->cpus[i].runs = -1;
		EVENT(w, 0, i, SWITCH, S("swapper"), N(0), N(0), N(0), S("swapper"),
		      N(0), N(0));
	}
}

static void close_all(struct writer *w)
{
	uint64_t end = (uint64_t)w->w->length_ns + BOOT_NS;
	int i;

	for (i = 0; i < w->w->n_cpus; i++)
		end = w->cpus[i].last > end ? w->cpus[i].last : end;
	gen_stop(&w->host, end);
	gen_close(&w->host);
	for (i = 0; w->with_guests && i < w->w->n_vms; i++) {
		gen_stop(&w->guests[i].trace, guest_clock(i, w->w->length_ns));
		gen_close(&w->guests[i].trace);
	}
}

void traces_write(struct world *w, const char *out, bool guests)
{
	static struct writer writer;
	const struct sched_teller teller = {.wake = wake,
					    .move = move,
					    .change = change,
					    .step = step,
					    .ctx = &writer};

	writer = (struct writer){.w = w, .with_guests = guests};
	snprintf(writer.path, sizeof(writer.path), "%s/host", out);
	writer.host = (struct gen_trace){.path = writer.path,
					 .classes = classes,
					 .n_classes = CLASSES,
					 .packet = 65536,
					 .n_streams = (uint32_t)w->n_cpus};
	gen_open(&writer.host, "host", 1, EPOCH);
	if (guests)
		open_guests(&writer, out);
	dump(&writer);
	sched_run(w, &teller, false);
	close_all(&writer);
}
