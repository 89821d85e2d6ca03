// SPDX-License-Identifier: MIT
/* restamp IN OUT MUL DIV: every stamp times MUL / DIV, rounded down. */
#include <stdio.h>
#include <stdlib.h>

#include "ctf/rewrite.h"

static uint64_t mul, div_by;

static void map(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < n; i++)
		out[i] = (uint64_t)((unsigned __int128)in[i] * mul / div_by);
}

int main(int argc, char **argv)
{
	struct ctf_rewrite how = { .map = { map, NULL } };
	struct ctf_rewritten res;
	struct ctf_error e;
	struct ctf_trace *t;
	int ret;

	if (argc != 5) {
		fprintf(stderr, "usage: restamp IN OUT MUL DIV\n");
		return 2;
	}
	mul = strtoull(argv[3], NULL, 0);
	div_by = strtoull(argv[4], NULL, 0);
	t = ctf_trace_open(argv[1], &e);
	ret = t ? ctf_trace_rewrite(t, argv[2], &how, &res, &e) : e.code;
	if (ret)
		fprintf(stderr, "restamp: %s\n", e.msg);
	else
		printf("%llu events, %llu packets grown\n",
		       (unsigned long long)res.events_out,
		       (unsigned long long)res.grown);
	ctf_trace_close(t);
	return ret ? 1 : 0;
}
