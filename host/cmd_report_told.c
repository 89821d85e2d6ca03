// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/find.h"
#include "cmd.h"
#include "cmd_migration.h"
#include "cmd_report_told.h"
#include "fuse/fail.h"

static void note(struct page_told *p, const char *what, const struct ctf_error *e)
{
	char (*notes)[400] = realloc(p->notes, (p->n_notes + 1) * sizeof(*notes));

	if (!notes)
		return;
	p->notes = notes;
	snprintf(notes[p->n_notes++], sizeof(*notes), "%s: %.300s", what, e->msg);
}

/* All but the one of QEMU's migrations, of which more is told otherwise. */
static int layers_add(struct cmd_told *t, struct ctf_error *e)
{
	size_t i, k = 0, n;
	char **names = layer_names(&n);
	int ret = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(names[i], "qemu-migration"))
			names[k++] = names[i];
		else
			free(names[i]);
	}
	if (k)
		ret = cmd_told_layers(t, (const char *const *)names, k, e);
	for (i = 0; i < k; i++)
		free(names[i]);
	free(names);
	return ret;
}

static int layers_read(struct cmd_report_told *r, char *const *paths, size_t n,
		       unsigned int jobs, struct ctf_error *e)
{
	int ret = layers_add(&r->told, e);

	if (ret)
		return ret;
	r->layers.all = r->all;
	r->layers.keep = join_keeps;
	r->layers.ctx = &r->migrations;
	if (layers_report_init(&r->layers, &r->told.engine))
		return vmsync_fail_memory(e);
	ret = cmd_told_open(&r->told, paths, n, e);
	if (!ret)
		ret = cmd_told_read(&r->told, jobs, e);
	if (ret == CMD_TOLD_SINK)
		return vmsync_fail_memory(e);
	layers_report_end(&r->layers);
	if (!ret && r->told.engine.events)
		r->page.layers = &r->layers;
	return ret;
}

/* A host's traces alone: what its virtual CPUs did needs no guest's. */
static int kernel_read(struct cmd_report_told *r, size_t machine,
		       struct ctf_error *e)
{
	const struct vmsync_machine *m = &r->migrations.machines.machine[machine];
	const struct vmsync_session_options options = { .alone = true,
							.fused = true };
	char **paths = calloc(m->n + 1, sizeof(*paths));
	struct vmsync_session s;
	size_t i;
	int ret;

	if (!paths)
		return vmsync_fail_memory(e);
	for (i = 0; i < m->n; i++)
		paths[i] = (char *)ctf_trace_path(m->traces[i]);
	ret = vmsync_session_open(paths, m->n, &options, &s, e);
	if (!ret)
		ret = vmsync_session_sync(&s, &options, cmd_progress(), e);
	if (!ret)
		ret = join_kernel((struct join *)r->page.joins, r->page.n,
				  &r->operations, machine, &s, cmd_progress(), e);
	cmd_progress_end();
	vmsync_session_close(&s);
	free(paths);
	return ret;
}

static int kernels_read(struct cmd_report_told *r, char *const *paths, size_t n,
			struct ctf_error *e)
{
	const struct vmsync_machines *all = &r->migrations.machines;
	size_t i, hosts = 0;
	int ret = 0;

	for (i = 0; !ret && i < all->n; i++) {
		bool enters;

		ret = vmsync_machine_enters(&all->machine[i], &enters, e);
		if (ret || !enters)
			continue;
		hosts++;
		if (kernel_read(r, i, e))
			note(&r->page, "nothing of a host's virtual CPUs", e);
	}
	/* Threads of guests are known where all is on one host's clock. */
	if (!ret && (hosts == 1 || all->fused) &&
	    cmd_migration_guests(paths, n, &r->migrations, e))
		note(&r->page, "nothing of the guest's threads", e);
	return ret;
}

/* What is drawn on one axis has to be on one clock, or it is said that it is not. */
static void clocks_note(struct cmd_report_told *r)
{
	const struct vmsync_machines *all = &r->migrations.machines;
	struct ctf_error e;

	if (all->n < 2 || all->fused)
		return;
	if (r->agree_ns)
		vmsync_fail(&e, -EINVAL, "", "their times of day agree to %.3f "
			    "ms, it was said, and so do the times below",
			    (double)r->agree_ns / 1e6);
	else
		vmsync_fail(&e, -EINVAL, "", "what one of them told is set "
			    "beside what another one did by the times of day, "
			    "as well as these agreed, and a destination on "
			    "another clock is left out; vmsync fuse puts them "
			    "on one");
	note(&r->page, "Traces are of machines with clocks of their own", &e);
}

static int joins_make(struct cmd_report_told *r, struct ctf_error *e)
{
	const struct migrations *m = &r->migrations;
	struct join *joins = calloc(m->list.count + 1, sizeof(*joins));
	size_t i;

	if (!joins)
		return vmsync_fail_memory(e);
	clocks_note(r);
	r->page.joins = joins;
	r->page.n = m->list.count;
	for (i = 0; i < m->list.count; i++) {
		if (join_init(&joins[i], m, &m->list.at[i], r->page.layers))
			return vmsync_fail_memory(e);
	}
	return 0;
}

static int operations_make(struct cmd_report_told *r, struct ctf_error *e)
{
	r->operations.migrations = &r->migrations;
	if (!r->all || !r->page.layers)
		return 0;
	return join_operations_init(&r->operations, &r->migrations,
				    &r->layers) ?
		       vmsync_fail_memory(e) :
		       0;
}

/* An analysis is of one; of several each is looked at by itself, for migrations. */
static bool has_one_host(const struct vmsync_machines *m)
{
	size_t i, n = 0;

	for (i = 0; i < m->n; i++)
		n += m->machine[i].side == VMSYNC_SIDE_HOST;
	return n == 1;
}

int cmd_report_told_read(struct cmd_report_told *r, char *const *paths, size_t n,
			 unsigned int jobs, struct ctf_error *e)
{
	int ret = migrations_find(paths, n, r->agree_ns, &r->migrations, e);

	cmd_told_init(&r->told);
	/* That QEMU told nothing is no error here. */
	if (ret && !r->migrations.machines.n)
		return ret;
	r->has_host = has_one_host(&r->migrations.machines);
	ret = layers_read(r, paths, n, jobs, e);
	if (!ret && r->migrations.list.count)
		ret = joins_make(r, e);
	if (!ret)
		ret = operations_make(r, e);
	if (!ret && (r->migrations.list.count || r->operations.owned))
		ret = kernels_read(r, paths, n, e);
	return ret;
}

bool cmd_report_told_any(const struct cmd_report_told *r)
{
	return r->page.n || r->page.layers;
}

void cmd_report_told_free(struct cmd_report_told *r)
{
	size_t i;

	for (i = 0; i < r->page.n; i++)
		join_free((struct join *)&r->page.joins[i]);
	free((struct join *)r->page.joins);
	free(r->page.notes);
	join_operations_free(&r->operations);
	layers_report_free(&r->layers);
	cmd_told_free(&r->told);
	migrations_free(&r->migrations);
}
