// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/machine.h"
#include "fuse/runner.h"

/* A trace may claim any CPU number and any number of threads. */
#define MAX_CPUS    65536
#define MAX_THREADS (1u << 20)

/* What an event class means here. */
enum role {
	ROLE_NONE,
	ROLE_ENTRY,
	ROLE_EXIT,
	ROLE_SWITCH, /* tid, name: next_tid, next_comm */
	ROLE_DUMP,   /* tid, pid, name of a thread that exists */
};

enum field {
	FIELD_TID,
	FIELD_PID,
	FIELD_NAME,
	FIELD_VCPU,
	FIELDS,
};

struct class_row {
	enum role role;
	bool has[FIELDS];
	struct ctf_field field[FIELDS];
};

struct thread {
	int32_t tid; /* 0: free slot */
	int32_t pid;
	int32_t vcpu_id;
};

struct vmsync_runner {
	struct class_row **traces; /* [n_traces][classes] */
	uint32_t n_traces;
	int32_t *running; /* by host CPU, 0: not known */
	uint32_t n_running;
	struct thread *threads; /* open addressing, a power of two */
	uint32_t n_slots;
	uint32_t n_threads;
};

struct vmsync_runner *vmsync_runner_new(void)
{
	return calloc(1, sizeof(struct vmsync_runner));
}

void vmsync_runner_free(struct vmsync_runner *r)
{
	uint32_t i;

	if (!r)
		return;
	for (i = 0; i < r->n_traces; i++)
		free(r->traces[i]);
	free(r->traces);
	free(r->running);
	free(r->threads);
	free(r);
}

static void context(struct class_row *row, const struct ctf_class *cls,
		    enum field f, const char *name)
{
	row->has[f] = ctf_field_find(cls, CTF_STREAM_CONTEXT, name,
				     &row->field[f]) ||
		      ctf_field_find(cls, CTF_EVENT_CONTEXT, name,
				     &row->field[f]);
}

static void payload(struct class_row *row, const struct ctf_class *cls,
		    enum field f, const char *name)
{
	row->has[f] = ctf_field_find(cls, CTF_PAYLOAD, name, &row->field[f]);
}

static void row_init(struct class_row *row, const struct ctf_class *cls)
{
	if (vmsync_class_is_entry(cls) || vmsync_class_is_exit(cls)) {
		row->role = vmsync_class_is_entry(cls) ? ROLE_ENTRY : ROLE_EXIT;
		context(row, cls, FIELD_TID, "tid");
		context(row, cls, FIELD_PID, "pid");
		context(row, cls, FIELD_NAME, "procname");
		payload(row, cls, FIELD_VCPU, "vcpu_id");
	} else if (!strcmp(cls->name, "sched_switch")) {
		row->role = ROLE_SWITCH;
		payload(row, cls, FIELD_TID, "next_tid");
		payload(row, cls, FIELD_NAME, "next_comm");
	} else if (!strcmp(cls->name, "lttng_statedump_process_state")) {
		row->role = ROLE_DUMP;
		payload(row, cls, FIELD_TID, "tid");
		payload(row, cls, FIELD_PID, "pid");
		payload(row, cls, FIELD_NAME, "name");
	}
}

static int add(struct vmsync_runner *r, const struct ctf_trace *t,
	       uint8_t *want, bool all)
{
	size_t i, n = ctf_trace_classes(t);
	struct class_row *rows = calloc(n + 1, sizeof(*rows));
	struct class_row **traces;
	bool contexts = !all;

	traces = realloc(r->traces, (r->n_traces + 1) * sizeof(*traces));
	if (traces)
		r->traces = traces;
	if (!traces || !rows) {
		free(rows);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		struct class_row *row = &rows[i];

		row_init(row, ctf_trace_class(t, i));
		if (row->role == ROLE_ENTRY || row->role == ROLE_EXIT) {
			want[i] = 1;
			contexts &= row->has[FIELD_TID];
		}
	}
	/* With the thread in each event, no need to know who runs where. */
	for (i = 0; !contexts && i < n; i++) {
		if (rows[i].role)
			want[i] = 1;
	}
	traces[r->n_traces++] = rows;
	return 0;
}

int vmsync_runner_add(struct vmsync_runner *r, const struct ctf_trace *t,
		      uint8_t *want)
{
	return add(r, t, want, false);
}

int vmsync_runner_add_all(struct vmsync_runner *r, const struct ctf_trace *t,
			  uint8_t *want)
{
	return add(r, t, want, true);
}

static int32_t number(const struct class_row *row, enum field f,
		      const struct ctf_event *ev, int32_t otherwise)
{
	uint64_t value;

	if (!row->has[f] || !ctf_get_u64(ev, &row->field[f], &value))
		return otherwise;
	return (int32_t)value;
}

/* QEMU's names of vCPU threads: "CPU 3/KVM". */
static int32_t vcpu_of_name(const struct class_row *row,
			    const struct ctf_event *ev)
{
	const char *s = NULL;
	int32_t id = 0;
	size_t len, i;

	if (row->has[FIELD_NAME])
		s = ctf_get_str(ev, &row->field[FIELD_NAME], &len);
	if (!s || len < 9 || memcmp(s, "CPU ", 4))
		return -1;
	for (i = 4; i < len && i < 9 && s[i] >= '0' && s[i] <= '9'; i++)
		id = id * 10 + (s[i] - '0');
	return i > 4 && len - i >= 4 && !memcmp(s + i, "/KVM", 4) ? id : -1;
}

static struct thread *slot_of(struct thread *threads, uint32_t n, int32_t tid)
{
	uint32_t i = (uint32_t)tid * 2654435761u & (n - 1);

	while (threads[i].tid && threads[i].tid != tid)
		i = (i + 1) & (n - 1);
	return &threads[i];
}

static bool threads_grow(struct vmsync_runner *r)
{
	uint32_t i, n = r->n_slots ? 2 * r->n_slots : 256;
	struct thread *threads;

	if (n > MAX_THREADS)
		return false;
	threads = calloc(n, sizeof(*threads));
	if (!threads)
		return false;
	for (i = 0; i < r->n_slots; i++) {
		if (r->threads[i].tid)
			*slot_of(threads, n, r->threads[i].tid) = r->threads[i];
	}
	free(r->threads);
	r->threads = threads;
	r->n_slots = n;
	return true;
}

/* What is known of a thread; a thread without a slot stays unknown. */
static struct thread *thread_of(struct vmsync_runner *r, int32_t tid)
{
	static struct thread nobody;
	struct thread *t;

	if (tid <= 0 ||
	    (2 * r->n_threads >= r->n_slots && !threads_grow(r))) {
		nobody = (struct thread){ .vcpu_id = -1 };
		return &nobody;
	}
	t = slot_of(r->threads, r->n_slots, tid);
	if (!t->tid) {
		t->tid = tid;
		t->vcpu_id = -1;
		r->n_threads++;
	}
	return t;
}

static void thread_learn(struct vmsync_runner *r, int32_t tid, int32_t pid,
			 int32_t vcpu_id)
{
	struct thread *t = thread_of(r, tid);

	if (pid > 0)
		t->pid = pid;
	if (vcpu_id >= 0)
		t->vcpu_id = vcpu_id;
}

static int32_t *running_on(struct vmsync_runner *r, uint32_t cpu)
{
	static int32_t nobody;
	int32_t *running;

	if (cpu < r->n_running)
		return &r->running[cpu];
	nobody = 0;
	if (cpu >= MAX_CPUS)
		return &nobody;
	running = realloc(r->running, (cpu + 1) * sizeof(*running));
	if (!running)
		return &nobody;
	r->running = running;
	while (r->n_running <= cpu)
		running[r->n_running++] = 0;
	return &running[cpu];
}

void vmsync_runner_at(struct vmsync_runner *r, uint32_t cpu,
		      struct vmsync_run_of *who)
{
	const struct thread *known;

	who->tid = *running_on(r, cpu);
	known = thread_of(r, who->tid);
	who->pid = known->pid;
	who->vcpu_id = known->vcpu_id;
}

/* What an event says, as far as it does. */
struct digest {
	int32_t tid; /* UNKNOWN if not */
	int32_t pid;
	int32_t named; /* the vCPU's number in the thread's name, or -1 */
	int32_t vcpu;  /* the event's own word, or -1 */
};

#define UNKNOWN INT32_MIN

_Static_assert(sizeof(struct digest) ==
		       sizeof(((struct ctf_event *)NULL)->digest),
	       "fits an event's digest");

void vmsync_runner_digest(void *ctx, struct ctf_event *ev)
{
	const struct vmsync_runner *r = ctx;
	const struct class_row *row = &r->traces[ev->source][ev->cls->index];
	struct digest d;

	if (row->role == ROLE_NONE)
		return;
	d.tid = number(row, FIELD_TID, ev, UNKNOWN);
	d.pid = number(row, FIELD_PID, ev, UNKNOWN);
	d.named = vcpu_of_name(row, ev);
	d.vcpu = number(row, FIELD_VCPU, ev, -1);
	memcpy(ev->digest, &d, sizeof(d));
}

static void run_of(struct vmsync_runner *r, const struct digest *d,
		   uint32_t cpu, struct vmsync_run_of *who)
{
	const struct thread *known;

	who->tid = d->tid == UNKNOWN ? *running_on(r, cpu) : d->tid;
	known = thread_of(r, who->tid);
	who->pid = d->pid == UNKNOWN ? known->pid : d->pid;
	who->vcpu_id = d->named;
	if (who->vcpu_id < 0)
		who->vcpu_id = known->vcpu_id;
	if (who->vcpu_id < 0)
		who->vcpu_id = d->vcpu;
}

enum vmsync_run vmsync_runner_event(struct vmsync_runner *r,
				    const struct ctf_event *ev,
				    struct vmsync_run_of *who)
{
	enum role role = r->traces[ev->source][ev->cls->index].role;
	struct digest d;

	memcpy(&d, ev->digest, sizeof(d));
	switch (role) {
	case ROLE_ENTRY:
		run_of(r, &d, ev->cpu, who);
		return VMSYNC_RUN_ENTRY;
	case ROLE_EXIT:
		run_of(r, &d, ev->cpu, who);
		return VMSYNC_RUN_EXIT;
	case ROLE_SWITCH:
		if (d.tid == UNKNOWN)
			d.tid = 0;
		*running_on(r, ev->cpu) = d.tid;
		thread_learn(r, d.tid, 0, d.named);
		break;
	case ROLE_DUMP:
		thread_learn(r, d.tid, d.pid, d.named);
		break;
	case ROLE_NONE:
		break;
	}
	return VMSYNC_RUN_NONE;
}
