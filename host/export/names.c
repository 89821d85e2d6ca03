// SPDX-License-Identifier: MIT
#include "export/cell.h"
#include "export/names.h"

#define MACHINE_TEXT 280 /* of a name of at most 64 characters, each of which may become \xHH */
#define VM_NAME	     80 /* a name of a machine, or "process 12" */

static void machines(struct export_job *j, const struct export_names *names)
{
	char name[MACHINE_TEXT];
	uint32_t i;

	for (i = 0; i < names->machines; i++) {
		struct export_machine m = names->machine(names->ctx, i);
		const struct export_value v[EXPORT_COLUMNS] = {
			cell_number(i),
			cell_text(export_text(m.name, name, sizeof(name))),
			cell_text(i == ANALYSIS_HOST ? "host" : "guest"),
			cell_number(m.bound_ns),
			cell_number(names->from_ns),
			cell_number(names->until_ns),
		};

		export_rows_put(j, EXPORT_MACHINES, v);
	}
}

static void vcpus(struct export_job *j, const struct export_names *names)
{
	char buf[VM_NAME], clean[MACHINE_TEXT];
	uint32_t i;

	for (i = 0; i < analysis_model_vcpus(names->model); i++) {
		struct analysis_vcpu_id id = analysis_model_vcpu_id(names->model, i);
		const char *vm = names->vm_name(names->ctx, i, buf, sizeof(buf));
		bool traced = id.machine != ANALYSIS_HOST;
		const struct export_value v[EXPORT_COLUMNS] = {
			cell_number(i),
			cell_text(export_text(vm, clean, sizeof(clean))),
			cell_number_if(id.pid > 0, id.pid),
			cell_number(id.tid),
			cell_number_if(id.vcpu_id >= 0, id.vcpu_id),
			cell_number_if(traced, id.machine),
			cell_number_if(traced, id.cpu),
		};

		export_rows_put(j, EXPORT_VCPUS, v);
	}
}

static void threads(struct export_job *j, const struct export_names *names)
{
	char name[ANALYSIS_NAME * 4 + 1];
	uint32_t i;

	for (i = 0; i < analysis_model_threads(names->model); i++) {
		const struct analysis_thread *t = analysis_model_thread(names->model, i);
		const char *clean = export_text(t->name, name, sizeof(name));
		const struct export_value v[EXPORT_COLUMNS] = {
			cell_number(i),
			cell_number(t->machine),
			cell_number(t->tid),
			cell_number_if(t->pid > 0, t->pid),
			*clean ? cell_text(clean) : cell_none(),
		};

		export_rows_put(j, EXPORT_THREADS, v);
	}
}

void export_names_put(struct export_job *j, const struct export_names *names)
{
	machines(j, names);
	vcpus(j, names);
	threads(j, names);
}
