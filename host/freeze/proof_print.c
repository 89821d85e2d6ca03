// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "base/json_string.h"
#include "freeze/folder.h"
#include "freeze/proof.h"
#include "fuse/print.h"

static double s(int64_t ns)
{
	return (double)ns / 1e9;
}

static void print_machine(FILE *f, const struct freeze_facts *facts,
			  const struct freeze_proof_machine *m)
{
	int64_t at = (int64_t)facts->at_ns;
	const struct freeze_window *w = &m->window;

	fputs(m->guest ? "guest " : "host", f);
	if (m->guest)
		print_clean(f, m->guest->name);
	fputs(": ", f);
	if (!m->placed) {
		fputs("NOT TAKEN: ", f);
		print_clean(f, m->why);
		fputc('\n', f);
		return;
	}
	fprintf(f, "%s", freeze_proof_machine_holds(m) ? "whole" : "NOT WHOLE");
	fprintf(f, ", it holds %.6f s before to %.6f s after", s(at - w->from_ns),
		s(w->until_ns - at));
	if (m->guest) {
		fputs(", to ", f);
		print_ns(f, w->bound_ns);
	}
	if (m->lacks_begin_ns)
		fprintf(f, "; the first %.6f s are missing",
			s((int64_t)m->lacks_begin_ns));
	if (m->lacks_end_ns)
		fprintf(f, "; the last %.6f s are missing",
			s((int64_t)m->lacks_end_ns));
	if (m->contradicted)
		fputs("; what is known of its clock contradicts itself", f);
	if (m->guest && m->guest->cut) {
		fputs("; ", f);
		print_clean(f, m->guest->said);
	}
	fputc('\n', f);
}

static void print_text(FILE *f, const struct freeze_proof *p)
{
	size_t i;

	fprintf(f, "freeze %" PRIu64 " of %.9f s, with %.3f s before that: %s\n",
		p->facts.number, s((int64_t)p->facts.at_ns),
		s((int64_t)p->facts.before_ns),
		freeze_proof_holds(p) ? "every snapshot holds that" :
					"NOT EVERY SNAPSHOT HOLDS THAT");
	for (i = 0; i < p->n; i++)
		print_machine(f, &p->facts, &p->machine[i]);
}

static void print_json_machine(FILE *f, const struct freeze_proof_machine *m)
{
	const struct freeze_window *w = &m->window;

	fprintf(f, "{\"host\": %s, \"name\": ", m->guest ? "false" : "true");
	vmsync_json_string(f, m->guest ? m->guest->name : "");
	fprintf(f, ", \"whole\": %s, \"taken\": %s",
		freeze_proof_machine_holds(m) ? "true" : "false",
		m->placed ? "true" : "false");
	if (m->placed)
		fprintf(f,
			", \"from_ns\": %" PRId64 ", \"until_ns\": %" PRId64
			", \"bound_ns\": %" PRId64 ", \"lacks_begin_ns\": %" PRIu64
			", \"lacks_end_ns\": %" PRIu64 ", \"discarded\": %" PRIu64
			", \"lost_packets\": %" PRIu64 ", \"contradicted\": %s",
			w->from_ns, w->until_ns, w->bound_ns, m->lacks_begin_ns,
			m->lacks_end_ns, w->discarded, w->lost,
			m->contradicted ? "true" : "false");
	fputs(", \"why\": ", f);
	vmsync_json_string(f, m->why);
	fputc('}', f);
}

static void print_json(FILE *f, const void *proof)
{
	const struct freeze_proof *p = proof;
	size_t i;

	fprintf(f,
		"{\"vmsync_freeze_proof\": 1, \"number\": %" PRIu64
		", \"at_ns\": %" PRIu64 ", \"before_ns\": %" PRIu64
		", \"whole\": %s, \"machines\": [",
		p->facts.number, p->facts.at_ns, p->facts.before_ns,
		freeze_proof_holds(p) ? "true" : "false");
	for (i = 0; i < p->n; i++) {
		fputs(i ? ", " : "", f);
		print_json_machine(f, &p->machine[i]);
	}
	fputs("]}\n", f);
}

void freeze_proof_print(FILE *f, const struct freeze_proof *proof, bool json)
{
	if (json)
		print_json(f, proof);
	else
		print_text(f, proof);
}

int freeze_proof_save(const char *dir, const struct freeze_proof *proof,
		      struct ctf_error *e)
{
	return freeze_folder_save(dir, "proof.json", print_json, proof, e);
}
