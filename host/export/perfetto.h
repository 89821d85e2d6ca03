/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the Perfetto export share; for host/export/perfetto*.c only.
 *
 *	perfetto.c		the format: what the model tells, to the part it is for
 *	perfetto_sched.c	scheduling of each machine, as its kernel tells it
 *	perfetto_track.c	tracks and what is on them
 *
 * Numbers of fields are those of protos/perfetto/trace/ in Perfetto's sources.
 */
#ifndef VMSYNC_EXPORT_PERFETTO_H
#define VMSYNC_EXPORT_PERFETTO_H

#include "export/export.h"
#include "export/out.h"
#include "export/pb.h"

/* Of a packet; texts in it are names that were cut off before. */
#define PERFETTO_PACKET 1024
#define PERFETTO_NAME	96 /* of a track or slice, with its NUL */

/* message Trace */
enum { TRACE_PACKET = 1 };

/* message TracePacket */
enum {
	PACKET_FTRACE_EVENTS = 1,
	PACKET_PROCESS_TREE = 2,
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_SYSTEM_INFO = 45,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_MACHINE_ID = 98,
};

/* Everything is one sequence of packets. */
#define PERFETTO_SEQUENCE 1

/* Events of a CPU that make a packet: some 2 KiB. */
#define SCHED_EVENTS 256

/** struct sched_list - switches or wake-ups, packed */
struct sched_list {
	uint32_t n;
	int64_t ns[SCHED_EVENTS];
	int64_t state[SCHED_EVENTS]; /* prev_state, or the target CPU */
	int32_t tid[SCHED_EVENTS];
	uint32_t name[SCHED_EVENTS];
};

/**
 * struct sched_cpu - a CPU of a machine
 * @runs:	the thread that runs, as far as was told, -1: not known
 * @begun:	its first event is written
 * @lost_until_ns: its events may be missing up to here: the model passes over
 * them
 * @names:	[@n_names] of threads, that the lists refer to
 */
struct sched_cpu {
	int32_t runs;
	char comm[ANALYSIS_NAME];
	bool begun;
	int64_t lost_until_ns;
	struct sched_list switches;
	struct sched_list wakings;
	char names[2 * SCHED_EVENTS][ANALYSIS_NAME];
	uint32_t n_names;
};

/** struct sched_machine - by number of the CPU, each NULL or owned */
struct sched_machine {
	VMSYNC_ARRAY(struct sched_cpu *) cpus;
};

/**
 * struct track_vcpu - what there is of a virtual CPU
 * @pid:	of its process, as it was told first, which it stays
 * @woken_ns, @ran_ns: when it was woken last, and when it ran then
 * @steal_ns:	so much so far
 * @exits:	since @exits_ns
 */
struct track_vcpu {
	bool described;
	int32_t pid;
	int64_t woken_ns;
	int64_t ran_ns;
	int64_t steal_ns;
	uint32_t exits;
	int64_t exits_ns;
};

struct perfetto {
	struct export_job *job;
	struct out out;
	VMSYNC_ARRAY(struct sched_machine) machines;
	VMSYNC_ARRAY(struct track_vcpu) vcpus;
	VMSYNC_ARRAY(bool) threads; /* has it a track? */
	uint64_t flows;
	uint8_t *bundle; /* where a packet of scheduling is made */
};

/** perfetto_packet() - one packet, @p - @body bytes */
void perfetto_packet(struct perfetto *f, const uint8_t *body, const uint8_t *p);

/** perfetto_fail() - something could not be written */
void perfetto_fail(struct perfetto *f);

/**
 * perfetto_open() - begin a packet where it is written from
 * Return: where up to PERFETTO_PACKET bytes of its fields go.
 */
static inline uint8_t *perfetto_open(struct perfetto *f)
{
	out_reserve(&f->out, PERFETTO_PACKET + PB_TAG + PB_VARINT);
	return pb_open((uint8_t *)f->out.p, TRACE_PACKET);
}

/** perfetto_close() - end it, at @p; @body is what perfetto_open() returned */
static inline void perfetto_close(struct perfetto *f, uint8_t *body, uint8_t *p)
{
	f->out.p = (char *)pb_close(body, p);
	if (__builtin_expect(f->out.error, 0))
		perfetto_fail(f);
}

/** perfetto_machine() - its number, but of the host, which is none */
static inline uint8_t *perfetto_machine(uint8_t *p, uint32_t machine)
{
	return machine ? pb_uint(p, PACKET_MACHINE_ID, machine) : p;
}

/** sched_init() - false if out of memory */
bool sched_init(struct perfetto *f);

/** sched_event() - a switch or wake-up, in the time that was asked for or
 * before */
void sched_event(struct perfetto *f, const struct analysis_event *ev);

/** sched_end() - write what is left */
void sched_end(struct perfetto *f);

/** sched_free() - free what is in it */
void sched_free(struct perfetto *f);

/** tracks_begin() - names that are used often, and what VMs there are */
void tracks_begin(struct perfetto *f);

/** tracks_end() - counters that are known at the end */
void tracks_end(struct perfetto *f);

/** track_stay() and so on - see struct analysis_sink; clipped before */
void track_stay(struct perfetto *f, const struct analysis_stay *s);
void track_charge(struct perfetto *f, const struct analysis_charge *c);
void track_exit(struct perfetto *f, const struct analysis_exit *x);
void track_wake(struct perfetto *f, const struct analysis_wake *w);

#endif /* VMSYNC_EXPORT_PERFETTO_H */
