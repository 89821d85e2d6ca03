// SPDX-License-Identifier: MIT
#include "live/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_string.h"
#include "base/sample.h"
#include "fuse/fail.h"

static void put(FILE *f, const struct vmsync_sample *s, bool first)
{
	size_t i;

	fputs(first ? "{\"name\": " : ", {\"name\": ", f);
	vmsync_json_string(f, s->name);
	for (i = 0; i < s->n; i++) {
		fputs(", ", f);
		vmsync_json_string(f, s->label[i].name);
		fputs(": ", f);
		vmsync_json_string(f, s->label[i].value);
	}
	/* JSON has no infinity. */
	fprintf(f, ", \"value\": %s}", *s->value == '+' ? "null" : s->value);
}

/* Lines as Prometheus has them. */
static void convert(FILE *f, char *text)
{
	bool first = true;
	struct vmsync_sample s;
	char *next;

	for (; *text; text = next) {
		next = text + strcspn(text, "\n");
		next += *next == '\n';
		if (next[-1] == '\n')
			next[-1] = '\0';
		if (vmsync_sample_parse(text, &s) <= 0)
			continue;
		put(f, &s, first);
		first = false;
	}
}

int live_lines_write(FILE *f, struct live_member *m, size_t n,
		     const struct live_more *more, struct ctf_error *e)
{
	char *text = NULL;
	struct timespec now;
	size_t size = 0;
	FILE *all = open_memstream(&text, &size);
	int ret;

	if (!all)
		return vmsync_fail_memory(e);
	ret = live_metrics_print(all, m, n, more, e);
	if (fclose(all) && !ret)
		ret = vmsync_fail_memory(e);
	if (!ret) {
		clock_gettime(CLOCK_REALTIME, &now);
		fprintf(f, "{\"realtime_seconds\": %lld.%09ld, \"series\": [",
			(long long)now.tv_sec, now.tv_nsec);
		convert(f, text);
		fputs("]}\n", f);
		if (fflush(f))
			ret = vmsync_fail(e, -errno, "", "standard output: %s",
					  strerror(errno));
	}
	free(text);
	return ret;
}
