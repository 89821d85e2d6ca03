// SPDX-License-Identifier: MIT
#include "memory/kinds.h"

#include <string.h>

#include "fuse/names.h"

static const struct {
	const char *name;
	enum memory_kind kind;
	const char *fields[MEMORY_NUMBERS];
	const char *comm;
	const char *left_comm;
} kinds[] = {
	{ "kmem_mm_page_alloc", MEMORY_EV_ALLOC, { "pfn", "order" }, NULL, NULL },
	{ "mm_page_alloc", MEMORY_EV_ALLOC, { "pfn", "order" }, NULL, NULL },
	{ "kmem:mm_page_alloc", MEMORY_EV_ALLOC, { "pfn", "order" }, NULL, NULL },
	{ "kmem_mm_page_free", MEMORY_EV_FREED, { "pfn", "order" }, NULL, NULL },
	{ "mm_page_free", MEMORY_EV_FREED, { "pfn", "order" }, NULL, NULL },
	{ "kmem:mm_page_free", MEMORY_EV_FREED, { "pfn", "order" }, NULL, NULL },
	{ "sched_switch", MEMORY_EV_SWITCH,
	  { [MEMORY_OF_TID] = "next_tid", [MEMORY_OF_LEFT] = "prev_tid" },
	  "next_comm", "prev_comm" },
	{ "sched_process_fork", MEMORY_EV_THREAD,
	  { [MEMORY_OF_TID] = "child_tid", [MEMORY_OF_PID] = "child_pid" }, "child_comm", NULL },
	{ "lttng_statedump_process_state", MEMORY_EV_THREAD,
	  { [MEMORY_OF_TID] = "tid", [MEMORY_OF_PID] = "pid" }, "name", NULL },
};

/* Of the host, where it tells them. */
static const char *const faults[] = { "kvm_x86_page_fault", "kvm_page_fault" };
static const char *const fault_fields[MEMORY_NUMBERS] = {
	[MEMORY_OF_ADDRESS] = "fault_address",
};
static const char *const exit_fields[MEMORY_NUMBERS] = {
	[MEMORY_OF_ADDRESS] = "info2", [MEMORY_OF_REASON] = "exit_reason", [MEMORY_OF_ISA] = "isa",
};

static void fields_find(struct memory_class *c, const struct ctf_class *cls,
			const char *const names[MEMORY_NUMBERS])
{
	int k;

	for (k = 0; k < MEMORY_NUMBERS; k++)
		c->has[k] = names[k] &&
			    vmsync_payload_find(cls, names[k], &c->field[k]);
	c->has[MEMORY_OF_CURRENT] = vmsync_context_find(cls, "tid", &c->field[MEMORY_OF_CURRENT]);
	c->has[MEMORY_OF_PROCESS] = vmsync_context_find(cls, "pid", &c->field[MEMORY_OF_PROCESS]);
}

static void guest_init(struct memory_class *c, const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		c->kind = kinds[i].kind;
		c->fork = !strcmp(name, "sched_process_fork");
		fields_find(c, cls, kinds[i].fields);
		c->named = kinds[i].comm ?
				   vmsync_payload_find(cls, kinds[i].comm, &c->name) :
				   vmsync_context_find(cls, "procname", &c->name);
		c->left_named = kinds[i].left_comm &&
				vmsync_payload_find(cls, kinds[i].left_comm,
						    &c->left_name);
		break;
	}
	if ((c->kind == MEMORY_EV_ALLOC || c->kind == MEMORY_EV_FREED) &&
	    (!c->has[MEMORY_OF_PAGE] || !c->has[MEMORY_OF_ORDER]))
		c->kind = MEMORY_EV_NONE;
}

/* Of the host who runs, and which pages of guests it is asked for. */
static void host_init(struct memory_class *c, const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);

	if (!strcmp(name, faults[0]) || !strcmp(name, faults[1])) {
		c->kind = MEMORY_EV_FAULT;
		fields_find(c, cls, fault_fields);
	} else if (vmsync_class_is_exit(cls)) {
		c->kind = MEMORY_EV_EXIT;
		fields_find(c, cls, exit_fields);
	} else if (!strcmp(name, "sched_switch")) {
		guest_init(c, cls);
	}
	if ((c->kind == MEMORY_EV_FAULT && !c->has[MEMORY_OF_ADDRESS]) ||
	    (c->kind == MEMORY_EV_EXIT && !(c->has[MEMORY_OF_ADDRESS] &&
					 c->has[MEMORY_OF_REASON] && c->has[MEMORY_OF_ISA])))
		c->kind = MEMORY_EV_NONE;
}

void memory_class_init(struct memory_class *c, const struct ctf_class *cls, bool host)
{
	(host ? host_init : guest_init)(c, cls);
}

int64_t memory_class_number(const struct memory_class *c, const struct ctf_event *ev,
			    enum memory_number which, int64_t otherwise)
{
	int64_t v;

	return c->has[which] && ctf_get_s64(ev, &c->field[which], &v) ? v : otherwise;
}
