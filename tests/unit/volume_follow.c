// SPDX-License-Identifier: MIT
/*
 * volume_follow [SEED [CASES]]: requests of guests of which it is known where on the host
 * each was, and when. Two guests, each with three volumes: a part of a disk that both
 * guests share, by threads of QEMU's that submit and go on (aio=native); a disk of its own,
 * by threads that wait in the system call; and a file in memory, which no disk knows of.
 * Several requests at a time, others' requests among them. What comes out has to be what
 * was drawn. Then events of any kind, in any order: they may come to nothing, but each
 * request's parts add up to its time.
 */
#include <string.h>

#include "check.h"
#include "volume/volumes.h"

#define GUESTS	  2
#define CPUS	  2
#define VOLUMES	  3
#define SLOTS	  8
#define MOST	  20000
#define FIRST_PID 100
#define SHARED	  0x800010 /* the host's disk that both have a part of */

enum how { NATIVE, THREADS, MEMORY };

/* A request as it was drawn. */
struct drawn {
	uint32_t guest;
	enum how how;
	enum volume_op op;
	int64_t sector;
	int64_t sectors;
	uint32_t cpu;
	int64_t bio_ns;
	int64_t cut_ns[VOLUME_CUTS];
	bool found;
};

static struct vmsync_session session;
static struct vmsync_session_guest guests[GUESTS];
static struct vmsync_guest_report reports[GUESTS];
static struct vmsync_cpu cpus[GUESTS][CPUS];
static struct volumes volumes;
static struct volumes_options options;

static struct volume_event events[MOST];
static size_t n_events;
static struct drawn drawn[MOST];
static size_t n_drawn;

static int32_t pid_of(uint32_t guest) { return FIRST_PID * (int32_t)(guest + 1); }
static int32_t vcpu_of(uint32_t guest, uint32_t cpu)
{
	return pid_of(guest) + 1 + (int32_t)cpu;
}
static int32_t worker_of(uint32_t guest, enum how how, int slot)
{
	return pid_of(guest) + 20 + how * SLOTS + slot;
}
static uint32_t dev_of(enum how how) { return 0xfe00000 + (uint32_t)how * 16; }
static uint32_t disk_of(uint32_t guest, enum how how)
{
	return how == NATIVE ? SHARED : 0x900000 + guest;
}
static int64_t distance_of(uint32_t guest, enum how how)
{
	return how == NATIVE ? 2048 + (int64_t)guest * 10000000 : 0;
}

static void world_make(void)
{
	uint32_t g, c;

	session = (struct vmsync_session){ .guests = guests, .n_guests = GUESTS };
	for (g = 0; g < GUESTS; g++) {
		reports[g] = (struct vmsync_guest_report){
			.found = true, .vm.pid = pid_of(g), .cpus = cpus[g],
			.n_cpus = CPUS };
		guests[g] = (struct vmsync_session_guest){ .report = &reports[g] };
		for (c = 0; c < CPUS; c++) {
			cpus[g][c].known = true;
			cpus[g][c].tid = vcpu_of(g, c);
		}
	}
}

/* -------------------------------------------------------------------- events */

static struct volume_event *event(int64_t ns, enum volume_kind kind)
{
	static struct volume_event none;
	struct volume_event *ev = n_events < MOST ? &events[n_events++] : &none;

	*ev = (struct volume_event){ .ns = ns, .kind = kind };
	return ev;
}

static void of_guest(int64_t ns, enum volume_kind kind, const struct drawn *d,
		     uint32_t cpu)
{
	struct volume_event *ev = event(ns, kind);

	ev->machine = d->guest + 1;
	ev->cpu = cpu;
	ev->dev = dev_of(d->how);
	ev->op = d->op;
	ev->sector = d->sector;
	ev->sectors = d->sectors;
}

static struct volume_event *of_host(int64_t ns, enum volume_kind kind,
				    int32_t pid, int32_t tid)
{
	struct volume_event *ev = event(ns, kind);

	ev->pid = pid;
	ev->tid = tid;
	return ev;
}

static void of_disk(int64_t ns, enum volume_kind kind, const struct drawn *d,
		    int32_t pid, int32_t tid, int64_t from, int64_t sectors)
{
	struct volume_event *ev = of_host(ns, kind, pid, tid);

	ev->dev = disk_of(d->guest, d->how);
	ev->op = d->op;
	ev->sector = d->sector + distance_of(d->guest, d->how) + from;
	ev->sectors = sectors;
}

static void call(const struct drawn *d, int64_t ns, int64_t end_ns, int slot)
{
	int32_t tid = worker_of(d->guest, d->how, slot);
	struct volume_event *ev =
		of_host(ns, VOLUME_EV_CALL, pid_of(d->guest), tid);

	ev->op = d->how == NATIVE ? VOLUME_OTHER : d->op;
	if (d->how != NATIVE) {
		ev->other = 10 + d->how;
		ev->sector = d->sector * 512;
		/* pwritev() does not say. */
		ev->sectors = d->sector & 8 ? 0 : d->sectors * 512;
	}
	ev = of_host(end_ns, VOLUME_EV_CALL_END, pid_of(d->guest), tid);
	ev->sectors = d->sectors * 512;
}

/* The host's device has it in one piece or in two, and may give it back once. */
static void disk_draw(const struct drawn *d, int slot)
{
	const int64_t *at = d->cut_ns;
	int32_t pid = pid_of(d->guest), tid = worker_of(d->guest, d->how, slot);
	int64_t half = d->sectors > 8 && check_range(0, 3) == 0 ? 8 : 0;
	int64_t rest = d->sectors - half;

	of_disk(at[VOLUME_QUEUED], VOLUME_EV_BIO, d, pid, tid, 0, d->sectors);
	events[n_events - 1].dev++; /* a partition's */
	of_disk(at[VOLUME_QUEUED] + 1, VOLUME_EV_INSERT, d, pid, tid, 0, d->sectors);
	if (half)
		of_disk(at[VOLUME_DISK], VOLUME_EV_ISSUE, d, pid, tid, 0, half);
	/* The rest by a worker of the kernel's. */
	of_disk(at[VOLUME_DISK] + (half != 0), VOLUME_EV_ISSUE, d, half ? 5 : pid,
		half ? 5 : tid, half, rest);
	if (check_range(0, 9) == 0) {
		of_disk(at[VOLUME_DISK] + 2, VOLUME_EV_REQUEUE, d, 5, 5, half, rest);
		of_disk(at[VOLUME_DISK] + 3, VOLUME_EV_ISSUE, d, 5, 5, half, rest);
	}
	if (half)
		of_disk(at[VOLUME_DISK_DONE] - 1, VOLUME_EV_COMPLETE, d, 0, 0, 0,
			half);
	of_disk(at[VOLUME_DISK_DONE], VOLUME_EV_COMPLETE, d, 0, 0, half, rest);
}

static void request_draw(struct drawn *d, int64_t ns, int slot)
{
	uint32_t cpu = d->cpu = (uint32_t)check_range(0, CPUS - 1);
	int32_t pid = pid_of(d->guest), tid = worker_of(d->guest, d->how, slot);
	struct volume_event *ev;
	int i;

	d->bio_ns = ns;
	for (i = 0; i < VOLUME_CUTS; i++) {
		ns += 10 + (int64_t)check_range(0, 5000);
		d->cut_ns[i] = ns;
	}
	of_guest(d->bio_ns, VOLUME_EV_BIO, d, cpu);
	of_guest(d->cut_ns[VOLUME_ISSUED], VOLUME_EV_ISSUE, d, cpu);
	of_host(d->cut_ns[VOLUME_LEFT], VOLUME_EV_EXIT, pid, vcpu_of(d->guest, cpu));
	ev = of_host(d->cut_ns[VOLUME_LEFT] + 3, VOLUME_EV_WAKING, pid,
		     vcpu_of(d->guest, cpu));
	ev->other = tid;
	of_host(d->cut_ns[VOLUME_TAKEN], VOLUME_EV_SWITCH, 0, 0)->other = tid;
	call(d, d->cut_ns[VOLUME_CALLED],
	     d->how == NATIVE ? d->cut_ns[VOLUME_DISK] + 9
			      : d->cut_ns[VOLUME_RETURNED],
	     slot);
	if (d->how != MEMORY)
		disk_draw(d, slot);
	of_host(d->cut_ns[VOLUME_RETURNED], VOLUME_EV_SWITCH, 0, 0)->other = tid;
	of_host(d->cut_ns[VOLUME_INTERRUPTED], VOLUME_EV_INTERRUPT, pid, tid);
	of_guest(d->cut_ns[VOLUME_DONE], VOLUME_EV_COMPLETE, d, cpu);
}

/* The guest's other CPU wakes QEMU too, and QEMU interrupts the guest once more. */
static void others_draw(const struct drawn *d, int slot)
{
	int32_t pid = pid_of(d->guest), tid = worker_of(d->guest, d->how, slot);
	uint32_t cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (cpu == d->cpu)
			continue;
		of_host(d->cut_ns[VOLUME_ISSUED] + 1, VOLUME_EV_EXIT, pid,
			vcpu_of(d->guest, cpu));
		of_host(d->cut_ns[VOLUME_ISSUED] + 2, VOLUME_EV_WAKING, pid,
			vcpu_of(d->guest, cpu))->other = tid;
	}
	of_host(d->cut_ns[VOLUME_CALLED] - 1, VOLUME_EV_INTERRUPT, pid, tid);
	of_host(d->cut_ns[VOLUME_DONE] - 1, VOLUME_EV_INTERRUPT, pid, tid);
}

/* Somebody else has a request to the same disk. */
static void other_draw(int64_t ns)
{
	const struct drawn d = { .how = NATIVE, .op = VOLUME_WRITE, .sectors = 8,
				 .sector = 30000000 +
					   8 * (int64_t)check_range(0, 100000) };

	of_disk(ns, VOLUME_EV_BIO, &d, 7, 7, 0, 8);
	of_disk(ns + 1, VOLUME_EV_ISSUE, &d, 7, 7, 0, 8);
	of_disk(ns + 2000, VOLUME_EV_COMPLETE, &d, 0, 0, 0, 8);
}

static int earlier(const void *a, const void *b)
{
	const struct volume_event *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* Each slot has one request behind the other; @one_size: places tell most alike. */
static void all_draw(int slots, bool one_size, int each)
{
	int64_t next[GUESTS][VOLUMES] = { { 0 } };
	uint32_t g;
	int how, slot, i;

	n_events = n_drawn = 0;
	for (g = 0; g < GUESTS; g++) {
		for (how = 0; how < VOLUMES; how++) {
			for (slot = 0; slot < slots; slot++) {
				int64_t ns = 1000 + (int64_t)check_range(0, 9000);

				for (i = 0; i < each; i++) {
					struct drawn *d = &drawn[n_drawn++];

					*d = (struct drawn){
						.guest = g, .how = (enum how)how,
						.op = check_range(0, 1)
							      ? VOLUME_WRITE
							      : VOLUME_READ,
						.sectors = one_size ? 8
							: 8 * (int64_t)check_range(
								1, 32) };
					d->sector = next[g][how];
					next[g][how] += d->sectors;
					request_draw(d, ns, slot);
					ns = d->cut_ns[VOLUME_DONE] +
					     (int64_t)check_range(1, 3000);
					other_draw(ns);
				}
			}
		}
	}
	CHECK(n_events < MOST);
	qsort(events, n_events, sizeof(events[0]), earlier);
}

/* ------------------------------------------------------------------ two passes */

static void analyse(void)
{
	struct volume_learn *l;
	struct volume_request done;
	size_t i;

	options.all = true;
	CHECK(!volumes_init(&volumes, &session, &options));
	volumes.from_ns = INT64_MIN;
	volumes.until_ns = INT64_MAX;
	l = volume_learn_new(&volumes);
	for (i = 0; i < n_events; i++)
		CHECK(!volume_learn_event(l, &events[i]));
	CHECK(!volume_learn_choose(l));
	volume_learn_free(l);
	volumes_requests_clear(&volumes);
	for (i = 0; i < n_events; i++) {
		int ret = volume_follow_event(&volumes, &events[i], &done);

		CHECK(ret >= 0);
		if (ret > 0)
			CHECK(!volumes_done(&volumes, &done, false));
	}
}

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

/* ------------------------------------------------------- what cannot be told */

static uint64_t counted(enum volume_op op, enum volume_followed followed)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < volumes.volumes.count; i++) {
		const struct volume_sums *s =
			volumes.volumes.at[i].sums[op][followed];

		n += s ? s->whole.count : 0;
	}
	return n;
}

/* A guest writes the same to two volumes at once: whose is the host's request? */
static void mirror_check(enum how how)
{
	int64_t ns = 1000;
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = how, .op = VOLUME_WRITE, .sectors = 8,
				   .sector = 800 * i };
		int64_t end_ns;

		request_draw(&d, ns, 0);
		end_ns = d.cut_ns[VOLUME_DONE];
		d.how = MEMORY;
		of_guest(d.cut_ns[VOLUME_ISSUED] - 1, VOLUME_EV_ISSUE, &d, 0);
		of_guest(end_ns + 1, VOLUME_EV_COMPLETE, &d, 0);
		ns = end_ns + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_WRITE, VOLUME_UNSURE), 40);
	volumes_free(&volumes);
}

/* Another process of the host's has the same blocks of the disk at the same time. */
static void twice_check(void)
{
	int64_t ns = 1000;
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = THREADS, .op = VOLUME_READ,
				   .sectors = 8, .sector = 800 * i };

		request_draw(&d, ns, 0);
		if (i >= 15) {
			of_disk(d.cut_ns[VOLUME_QUEUED] + 5, VOLUME_EV_ISSUE, &d,
				7, 7, 0, 8);
			of_disk(d.cut_ns[VOLUME_DISK_DONE] + 5,
				VOLUME_EV_COMPLETE, &d, 0, 0, 0, 8);
		}
		ns = d.cut_ns[VOLUME_DONE] + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_DISK), 15);
	CHECK_EQ(counted(VOLUME_READ, VOLUME_UNSURE), 5);
	volumes_free(&volumes);
}

/* The disk was seen to do half of it: that is not its end. */
static void half_check(void)
{
	int64_t ns = 1000;
	size_t i, n = 0;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = THREADS, .op = VOLUME_READ,
				   .sectors = 8, .sector = 800 * (int64_t)i };

		request_draw(&d, ns, 0);
		ns = d.cut_ns[VOLUME_DONE] + 100;
	}
	for (i = 0; i < n_events; i++) {
		struct volume_event *ev = &events[i];

		if (ev->machine == VOLUME_HOST && ev->sector >= 800 * 15 &&
		    (ev->kind == VOLUME_EV_ISSUE || ev->kind == VOLUME_EV_REQUEUE ||
		     ev->kind == VOLUME_EV_COMPLETE)) {
			ev->sectors /= 2;
			n++;
		}
	}
	CHECK(n >= 10);
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_DISK), 15);
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_CALL), 5);
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

		*d = (struct drawn){ .how = THREADS, .op = i & 1 ? VOLUME_FLUSH
								 : VOLUME_WRITE,
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

/* Nothing of the host's is at its place; and twice the same place at once. */
static void not_check(void)
{
	struct drawn d = { .how = THREADS, .op = VOLUME_WRITE, .sectors = 8 };
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 10; i++) {
		of_guest(1000 * i + 1, VOLUME_EV_ISSUE, &d, 0);
		of_guest(1000 * i + 500, VOLUME_EV_COMPLETE, &d, 0);
	}
	of_guest(20000, VOLUME_EV_ISSUE, &d, 0);
	d.sectors = 16;
	of_guest(20100, VOLUME_EV_ISSUE, &d, 0);
	of_guest(20500, VOLUME_EV_COMPLETE, &d, 0);
	d.sectors = 8;
	of_guest(20600, VOLUME_EV_COMPLETE, &d, 0);
	analyse();
	CHECK_EQ(counted(VOLUME_WRITE, VOLUME_NOT), 10);
	CHECK(counted(VOLUME_WRITE, VOLUME_UNSURE) > 0);
	CHECK_EQ(volumes.volumes.at[0].paths.paths.count, 0);
	/* Nothing says where their time went: it is QEMU's. */
	CHECK_EQ(volumes.volumes.at[0].sums[VOLUME_WRITE][VOLUME_NOT]
			 ->parts[VOLUME_TAKEN].sum_ns, 10 * 499);
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
		mirror_check(NATIVE);
		mirror_check(THREADS);
		twice_check();
		half_check();
		flush_check();
		not_check();
		any_check();
	}
	return check_done();
}
