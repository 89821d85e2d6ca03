// SPDX-License-Identifier: MIT
#include "memory/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_in.h"
#include "base/series.h"
#include "fuse/replace.h"

static const struct vmsync_kind kind = { "file of metrics", "# vmsync memory\n",
					 "--metrics" };

/* Those that begin with WSS are of working sets, which are files of their own. */
#define WSS "vmsync_memory_working_set_"

static const struct {
	const char *name;
	const char *help;
} series[MEMORY_SERIES] = {
	{ "vmsync_memory_bytes", "Memory that the guest was made with." },
	{ "vmsync_memory_held_bytes", "Of it, what the host holds for it alone." },
	{ "vmsync_memory_free_bytes", "What is free in the guest, in both looks." },
	{ "vmsync_memory_reclaimable_bytes", "Free in the guest, and held." },
	{ "vmsync_memory_uncertain_bytes",
	  "By so much that may be more: free in one look only." },
	{ "vmsync_memory_reportable_bytes",
	  "Reclaimable in free blocks of 2 MiB, as free page reporting has them." },
	{ "vmsync_memory_swapped_bytes", "In the host's swap." },
	{ "vmsync_memory_balloon_bytes", "What the balloon leaves the guest; 0: none." },
	{ WSS "bytes", "Memory that the guest touched while it was watched." },
	{ WSS "least_bytes", "With most_bytes, what the truth is between, 19 times of 20." },
	{ WSS "most_bytes", "With least_bytes, the same." },
	{ WSS "held_bytes", "What the host held then of its memory." },
};

static bool is_told(const struct memory_metrics *m, const char *name)
{
	return !strncmp(name, WSS, strlen(WSS)) == m->working_sets;
}

/* The name that vmsyncd wrote as JSON, as it is; to be freed. */
static char *name_of(const char *json)
{
	char *name = in_bare(json);

	return name ? name : strdup(json);
}

static int row_add(struct memory_metrics *m, const struct memory_result *r,
		   const uint64_t bytes[MEMORY_SERIES])
{
	char *domain = name_of(r->source->name);
	struct memory_row *row = domain ? vmsync_array_add(&m->rows) : NULL;

	if (!row) {
		free(domain);
		return -ENOMEM;
	}
	*row = (struct memory_row){ .domain = domain, .pid = r->pid };
	memcpy(row->uuid, r->source->uuid, sizeof(row->uuid));
	memcpy(row->bytes, bytes, sizeof(row->bytes));
	return 0;
}

int memory_metrics_add(struct memory_metrics *m, const struct memory_result *r)
{
	uint64_t bytes[MEMORY_SERIES] = {
		r->total,
		r->n_present,
		r->n_free,
		r->n_reclaimable,
		r->n_changed,
		memory_reported(r),
		memory_pages_count(&r->held.swapped),
		r->balloon.there ? r->balloon.actual / MEMORY_PAGE : 0,
	};
	size_t i;

	for (i = 0; i < MEMORY_SERIES; i++)
		bytes[i] *= MEMORY_PAGE;
	return row_add(m, r, bytes);
}

int memory_metrics_add_working_set(struct memory_metrics *m,
				   const struct memory_working_set *set)
{
	const uint64_t bytes[MEMORY_SERIES] = {
		[MEMORY_SERIES - 4] = set->touched.bytes,
		set->touched.least,
		set->touched.most,
		set->look.n_present * MEMORY_PAGE,
	};

	m->working_sets = true;
	m->watched_ns = (uint64_t)set->watched_ns;
	return row_add(m, &set->look, bytes);
}

static void row_write(FILE *f, const char *name, const struct memory_row *row,
		      uint64_t bytes)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", row->pid);
	fprintf(f, "%s{", name);
	vmsync_series_label(f, "domain", row->domain);
	fputc(',', f);
	vmsync_series_label(f, "uuid", row->uuid);
	fputc(',', f);
	vmsync_series_label(f, "pid", pid);
	fprintf(f, "} %" PRIu64 "\n", bytes);
}

static int write_all(FILE *f, void *ctx, struct ctf_error *e)
{
	const struct memory_metrics *m = ctx;
	const char *looked;
	size_t i, k;

	(void)e;
	fputs(kind.begins, f);
	for (i = 0; i < MEMORY_SERIES; i++) {
		if (!is_told(m, series[i].name))
			continue;
		vmsync_series_family(f, series[i].name, "gauge", series[i].help);
		for (k = 0; k < m->rows.count; k++)
			row_write(f, series[i].name, &m->rows.at[k],
				  m->rows.at[k].bytes[i]);
	}
	if (m->working_sets) {
		vmsync_series_family(f, WSS "watched_seconds", "gauge",
				     "How long each page was watched.");
		fputs(WSS "watched_seconds ", f);
		vmsync_series_seconds(f, m->watched_ns);
		fputc('\n', f);
	}
	looked = m->working_sets ? WSS "looked_timestamp_seconds" :
				   "vmsync_memory_looked_timestamp_seconds";
	vmsync_series_family(f, looked, "gauge", "When it was looked, since 1970.");
	fprintf(f, "%s %" PRId64 "\n", looked, (int64_t)time(NULL));
	return 0;
}

int memory_metrics_check(const char *path, struct ctf_error *e)
{
	return vmsync_replace_check(path, &kind, e);
}

int memory_metrics_write(const char *path, struct memory_metrics *m,
			 struct ctf_error *e)
{
	return vmsync_replace(path, &kind, write_all, m, e);
}

void memory_metrics_free(struct memory_metrics *m)
{
	size_t i;

	for (i = 0; i < m->rows.count; i++)
		free(m->rows.at[i].domain);
	vmsync_array_free(&m->rows);
}
