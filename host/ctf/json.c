// SPDX-License-Identifier: MIT
/* CTF 2: metadata as JSON. */
#include "ctf/internal.h"

int json_parse(struct ctf_trace *t, struct ctf_error *e)
{
	fail(e, -ENOTSUP, "%s: CTF 2 metadata", t->meta_path);
	return remedy(e, "convert the trace to CTF 1.8");
}
