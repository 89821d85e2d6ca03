// SPDX-License-Identifier: MIT
/* vmsync memory --working-set: what guests touch within some time. */
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"
#include "cmd_memory.h"

static void tell(struct cmd_memory_guests *g, const struct memory_working_set *set)
{
	const struct ctf_error memory = { .code = -ENOMEM };

	if (set->error.code) {
		cmd_memory_say(set->look.source, &set->error);
		g->failed++;
	} else if (g->metrics && memory_metrics_add_working_set(&g->rows, set)) {
		cmd_error("memory", &memory);
		g->failed++;
	} else {
		cmd_memory_next(g);
		(g->json ? memory_working_set_json : memory_working_set_text)(stdout, set);
	}
}

int cmd_memory_working_sets(struct cmd_memory_guests *g, int64_t ns)
{
	size_t i, n = g->source.count;
	struct memory_working_set *set;
	struct ctf_error e;
	int ret;

	if (n > MEMORY_WORKING_SETS)
		return cmd_usage_error("memory", "%zu guests are more than %d at a time: "
				       "name some", n, MEMORY_WORKING_SETS);
	set = calloc(n, sizeof(*set));
	if (!set)
		return cmd_error("memory", &(struct ctf_error){ .code = -ENOMEM });
	for (i = 0; i < n; i++)
		set[i].look.source = &g->source.at[i];
	ret = memory_working_sets(set, n, ns, &e);
	for (i = 0; i < n && !ret; i++)
		tell(g, &set[i]);
	for (i = 0; i < n; i++)
		memory_working_set_free(&set[i]);
	free(set);
	return ret ? cmd_error("memory", &e) : 0;
}
