// SPDX-License-Identifier: MIT
#include "fuse/absent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CPUS 65536	/* a trace may claim any number */

/* Stretches of numbers that are named in a note. */
#define NAMED 8

struct vmsync_cpus_seen {
	bool unknown;	/* the CPU of some stream that matters */
	uint32_t n;	/* the highest number, plus 1 */
	bool matters[MAX_CPUS];
};

struct vmsync_cpus_seen *vmsync_cpus_seen_new(void)
{
	return calloc(1, sizeof(struct vmsync_cpus_seen));
}

/* ------------------------------------------------------- the names of files */

/* The number at @s, if nothing follows it but perhaps the number of a file. */
static bool number_at(const char *s, uint32_t *number)
{
	size_t digits = strspn(s, "0123456789");
	const char *rest = s + digits;

	if (!digits || digits > 5)
		return false;
	*number = (uint32_t)strtoul(s, NULL, 10);
	return !*rest ||
	       (*rest == '_' && rest[1] && !rest[1 + strspn(rest + 1,
							    "0123456789")]);
}

/*
 * Where the CPU's number is in the name of its file: "channel0_3", or with files of
 * a limited size "channel0_3_17". 0: it is not there.
 */
static size_t place_of_number(const char *name, uint32_t cpu)
{
	size_t i;
	uint32_t number;

	for (i = 1; name[i]; i++) {
		if (name[i - 1] == '_' && number_at(name + i, &number) &&
		    number == cpu)
			return i;
	}
	return 0;
}

/* Empty files that are named as @file is are of CPUs as well. */
static void see_empty(struct vmsync_cpus_seen *seen,
		      const struct ctf_stream *file, uint32_t cpu)
{
	const char *name = ctf_stream_name(file), *empty;
	size_t at = place_of_number(name, cpu), i;
	uint32_t number;

	for (i = 0; at && (empty = ctf_trace_empty(ctf_stream_trace(file), i));
	     i++) {
		if (!strncmp(empty, name, at) &&
		    number_at(empty + at, &number) && number < MAX_CPUS &&
		    number >= seen->n)
			seen->n = number + 1;
	}
}

/* ------------------------------------------------------------------- numbers */

void vmsync_cpus_seen_stream(struct vmsync_cpus_seen *seen,
			     const struct ctf_stream *file, uint32_t cpu,
			     bool matters)
{
	if (cpu >= MAX_CPUS) {
		seen->unknown |= matters;
		return;
	}
	if (cpu >= seen->n)
		seen->n = cpu + 1;
	seen->matters[cpu] |= matters;
	see_empty(seen, file, cpu);
}

int vmsync_cpus_absent(const struct vmsync_cpus_seen *seen, vmsync_cpus *absent)
{
	uint32_t cpu, *p;

	if (seen->unknown || !memchr(seen->matters, true, seen->n))
		return 0;
	for (cpu = 0; cpu < seen->n; cpu++) {
		if (seen->matters[cpu])
			continue;
		p = vmsync_array_add(absent);
		if (!p)
			return -ENOMEM;
		*p = cpu;
	}
	return 0;
}

/* "1, 4-7" */
static void numbers(FILE *f, const vmsync_cpus *cpus)
{
	size_t i, last, n = 0;

	for (i = 0; i < cpus->count; i = last + 1) {
		for (last = i; last + 1 < cpus->count &&
			       cpus->at[last + 1] == cpus->at[last] + 1;)
			last++;
		if (n++ == NAMED) {
			fputs(" and others", f);
			return;
		}
		fprintf(f, "%s%" PRIu32, i ? ", " : "", cpus->at[i]);
		if (last > i)
			fprintf(f, "-%" PRIu32, cpus->at[last]);
	}
}

void vmsync_absent_note(const vmsync_cpus *absent, char *text, size_t size)
{
	FILE *f = fmemopen(text, size, "w");

	text[0] = text[size - 1] = '\0';
	if (!f)
		return;
	fprintf(f, "of CPU%s ", absent->count == 1 ? "" : "s");
	numbers(f, absent);
	fputs(" nothing is recorded: a stream file is missing or empty, unless the "
	      "CPU was off. Changes of clocks and beacons that were recorded there "
	      "are missing, and where a virtual CPU's thread may have been there its "
	      "events are not decidable. Name all files of the recording, and record "
	      "all CPUs", f);
	fclose(f);
}
