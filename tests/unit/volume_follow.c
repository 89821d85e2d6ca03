// SPDX-License-Identifier: MIT
/*
 * volume_follow [SEED [CASES]]: requests of guests, several at a time, others' requests among
 * them; what comes out has to be what was drawn. Then events of any kind, in any order: they
 * may come to nothing, but each request's parts add up to its time.
 */
#include "volume_drawn.h"

static void parts_check(const struct volume_listed *l)
{
	int64_t ns[VOLUME_PARTS], sum = 0;
	int i;

	volume_request_parts(&l->request, l->followed, ns);
	for (i = 0; i < VOLUME_PARTS; i++) {
		CHECK(ns[i] >= 0);
		sum += ns[i];
	}
	CHECK_EQ(sum, l->request.cut_ns[VOLUME_DONE] -
			      l->request.cut_ns[VOLUME_ISSUED]);
}

static struct drawn *drawn_find(const struct volume *v,
				const struct volume_request *r)
{
	size_t i;

	for (i = 0; i < n_drawn; i++) {
		struct drawn *d = &drawn[i];

		if (d->guest == v->guest && dev_of(d->how) == v->dev &&
		    d->sector == r->sector && d->op == r->op)
			return d;
	}
	return NULL;
}

static int64_t length(const struct drawn *d, enum volume_cut from,
		      enum volume_cut until)
{
	return d->cut_ns[until] - d->cut_ns[from];
}

/* What is known by its place is exact, however many there are at a time. */
static void listed_check(const struct volume *v, const struct volume_listed *l,
			 bool alone)
{
	struct drawn *d = drawn_find(v, &l->request);
	int64_t ns[VOLUME_PARTS];
	int i;

	parts_check(l);
	CHECK(d && !d->found);
	if (!d)
		return;
	d->found = true;
	CHECK_EQ(l->followed, d->how == MEMORY ? VOLUME_TO_CALL : VOLUME_TO_DISK);
	CHECK_EQ(l->request.cut_ns[VOLUME_ISSUED], d->cut_ns[VOLUME_ISSUED]);
	CHECK_EQ(l->request.cut_ns[VOLUME_DONE], d->cut_ns[VOLUME_DONE]);
	CHECK_EQ(l->request.bio_ns, d->bio_ns);
	volume_request_parts(&l->request, l->followed, ns);
	if (d->how == MEMORY) {
		CHECK_EQ(ns[VOLUME_CALLED], length(d, VOLUME_CALLED, VOLUME_RETURNED));
	} else {
		for (i = VOLUME_CALLED; i <= VOLUME_DISK; i++)
			CHECK_EQ(ns[i], length(d, (enum volume_cut)i,
					       (enum volume_cut)(i + 1)));
	}
	CHECK_EQ(ns[VOLUME_ISSUED] + ns[VOLUME_LEFT] + ns[VOLUME_TAKEN],
		 length(d, VOLUME_ISSUED, VOLUME_CALLED));
	if (d->how == THREADS)
		CHECK_EQ(ns[VOLUME_DISK_DONE],
			 length(d, VOLUME_DISK_DONE, VOLUME_RETURNED));
	for (i = 0; alone && d->how != MEMORY && i < VOLUME_PARTS; i++)
		CHECK_EQ(ns[i], length(d, (enum volume_cut)i,
				       (enum volume_cut)(i + 1)));
}

static void paths_check(const struct volume *v)
{
	enum how how = (enum how)((v->dev - dev_of(NATIVE)) / 16);
	const struct volume_path *disk = volume_path_find(
		&v->paths, (struct volume_place){ VOLUME_ON_DISK, disk_of(v->guest, how) });
	const struct volume_path *file = volume_path_find(
		&v->paths, (struct volume_place){ VOLUME_IN_FILE, 10 + (uint32_t)how });

	CHECK_EQ(v->paths.paths.count, how == THREADS ? 2 : 1);
	CHECK_EQ(disk != NULL, how != MEMORY);
	CHECK_EQ(file != NULL, how != NATIVE);
	if (disk) {
		CHECK_EQ(disk->distance, distance_of(v->guest, how));
		/* None has more than QEMU did there, of all three volumes. */
		CHECK(disk->votes <= disk->tries);
		CHECK(disk->tries <= n_drawn / GUESTS / VOLUMES);
	}
	if (file)
		CHECK_EQ(file->distance, 0);
}

/* The sums are those of the list. */
static void sums_check(const struct volume *v)
{
	uint64_t count = 0, bytes = 0, listed_bytes = 0;
	int op, followed, i;
	size_t k;

	for (op = 0; op < VOLUME_OPS; op++) {
		for (followed = 0; followed < VOLUME_FOLLOWED; followed++) {
			const struct volume_sums *s = v->sums[op][followed];
			uint64_t sum = 0;

			if (!s)
				continue;
			count += s->whole.count;
			bytes += s->bytes;
			for (i = 0; i < VOLUME_PARTS; i++)
				sum += s->parts[i].sum_ns;
			CHECK_EQ(sum, s->whole.sum_ns);
		}
	}
	for (k = 0; k < v->listed.count; k++)
		listed_bytes += (uint64_t)v->listed.at[k].request.sectors * 512;
	CHECK_EQ(count, v->listed.count);
	CHECK_EQ(bytes, listed_bytes);
}

static void known_check(int slots, bool one_size, int each)
{
	size_t i, k;

	all_draw(slots, one_size, each);
	analyse();
	CHECK_EQ(volumes.volumes.count, GUESTS * VOLUMES);
	for (i = 0; i < volumes.volumes.count; i++) {
		const struct volume *v = &volumes.volumes.at[i];

		paths_check(v);
		sums_check(v);
		for (k = 0; k < v->listed.count; k++)
			listed_check(v, &v->listed.at[k], false);
	}
	for (i = 0; i < n_drawn; i++)
		CHECK(drawn[i].found);
	volumes_free(&volumes);
}

/* One volume of one guest, one request at a time: all is exact. */
static void alone_check(enum how how)
{
	int64_t ns = 1000;
	size_t i;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn *d = &drawn[n_drawn++];

		*d = (struct drawn){ .how = how, .op = VOLUME_WRITE, .sectors = 8,
				     .sector = 8 * (int64_t)check_range(0, 100) *
					       20 + 8 * (int64_t)i };
		request_draw(d, ns, 0);
		others_draw(d, 0);
		ns = d->cut_ns[VOLUME_DONE] + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	for (i = 0; i < volumes.volumes.at[0].listed.count; i++)
		listed_check(&volumes.volumes.at[0],
			     &volumes.volumes.at[0].listed.at[i], true);
	for (i = 0; i < n_drawn; i++)
		CHECK(drawn[i].found);
	volumes_free(&volumes);
}

/* A write, a flush of it: fdatasync() of the same file, and the device's own. */
static void flush_check(void)
{
	int64_t ns = 1000;
	size_t i, n = 0;

	n_events = n_drawn = 0;
	for (i = 0; i < 40; i++) {
		struct drawn *d = &drawn[n_drawn++];

		*d = (struct drawn){ .how = THREADS,
				     .op = i & 1 ? VOLUME_FLUSH : VOLUME_WRITE,
				     .sectors = i & 1 ? 0 : 8,
				     .sector = i & 1 ? 0 : 80 * (int64_t)i };
		request_draw(d, ns, 0);
		ns = d->cut_ns[VOLUME_DONE] + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_WRITE, VOLUME_TO_DISK), 20);
	CHECK_EQ(counted(VOLUME_FLUSH, VOLUME_TO_DISK), 20);
	for (i = 0; i < volumes.volumes.at[0].listed.count; i++) {
		const struct volume_listed *l = &volumes.volumes.at[0].listed.at[i];
		int64_t parts_ns[VOLUME_PARTS];

		if (l->request.op != VOLUME_FLUSH)
			continue;
		volume_request_parts(&l->request, l->followed, parts_ns);
		CHECK_EQ(parts_ns[VOLUME_DISK],
			 length(&drawn[2 * n + 1], VOLUME_DISK, VOLUME_DISK_DONE));
		CHECK_EQ(parts_ns[VOLUME_CALLED],
			 length(&drawn[2 * n + 1], VOLUME_CALLED, VOLUME_QUEUED));
		n++;
	}
	CHECK_EQ(n, 20);
	volumes_free(&volumes);
}

/* ------------------------------------------------------------------ any events */

static int64_t any_number(void)
{
	switch (check_range(0, 4)) {
	case 0:
		return (int64_t)check_bits(64);
	case 1:
		return -(int64_t)check_bits(63);
	default:
		return 8 * (int64_t)check_range(0, 20);
	}
}

static void any_check(void)
{
	size_t i, k;
	int64_t ns = 0;

	n_events = (size_t)check_range(10, 1500);
	for (i = 0; i < n_events; i++) {
		ns += (int64_t)check_range(0, 3);
		events[i] = (struct volume_event){
			.ns = ns,
			.machine = (uint32_t)check_range(0, GUESTS),
			.cpu = (uint32_t)check_range(0, CPUS),
			.tid = (int32_t)check_range(95, 240),
			.pid = (int32_t)check_range(0, 3) * 100,
			.other = (int32_t)check_range(0, 200),
			.dev = (uint32_t)check_range(0, 400) & 0x103,
			.sector = any_number(),
			.sectors = any_number(),
			.kind = (enum volume_kind)check_range(
				1, VOLUME_EV_INTERRUPT),
			.op = (enum volume_op)check_range(0, VOLUME_OPS - 1),
			.name = "\033", .name_len = 1,
		};
	}
	analyse();
	for (i = 0; i < volumes.volumes.count; i++) {
		const struct volume *v = &volumes.volumes.at[i];

		sums_check(v);
		for (k = 0; k < v->listed.count; k++)
			parts_check(&v->listed.at[k]);
	}
	volumes_free(&volumes);
}

int main(int argc, char **argv)
{
	uint64_t i, n, seed;

	check_init(argc, argv);
	n = argc > 2 ? strtoull(argv[2], NULL, 0) : check_cases(40);
	seed = check_seed;
	world_make();
	for (i = 0; i < n; i++) {
		check_reseed(seed + i);
		known_check((int)check_range(1, SLOTS), check_range(0, 1),
			    (int)check_range(10, 16));
		alone_check(NATIVE);
		alone_check(THREADS);
		flush_check();
		any_check();
	}
	return check_done();
}
