// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "ctf/internal.h"
#include "ctf/part.h"

/* Its stream is a section of a file, as one that is joined with others has. */
static int section_make(struct ctf_stream *s, const struct ctf_part *part,
			struct ctf_error *e)
{
	const struct ctf_packet *behind = part->behind;
	struct section *section;

	if (vec_grow(&s->sections, &s->cap_sections, 1, sizeof(*section)))
		return fail_nomem(e);
	section = &s->sections[0];
	*section = (struct section){ .from = part->from, .to = part->to };
	if (behind) {
		section->has = behind->has;
		section->seq = behind->seq;
		section->discarded = behind->discarded;
	}
	s->joined = true;
	s->n_sections = 1;
	s->size = part->to;
	return 0;
}

struct ctf_trace *ctf_part_open(const char *path, const struct ctf_part *part,
				struct ctf_trace *like, struct ctf_error *e)
{
	struct ctf_trace *t = trace_open_file(path, part->name, part->metadata,
					      like, e);

	if (!t || !section_make(&t->streams[0], part, e))
		return t;
	ctf_trace_close(t);
	return NULL;
}

void ctf_part_grow(struct ctf_trace *t, uint64_t to)
{
	struct ctf_stream *s = &t->streams[0];

	s->sections[0].to = to;
	s->size = to;
}
