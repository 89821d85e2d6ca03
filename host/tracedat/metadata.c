// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "ctf/out.h"
#include "tracedat/metadata.h"

/* As LTTng calls it, where it has it; CTF has no dashes in names. */
static void clock_name(const struct dat_metadata *m, char out[32])
{
	char *dash;

	strcpy(out, strcmp(m->clock, "mono") ? m->clock : "monotonic");
	while ((dash = strchr(out, '-')))
		*dash = '_';
}

static bool same_line(const struct dat_sample *a, const struct dat_sample *b)
{
	return a->offset == b->offset && a->scaling == b->scaling &&
	       a->fraction == b->fraction;
}

/* "TIME OFFSET SCALING FRACTION;...": of a row of the same the first and the last. */
static void print_samples(const struct dat_samples *s, FILE *f)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct dat_sample *at = &s->at[i];

		if (i && i + 1 < s->n && same_line(at, at - 1) &&
		    same_line(at, at + 1))
			continue;
		fprintf(f, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu32 ";",
			at->time, at->offset, at->scaling, at->fraction);
	}
}

/* What fuse/tsync.c reads. */
static void print_tsync(const struct dat_metadata *m, FILE *f)
{
	const struct dat_options *o = &m->options;
	size_t i;

	if (m->trace_id)
		fprintf(f, "\ttrace_id = \"%" PRIu64 "\";\n", m->trace_id);
	if (o->mult)
		fprintf(f, "\ttsc_factor = \"%" PRIu32 " %" PRIu32 "\";\n",
			o->mult, o->shift);
	if (o->bad_samples)
		fputs("\ttsync = \"damaged\";\n", f);
	if (!o->has_samples)
		return;
	fprintf(f, "\ttsync = \"%s\";\n\ttsync_host = \"%" PRIu64 "\";\n",
		o->interpolate ? "lines" : "steps", o->host_id);
	for (i = 0; i < o->n_cpus; i++) {
		if (!o->cpus[i].n)
			continue;
		fprintf(f, "\ttsync_cpu%zu = \"", i);
		print_samples(&o->cpus[i], f);
		fputs("\";\n", f);
	}
}

void dat_metadata_print(const struct dat_metadata *m, FILE *f)
{
	char clock[32];

	clock_name(m, clock);
	ctf_out_head(f, m->uuid);
	fprintf(f,
		"env {\n\thostname = \"%s\";\n"
		"\tdomain = \"kernel\";\n\tsysname = \"Linux\";\n"
		"\tkernel_release = \"%s\";\n\ttracer_name = \"ftrace\";\n"
		"\ttrace_clock = \"%s\";\n",
		m->hostname, m->release, m->clock);
	print_tsync(m, f);
	fprintf(f, "};\n\nclock {\n\tname = \"%s\";\n\tuuid = \"", clock);
	ctf_out_uuid(f, m->uuid);
	fputs("\";\n\tdescription = \"of ftrace\";\n\tfreq = 1000000000;\n"
	      "\toffset = 0;\n\tabsolute = true;\n};\n\n", f);
	ctf_out_layout(f, clock, true);
}
