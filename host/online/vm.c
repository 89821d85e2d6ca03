// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "online/vm.h"

/* Whether a virtual CPU's thread was one of the guest's CPUs. */
static bool is_of(const struct online_about *a,
		  const struct analysis_vcpu_id *id)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(a->guest);
	uint32_t i;

	for (i = 0; i < r->n_cpus; i++) {
		if (r->cpus[i].known && r->cpus[i].tid == id->tid)
			return true;
	}
	return id->pid > 0 && a->pid == id->pid;
}

/* The guest that a virtual CPU is of, by number from 1; 0: none whose trace there is. */
static uint32_t machine_of(const struct online *o, uint32_t vcpu)
{
	struct analysis_vcpu_id id = analysis_model_vcpu_id(online_model(o), vcpu);
	size_t i;

	for (i = 0; !id.machine && i < online_guests(o); i++) {
		struct online_about a = online_guest_about(o, i);

		if (a.joined && is_of(&a, &id))
			return (uint32_t)i + 1;
	}
	return id.machine;
}

struct online_vm online_vm(const struct online *o, uint32_t vcpu)
{
	struct analysis_vcpu_id id = analysis_model_vcpu_id(online_model(o), vcpu);
	uint32_t machine = machine_of(o, vcpu);
	struct online_vm vm = { .uuid = "" };

	if (machine) {
		struct online_about a = online_guest_about(o, machine - 1);

		snprintf(vm.name, sizeof(vm.name), "%s", a.name);
		vm.uuid = a.uuid;
	} else if (id.pid > 0) {
		snprintf(vm.name, sizeof(vm.name), "process %d", id.pid);
	} else {
		snprintf(vm.name, sizeof(vm.name), "thread %d", id.tid);
	}
	return vm;
}
