// SPDX-License-Identifier: MIT
#include "sync/facts/reading.h"

/* Of very many changes of a TSC only those around the moment are tried. */
#define MAX_TRIES 64

/* Farther than any moment is from another, ns. */
#define NEVER ((int128)1 << 100)

/*
 * A moment that is expected where nothing is known of the TSC is not sought
 * farther off, ns: beacons take less on their way, and a line that is dated wrong
 * by so much is wrong by 1 ns at most. With more, a line could be dated by the TSC
 * of another boot, or of before a write.
 */
#define STRAY_NS 1000000

/*
 * A record may be made later than the TSC was read that it tells of, ns: that of a
 * knot names the TSC at which the line before it ended.
 */
#define LATE_NS 1000000000

/* Readings of two clocks that have drifted apart by 2000 ppm at most, ns. */
#define SLACK_NS    1000
#define SLACK_SHARE 500

/* The mark before guest time @ns and the one after it; one may be both. */
static bool marks_around(const struct vmsync_facts *f, int64_t ns, size_t at[2])
{
	size_t lo = 0, hi = f->n_marks;

	if (!f->n_marks)
		return false;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->marks[mid].guest_ns <= ns)
			lo = mid;
		else
			hi = mid;
	}
	at[0] = lo;
	at[1] = lo + 1 == f->n_marks ? lo : hi;
	return true;
}

/*
 * About the host time of guest time @ns, by the mark before it and the one
 * after it. They differ where the guest stood still between the two. @slack_ns:
 * what two steered clocks drift apart from there meanwhile
 */
static bool expected_host(const struct vmsync_facts *f, int64_t ns,
			  int128 host_ns[2], int128 *slack_ns)
{
	const struct vmsync_mark *m = f->marks;
	size_t at[2], lo, hi;

	if (!marks_around(f, ns, at))
		return false;
	lo = at[0];
	hi = at[1];
	host_ns[0] = (int128)m[lo].host_ns + ns - m[lo].guest_ns;
	host_ns[1] = (int128)m[hi].host_ns + ns - m[hi].guest_ns;
	*slack_ns = SLACK_NS + (wide_abs((int128)ns - m[lo].guest_ns) +
				wide_abs((int128)m[hi].guest_ns - ns)) /
				       SLACK_SHARE;
	return true;
}

/* After candidates_init() each next_candidate() gives a point where a
 * TSC may have read @tsc. */
struct candidates {
	const struct vmsync_facts *f;
	const struct vmsync_timeline *scaling;
	uint64_t tsc;
	size_t i;
	size_t end;
	int64_t at;
};

/* All changes if they are few, else those around @at, half of them after it. */
static void candidates_init(struct candidates *c, int64_t at, bool after)
{
	const struct vmsync_timeline *tl = c->scaling;
	size_t middle;

	c->i = 0;
	c->end = tl->steps.count;
	if (c->end <= MAX_TRIES)
		return;
	middle = (size_t)(vmsync_timeline_at(tl, at) - tl->steps.at) + 1;
	if (after && middle + MAX_TRIES / 2 < c->end)
		c->end = middle + MAX_TRIES / 2;
	else if (!after)
		c->end = middle;
	if (c->end > MAX_TRIES)
		c->i = c->end - MAX_TRIES;
}

static bool next_candidate(struct candidates *c)
{
	const struct vmsync_timeline *tl = c->scaling;

	while (c->i < c->end) {
		const struct vmsync_step *s = &tl->steps.at[c->i++];
		int64_t end = c->i < tl->steps.count ? s[1].sure :
						       VMSYNC_AXIS_MAX;
		uint64_t near = c->f->tsc_ref, h;

		if (s->from > VMSYNC_AXIS_MIN + 1)
			near += (uint64_t)s->from;
		if (!s->param ||
		    !vmsync_scaling_host(s->param, c->tsc, near, &h))
			continue;
		c->at = vmsync_date_of_tsc(c->f, h);
		if (c->at >= s->from && c->at <= end)
			return true;
	}
	return false;
}

/*
 * The host's clock at a point of the axis, by the line nearest to it: where no
 * line is known, as before the host's first record, one that is goes on well
 * enough to tell which of several points is meant.
 */
static bool about_host(const struct vmsync_facts *f,
		       const struct vmsync_timeline *host, int64_t at,
		       int128 *ns)
{
	const struct vmsync_step *first = host->steps.at;
	const struct vmsync_step *end = first + host->steps.count;
	const struct vmsync_step *s = vmsync_timeline_at(host, at);

	while (s > first && !s->param)
		s--;
	while (s < end && !s->param)
		s++;
	if (s == end ||
	    !vmsync_chain_host(s->param, f->tsc_ref + (uint64_t)at, ns))
		return false;
	*ns >>= 32;
	return true;
}

/* How far a candidate is from where the record is expected, ns. */
static int128 off_by(const struct vmsync_facts *f,
		     const struct vmsync_timeline *host, int64_t at,
		     const int128 expected[2])
{
	int128 h, a, b;

	/* What cannot be compared is not better than what can. */
	if (!about_host(f, host, at, &h))
		return NEVER;
	a = wide_abs(h - expected[0]);
	b = wide_abs(h - expected[1]);
	return a < b ? a : b;
}

/* Whether all of @tl is known from host time @ns to a candidate, @at. */
static bool is_told_between(const struct vmsync_facts *f,
			    const struct vmsync_timeline *host,
			    const struct vmsync_timeline *tl, int128 ns,
			    int64_t at)
{
	const struct vmsync_step *end = tl->steps.at + tl->steps.count;
	const struct vmsync_step *s;
	int64_t from, until;

	/* What is expected is not exact: it may be before the host's boot. */
	if (ns < 0)
		ns = 0;
	if (ns > INT64_MAX ||
	    !vmsync_date_of_host(host, f->tsc_ref, (int64_t)ns, &from))
		return false;
	until = from < at ? at : from;
	for (s = vmsync_timeline_at(tl, from < at ? from : at);
	     s < end && s->from <= until; s++) {
		if (!s->param)
			return false;
	}
	return true;
}

/*
 * Whether a candidate is in the order of time with the marks around guest time @ns,
 * as it is wherever the guest stood still in between.
 */
static bool is_in_order(const struct vmsync_facts *f,
			const struct vmsync_timeline *host, int64_t at,
			int64_t ns)
{
	size_t around[2];
	int128 h;

	if (!about_host(f, host, at, &h) || !marks_around(f, ns, around))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct vmsync_mark *m = &f->marks[around[i]];

		if (m->guest_ns <= ns ? h < (int128)m->host_ns - LATE_NS :
					h > (int128)m->host_ns + STRAY_NS)
			return false;
	}
	return true;
}

/*
 * Where a virtual CPU's TSC read what a record says. A TSC that was set back
 * reads some values twice, and one that was reset reads them in both boots:
 * then the one nearest to the record's time is meant. If two are, the guest stood
 * still in between: it was stopped, and was restored with the TSC that it had
 * then, so what is past that comes after it. If none is near, that may be because
 * a guest stood still, too; but where the offset was another one meanwhile and
 * nobody saw which, the reading is from there.
 */
bool vmsync_reading_at(const struct vmsync_facts *f,
		       const struct vmsync_timeline *scaling,
		       const struct vmsync_timeline *host,
		       const struct vmsync_reading *r, int64_t *at)
{
	struct candidates c = { .f = f, .scaling = scaling, .tsc = r->tsc };
	int128 expected[2] = { 0 }, best = NEVER, slack = 0;
	bool found = false, known = expected_host(f, r->ns, expected, &slack);
	int64_t about = 0;

	if (known && scaling->steps.count > MAX_TRIES && expected[0] >= 0 &&
	    expected[0] <= INT64_MAX)
		vmsync_date_of_host(host, f->tsc_ref, (int64_t)expected[0],
				    &about);
	candidates_init(&c, about, true);
	while (next_candidate(&c)) {
		int128 off = known ? off_by(f, host, c.at, expected) : 0;

		/* In the order of time. */
		if (!found || off <= best + slack)
			*at = c.at;
		best = !found || off < best ? off : best;
		found = true;
	}
	/* Where the host's lines are known only a liar's is out of order. */
	if (found && known && best > STRAY_NS && best < NEVER)
		return (is_in_order(f, host, *at, r->ns) ||
			(is_told_between(f, host, host, expected[0], *at) &&
			 is_told_between(f, host, host, expected[1], *at))) &&
		       (is_told_between(f, host, scaling, expected[0], *at) ||
			is_told_between(f, host, scaling, expected[1], *at));
	return found;
}

/*
 * Where the offset of @limit came into force, if the TSC was past @tsc by then: a
 * guest that is restored goes on with what began in another time.
 */
static bool before_offset(const struct vmsync_facts *f,
			  const struct vmsync_timeline *scaling, uint64_t tsc,
			  int64_t limit, int64_t *at)
{
	const struct vmsync_step *s = vmsync_timeline_at(scaling, limit);
	uint64_t first;

	if (!s->param || s->from <= VMSYNC_AXIS_MIN + 1)
		return false;
	first = vmsync_scaling_guest(s->param, f->tsc_ref + (uint64_t)s->from);
	*at = s->from;
	/*
	 * When it came into force was not seen: it may be as old as the last
	 * record of the one before it.
	 */
	if (!s[-1].param)
		*at = s[-1].from;
	return (int64_t)(first - tsc) >= 0;
}

bool vmsync_reading_before(const struct vmsync_facts *f,
			   const struct vmsync_timeline *scaling, uint64_t tsc,
			   int64_t limit, int64_t *at)
{
	struct candidates c = { .f = f, .scaling = scaling, .tsc = tsc };
	bool found = false;

	candidates_init(&c, limit, false);
	while (next_candidate(&c)) {
		if (c.at > limit)
			continue;
		if (!found || c.at > *at)
			*at = c.at;
		found = true;
	}
	return found || before_offset(f, scaling, tsc, limit, at);
}
