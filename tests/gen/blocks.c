// SPDX-License-Identifier: MIT
#include "blocks.h"

/* As LTTng has them, but for contexts, which are fields as perf calls them. */
#define CONTEXTS { "perf_tid", GEN_S32 }, { "perf_pid", GEN_S32 }
#define REQUEST                                                                \
	{ "dev", GEN_U32 }, { "sector", GEN_U64 }, { "nr_sector", GEN_U32 },   \
	{ "rwbs", GEN_U32 }, CONTEXTS
#define ACCESS                                                                 \
	{ "fd", GEN_U32 }, { "count", GEN_U64 }, { "pos", GEN_S64 }, CONTEXTS

enum {
	BIO, INSERT, ISSUE, COMPLETE, READ_IN, READ_OUT, WRITE_IN, WRITE_OUT,
	SUBMIT_IN, SUBMIT_OUT, INTERRUPT, NAME,
};

const struct gen_class blocks_classes[] = {
	[BIO] = { "block_bio_queue", { REQUEST } },
	[INSERT] = { "block_rq_insert", { REQUEST } },
	[ISSUE] = { "block_rq_issue", { REQUEST } },
	[COMPLETE] = { "block_rq_complete", { REQUEST, { "error", GEN_S32 } } },
	[READ_IN] = { "syscall_entry_pread64", { ACCESS } },
	[READ_OUT] = { "syscall_exit_pread64", { { "ret", GEN_S64 }, CONTEXTS } },
	[WRITE_IN] = { "syscall_entry_pwrite64", { ACCESS } },
	[WRITE_OUT] = { "syscall_exit_pwrite64", { { "ret", GEN_S64 }, CONTEXTS } },
	[SUBMIT_IN] = { "syscall_entry_io_submit", { { "nr", GEN_S64 }, CONTEXTS } },
	[SUBMIT_OUT] = { "syscall_exit_io_submit", { { "ret", GEN_S64 }, CONTEXTS } },
	[INTERRUPT] = { "kvm_x86_apic_accept_irq", { { "vec", GEN_U32 }, CONTEXTS } },
	[NAME] = { "lttng_statedump_block_device",
		   { { "dev", GEN_U32 }, { "diskname", GEN_STRING } } },
};

const size_t blocks_n_classes = sizeof(blocks_classes) / sizeof(blocks_classes[0]);

/* QEMU's threads run on this CPU of the host's, which no virtual CPU has. */
#define QEMU_CPU 2

enum { ON_PARTITION, ON_DISK, IN_FILE, DEVICES };

static const struct {
	const char *name;
	uint32_t dev;
	const char *disk;
	uint32_t disk_dev;
	uint32_t partition;
	uint64_t distance;
} devices[DEVICES] = {
	[ON_PARTITION] = { "vda", 0xfe00000, "nvme0n1", 0x10300000, 1, 2048 },
	[ON_DISK] = { "vdb", 0xfe00010, "sdb", 0x800010, 0, 0 },
	[IN_FILE] = { "vdc", 0xfe00020, NULL, 0, 0, 0 },
};

static struct request {
	bool pending;
	int device;
	bool writes;
	uint64_t sector, sectors;
	uint64_t bio_ns, issued_ns, called_ns, queued_ns, disk_ns, done_ns;
} requests[BLOCKS_VCPUS];

static struct gen_value number(uint64_t u)
{
	return (struct gen_value){ .u = u };
}

static void guest_event(struct blocks *b, uint32_t vcpu, uint32_t id,
			const struct request *r)
{
	const struct gen_value v[] = {
		number(devices[r->device].dev), number(r->sector),
		number(r->sectors), number(r->writes ? 1 : 4), number(30),
		number(30), number(0),
	};

	gen_event(b->guest, vcpu, id, b->guest_ns(vcpu), v);
}

/* By a thread of QEMU's. */
static uint64_t host_event(struct blocks *b, uint32_t id, uint64_t first,
			   uint64_t second, uint64_t third)
{
	const uint64_t tid = (uint64_t)b->pid + 20;
	struct gen_value v[5] = { number(first), number(second), number(third),
				  number(tid), number((uint64_t)b->pid) };
	uint64_t ns = b->host_ns();

	if (blocks_classes[id].fields[3].type == GEN_END) {
		v[1] = v[3];
		v[2] = v[4];
	}
	gen_event(b->host, QEMU_CPU, id, ns, v);
	return ns;
}

static uint64_t disk_event(struct blocks *b, uint32_t id, const struct request *r,
			   bool by_qemu)
{
	const uint64_t pid = by_qemu ? (uint64_t)b->pid : 0;
	const struct gen_value v[] = {
		number(devices[r->device].disk_dev +
		       (id == BIO ? devices[r->device].partition : 0)),
		number(r->sector + devices[r->device].distance),
		number(r->sectors), number(r->writes ? 1 : 4),
		number(pid ? pid + 20 : 0), number(pid), number(0),
	};
	uint64_t ns = b->host_ns();

	gen_event(b->host, QEMU_CPU, id, ns, v);
	return ns;
}

void blocks_names(struct blocks *b)
{
	int i;

	for (i = 0; i < DEVICES; i++) {
		struct gen_value v[] = { number(devices[i].dev),
					 { .s = devices[i].name } };

		gen_event(b->guest, 0, NAME, b->guest_ns(0), v);
		v[0] = number(devices[i].disk_dev);
		v[1].s = devices[i].disk;
		if (devices[i].disk)
			gen_event(b->host, QEMU_CPU, NAME, b->host_ns(), v);
		b->step(500);
	}
}

bool blocks_begin(struct blocks *b, uint32_t vcpu)
{
	static uint64_t next[DEVICES];
	struct request *r = &requests[vcpu];

	if (r->pending)
		return false;
	*r = (struct request){
		.pending = true,
		.device = (int)(b->rng() % DEVICES),
		.writes = b->rng() & 1,
		.sectors = 8 * (1 + b->rng() % 16),
	};
	r->sector = next[r->device];
	next[r->device] += r->sectors;
	r->bio_ns = b->host_ns();
	guest_event(b, vcpu, BIO, r);
	b->step(900);
	r->issued_ns = b->host_ns();
	guest_event(b, vcpu, ISSUE, r);
	b->step(400);
	return true;
}

static void disk(struct blocks *b, struct request *r)
{
	r->queued_ns = disk_event(b, BIO, r, true);
	b->step(700);
	disk_event(b, INSERT, r, true);
	b->step(1500);
	r->disk_ns = disk_event(b, ISSUE, r, b->rng() & 1);
	b->step(4000);
}

static void submitted(struct blocks *b, struct request *r)
{
	r->called_ns = host_event(b, SUBMIT_IN, 1, 0, 0);
	b->step(800);
	disk(b, r);
	host_event(b, SUBMIT_OUT, 1, 0, 0);
	b->step(15000);
	r->done_ns = disk_event(b, COMPLETE, r, false);
	b->step(2000);
}

static void called(struct blocks *b, struct request *r)
{
	uint32_t in = r->writes ? WRITE_IN : READ_IN;

	r->called_ns = host_event(b, in, 11 + (uint64_t)r->device,
				  r->sectors * 512, r->sector * 512);
	b->step(800);
	if (r->device == ON_DISK) {
		disk(b, r);
		b->step(15000);
		r->done_ns = disk_event(b, COMPLETE, r, false);
	}
	b->step(3000);
	host_event(b, in + 1, r->sectors * 512, 0, 0);
	b->step(2000);
}

void blocks_host(struct blocks *b, uint32_t vcpu)
{
	struct request *r = &requests[vcpu];

	b->step(5000);
	if (r->device == ON_PARTITION)
		submitted(b, r);
	else
		called(b, r);
	host_event(b, INTERRUPT, 37, 0, 0);
	b->step(600);
}

void blocks_end(struct blocks *b, uint32_t vcpu)
{
	struct request *r = &requests[vcpu];

	if (!r->pending)
		return;
	r->pending = false;
	fprintf(b->truth,
		"%s %s %llu %llu before=%llu whole=%llu call=%llu queue=%llu disk=%llu\n",
		devices[r->device].name, r->writes ? "write" : "read",
		(unsigned long long)r->sector, (unsigned long long)r->sectors,
		(unsigned long long)(r->issued_ns - r->bio_ns),
		(unsigned long long)(b->host_ns() - r->issued_ns),
		(unsigned long long)(r->disk_ns ? r->queued_ns - r->called_ns : 0),
		(unsigned long long)(r->disk_ns - r->queued_ns),
		(unsigned long long)(r->done_ns - r->disk_ns));
	guest_event(b, vcpu, COMPLETE, r);
	b->step(300);
}
