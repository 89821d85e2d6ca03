// SPDX-License-Identifier: MIT
/*
 * What could be typed to follow a hint. Whoever does so is root: a VM is named by its
 * process, from which libvirt's own files tell its name, and never by what its guest
 * says that it is called.
 */
#include <stdarg.h>

#include "hints/parts.h"

struct lines {
	const struct hint *hint;
	void (*line)(void *ctx, const char *text);
	void *ctx;
	size_t next; /* of the hint's CPUs */
};

__attribute__((format(printf, 2, 3))) static void line(const struct lines *l,
						       const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	l->line(l->ctx, text);
}

static void name_vm(const struct lines *l, int32_t pid)
{
	line(l, "vm=$(basename -s .pid \"$(grep -lx %d /run/libvirt/qemu/*.pid)\")",
	     pid);
}

/* "0,2,3" */
static const char *cpu_list(const struct hint *x, char *buf, size_t size)
{
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < x->cpus.count && len + 8 < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%u", i ? "," : "",
					x->cpus.at[i]);
	return buf;
}

static void vcpu_pin(void *ctx, int32_t number)
{
	struct lines *l = ctx;

	if (l->next < l->hint->cpus.count)
		line(l, "virsh vcpupin \"$vm\" %d %u", number,
		     l->hint->cpus.at[l->next++]);
}

static void pin(const struct hints *h, const struct lines *l)
{
	const struct hint *x = l->hint;
	int32_t pid = 0;
	size_t i;

	for (i = 0; i < x->vcpus.count; i++) {
		struct analysis_vcpu_id id =
			analysis_model_vcpu_id(h->analysis.model, x->vcpus.at[i]);

		if (id.pid != pid)
			name_vm(l, id.pid);
		pid = id.pid;
		line(l, "virsh vcpupin \"$vm\" %d %u", id.vcpu_id, x->cpus.at[i]);
	}
}

void hints_commands(const struct hints *h, const struct hint *x,
		    void (*take)(void *ctx, const char *text), void *ctx)
{
	struct lines l = {x, take, ctx, 0};
	char cpus[256];

	switch (x->kind) {
	case HINTS_SEPARATE:
		name_vm(&l, hints_party(h, x->by)->pid);
		if (x->cpus.count)
			hints_vcpu_numbers(h, x->by, vcpu_pin, &l);
		else
			line(&l, "virsh migrate --live \"$vm\" "
				 "qemu+ssh://ANOTHER-HOST/system");
		break;
	case HINTS_EMULATOR:
		name_vm(&l, hints_party(h, x->by)->pid);
		line(&l, "virsh emulatorpin \"$vm\" %s",
		     cpu_list(x, cpus, sizeof(cpus)));
		break;
	case HINTS_TASK:
		line(&l, "taskset -acp %s %d", cpu_list(x, cpus, sizeof(cpus)),
		     hints_party(h, x->by)->pid);
		break;
	case HINTS_PIN:
		pin(h, &l);
		break;
	case HINTS_ROOM:
		line(&l, "virsh -c qemu+ssh://A-BUSY-HOST/system migrate --live DOMAIN "
			 "qemu+ssh://THIS-HOST/system");
		break;
	case HINTS_KINDS:
		break;
	}
}
