// SPDX-License-Identifier: MIT
#include "export/origin.h"

struct export_origin export_origin(const struct ctf_clock *c, const char *uuid)
{
	bool is = c && (c->offset_s || c->offset);

	return (struct export_origin){
		.boot = { .text = *uuid ? uuid : NULL, .none = !*uuid },
		.realtime = { .number = is ? (int64_t)ctf_clock_ns(c, 0) : 0,
			      .none = !is },
	};
}
