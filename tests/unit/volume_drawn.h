/* SPDX-License-Identifier: MIT */
/*
 * Requests of guests of which it is known where on the host each was, and when. Two guests,
 * each with three volumes: a part of a disk that both guests share, by threads of QEMU's that
 * submit and go on (aio=native); a disk of its own, by threads that wait in the system call;
 * and a file in memory, which no disk knows of.
 */
#ifndef VMSYNC_TESTS_VOLUME_DRAWN_H
#define VMSYNC_TESTS_VOLUME_DRAWN_H

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

static inline int32_t pid_of(uint32_t guest) { return FIRST_PID * (int32_t)(guest + 1); }
static inline int32_t vcpu_of(uint32_t guest, uint32_t cpu)
{
	return pid_of(guest) + 1 + (int32_t)cpu;
}
static inline int32_t worker_of(uint32_t guest, enum how how, int slot)
{
	return pid_of(guest) + 20 + how * SLOTS + slot;
}
static inline uint32_t dev_of(enum how how) { return 0xfe00000 + (uint32_t)how * 16; }
static inline uint32_t disk_of(uint32_t guest, enum how how)
{
	return how == NATIVE ? SHARED : 0x900000 + guest;
}
static inline int64_t distance_of(uint32_t guest, enum how how)
{
	return how == NATIVE ? 2048 + (int64_t)guest * 10000000 : 0;
}

static inline void world_make(void)
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

static inline struct volume_event *event(int64_t ns, enum volume_kind kind)
{
	static struct volume_event none;
	struct volume_event *ev = n_events < MOST ? &events[n_events++] : &none;

	*ev = (struct volume_event){ .ns = ns, .kind = kind };
	return ev;
}

static inline void of_guest(int64_t ns, enum volume_kind kind, const struct drawn *d,
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

static inline struct volume_event *of_host(int64_t ns, enum volume_kind kind,
				    int32_t pid, int32_t tid)
{
	struct volume_event *ev = event(ns, kind);

	ev->pid = pid;
	ev->tid = tid;
	return ev;
}

static inline void of_disk(int64_t ns, enum volume_kind kind, const struct drawn *d,
		    int32_t pid, int32_t tid, int64_t from, int64_t sectors)
{
	struct volume_event *ev = of_host(ns, kind, pid, tid);

	ev->dev = disk_of(d->guest, d->how);
	ev->op = d->op;
	ev->sector = d->sector + distance_of(d->guest, d->how) + from;
	ev->sectors = sectors;
}

static inline void call(const struct drawn *d, int64_t ns, int64_t end_ns, int slot)
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
static inline void disk_draw(const struct drawn *d, int slot)
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

static inline void request_draw(struct drawn *d, int64_t ns, int slot)
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
	     d->how == NATIVE ? d->cut_ns[VOLUME_DISK] + 9 :
				d->cut_ns[VOLUME_RETURNED],
	     slot);
	if (d->how != MEMORY)
		disk_draw(d, slot);
	of_host(d->cut_ns[VOLUME_RETURNED], VOLUME_EV_SWITCH, 0, 0)->other = tid;
	of_host(d->cut_ns[VOLUME_INTERRUPTED], VOLUME_EV_INTERRUPT, pid, tid);
	of_guest(d->cut_ns[VOLUME_DONE], VOLUME_EV_COMPLETE, d, cpu);
}

/* The guest's other CPU wakes QEMU too, and QEMU interrupts the guest once more. */
static inline void others_draw(const struct drawn *d, int slot)
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
static inline void other_draw(int64_t ns)
{
	const struct drawn d = { .how = NATIVE, .op = VOLUME_WRITE, .sectors = 8,
				 .sector = 30000000 +
					   8 * (int64_t)check_range(0, 100000) };

	of_disk(ns, VOLUME_EV_BIO, &d, 7, 7, 0, 8);
	of_disk(ns + 1, VOLUME_EV_ISSUE, &d, 7, 7, 0, 8);
	of_disk(ns + 2000, VOLUME_EV_COMPLETE, &d, 0, 0, 0, 8);
}

static inline int earlier(const void *a, const void *b)
{
	const struct volume_event *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* Each slot has one request behind the other; @one_size: places tell most alike. */
static inline void all_draw(int slots, bool one_size, int each)
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
						.guest = g,
						.how = (enum how)how,
						.op = check_range(0, 1) ?
							      VOLUME_WRITE :
							      VOLUME_READ,
						.sectors =
							one_size ?
								8 :
								8 * (int64_t)check_range(
									    1,
									    32)
					};
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

static inline void analyse(void)
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

/* How many were followed so far. */
static inline uint64_t counted(enum volume_op op, enum volume_followed followed)
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

#endif /* VMSYNC_TESTS_VOLUME_DRAWN_H */
