// SPDX-License-Identifier: MIT
/* The report as text, of at most 100 columns. */
#include <inttypes.h>
#include <stdlib.h>

#include "fuse/print.h"
#include "volume/volumes.h"
#include "volume/words.h"

/* Microseconds, to a tenth. */
static void us(FILE *f, uint64_t ns, int width)
{
	char buf[32];
	uint64_t tenth = (ns + 50) / 100;

	snprintf(buf, sizeof(buf), "%" PRIu64 ".%" PRIu64, tenth / 10, tenth % 10);
	fprintf(f, " %*s", width, buf);
}

static void figures(FILE *f, const char *label, const struct analysis_hist *h,
		    uint64_t whole_ns)
{
	fprintf(f, "    %-37s", label);
	if (whole_ns)
		fprintf(f, " %5.1f", 100.0 * (double)h->sum_ns / (double)whole_ns);
	else
		fprintf(f, " %5s", "");
	fprintf(f, " %12.3f", (double)h->sum_ns / 1e6);
	us(f, analysis_hist_percentile(h, 50), 11);
	us(f, analysis_hist_percentile(h, 99), 11);
	us(f, h->max_ns, 11);
	fputc('\n', f);
}

/* Cuts that not all have, beside those that the outcome says all have. */
static void unseen(FILE *f, const struct volume_sums *s)
{
	static const struct {
		enum volume_cut cut;
		const char *text;
	} cuts[] = {
		{ VOLUME_LEFT, "no exit that woke QEMU" },
		{ VOLUME_INTERRUPTED, "no interrupt by QEMU" },
	};
	size_t i;

	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		uint64_t n = s->whole.count - s->seen[cuts[i].cut];

		if (n)
			fprintf(f,
				"    of %" PRIu64
				" %s is known: that time is in QEMU's\n",
				n, cuts[i].text);
	}
}

static void sums_text(FILE *f, enum volume_op op, enum volume_followed followed,
		      const struct volume_sums *s)
{
	int i;

	fprintf(f,
		"\n  %s, %s: %" PRIu64 ", %.3f MiB", volume_ops[op].text,
		volume_followeds[followed].text, s->whole.count,
		(double)s->bytes / (1 << 20));
	if (s->errors)
		fprintf(f, ", %" PRIu64 " failed", s->errors);
	fprintf(f, "\n    %-37s %5s %12s %11s %11s %11s\n", "", "%", "ms", "p50 us",
		"p99 us", "max us");
	figures(f, "issued to completed, in the guest", &s->whole,
		s->whole.sum_ns);
	if (s->before.count)
		figures(f, "before that: guest's block layer", &s->before, 0);
	for (i = 0; followed <= VOLUME_TO_CALL && i < VOLUME_PARTS; i++) {
		if (s->parts[i].sum_ns)
			figures(f, volume_parts[i].text, &s->parts[i],
				s->whole.sum_ns);
	}
	if (followed <= VOLUME_TO_CALL)
		unseen(f, s);
}

static void paths_text(FILE *f, const struct volumes *v,
		       const struct volume *volume)
{
	size_t i;

	for (i = 0; i < volume->paths.paths.count; i++) {
		const struct volume_path *p = &volume->paths.paths.at[i];
		char name[VOLUME_NAME];

		fputs(i ? ", " : ": ", f);
		if (p->place.kind != VOLUME_ON_DISK)
			fprintf(f, "%s %u", volume_places[p->place.kind].text,
				p->place.id);
		else
			print_clean(f, volumes_name(v, VOLUME_HOST, p->place.id,
						    name));
		fprintf(f, " %+" PRId64, p->distance);
		fprintf(f, " (%" PRIu64 " of %" PRIu64 ")", p->votes, p->tries);
	}
	if (!volume->paths.paths.count)
		fputs(": nothing tells where on the host it is", f);
	fputc('\n', f);
}

static int slower(const void *a, const void *b)
{
	const struct volume_request *x = &((const struct volume_listed *)a)->request;
	const struct volume_request *y = &((const struct volume_listed *)b)->request;
	int64_t p = x->cut_ns[VOLUME_DONE] - x->cut_ns[VOLUME_ISSUED];
	int64_t q = y->cut_ns[VOLUME_DONE] - y->cut_ns[VOLUME_ISSUED];

	return p > q ? -1 : p < q;
}

static void listed_text(FILE *f, const struct volumes *v,
			const struct volume_listed *l)
{
	const struct volume_request *r = &l->request;
	int64_t ns[VOLUME_PARTS];
	int i;

	volume_request_parts(r, l->followed, ns);
	fprintf(f, "    %12.6f %-7s %12" PRId64 " %6" PRId64,
		(double)(r->cut_ns[VOLUME_ISSUED] - v->begin_ns) / 1e9,
		volume_ops[r->op].text, r->sector, r->sectors);
	us(f, (uint64_t)(r->cut_ns[VOLUME_DONE] - r->cut_ns[VOLUME_ISSUED]), 11);
	fputs("  ", f);
	for (i = 0; l->followed <= VOLUME_TO_CALL && i < VOLUME_PARTS; i++)
		fprintf(f, "%s%.0f", i ? "+" : "", (double)ns[i] / 1e3);
	if (l->followed > VOLUME_TO_CALL)
		fputs(volume_followeds[l->followed].key, f);
	fputc('\n', f);
}

static void slowest_text(FILE *f, const struct volumes *v,
			 const struct volume *volume)
{
	size_t i, n = volume->listed.count;
	struct volume_listed *sorted = malloc((n + 1) * sizeof(*sorted));

	if (!n || !sorted) {
		free(sorted);
		return;
	}
	for (i = 0; i < n; i++)
		sorted[i] = volume->listed.at[i];
	if (!v->options->all)
		qsort(sorted, n, sizeof(*sorted), slower);
	fprintf(f, "\n  %s\n    %12s %-7s %12s %6s %11s  parts as above, us\n",
		v->options->all ? "all requests" : "the slowest", "s", "", "sector",
		"many", "us");
	for (i = 0; i < n; i++)
		listed_text(f, v, &sorted[i]);
	free(sorted);
}

static void volume_text(FILE *f, const struct volumes *v,
			const struct volume *volume)
{
	const struct vmsync_session_guest *g = &v->session->guests[volume->guest];
	char name[VOLUME_NAME];
	int op, followed;

	fputc('\n', f);
	print_clean(f, g->machine->name);
	fputs(", ", f);
	print_clean(f, volumes_name(v, volume->guest + 1, volume->dev, name));
	paths_text(f, v, volume);
	for (op = 0; op < VOLUME_OPS; op++) {
		for (followed = 0; followed < VOLUME_FOLLOWED; followed++) {
			if (volume->sums[op][followed])
				sums_text(f, (enum volume_op)op,
					  (enum volume_followed)followed,
					  volume->sums[op][followed]);
		}
	}
	slowest_text(f, v, volume);
}

static bool has_sums(const struct volume *volume)
{
	int op, followed;

	for (op = 0; op < VOLUME_OPS; op++) {
		for (followed = 0; followed < VOLUME_FOLLOWED; followed++) {
			if (volume->sums[op][followed])
				return true;
		}
	}
	return false;
}

static void guest_text(FILE *f, const struct volumes *v, uint32_t guest)
{
	const struct vmsync_session_guest *g = &v->session->guests[guest];
	const struct volume_requests *rs = &v->requests[guest];
	size_t i, n = 0;

	for (i = 0; i < v->volumes.count; i++) {
		if (v->volumes.at[i].guest == guest &&
		    has_sums(&v->volumes.at[i])) {
			volume_text(f, v, &v->volumes.at[i]);
			n++;
		}
	}
	fputc('\n', f);
	print_clean(f, g->machine->name);
	if (!rs->issued) {
		fputs(": no requests were recorded (block_rq_issue and "
		      "block_rq_complete)\n", f);
		return;
	}
	fprintf(f, ": %" PRIu64 " requests to %zu block devices", rs->issued, n);
	if (rs->on_way.count + rs->unfinished)
		fprintf(f, "; %" PRIu64 " without an end",
			(uint64_t)rs->on_way.count + rs->unfinished);
	if (rs->crowded)
		fprintf(f, "; %" PRIu64 " too many at a time", rs->crowded);
	fputs(g->report->found ? "" : "; its QEMU is not known", f);
	fputs("; its clock is known to ", f);
	print_ns(f, g->report->bound_worst_ns);
	fputc('\n', f);
}

/* What took most of all, and the part of it that did. */
struct most {
	const struct volume *volume;
	const struct volume_sums *sums;
	enum volume_op op;
};

static struct most most_of(const struct volumes *v)
{
	struct most most = { NULL, NULL, VOLUME_OTHER };
	int op, followed;
	size_t i;

	for (i = 0; i < v->volumes.count; i++) {
		for (op = 0; op < VOLUME_OPS; op++) {
			for (followed = 0; followed <= VOLUME_TO_CALL; followed++) {
				const struct volume *volume = &v->volumes.at[i];
				const struct volume_sums *s =
					volume->sums[op][followed];

				if (s && volumes_reported(v, volume) &&
				    (!most.sums ||
				     s->whole.sum_ns > most.sums->whole.sum_ns))
					most = (struct most){
						volume, s, (enum volume_op)op };
			}
		}
	}
	return most;
}

/* The answer: which requests waited longest, and for what. */
static void answer(FILE *f, const struct volumes *v)
{
	const struct most m = most_of(v);
	char name[VOLUME_NAME];
	int i, part = 0;

	if (!m.sums || !m.sums->whole.sum_ns) {
		fputs("No request of a guest was followed.\n", f);
		return;
	}
	for (i = 1; i < VOLUME_PARTS; i++) {
		if (m.sums->parts[i].sum_ns > m.sums->parts[part].sum_ns)
			part = i;
	}
	print_clean(f, v->session->guests[m.volume->guest].machine->name);
	fprintf(f, "'s %s requests to ", volume_ops[m.op].text);
	print_clean(f, volumes_name(v, m.volume->guest + 1, m.volume->dev, name));
	fprintf(f,
		" took most: %" PRIu64 ", %.3f ms in all. Most of that, %.1f %%:\n"
		"%s.\n",
		m.sums->whole.count, (double)m.sums->whole.sum_ns / 1e6,
		100.0 * (double)m.sums->parts[part].sum_ns /
			(double)m.sums->whole.sum_ns,
		volume_parts[part].text);
}

void volumes_text(FILE *f, const struct volumes *v)
{
	uint32_t i;

	answer(f, v);
	for (i = 0; i < v->session->n_guests; i++) {
		const struct volume any = { .guest = i };

		if (volumes_reported(v, &any))
			guest_text(f, v, i);
	}
	if (v->on_more)
		fprintf(f, "%" PRIu64 " requests to other block devices: more than "
			"%d are not told apart\n", v->on_more, VOLUMES_MOST);
	if (v->omitted)
		fprintf(f, "%" PRIu64 " requests are not listed: more than %d\n",
			v->omitted, VOLUME_MOST_LISTED);
}
