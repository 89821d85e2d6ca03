// SPDX-License-Identifier: MIT
/* An experiment's file, out and in. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/keep.h"
#include "base/json_in.h"
#include "base/json_string.h"

/* ---------------------------------------------------------------------- out */

static void put_entered(FILE *f, const struct vmsync_session *s)
{
	size_t i;

	fputs(" \"entered\": [", f);
	for (i = 0; i < s->entered.count; i++) {
		const struct vmsync_runs_part *part = &s->entered.at[i];

		fprintf(f, "%s{\"tid\": %" PRId32, i ? ", " : "", part->tid);
		if (part->vcpu_id >= 0)
			fprintf(f, ", \"vcpu_id\": %" PRId32, part->vcpu_id);
		putc('}', f);
	}
	fputs("],\n", f);
}

static void put_folder(FILE *f, const struct vmsync_fused *fused)
{
	char name[sizeof(fused->path)];

	snprintf(name, sizeof(name), "%s", fused->path);
	name[strcspn(name, "/")] = '\0';
	vmsync_json_string(f, name);
}

static void put_guest(FILE *f, const struct vmsync_session_guest *g,
		      const struct vmsync_fused *fused)
{
	const struct vmsync_guest_report *r = g->report;
	const char *sep = "";
	uint32_t i;

	fputs("  {\"folder\": ", f);
	put_folder(f, fused);
	fprintf(f, ", \"pid\": %" PRId32 ", \"suspect\": %s%s,\n   \"cpus\": [",
		r->found ? r->vm.pid : 0, r->suspect ? "true" : "false",
		vmsync_is_kept(g) ? ", \"mapped\": false" : "");
	for (i = 0; i < r->n_cpus; i++) {
		const struct vmsync_cpu *cpu = &r->cpus[i];

		if (!cpu->known || cpu->tid <= 0)
			continue;
		fprintf(f,
			"%s{\"cpu\": %" PRIu32 ", \"vcpu_id\": %" PRIu32
			", \"tid\": %" PRId32 "}",
			sep, cpu->cpu, cpu->vcpu_id, cpu->tid);
		sep = ", ";
	}
	fputs("]}", f);
}

static void put_all(FILE *f, const struct vmsync_session *s,
		    const struct vmsync_fused *fused)
{
	size_t i;

	fputs("{\"vmsync_experiment\": 1, \"host\": ", f);
	put_folder(f, fused);
	fputs(",\n", f);
	put_entered(f, s);
	fused += s->host->n;
	fputs(" \"guests\": [\n", f);
	for (i = 0; i < s->n_guests; i++) {
		if (i)
			fputs(",\n", f);
		put_guest(f, &s->guests[i], fused);
		fused += s->guests[i].machine->n;
	}
	fputs("]}\n", f);
}

int vmsync_experiment_save(const struct vmsync_session *s, const char *dir,
			   const struct vmsync_fused *fused,
			   struct ctf_error *e)
{
	char path[4096 + 256];
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s/" VMSYNC_EXPERIMENT_FILE, dir);
	f = fopen(path, "wxe");
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	put_all(f, s, fused);
	ret = fflush(f) || ferror(f) ? -EIO : 0;
	if (fclose(f) && !ret)
		ret = -errno;
	return ret ? vmsync_fail_file(e, ret, path) : 0;
}

/* ----------------------------------------------------------------------- in */

#define MAX_CPUS 65536
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool get_id(struct vmsync_in *p, int32_t *out)
{
	uint32_t v;

	if (!in_u32(p, INT32_MAX, &v))
		return false;
	*out = (int32_t)v;
	return true;
}

static bool entered_member(struct vmsync_in *p, const char *key, void *ctx,
			   unsigned int *seen)
{
	static const char *const keys[] = { "tid", "vcpu_id" };
	struct vmsync_runs_part *part = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i < 0)
		return in_fail(p, "\"%.40s\" is not a member of a thread", key);
	return in_once(p, seen, (unsigned int)i) &&
	       get_id(p, i ? &part->vcpu_id : &part->tid);
}

static bool get_entered(struct vmsync_in *p, void *ctx)
{
	struct vmsync_experiment *x = ctx;
	struct vmsync_runs_part *part = vmsync_array_add(&x->entered);
	unsigned int seen;

	if (!part)
		return in_fail_memory(p);
	*part = (struct vmsync_runs_part){ .vcpu_id = -1, .ran = true };
	return in_object(p, entered_member, part, &seen) &&
	       (seen & 1 || in_fail(p, "the tid of the thread is missing"));
}

static bool cpu_member(struct vmsync_in *p, const char *key, void *ctx,
		       unsigned int *seen)
{
	static const char *const keys[] = { "cpu", "vcpu_id", "tid" };
	struct vmsync_cpu *cpu = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_u32(p, MAX_CPUS - 1, &cpu->cpu);
	case 1:
		return in_u32(p, INT32_MAX, &cpu->vcpu_id);
	case 2:
		return get_id(p, &cpu->tid);
	default:
		return in_fail(p, "\"%.40s\" is not a member of a CPU", key);
	}
}

static bool get_cpu(struct vmsync_in *p, void *ctx)
{
	struct vmsync_guest_report *r = ctx;
	struct vmsync_cpu *cpus =
		realloc(r->cpus, (r->n_cpus + 1) * sizeof(*cpus));
	unsigned int seen;

	if (!cpus)
		return in_fail_memory(p);
	r->cpus = cpus;
	cpus += r->n_cpus++;
	*cpus = (struct vmsync_cpu){ .known = true };
	return in_object(p, cpu_member, cpus, &seen) &&
	       (seen == 7 || in_fail(p, "a member of the CPU is missing"));
}

static bool guest_member(struct vmsync_in *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	static const char *const keys[] = {"folder", "pid", "suspect", "cpus",
					   "mapped"};
	struct vmsync_experiment_guest *g = ctx;
	int i = in_key(keys, COUNT(keys), key);
	bool mapped;

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_copy(p, &g->folder);
	case 1:
		return get_id(p, &g->report.vm.pid);
	case 2:
		return in_bool(p, &g->report.suspect);
	case 3:
		return in_array(p, get_cpu, &g->report);
	case 4:
		if (!in_bool(p, &mapped))
			return false;
		g->kept = !mapped;
		return true;
	default:
		return in_fail(p, "\"%.40s\" is not a member of a guest", key);
	}
}

static bool get_guest(struct vmsync_in *p, void *ctx)
{
	struct vmsync_experiment *x = ctx;
	struct vmsync_experiment_guest *g = vmsync_array_add(&x->guests);
	unsigned int seen;

	if (!g)
		return in_fail_memory(p);
	*g = (struct vmsync_experiment_guest){0};
	if (!in_object(p, guest_member, g, &seen))
		return false;
	g->report.found = g->report.vm.pid > 0;
	return (seen & 15) == 15 ||
	       in_fail(p, "a member of the guest is missing");
}

static bool file_member(struct vmsync_in *p, const char *key, void *ctx,
			unsigned int *seen)
{
	static const char *const keys[] = {"vmsync_experiment", "host",
					   "entered", "guests"};
	struct vmsync_experiment *x = ctx;
	int i = in_key(keys, COUNT(keys), key);
	uint64_t version;

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_number(p, 1, &version) &&
		       (version == 1 || in_fail(p, "version not known"));
	case 1:
		return in_copy(p, &x->host);
	case 2:
		return in_array(p, get_entered, x);
	case 3:
		return in_array(p, get_guest, x);
	default:
		return in_fail(p, "\"%.40s\" is not a member", key);
	}
}

int vmsync_experiment_load(const char *dir, struct vmsync_experiment **x,
			   struct ctf_error *e)
{
	char path[4096 + 256], why[256] = "";
	struct vmsync_in p = {
		.line = 1, .error = why, .error_size = sizeof(why)};
	unsigned int seen = 0;

	snprintf(path, sizeof(path), "%s/" VMSYNC_EXPERIMENT_FILE, dir);
	*x = calloc(1, sizeof(**x));
	if (!*x)
		return vmsync_fail_memory(e);
	p.f = fopen(path, "re");
	if (!p.f)
		p.status = -errno;
	else if (in_file(&p, file_member, *x, &seen) && seen != 15)
		in_fail(&p, "a member is missing");
	if (p.f)
		fclose(p.f);
	if (!p.status)
		return 0;
	vmsync_experiment_free(*x);
	*x = NULL;
	return vmsync_fail(e, p.status,
			   "run vmsync fuse again, or name the traces that it "
			   "was made from",
			   "%.300s: %s", path,
			   why[0] ? why : strerror(-p.status));
}

void vmsync_experiment_free(struct vmsync_experiment *x)
{
	size_t i;

	if (!x)
		return;
	for (i = 0; i < x->guests.count; i++) {
		free(x->guests.at[i].folder);
		free(x->guests.at[i].report.cpus);
		vmsync_guest_map_free(&x->guests.at[i].maps);
	}
	vmsync_array_free(&x->guests);
	vmsync_array_free(&x->entered);
	free(x->host);
	free(x);
}
