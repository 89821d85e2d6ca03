// SPDX-License-Identifier: MIT
#include "export/origin.h"

struct export_origin export_origin(const struct vmsync_machine *host)
{
	const struct ctf_clock *c = host->clock;
	bool is = c && (c->offset_s || c->offset);

	return (struct export_origin){
		.boot = {.text = host->clock_uuid, .none = !*host->clock_uuid},
		.realtime = {.number = is ? (int64_t)ctf_clock_ns(c, 0) : 0,
			     .none = !is},
	};
}
