// SPDX-License-Identifier: MIT
#include <errno.h>

#include "analysis/windows.h"

int analysis_windows_init(struct analysis_windows *w, int64_t from_ns,
			  int64_t until_ns, int64_t window_ns)
{
	int64_t length = until_ns - from_ns;

	*w = (struct analysis_windows){ .from_ns = from_ns,
					.until_ns = until_ns,
					.window_ns = window_ns };
	if (window_ns <= 0 || length <= 0)
		return 0;
	if ((length - 1) / window_ns >= ANALYSIS_WINDOWS_MOST)
		return -E2BIG;
	w->n = (uint32_t)((length - 1) / window_ns + 1);
	return 0;
}

void analysis_windows_free(struct analysis_windows *w)
{
	size_t i;

	for (i = 0; i < w->vcpus.count; i++)
		free(w->vcpus.at[i]);
	vmsync_array_free(&w->vcpus);
}

int64_t analysis_window_begin(const struct analysis_windows *w, uint32_t window)
{
	return window == w->n ? w->until_ns :
				w->from_ns + window * w->window_ns;
}

static struct analysis_window *windows_of(struct analysis_windows *w,
					  uint32_t vcpu)
{
	while (w->vcpus.count <= vcpu) {
		struct analysis_window **p = vmsync_array_add(&w->vcpus);

		if (!p)
			return NULL;
		*p = calloc(w->n, sizeof(**p));
		if (!*p)
			return NULL;
	}
	return w->vcpus.at[vcpu];
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct analysis_windows *w = ctx;
	int64_t from = s->from_ns > w->from_ns ? s->from_ns : w->from_ns;
	int64_t until = s->until_ns < w->until_ns ? s->until_ns : w->until_ns;
	struct analysis_window *of = windows_of(w, s->vcpu);

	if (!of) {
		w->failed = true;
		return;
	}
	while (from < until) {
		uint32_t i = (uint32_t)((from - w->from_ns) / w->window_ns);
		int64_t end = analysis_window_begin(w, i + 1);

		if (end > until)
			end = until;
		of[i].ns[s->state] += end - from;
		from = end;
	}
}

struct analysis_sink analysis_windows_sink(struct analysis_windows *w)
{
	return (struct analysis_sink){ .stay = stay, .ctx = w };
}

const struct analysis_window *
analysis_window_of(const struct analysis_windows *w, uint32_t vcpu,
		   uint32_t window)
{
	return vcpu < w->vcpus.count && w->vcpus.at[vcpu] ?
		       &w->vcpus.at[vcpu][window] :
		       NULL;
}
