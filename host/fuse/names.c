// SPDX-License-Identifier: MIT
#include <string.h>

#include "fuse/names.h"

const char *vmsync_event_name(const struct ctf_class *cls)
{
	/* Only these: others may mean something else by such a prefix. */
	static const char *const systems[] = { "kvm:", "sched:", "vmsync:" };
	size_t i;

	for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		size_t n = strlen(systems[i]);

		if (!strncmp(cls->name, systems[i], n))
			return cls->name + n;
	}
	return cls->name;
}

bool vmsync_class_is_entry(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);

	return !strcmp(name, "kvm_x86_entry") || !strcmp(name, "kvm_entry");
}

bool vmsync_class_is_exit(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);

	return !strcmp(name, "kvm_x86_exit") || !strcmp(name, "kvm_exit");
}

struct twin {
	const char *lttng;
	const char *perf;
};

/* Contexts, which are fields there. */
static const struct twin contexts[] = {
	{ "tid", "perf_tid" },
	{ "pid", "perf_pid" },
	{ NULL, NULL },
};

/* Fields: to the kernel threads are processes. */
static const struct twin fields[] = {
	{ "tid", "pid" },
	{ "prev_tid", "prev_pid" },
	{ "next_tid", "next_pid" },
	{ "parent_tid", "parent_pid" },
	{ "child_tid", "child_pid" },
	{ NULL, NULL },
};

/* What perf calls @name, or NULL. */
static const char *perf_name(const struct twin *t, const char *name)
{
	while (t->lttng && strcmp(t->lttng, name))
		t++;
	return t->perf;
}

bool vmsync_context_find(const struct ctf_class *cls, const char *name,
			 struct ctf_field *out)
{
	const char *perf = perf_name(contexts, name);

	return ctf_field_find(cls, CTF_STREAM_CONTEXT, name, out) ||
	       ctf_field_find(cls, CTF_EVENT_CONTEXT, name, out) ||
	       (perf && ctf_field_find(cls, CTF_PAYLOAD, perf, out));
}

bool vmsync_payload_find(const struct ctf_class *cls, const char *name,
			 struct ctf_field *out)
{
	const char *perf = perf_name(fields, name);

	return ctf_field_find(cls, CTF_PAYLOAD, name, out) ||
	       (perf && ctf_field_find(cls, CTF_PAYLOAD, perf, out));
}

const char *vmsync_hostname(const struct ctf_trace *t)
{
	const char *name = ctf_trace_env(t, "hostname");

	return name && *name ? name : ctf_trace_env(t, "host");
}
