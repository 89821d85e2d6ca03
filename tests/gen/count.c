// SPDX-License-Identifier: MIT
/* An example of host/ctf: counts the events of a trace by name. */
#include <stdio.h>
#include <stdlib.h>

#include "ctf/ctf.h"

int main(int argc, char **argv)
{
	struct ctf_error e;
	const struct ctf_event *ev;
	struct ctf_trace *trace;
	struct ctf_merge *merge = ctf_merge_new();
	uint64_t *count = NULL;
	size_t i;
	int ret;

	trace = ctf_trace_open(argc > 1 ? argv[1] : ".", &e);
	ret = trace ? ctf_merge_add(merge, trace, NULL, &e) : e.code;
	if (ret >= 0)
		count = calloc(ctf_trace_classes(trace), sizeof(*count));
	while (count && (ret = ctf_merge_next(merge, &ev, &e)) > 0)
		count[ev->cls->index]++;
	if (ret < 0)
		fprintf(stderr, "count: %s\n", e.msg);

	for (i = 0; count && i < ctf_trace_classes(trace); i++)
		if (count[i])
			printf("%8llu %s\n", (unsigned long long)count[i],
			       ctf_trace_class(trace, i)->name);
	free(count);
	ctf_merge_free(merge);
	ctf_trace_close(trace);
	return ret < 0;
}
