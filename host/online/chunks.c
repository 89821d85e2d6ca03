// SPDX-License-Identifier: MIT
#include "online/chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "export/names.h"
#include "export/origin.h"
#include "export/parquet_file.h"
#include "fuse/fail.h"
#include "fuse/trace_clock.h"
#include "online/vm.h"

#define NOW ".now" /* the chunk that is not whole yet */

/*
 * Rows of a group: each takes some 100 bytes until the group is written. With 131 072, as files
 * of whole recordings have them, all tables would take 25 MiB.
 */
#define GROUP 16384

#define NEVER INT64_MIN

static const enum export_table tables[] = {
	EXPORT_STATES, EXPORT_CHARGES, EXPORT_MACHINES,
	EXPORT_VCPUS,  EXPORT_THREADS,
};

#define TABLES (int)(sizeof(tables) / sizeof(*tables))

struct chunk_file {
	int fd;
	struct parquet *rows;
};

/*
 * @rows:	first, for it is the job's state
 * @folder:	@path, open and locked
 * @from_ns:	the chunk begins; NEVER: with its first row
 * @open:	there is one
 */
struct online_chunks {
	struct export_rows rows;
	struct export_job job;
	struct export_options options;
	struct analysis analysis;
	struct analysis_sink sink;
	const struct online *o;
	char *path;
	int folder;
	int64_t every_ns;
	int64_t from_ns;
	bool open;
	struct chunk_file file[EXPORT_TABLES];
	struct export_origin origin;
	char boot[37];
};

/* -------------------------------------------------------------- one chunk */

static void name_of(char name[64], enum export_table t)
{
	snprintf(name, 64, NOW "/%s.parquet", export_columns_of(t)->name);
}

static void chunk_remove(const struct online_chunks *c)
{
	char name[64];
	int i;

	for (i = 0; i < TABLES; i++) {
		name_of(name, tables[i]);
		unlinkat(c->folder, name, 0);
	}
	unlinkat(c->folder, NOW, AT_REMOVEDIR);
}

static int file_open(struct online_chunks *c, enum export_table t)
{
	struct chunk_file *f = &c->file[t];
	char name[64];
	int ret;

	name_of(name, t);
	f->fd = openat(c->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		       0666);
	if (f->fd < 0)
		return -errno;
	f->rows = parquet_new(t, f->fd, GROUP);
	if (!f->rows)
		return -ENOMEM;
	ret = parquet_constant(f->rows, EXPORT_BOOT, &c->origin.boot);
	return ret ? ret : parquet_constant(f->rows, EXPORT_REALTIME,
					    &c->origin.realtime);
}

/* @whole: all rows were put. Return: 0 or a negative errno. */
static int file_close(struct chunk_file *f, bool whole)
{
	int ret = whole ? parquet_end(f->rows) : 0;

	parquet_free(f->rows);
	if (f->fd >= 0 && close(f->fd) && !ret)
		ret = -errno;
	*f = (struct chunk_file){ .fd = -1 };
	return ret;
}

static int chunk_open(struct online_chunks *c, int64_t from_ns)
{
	const struct ctf_clock *clock = online_clock(c->o);
	int i, ret = 0;

	vmsync_clock_uuid(clock, c->boot);
	c->origin = export_origin(clock, c->boot);
	if (c->from_ns == NEVER)
		c->from_ns = from_ns;
	c->open = true;
	if (mkdirat(c->folder, NOW, 0777))
		return -errno;
	for (i = 0; !ret && i < TABLES; i++)
		ret = file_open(c, tables[i]);
	return ret;
}

static int chunk_close(struct online_chunks *c, bool whole)
{
	int i, ret = 0;

	for (i = 0; i < TABLES; i++) {
		int bad = file_close(&c->file[tables[i]], whole && !ret);

		if (!ret)
			ret = bad;
	}
	c->open = false;
	return ret;
}

static int row(void *ctx, enum export_table t, const struct export_value *v)
{
	struct online_chunks *c = ctx;
	int ret = c->open ? 0 : chunk_open(c, v[1].number);

	return ret ? ret : parquet_row(c->file[t].rows, v);
}

/* ---------------------------------------------------------------- its names */

static struct export_machine machine(const void *ctx, uint32_t i)
{
	struct online_about a;

	if (i == ANALYSIS_HOST)
		return (struct export_machine){ online_host_name(ctx), 0 };
	a = online_guest_about(ctx, i - 1);
	return (struct export_machine){ a.name, a.bound_ns };
}

static const char *vm_name(const void *ctx, uint32_t vcpu, char *buf,
			   size_t size)
{
	struct online_vm vm = online_vm(ctx, vcpu);

	snprintf(buf, size, "%s", vm.name);
	return buf;
}

static void names_put(struct online_chunks *c, int64_t until_ns)
{
	const struct export_names names = {
		.model = online_model(c->o),
		.machines = (uint32_t)online_guests(c->o) + 1,
		.machine = machine,
		.vm_name = vm_name,
		.ctx = c->o,
		.from_ns = c->from_ns,
		.until_ns = until_ns,
	};

	export_names_put(&c->job, &names);
}

/*
 * When it begins, in UTC: names are in the order of time, and who reads many chunks has it as
 * the value of a column.
 */
static void final_name(const struct online_chunks *c, char name[64])
{
	int64_t ns = online_realtime_ns(c->o, c->from_ns);
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(name, 64, "chunk=%Y%m%dT%H%M%S", &tm);
	snprintf(name + n, 64 - n, ".%09" PRId64 "Z", ns % 1000000000);
}

/* ------------------------------------------------------------------- chunks */

static int folder_open(struct online_chunks *c, struct ctf_error *e)
{
	if (mkdir(c->path, 0777) && errno != EEXIST)
		return vmsync_fail_file(e, -errno, c->path);
	c->folder = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->folder < 0)
		return vmsync_fail_file(e, -errno, c->path);
	if (flock(c->folder, LOCK_EX | LOCK_NB))
		return vmsync_fail(e, -errno, "name another folder",
				   "%.400s: somebody else writes states there",
				   c->path);
	if (faccessat(c->folder, ".", W_OK | X_OK, 0))
		return vmsync_fail_file(e, -errno, c->path);
	return 0;
}

struct online_chunks *online_chunks_new(const char *path, int64_t every_ns,
					struct ctf_error *e)
{
	struct online_chunks *c = calloc(1, sizeof(*c));
	int i;

	if (c)
		c->path = strdup(path);
	if (!c || !c->path) {
		free(c);
		vmsync_fail_memory(e);
		return NULL;
	}
	for (i = 0; i < EXPORT_TABLES; i++)
		c->file[i].fd = -1;
	c->folder = -1;
	c->every_ns = every_ns;
	c->from_ns = NEVER;
	c->rows = (struct export_rows){ row, c, EXPORT_TABLES };
	c->analysis.options = &c->options.analysis;
	c->analysis.totals.from_ns = INT64_MIN;
	c->analysis.totals.until_ns = INT64_MAX;
	c->job = (struct export_job){ .analysis = &c->analysis,
				      .options = &c->options,
				      .state = &c->rows };
	c->sink = export_rows_sink(&c->job);
	c->sink.exit = NULL;
	c->sink.wake = NULL;
	if (folder_open(c, e)) {
		online_chunks_free(c);
		return NULL;
	}
	/* What a run that was killed has left. */
	chunk_remove(c);
	return c;
}

void online_chunks_free(struct online_chunks *c)
{
	if (!c)
		return;
	if (c->open) {
		chunk_close(c, false);
		chunk_remove(c);
	}
	if (c->folder >= 0)
		close(c->folder);
	free(c->path);
	free(c);
}

const struct analysis_sink *online_chunks_sink(const struct online_chunks *c)
{
	return &c->sink;
}

void online_chunks_of(struct online_chunks *c, const struct online *o)
{
	c->o = o;
	c->from_ns = NEVER;
}

/* Return: 0 or a negative errno, and then there is none. */
static int chunk_end(struct online_chunks *c, int64_t until_ns)
{
	char name[64];
	int ret;

	if (!c->job.error)
		names_put(c, until_ns);
	ret = chunk_close(c, !c->job.error);
	if (c->job.error)
		ret = c->job.error;
	final_name(c, name);
	if (!ret && renameat(c->folder, NOW, c->folder, name))
		ret = -errno;
	if (ret)
		chunk_remove(c);
	c->job.error = 0;
	return ret;
}

int online_chunks_look(struct online_chunks *c, bool all, struct ctf_error *e)
{
	int64_t from_ns = c->from_ns, until_ns = online_until_ns(c->o);
	int ret;

	if (!c->open || (!all && !c->job.error &&
			 until_ns - from_ns < c->every_ns))
		return 0;
	ret = chunk_end(c, until_ns);
	c->from_ns = until_ns;
	if (ret)
		vmsync_fail(e, ret, "", "%.400s: %s: the states of %.3f s up to host "
			    "time %.3f s are not there", c->path, strerror(-ret),
			    (double)(until_ns - from_ns) * 1e-9,
			    (double)until_ns * 1e-9);
	return ret;
}
