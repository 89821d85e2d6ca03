// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tracedat/twins.h"

/* Where only the beginning of a name differs. */
static const struct {
	const char *system;
	const char *kernel;
	const char *lttng;
} begins[] = {
	{ "irq", "softirq_", "irq_softirq_" },
	{ "irq_vectors", "", "x86_irq_vectors_" },
	{ "exceptions", "page_fault_", "x86_exceptions_page_fault_" },
	{ "syscalls", "sys_enter_", "syscall_entry_" },
	{ "syscalls", "sys_exit_", "syscall_exit_" },
};

/* Names come from a file: only what a name may have stays. */
static void clean(char *s, const char *also)
{
	for (; *s; s++) {
		bool good = (*s >= 'a' && *s <= 'z') ||
			    (*s >= 'A' && *s <= 'Z') ||
			    (*s >= '0' && *s <= '9') || strchr(also, *s);

		if (!good)
			*s = '_';
	}
}

void dat_twin_event(const char *system, const char *name, char out[DAT_TWIN_MAX])
{
	const char *begin = "";
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t n = strlen(begins[i].kernel);

		if (strcmp(system, begins[i].system) ||
		    strncmp(name, begins[i].kernel, n))
			continue;
		begin = begins[i].lttng;
		name += n;
		break;
	}
	snprintf(out, DAT_TWIN_MAX, "%s%s", begin, name);
	clean(out, "_:.-");
}

/* The scheduler's events call threads processes; LTTng does not. */
void dat_twin_field(const char *system, const char *name, char out[DAT_TWIN_MAX])
{
	size_t n;

	snprintf(out, DAT_TWIN_MAX, "%s", name);
	clean(out, "_");
	n = strlen(out);
	if (strcmp(system, "sched") || n < 3 || strcmp(out + n - 3, "pid") ||
	    (n > 3 && out[n - 4] != '_'))
		return;
	out[n - 3] = 't';
}
