// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fuse/names.h"
#include "fuse/roles.h"
#include "fuse/runs.h"

/*
 * Reasons for which KVM leaves a guest that takes interrupts: it is about to take
 * one, or it waits for one. Numbers of VMX, which SVM does not use, and of SVM,
 * which VMX does not.
 */
#define VMX_INTERRUPT_WINDOW 7
#define VMX_HLT		     12
#define SVM_VINTR	     0x64
#define SVM_HLT		     0x78

static void context(struct vmsync_role_class *c, const struct ctf_class *cls,
		    enum vmsync_role_field f, const char *name)
{
	c->has[f] = vmsync_context_find(cls, name, &c->field[f]);
	c->plain[f] = c->has[f] && ctf_field_plain(&c->field[f], &c->at[f]);
}

static void payload(struct vmsync_role_class *c, const struct ctf_class *cls,
		    enum vmsync_role_field f, const char *name)
{
	c->has[f] = vmsync_payload_find(cls, name, &c->field[f]);
	c->plain[f] = c->has[f] && ctf_field_plain(&c->field[f], &c->at[f]);
}

static void name(struct vmsync_role_class *c)
{
	const struct ctf_field *f = &c->field[VMSYNC_ROLE_NAME];

	c->name_plain = c->has[VMSYNC_ROLE_NAME] &&
			ctf_field_plain_text(f, VMSYNC_ROLE_NAME_LEN, &c->name_at);
}

static bool is_end(const struct vmsync_role_class *c)
{
	return c->role == VMSYNC_ROLE_ENTRY || c->role == VMSYNC_ROLE_EXIT;
}

/* A beacon's answer is made by the vCPU's thread, too. */
static bool is_answer(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);

	return !strcmp(name, "vmsync_gh_host") ||
	       !strcmp(name, "vmsync_hg_host");
}

static void class_init(struct vmsync_role_class *c, const struct ctf_class *cls)
{
	if (vmsync_class_is_entry(cls))
		c->role = VMSYNC_ROLE_ENTRY;
	else if (vmsync_class_is_exit(cls))
		c->role = VMSYNC_ROLE_EXIT;
	if (is_end(c) || is_answer(cls)) {
		context(c, cls, VMSYNC_ROLE_TID, "tid");
		context(c, cls, VMSYNC_ROLE_PID, "pid");
		context(c, cls, VMSYNC_ROLE_NAME, "procname");
	}
	if (is_end(c)) {
		payload(c, cls, VMSYNC_ROLE_VCPU, "vcpu_id");
		payload(c, cls, VMSYNC_ROLE_REASON, "exit_reason");
	} else if (!strcmp(vmsync_event_name(cls), "sched_switch")) {
		c->role = VMSYNC_ROLE_SWITCH;
		payload(c, cls, VMSYNC_ROLE_TID, "next_tid");
		payload(c, cls, VMSYNC_ROLE_NAME, "next_comm");
		payload(c, cls, VMSYNC_ROLE_LEFT, "prev_tid");
	} else if (!strcmp(cls->name, "lttng_statedump_process_state")) {
		c->role = VMSYNC_ROLE_DUMP;
		payload(c, cls, VMSYNC_ROLE_TID, "tid");
		payload(c, cls, VMSYNC_ROLE_PID, "pid");
		payload(c, cls, VMSYNC_ROLE_NAME, "name");
	}
	name(c);
}

struct vmsync_roles *vmsync_roles_new(const struct ctf_trace *t)
{
	size_t i, n = ctf_trace_classes(t);
	struct vmsync_roles *roles =
		calloc(1, sizeof(*roles) + n * sizeof(roles->cls[0]));

	if (!roles)
		return NULL;
	roles->n = n;
	roles->tids_said = true;
	for (i = 0; i < n; i++) {
		struct vmsync_role_class *c = &roles->cls[i];

		class_init(c, ctf_trace_class(t, i));
		if (is_end(c) && !c->has[VMSYNC_ROLE_TID])
			roles->tids_said = false;
	}
	return roles;
}

void vmsync_roles_want(const struct vmsync_roles *roles, bool all,
		       uint8_t *want)
{
	bool others = all || !roles->tids_said;
	size_t i;

	for (i = 0; i < roles->n; i++) {
		const struct vmsync_role_class *c = &roles->cls[i];

		if (is_end(c) || (others && c->role != VMSYNC_ROLE_NONE))
			want[i] = 1;
	}
}

int32_t vmsync_role_any_number(const struct vmsync_role_class *c,
			       enum vmsync_role_field f,
			       const struct ctf_event *ev, int32_t otherwise)
{
	uint64_t value;

	if (!ctf_get_u64(ev, &c->field[f], &value))
		return otherwise;
	return (int32_t)value;
}

unsigned int vmsync_role_end(const struct vmsync_role_class *c,
			     const struct ctf_event *ev)
{
	if (c->role == VMSYNC_ROLE_ENTRY)
		return VMSYNC_RUNS_ENTRY;
	switch (vmsync_role_number(c, VMSYNC_ROLE_REASON, ev, -1)) {
	case VMX_INTERRUPT_WINDOW:
	case VMX_HLT:
	case SVM_VINTR:
	case SVM_HLT:
		return VMSYNC_RUNS_OPEN;
	default:
		return VMSYNC_RUNS_EXIT;
	}
}

int32_t vmsync_role_number_in(const char *name)
{
	int32_t id = 0;
	size_t i;

	for (i = VMSYNC_ROLE_CPU_LEN; i < 9 && name[i] >= '0' && name[i] <= '9'; i++)
		id = id * 10 + (name[i] - '0');
	return i > VMSYNC_ROLE_CPU_LEN && !memcmp(name + i, "/KVM", 4) ? id : -1;
}

int32_t vmsync_role_any_named(const struct vmsync_role_class *c,
			      const struct ctf_event *ev)
{
	const struct ctf_field *f = &c->field[VMSYNC_ROLE_NAME];
	char name[VMSYNC_ROLE_NAME_LEN] = "";
	const char *s;
	size_t len;

	if (!c->has[VMSYNC_ROLE_NAME] ||
	    !ctf_str_begins(ev, f, VMSYNC_ROLE_CPU, VMSYNC_ROLE_CPU_LEN))
		return -1;
	s = ctf_get_str(ev, f, &len);
	if (!s)
		return -1;
	memcpy(name, s, len < sizeof(name) ? len : sizeof(name));
	return vmsync_role_number_in(name);
}
