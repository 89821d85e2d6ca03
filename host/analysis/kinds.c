// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "analysis/kinds.h"
#include "fuse/machine.h"
#include "fuse/names.h"

/* _IO(KVMIO, 0x80) of linux/kvm.h */
#define IOCTL_KVM_RUN 0xae80

#define MAX_VCPU_ID 4096 /* KVM_MAX_VCPU_IDS */

enum field {
	FIELD_CURRENT,
	FIELD_CURRENT_PID,
	FIELD_TID,
	FIELD_PID,
	FIELD_NAME,
	FIELD_STATE,
	FIELD_TARGET,
	FIELD_REASON,
	FIELD_ISA,
	FIELD_VCPU,
	FIELDS,
};

struct class
{
	enum analysis_kind kind;
	bool ioctl; /* only KVM_RUN is ANALYSIS_EV_RUN */
	bool has[FIELDS];
	struct ctf_field field[FIELDS];
};

struct analysis_kinds {
	size_t n;
	uint8_t *want;
	bool have[ANALYSIS_EV_KINDS];
	struct class cls[];
};

/* Names of payload fields, by LTTng; NULL where the kind has none such. */
static const struct kind_of {
	const char *name;
	enum analysis_kind kind;
	const char *fields[FIELDS];
} kinds[] = {
	{"sched_switch",
	 ANALYSIS_EV_SWITCH,
	 {[FIELD_CURRENT] = "prev_tid",
	  [FIELD_STATE] = "prev_state",
	  [FIELD_TID] = "next_tid",
	  [FIELD_NAME] = "next_comm"}},
	{"sched_waking",
	 ANALYSIS_EV_WAKING,
	 {[FIELD_TID] = "tid", [FIELD_TARGET] = "target_cpu"}},
	{"sched_wakeup",
	 ANALYSIS_EV_WAKEUP,
	 {[FIELD_TID] = "tid", [FIELD_TARGET] = "target_cpu"}},
	{"sched_wakeup_new",
	 ANALYSIS_EV_WAKEUP,
	 {[FIELD_TID] = "tid", [FIELD_TARGET] = "target_cpu"}},
	{"sched_migrate_task",
	 ANALYSIS_EV_MIGRATE,
	 {[FIELD_TID] = "tid", [FIELD_TARGET] = "dest_cpu"}},
	{"sched_process_exit", ANALYSIS_EV_GONE, {[FIELD_TID] = "tid"}},
	{"sched_process_fork",
	 ANALYSIS_EV_THREAD,
	 {[FIELD_TID] = "child_tid",
	  [FIELD_PID] = "child_pid",
	  [FIELD_NAME] = "child_comm"}},
	{"lttng_statedump_process_state",
	 ANALYSIS_EV_THREAD,
	 {[FIELD_TID] = "tid", [FIELD_PID] = "pid", [FIELD_NAME] = "name"}},
	{"irq_handler_entry", ANALYSIS_EV_IRQ_IN, {NULL}},
	{"irq_handler_exit", ANALYSIS_EV_IRQ_OUT, {NULL}},
	{"irq_softirq_entry", ANALYSIS_EV_IRQ_IN, {NULL}},
	{"irq_softirq_exit", ANALYSIS_EV_IRQ_OUT, {NULL}},
	{"kvm_userspace_exit",
	 ANALYSIS_EV_USER_EXIT,
	 {[FIELD_REASON] = "reason"}},
	{"syscall_entry_ioctl", ANALYSIS_EV_RUN, {[FIELD_REASON] = "cmd"}},
};

static const struct kind_of entry = {
	NULL, ANALYSIS_EV_ENTRY, {[FIELD_VCPU] = "vcpu_id"}};
static const struct kind_of exit_of = {NULL,
				       ANALYSIS_EV_EXIT,
				       {[FIELD_VCPU] = "vcpu_id",
					[FIELD_REASON] = "exit_reason",
					[FIELD_ISA] = "isa"}};
static const struct kind_of vector_in = {NULL, ANALYSIS_EV_IRQ_IN, {NULL}};
static const struct kind_of vector_out = {NULL, ANALYSIS_EV_IRQ_OUT, {NULL}};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static const struct kind_of *kind_find(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);
	size_t i;

	if (vmsync_class_is_entry(cls))
		return &entry;
	if (vmsync_class_is_exit(cls))
		return &exit_of;
	if (!strncmp(name, "x86_irq_vectors_", 16))
		return ends_with(name, "_entry")  ? &vector_in
		       : ends_with(name, "_exit") ? &vector_out
						  : NULL;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

static void class_init(struct class *c, const struct ctf_class *cls)
{
	const struct kind_of *k = kind_find(cls);
	int f;

	c->has[FIELD_CURRENT] =
		vmsync_context_find(cls, "tid", &c->field[FIELD_CURRENT]);
	c->has[FIELD_CURRENT_PID] =
		vmsync_context_find(cls, "pid", &c->field[FIELD_CURRENT_PID]);
	if (!k)
		return;
	c->kind = k->kind;
	c->ioctl = k->kind == ANALYSIS_EV_RUN;
	for (f = 0; f < FIELDS; f++) {
		if (k->fields[f])
			c->has[f] = vmsync_payload_find(cls, k->fields[f],
							&c->field[f]);
	}
}

/* Of a guest only its threads matter. */
static bool of_guests(enum analysis_kind kind)
{
	return kind == ANALYSIS_EV_SWITCH || kind == ANALYSIS_EV_WAKING ||
	       kind == ANALYSIS_EV_WAKEUP || kind == ANALYSIS_EV_MIGRATE ||
	       kind == ANALYSIS_EV_THREAD;
}

struct analysis_kinds *analysis_kinds_new(const struct ctf_trace *t, bool host)
{
	size_t i, n = ctf_trace_classes(t);
	struct analysis_kinds *k =
		calloc(1, sizeof(*k) + n * sizeof(k->cls[0]));

	if (!k)
		return NULL;
	k->n = n;
	k->want = calloc(n + 1, 1);
	if (!k->want) {
		free(k);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		class_init(&k->cls[i], cls);
		k->have[k->cls[i].kind] = true;
		k->want[i] = host ? strncmp(vmsync_event_name(cls), "vmsync_",
					    7) != 0
				  : of_guests(k->cls[i].kind);
	}
	return k;
}

void analysis_kinds_free(struct analysis_kinds *k)
{
	if (!k)
		return;
	free(k->want);
	free(k);
}

const uint8_t *analysis_kinds_want(const struct analysis_kinds *k)
{
	return k->want;
}

bool analysis_kinds_have(const struct analysis_kinds *k,
			 enum analysis_kind kind)
{
	return k->have[kind];
}

static int64_t value(const struct class *c, enum field f,
		     const struct ctf_event *ev, int64_t otherwise)
{
	int64_t v;

	return c->has[f] && ctf_get_s64(ev, &c->field[f], &v) ? v : otherwise;
}

static void name_get(const struct class *c, const struct ctf_event *ev,
		     struct analysis_event *out)
{
	size_t len = 0;

	out->name = c->has[FIELD_NAME]
			    ? ctf_get_str(ev, &c->field[FIELD_NAME], &len)
			    : NULL;
	out->name_len = (uint32_t)len;
}

void analysis_kinds_decode(const struct analysis_kinds *k,
			   const struct ctf_event *ev,
			   struct analysis_event *out)
{
	const struct class *c = &k->cls[ev->cls->index];
	int64_t id;

	out->cpu = ev->cpu;
	out->kind = c->kind;
	out->current = (int32_t)value(c, FIELD_CURRENT, ev, ANALYSIS_NOT_SAID);
	out->pid = 0;
	switch (c->kind) {
	case ANALYSIS_EV_OTHER:
	case ANALYSIS_EV_IRQ_IN:
	case ANALYSIS_EV_IRQ_OUT:
		return;
	case ANALYSIS_EV_ENTRY:
	case ANALYSIS_EV_EXIT:
		out->pid = (int32_t)value(c, FIELD_CURRENT_PID, ev, 0);
		/* LTTng's own, on newer kernels, is half of a pointer. */
		id = value(c, FIELD_VCPU, ev, -1);
		out->vcpu_id = id >= 0 && id < MAX_VCPU_ID ? (int32_t)id : -1;
		out->isa = (enum analysis_isa)value(c, FIELD_ISA, ev, 0);
		if ((unsigned int)out->isa > ANALYSIS_ISA_SVM)
			out->isa = ANALYSIS_ISA_UNKNOWN;
		break;
	case ANALYSIS_EV_RUN:
		if (value(c, FIELD_REASON, ev, 0) != IOCTL_KVM_RUN)
			out->kind = ANALYSIS_EV_OTHER;
		return;
	case ANALYSIS_EV_SWITCH:
	case ANALYSIS_EV_THREAD:
		name_get(c, ev, out);
		out->prev_state = value(c, FIELD_STATE, ev, 0);
		if (c->has[FIELD_PID])
			out->pid = (int32_t)value(c, FIELD_PID, ev, 0);
		break;
	default:
		break;
	}
	out->tid = (int32_t)value(c, FIELD_TID, ev, 0);
	out->target = (uint32_t)value(c, FIELD_TARGET, ev, UINT32_MAX);
	out->reason = (uint32_t)value(c, FIELD_REASON, ev, 0);
}
