// SPDX-License-Identifier: MIT
/* Which fields of which events tell of requests, by LTTng's names for them. */
#include <stdlib.h>
#include <string.h>

#include "fuse/names.h"
#include "volume/event.h"

/* Bits of LTTng's field rwbs. */
enum {
	RWBS_WRITE = 1 << 0,
	RWBS_DISCARD = 1 << 1,
	RWBS_READ = 1 << 2,
	RWBS_FLUSH = 1 << 8,
	RWBS_PREFLUSH = 1 << 10,
};

enum number {
	OF_DEV,
	OF_SECTOR,
	OF_SECTORS,
	OF_RWBS,
	OF_ERROR,
	OF_OTHER,
	OF_TID,
	OF_PID,
	NUMBERS,
};

struct meaning {
	const char *name;
	enum volume_kind kind;
	enum volume_op op; /* where no field tells */
	const char *fields[NUMBERS];
};

#define REQUEST [OF_DEV] = "dev", [OF_SECTOR] = "sector", \
	[OF_SECTORS] = "nr_sector", [OF_RWBS] = "rwbs"
#define ACCESS [OF_OTHER] = "fd", [OF_SECTOR] = "pos", [OF_SECTORS] = "count"
#define CALL(name, op, ...) \
	{ "syscall_entry_" name, VOLUME_EV_CALL, op, { __VA_ARGS__ } }, \
	{ "syscall_exit_" name, VOLUME_EV_CALL_END, op, { [OF_SECTORS] = "ret" } }

static const struct meaning meanings[] = {
	{ "block_bio_queue", VOLUME_EV_BIO, 0, { REQUEST } },
	{ "block_rq_insert", VOLUME_EV_INSERT, 0, { REQUEST } },
	{ "block_rq_issue", VOLUME_EV_ISSUE, 0, { REQUEST } },
	{ "block_rq_requeue", VOLUME_EV_REQUEUE, 0, { REQUEST } },
	{ "block_rq_complete", VOLUME_EV_COMPLETE, 0,
	  { REQUEST, [OF_ERROR] = "error" } },
	{ "lttng_statedump_block_device", VOLUME_EV_DISK_NAME, 0,
	  { [OF_DEV] = "dev" } },
	{ "sched_waking", VOLUME_EV_WAKING, 0, { [OF_OTHER] = "tid" } },
	{ "sched_switch", VOLUME_EV_SWITCH, 0, { [OF_OTHER] = "next_tid" } },
	{ "kvm_x86_apic_accept_irq", VOLUME_EV_INTERRUPT, 0, { NULL } },
	{ "kvm_apic_accept_irq", VOLUME_EV_INTERRUPT, 0, { NULL } },
	{ "kvm_x86_apicv_accept_irq", VOLUME_EV_INTERRUPT, 0, { NULL } },
	CALL("pread64", VOLUME_READ, ACCESS),
	CALL("pwrite64", VOLUME_WRITE, ACCESS),
	/* Their bytes are in memory; what they return says how many there were. */
	CALL("preadv", VOLUME_READ, [OF_OTHER] = "fd", [OF_SECTOR] = "pos_l"),
	CALL("pwritev", VOLUME_WRITE, [OF_OTHER] = "fd", [OF_SECTOR] = "pos_l"),
	CALL("fdatasync", VOLUME_FLUSH, [OF_OTHER] = "fd"),
	CALL("fsync", VOLUME_FLUSH, [OF_OTHER] = "fd"),
	CALL("io_submit", VOLUME_OTHER, NULL),
	CALL("io_uring_enter", VOLUME_OTHER, NULL),
};

/* By several names. */
static const struct meaning left_guest = { NULL, VOLUME_EV_EXIT, 0, { NULL } };

/* A class: what it means, and its fields. */
struct bound {
	const struct meaning *meaning; /* NULL: nothing */
	uint32_t has;
	struct ctf_field field[NUMBERS];
	struct ctf_field name;
	bool named;
};

struct volume_kinds {
	struct bound *bound;
	uint8_t *want;
};

static const struct meaning *meaning_find(const struct ctf_class *cls, bool host)
{
	const char *name = vmsync_event_name(cls);
	size_t i;

	if (host && vmsync_class_is_exit(cls))
		return &left_guest;
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (!strcmp(meanings[i].name, name))
			return host || meanings[i].kind < VOLUME_EV_EXIT ?
				       &meanings[i] :
				       NULL;
	}
	return NULL;
}

static bool field_find(const struct ctf_class *cls, const struct meaning *m,
		       int number, struct ctf_field *out)
{
	switch (number) {
	case OF_TID:
		return vmsync_context_find(cls, "tid", out);
	case OF_PID:
		return vmsync_context_find(cls, "pid", out);
	default:
		return m->fields[number] &&
		       vmsync_payload_find(cls, m->fields[number], out);
	}
}

static void bind(struct bound *b, const struct ctf_class *cls, bool host)
{
	int i;

	b->meaning = meaning_find(cls, host);
	for (i = 0; b->meaning && i < NUMBERS; i++) {
		if (field_find(cls, b->meaning, i, &b->field[i]))
			b->has |= 1u << i;
	}
	b->named = b->meaning && b->meaning->kind == VOLUME_EV_DISK_NAME &&
		   vmsync_payload_find(cls, "diskname", &b->name);
}

struct volume_kinds *volume_kinds_new(const struct ctf_trace *t, bool host,
				      const uint8_t **want)
{
	size_t i, n = ctf_trace_classes(t);
	struct volume_kinds *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->bound = calloc(n + 1, sizeof(*k->bound));
	k->want = calloc(n + 1, 1);
	if (!k->bound || !k->want) {
		volume_kinds_free(k);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		bind(&k->bound[i], ctf_trace_class(t, i), host);
		k->want[i] = k->bound[i].meaning != NULL;
	}
	*want = k->want;
	return k;
}

void volume_kinds_free(struct volume_kinds *k)
{
	if (!k)
		return;
	free(k->bound);
	free(k->want);
	free(k);
}

/* A write that only has what was written before it flushed is a flush. */
static enum volume_op op_of(int64_t rwbs, int64_t sectors)
{
	if (rwbs & RWBS_DISCARD)
		return VOLUME_DISCARD;
	if (rwbs & RWBS_FLUSH || (rwbs & RWBS_PREFLUSH && !sectors))
		return VOLUME_FLUSH;
	if (rwbs & RWBS_WRITE)
		return VOLUME_WRITE;
	return rwbs & RWBS_READ ? VOLUME_READ : VOLUME_OTHER;
}

void volume_kinds_event(const struct volume_kinds *k, const struct ctf_event *ev,
			struct volume_event *out)
{
	const struct bound *b = &k->bound[ev->cls->index];
	int64_t v[NUMBERS];
	int i;

	for (i = 0; i < NUMBERS; i++) {
		if (!(b->has & 1u << i) ||
		    !ctf_get_s64(ev, &b->field[i], &v[i]))
			v[i] = i == OF_SECTOR ? -1 : 0;
	}
	*out = (struct volume_event){
		.kind = b->meaning->kind,
		.op = b->has & 1u << OF_RWBS ?
			      op_of(v[OF_RWBS], v[OF_SECTORS]) :
			      b->meaning->op,
		.cpu = ev->cpu,
		.tid = (int32_t)v[OF_TID],
		.pid = (int32_t)v[OF_PID],
		.other = (int32_t)v[OF_OTHER],
		.dev = (uint32_t)v[OF_DEV],
		.sector = v[OF_SECTOR],
		.sectors = v[OF_SECTORS],
		.error = (int32_t)v[OF_ERROR],
	};
	if (b->named)
		out->name = ctf_get_str(ev, &b->name, &out->name_len);
}
