/* SPDX-License-Identifier: MIT */
/*
 * Matching: the guest's and the host's halves of a beacon, by (vm_uid, cnt),
 * in windows of fixed size; matched beacons come out in the order of cnt.
 */
#ifndef VMSYNC_SYNC_FACTS_MATCH_H
#define VMSYNC_SYNC_FACTS_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/evidence.h"
#include "sync/facts/vm.h"

/* Beacons kept per side and guest while their other half is awaited. */
#define VMSYNC_SYNC_WINDOW 16384

/**
 * struct vmsync_beacon - one beacon, as far as both sides have it
 * @gh, @hg:	which of its two pairs are there; at least one is
 * @cpu:	guest CPU number
 * @vcpu:	KVM's number
 * @tid:	the host's thread that answered, 0: not known
 * @gh_guest_ns ... @hg_guest_ns: in real time each is not after the next one
 * @scaling:	the virtual CPU's TSC over the host's at gh_host; ratio 0: unknown
 * @gh_guest, @gh_host, @hg_host, @hg_guest: readings of (TSC, clock)
 * @coarse:	one side's clock was not made of its TSC at gh: it stood still
 *		between ticks of something slower
 * @kvmclock:	the guest's clock was made of kvm-clock at gh: one for all its CPUs
 * @set_ns:	by so much was that clock set since the beacon before, see set.h
 * @host_seq, @guest_seq: numbers of the lines that they name, 0: none
 * @bends, @tilt: how often, and how much in all, the clocks have bent since the beacon
 *		before, ns per ns, see tilt.h
 */
struct vmsync_beacon {
	uint32_t cnt;
	bool gh;
	bool hg;
	uint32_t cpu;
	uint32_t vcpu;
	int32_t tid;
	int64_t gh_guest_ns;
	int64_t gh_host_ns;
	int64_t hg_host_ns;
	int64_t hg_guest_ns;
	struct vmsync_pair gh_guest;
	struct vmsync_pair gh_host;
	struct vmsync_pair hg_host;
	struct vmsync_pair hg_guest;
	struct vmsync_scaling scaling;
	bool coarse;
	bool kvmclock;
	double set_ns;
	uint32_t host_seq;
	uint32_t guest_seq;
	unsigned int bends;
	double tilt;
};

#define VMSYNC_LEG_GH 1
#define VMSYNC_LEG_HG 2

/**
 * struct vmsync_half - one side's half of the beacon with gh's number @cnt
 * @vm_uid:	of it; a guest whose module is loaded again has another one
 * @have, @matched: bits VMSYNC_LEG_*
 * @forged:	(guest's) the host has heard something else, and this never
 * @coarse, @kvmclock: see struct vmsync_beacon
 * @port:	it came over a port
 * @seq:	number of the line that gh names, 0: none
 */
struct vmsync_half {
	uint64_t vm_uid;
	uint32_t cnt;
	uint32_t cpu;
	uint8_t have;
	uint8_t matched;
	bool forged;
	bool coarse;
	bool kvmclock;
	bool port;
	uint32_t seq;
	int64_t gh_ns;
	int64_t hg_ns;
	struct vmsync_pair gh;
	struct vmsync_pair hg;
};

/** struct vmsync_host_leg - and what the host knows of it besides */
struct vmsync_host_leg {
	struct vmsync_half leg;
	int32_t tid;
	struct vmsync_pair claim;
	struct vmsync_scaling scaling;
};

/**
 * struct vmsync_answers - counts of a VM's beacons that claim one vm_uid
 * @first_ns:	host time of the first of them
 * @legs:	gh legs seen; @suspects: those that the host itself doubts
 * @unmatched:	legs that left the window without their guest's half
 * @renamed:	the VM had called itself otherwise, and nobody restored it
 */
struct vmsync_answers {
	int64_t first_ns;
	uint64_t legs;
	uint64_t suspects;
	uint64_t unmatched;
	bool renamed;
};

/**
 * struct vmsync_stream - beacons of one VM that claim one vm_uid
 * @any:	whether @last_cnt is set
 */
struct vmsync_stream {
	uint64_t vm_uid;
	bool any;
	uint32_t last_cnt;
	struct vmsync_answers answers;
	struct vmsync_host_leg ring[VMSYNC_SYNC_WINDOW];
};

/** struct vmsync_round_trip - when a beacon was sent, and answered */
struct vmsync_round_trip {
	int64_t guest_ns;
	int64_t host_ns;
};

/**
 * struct vmsync_match - a guest's side
 * @vm, @stream: the VM that was found to be this guest, or NULL; @stream is
 *		NULL too where it had to make room
 * @heard:	any beacon was answered
 * @first_heard, @last_heard: of these the first and the last, by the guest's clock
 * @past:	of the stream that made room
 * @first:	number of the first matched beacon
 * @next:	number of the next beacon to give out
 * @newest:	number of the newest matched one
 * @forged:	legs given up of which the host had heard something else
 */
struct vmsync_match {
	struct vmsync_vm *vm;
	struct vmsync_stream *stream;
	bool any;
	bool started;
	bool heard;
	struct vmsync_round_trip first_heard;
	struct vmsync_round_trip last_heard;
	uint64_t vm_uid;
	uint32_t last_cnt;
	uint32_t first;
	uint32_t next;
	uint32_t newest;
	uint64_t legs;
	uint64_t unmatched;
	uint64_t forged;
	struct vmsync_answers past;
	struct vmsync_half ring[VMSYNC_SYNC_WINDOW];
};

/** vmsync_match_has_stream - @vm has answered beacons of @vm_uid */
bool vmsync_match_has_stream(const struct vmsync_vm *vm, uint64_t vm_uid);

/**
 * vmsync_match_makes_room - the stream that is pushed out by a beacon of @vm_uid
 * A VM has few streams at a time: one that reboots often, or lies, has more.
 * Whoever is bound to it must let it go before. NULL: there is room.
 */
struct vmsync_stream *vmsync_match_makes_room(const struct vmsync_vm *vm,
					      uint64_t vm_uid);

/** vmsync_match_let_go - keep what is known of the bound stream, but not it */
void vmsync_match_let_go(struct vmsync_match *m);

/** vmsync_match_answers - of the guest's VM */
struct vmsync_answers vmsync_match_answers(const struct vmsync_match *m);

/**
 * vmsync_match_push_host - file a host leg under its VM and claim
 * @base:	set to the number of its beacon
 * Returns its stream, or NULL if out of memory.
 */
struct vmsync_stream *vmsync_match_push_host(struct vmsync_vm *vm,
					     const struct vmsync_evidence *ev,
					     uint32_t *base);

/** vmsync_match_push_guest - file a guest leg; returns its beacon's number */
uint32_t vmsync_match_push_guest(struct vmsync_match *m,
				 const struct vmsync_evidence *ev);

/** vmsync_match_verify - @stream's half of beacon @base is this guest's */
bool vmsync_match_verify(struct vmsync_match *m, struct vmsync_stream *stream,
			 uint32_t base);

/** vmsync_match_bind - from now on @stream of @vm is the other side */
void vmsync_match_bind(struct vmsync_match *m, struct vmsync_vm *vm,
		       struct vmsync_stream *stream);

/** vmsync_match_mark - beacon @base of the bound stream got a leg */
void vmsync_match_mark(struct vmsync_match *m, uint32_t base);

/**
 * vmsync_match_next - the next matched beacon that need not wait any longer
 * @flush:	no more legs will come: wait for nothing
 * Returns false if there is none.
 */
bool vmsync_match_next(struct vmsync_match *m, bool flush,
		       struct vmsync_beacon *b);

/** vmsync_match_forged - beacons of which the host heard something else only */
uint64_t vmsync_match_forged(const struct vmsync_match *m);

/** vmsync_match_is_alone - of @m's ring: a beacon that nobody answered */
bool vmsync_match_is_alone(const struct vmsync_match *m,
			   const struct vmsync_half *leg);

/**
 * vmsync_match_alone - did the guest send beacons between two times that nobody
 * answered? Of the last VMSYNC_SYNC_WINDOW that it sent.
 */
bool vmsync_match_alone(const struct vmsync_match *m, int64_t from_ns,
			int64_t until_ns);

/** vmsync_match_left - legs still in the two windows without their other half */
void vmsync_match_left(const struct vmsync_match *m, uint64_t *guest,
		       uint64_t *host);

#endif /* VMSYNC_SYNC_FACTS_MATCH_H */
