// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "analysis/kinds.h"
#include "fuse/machine.h"
#include "fuse/names.h"

/* _IO(KVMIO, 0x80) of linux/kvm.h */
#define IOCTL_KVM_RUN 0xae80

/* Names of payload fields, by LTTng; NULL where the kind has none such. */
static const struct meaning {
	const char *name;
	enum analysis_kind kind;
	const char *fields[ANALYSIS_NUMBERS];
	const char *comm;
} kinds[] = {
	{ "sched_switch",
	  ANALYSIS_EV_SWITCH,
	  { "prev_tid", "next_tid", [ANALYSIS_OF_B] = "prev_state" },
	  "next_comm" },
	{ "sched_waking",
	  ANALYSIS_EV_WAKING,
	  { NULL, "tid", [ANALYSIS_OF_B] = "target_cpu" },
	  NULL },
	{ "sched_wakeup",
	  ANALYSIS_EV_WAKEUP,
	  { NULL, "tid", [ANALYSIS_OF_B] = "target_cpu" },
	  NULL },
	{ "sched_wakeup_new",
	  ANALYSIS_EV_WAKEUP,
	  { NULL, "tid", [ANALYSIS_OF_B] = "target_cpu" },
	  NULL },
	{ "sched_migrate_task",
	  ANALYSIS_EV_MIGRATE,
	  { NULL, "tid", [ANALYSIS_OF_B] = "dest_cpu" },
	  NULL },
	{ "sched_process_exit", ANALYSIS_EV_GONE, { NULL, "tid" }, NULL },
	{ "sched_process_fork",
	  ANALYSIS_EV_THREAD,
	  { NULL, "child_tid", "child_pid" },
	  "child_comm" },
	{ "lttng_statedump_process_state",
	  ANALYSIS_EV_THREAD,
	  { NULL, "tid", "pid" },
	  "name" },
	{ "irq_handler_entry", ANALYSIS_EV_IRQ_IN, { NULL }, NULL },
	{ "irq_handler_exit", ANALYSIS_EV_IRQ_OUT, { NULL }, NULL },
	{ "irq_softirq_entry", ANALYSIS_EV_IRQ_IN, { NULL }, NULL },
	{ "irq_softirq_exit", ANALYSIS_EV_IRQ_OUT, { NULL }, NULL },
	{ "kvm_userspace_exit",
	  ANALYSIS_EV_USER_EXIT,
	  { [ANALYSIS_OF_REASON] = "reason" },
	  NULL },
	{ "syscall_entry_ioctl",
	  ANALYSIS_EV_RUN,
	  { [ANALYSIS_OF_REASON] = "cmd" },
	  NULL },
	{ "kvm_vcpu_wakeup",
	  ANALYSIS_EV_HALTED,
	  { [ANALYSIS_OF_B] = "ns", [ANALYSIS_OF_REASON] = "waited" },
	  NULL },
	{ "kvm_halt_poll_ns",
	  ANALYSIS_EV_POLL,
	  { [ANALYSIS_OF_B] = "old", [ANALYSIS_OF_REASON] = "new" },
	  NULL },
};

/* By other names too; the process is a context. */
static const struct meaning entry = {
	NULL, ANALYSIS_EV_ENTRY, {[ANALYSIS_OF_B] = "vcpu_id"}, NULL};
static const struct meaning exit_of = {
	NULL,
	ANALYSIS_EV_EXIT,
	{[ANALYSIS_OF_REASON] = "exit_reason", [ANALYSIS_OF_ISA] = "isa",
	 [ANALYSIS_OF_B] = "vcpu_id"},
	NULL};
static const struct meaning vector_in = {
	NULL, ANALYSIS_EV_IRQ_IN, { NULL }, NULL
};
static const struct meaning vector_out = {
	NULL, ANALYSIS_EV_IRQ_OUT, { NULL }, NULL
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static const struct meaning *kind_find(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);
	size_t i;

	if (vmsync_class_is_entry(cls))
		return &entry;
	if (vmsync_class_is_exit(cls))
		return &exit_of;
	if (!strncmp(name, "x86_irq_vectors_", 16))
		return ends_with(name, "_entry") ? &vector_in :
		       ends_with(name, "_exit")	 ? &vector_out :
						   NULL;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

static bool runs(enum analysis_kind kind)
{
	return kind == ANALYSIS_EV_ENTRY || kind == ANALYSIS_EV_EXIT;
}

static bool field_find(const struct ctf_class *cls, const struct meaning *m,
		       int number, struct ctf_field *out)
{
	if (m->fields[number] &&
	    vmsync_payload_find(cls, m->fields[number], out))
		return true;
	if (number == ANALYSIS_OF_CURRENT)
		return vmsync_context_find(cls, "tid", out);
	return number == ANALYSIS_OF_PID && runs(m->kind) &&
	       vmsync_context_find(cls, "pid", out);
}

static int64_t absent(enum analysis_kind kind, int number)
{
	if (number == ANALYSIS_OF_CURRENT)
		return ANALYSIS_NOT_SAID;
	if (number != ANALYSIS_OF_B)
		return 0;
	if (runs(kind))
		return -1;
	return kind == ANALYSIS_EV_SWITCH ? 0 : UINT32_MAX;
}

/* Names are rows of 16 bytes; where they are strings they are not at hand. */
static bool name_find(struct analysis_class *c, const struct ctf_class *cls,
		      const char *comm, struct ctf_field *name)
{
	c->named = comm && vmsync_payload_find(cls, comm, name);
	if (!c->named)
		return true;
	return ctf_field_plain_text(name, ANALYSIS_NAME, &c->name_at);
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of 32 bits that are loaded the rest is masked out, but for a sign. */
static bool place_find(struct analysis_place *out, const struct ctf_plain *plain,
		       bool whole)
{
	const uint64_t sign_bits = 1ull << 31 | 1ull << 63;

	if ((plain->sign && !(plain->sign & sign_bits)) ||
	    (whole && plain->mask > UINT32_MAX))
		return false;
	*out = (struct analysis_place){plain->at, (uint32_t)plain->mask, 0};
	return true;
}

/* False where the number is not at hand. */
static bool number_find(struct analysis_class *c, int number,
			const struct ctf_field *field)
{
	struct ctf_plain plain;

	c->has |= (uint8_t)(1 << number);
	if (!ctf_field_plain(field, &plain))
		return false;
	c->plain_bytes = most(c->plain_bytes, plain.at + CTF_PLAIN_BYTES);
	if (number != ANALYSIS_OF_B)
		return place_find(&c->number[number], &plain,
				  number == ANALYSIS_OF_ISA);
	c->b = (struct analysis_wide){plain.at, plain.mask, plain.sign,
				      plain.sign};
	return true;
}

static void number_absent(struct analysis_class *c, int number)
{
	int64_t value = absent((enum analysis_kind)c->kind, number);

	if (number == ANALYSIS_OF_B)
		c->b.less = -(uint64_t)value;
	else
		c->number[number].absent = (uint32_t)value;
}

static void class_init(struct analysis_class *c, const struct ctf_class *cls,
		       struct ctf_field field[ANALYSIS_NUMBERS],
		       struct ctf_field *name)
{
	static const struct meaning other = {
		NULL, ANALYSIS_EV_OTHER, { NULL }, NULL
	};
	const struct meaning *m = kind_find(cls);
	bool plain;
	int i;

	if (!m)
		m = &other;
	c->kind = (uint8_t)m->kind;
	c->ioctl = m->kind == ANALYSIS_EV_RUN;
	plain = !c->ioctl && name_find(c, cls, m->comm, name);
	c->plain_bytes = c->name_at + ANALYSIS_NAME;
	for (i = 0; i < ANALYSIS_NUMBERS; i++) {
		if (field_find(cls, m, i, &field[i]))
			plain &= number_find(c, i, &field[i]);
		else
			number_absent(c, i);
	}
	if (!plain)
		c->plain_bytes = ANALYSIS_NOT_PLAIN;
}

/* Which number of an event says who runs after it. */
static int runs_number(enum analysis_kind kind)
{
	return kind == ANALYSIS_EV_SWITCH ? ANALYSIS_OF_TID : ANALYSIS_OF_CURRENT;
}

/* What is not said is known; what is said has a mask if it is plain. */
static bool at_hand(const struct analysis_class *c, int number)
{
	return !(c->has & 1 << number) || c->number[number].mask;
}

/* A switch does so in any case. */
static bool says_who(const struct analysis_class *c)
{
	int number = runs_number((enum analysis_kind)c->kind);

	return c->has & 1 << number || c->kind == ANALYSIS_EV_SWITCH;
}

static void brief_init(struct analysis_brief_class *b,
		       const struct analysis_class *c)
{
	enum analysis_kind kind = (enum analysis_kind)c->kind;
	int number = runs_number(kind);
	const struct analysis_place *runs = &c->number[number];
	const struct analysis_place *woken = &c->number[ANALYSIS_OF_TID];
	struct analysis_brief all = analysis_brief_of(kind, says_who(c), 0, 0);

	*b = (struct analysis_brief_class){
		.leaves = all.leaves,
		.tells = all.tells,
		.runs_at = runs->at,
		.runs_mask = runs->mask,
		.woken_at = woken->at,
		.bytes = most(runs->at, woken->at) + CTF_PLAIN_BYTES,
		.kind = c->kind,
	};
	if (!at_hand(c, number) ||
	    (kind == ANALYSIS_EV_WAKING && !woken->mask))
		b->bytes = ANALYSIS_NOT_PLAIN;
}

/* Of a guest only its threads matter. */
static bool of_guests(enum analysis_kind kind)
{
	return kind == ANALYSIS_EV_SWITCH || kind == ANALYSIS_EV_WAKING ||
	       kind == ANALYSIS_EV_WAKEUP || kind == ANALYSIS_EV_MIGRATE ||
	       kind == ANALYSIS_EV_THREAD;
}

static bool wanted(const struct analysis_class *c, const struct ctf_class *cls,
		   bool host)
{
	return host ? strncmp(vmsync_event_name(cls), "vmsync_", 7) != 0 :
		      of_guests((enum analysis_kind)c->kind);
}

struct analysis_kinds *analysis_kinds_new(const struct ctf_trace *t, bool host)
{
	size_t i, n = ctf_trace_classes(t);
	struct analysis_kinds *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->n = n;
	k->want = calloc(n + 1, 1);
	k->brief = calloc(n + 1, sizeof(*k->brief));
	k->cls = calloc(n + 1, sizeof(*k->cls));
	k->field = calloc(n + 1, sizeof(*k->field));
	k->name = calloc(n + 1, sizeof(*k->name));
	if (!k->want || !k->brief || !k->cls || !k->field || !k->name) {
		analysis_kinds_free(k);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		class_init(&k->cls[i], cls, k->field[i], &k->name[i]);
		brief_init(&k->brief[i], &k->cls[i]);
		k->have[k->cls[i].kind] = true;
		k->want[i] = wanted(&k->cls[i], cls, host);
	}
	return k;
}

void analysis_kinds_free(struct analysis_kinds *k)
{
	if (!k)
		return;
	free(k->want);
	free(k->brief);
	free(k->cls);
	free(k->field);
	free(k->name);
	free(k);
}

static int32_t slow_number(const struct analysis_kinds *k,
			   const struct ctf_event *ev, int number)
{
	const struct analysis_class *c = &k->cls[ev->cls->index];
	int64_t v;

	if (!(c->has & 1 << number) ||
	    !ctf_get_s64(ev, &k->field[ev->cls->index][number], &v))
		v = absent((enum analysis_kind)c->kind, number);
	return (int32_t)v;
}

struct analysis_brief analysis_kinds_slow_brief(const struct analysis_kinds *k,
						const struct ctf_event *ev)
{
	const struct analysis_class *c = &k->cls[ev->cls->index];
	enum analysis_kind kind = (enum analysis_kind)c->kind;

	return analysis_brief_of(kind, says_who(c),
				 slow_number(k, ev, runs_number(kind)),
				 slow_number(k, ev, ANALYSIS_OF_TID));
}

static void name_get(const struct ctf_event *ev, const struct ctf_field *f,
		     struct analysis_event *out)
{
	size_t len = 0;
	const char *name = ctf_get_str(ev, f, &len);

	out->named = name != NULL;
	if (name)
		memcpy(out->name, name, len < ANALYSIS_NAME ? len : ANALYSIS_NAME);
}

void analysis_kinds_slow(const struct analysis_kinds *k,
			 const struct ctf_event *ev, struct analysis_event *out)
{
	const struct analysis_class *c = &k->cls[ev->cls->index];
	const struct ctf_field *field = k->field[ev->cls->index];
	int64_t v[ANALYSIS_NUMBERS];
	int i;

	for (i = 0; i < ANALYSIS_NUMBERS; i++) {
		if (!(c->has & 1 << i) || !ctf_get_s64(ev, &field[i], &v[i]))
			v[i] = absent((enum analysis_kind)c->kind, i);
	}
	*out = (struct analysis_event){
		.prev_state = v[ANALYSIS_OF_B],
		.current = (int32_t)v[ANALYSIS_OF_CURRENT],
		.tid = (int32_t)v[ANALYSIS_OF_TID],
		.pid = (int32_t)v[ANALYSIS_OF_PID],
		.isa = (uint64_t)v[ANALYSIS_OF_ISA] > UINT32_MAX ?
			       ANALYSIS_ISA_UNKNOWN :
			       (uint32_t)v[ANALYSIS_OF_ISA],
		.kind = c->kind,
	};
	if (c->ioctl && v[ANALYSIS_OF_REASON] != IOCTL_KVM_RUN)
		out->kind = ANALYSIS_EV_OTHER;
	if (c->named)
		name_get(ev, &k->name[ev->cls->index], out);
}
