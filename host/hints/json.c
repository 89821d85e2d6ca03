// SPDX-License-Identifier: MIT
/* Hints as JSON; Documentation/hints.rst says what each key means. */
#include "hints/hints.h"

#include "base/json_string.h"
#include "hints/parts.h"

static const char *const silences[] = {
	[HINTS_SAID] = NULL,
	[HINTS_UNSURE] = "unsure",
	[HINTS_NO_CPU] = "no_cpu",
	[HINTS_BOUND] = "bound",
	[HINTS_FEW] = "few_windows",
	[HINTS_FIRST] = "others_first",
};

static void party(FILE *f, const struct hints *h, uint32_t number)
{
	static const char *const kinds[] = {"vm", "qemu", "process"};
	const struct hints_party *p = hints_party(h, number);
	char name[128];

	if (!p) {
		fputs("null", f);
		return;
	}
	fprintf(f, "{\"kind\": \"%s\", \"pid\": %d, \"name\": ", kinds[p->kind], p->pid);
	vmsync_json_string(f, hints_party_name(h, number, name, sizeof(name)));
	fprintf(f, ", \"ran_s\": %.6f, \"waited_s\": %.6f}", (double)p->ran_ns / 1e9,
		(double)p->waited_ns / 1e9);
}

struct commands {
	FILE *f;
	const char *sep;
};

static void command(void *ctx, const char *text)
{
	struct commands *c = ctx;

	fputs(c->sep, c->f);
	vmsync_json_string(c->f, text);
	c->sep = ", ";
}

static void parts(FILE *f, const struct hints *h, const struct hint *x)
{
	int i;

	for (i = 0; x->kind != HINTS_ROOM && i < HINTS_PARTS; i++)
		fprintf(f,
			"%s\n      {\"from_s\": %.6f, \"until_s\": %.6f, "
			"\"gain_s_per_h\": %.3f}",
			i ? "," : "", hints_part_begin(h, i),
			hints_part_begin(h, i + 1), x->rate[i]);
}

static void vcpu(FILE *f, const struct hints *h, uint32_t number)
{
	struct analysis_vcpu_id id =
		analysis_model_vcpu_id(h->analysis.model, number);

	fprintf(f, "{\"pid\": %d, \"vcpu\": %d}", id.pid, id.vcpu_id);
}

static void hint(FILE *f, const struct hints *h, const struct hint *x)
{
	struct commands c = {f, ""};
	size_t i;

	fprintf(f, "{\"kind\": \"%s\", \"vm\": ", hints_kind_name(x->kind));
	party(f, h, x->vm);
	fputs(", \"by\": ", f);
	party(f, h, x->by);
	fprintf(f,
		",\n     \"gain_s_per_h\": %.3f, \"low_s_per_h\": %.3f, "
		"\"high_s_per_h\": %.3f, \"confidence\": %.3f, \"back_s_per_h\": %.3f,"
		"\n     \"cpus\": [",
		x->gain, x->low, x->high, x->sure, x->back);
	for (i = 0; i < x->cpus.count; i++)
		fprintf(f, "%s%u", i ? ", " : "", x->cpus.at[i]);
	fputs("], \"vcpus\": [", f);
	for (i = 0; i < x->vcpus.count; i++) {
		fputs(i ? ", " : "", f);
		vcpu(f, h, x->vcpus.at[i]);
	}
	fprintf(f, "], \"migrations\": %llu, \"parts\": [",
		(unsigned long long)x->moves);
	parts(f, h, x);
	fputs("],\n     \"commands\": [", f);
	if (!x->silent)
		hints_commands(h, x, command, &c);
	fputs("]", f);
	if (x->silent)
		fprintf(f, ", \"why\": \"%s\"", silences[x->silent]);
	fputs("}", f);
}

static void list(FILE *f, const struct hints *h, size_t from, size_t until)
{
	size_t i;

	for (i = from; i < until; i++) {
		fputs(i > from ? ",\n    " : "\n    ", f);
		hint(f, h, &h->all.at[i]);
	}
}

void hints_json(FILE *f, const struct hints *h)
{
	const struct hints_state *s = h->state;

	fprintf(f,
		"{\"schema\": %d, \"begin_s\": %.6f, \"length_s\": %.6f,\n"
		"  \"least_s_per_h\": %.3f, \"window_s\": %.6f,\n"
		"  \"cpus\": %u, \"windows\": %u, \"demand_p99_cpus\": %.4f, "
		"\"demand_max_cpus\": %.4f,\n  \"none\": ",
		HINTS_SCHEMA, hints_part_begin(h, 0),
		(double)(s->until_ns - s->from_ns) / 1e9, h->options->least,
		(double)s->window_ns / 1e9, h->room.n_cpus, h->room.windows,
		h->room.p99, h->room.most);
	if (h->why_none)
		vmsync_json_string(f, h->why_none);
	else
		fputs("null", f);
	fputs(",\n  \"hints\": [", f);
	list(f, h, 0, h->n_given);
	fputs("],\n  \"silent\": [", f);
	list(f, h, h->n_given, h->all.count);
	fputs("]}\n", f);
}
