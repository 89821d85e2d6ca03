/* SPDX-License-Identifier: MIT */
/*
 * The sync session: evidence in, one time map per guest out.
 *
 * One host, any number of its guests. Each side's records are pushed in the
 * order of that side's own time; between sides any order is right, but only
 * the last VMSYNC_SYNC_WINDOW beacons are kept to wait for their other halves,
 * so who reads files asks vmsync_sync_wants() whose turn it is:
 *
 *	sync = vmsync_sync_new(NULL);
 *	guest = vmsync_sync_guest_new(sync, "web1");
 *	while ((turn = vmsync_sync_wants(sync, &guest)) != VMSYNC_WANTS_NONE)
 *		push the next record of that side, or tell its end
 *	vmsync_sync_finish(sync);
 *	host = vmsync_map_eval(vmsync_guest_map_of(vmsync_guest_maps(guest), 0), g);
 *
 * Memory grows with knots, TSC writes and segments, never with beacons.
 * Functions that return int return 0 or a negative errno: -ENOMEM, or -EINVAL
 * where a record cannot be of that side. Nothing that a record says is an
 * error beyond that: what cannot be believed is not used, and noted.
 * One session is used by one thread at a time.
 */
#ifndef VMSYNC_SYNC_SYNC_H
#define VMSYNC_SYNC_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "sync/base/evidence.h"
#include "sync/map/map.h"
#include "sync/options.h"
#include "sync/tsync/tsync.h"

struct vmsync_sync;
struct vmsync_guest;

/** vmsync_sync_new - a session; @opt may be NULL; NULL if out of memory */
struct vmsync_sync *
vmsync_sync_new(const struct vmsync_sync_options *opt);

/** vmsync_sync_free - free @sync with its guests and their maps */
void vmsync_sync_free(struct vmsync_sync *sync);

/**
 * vmsync_sync_guest_new - announce one guest's stream of records
 * @hostname:	copied
 * The guest belongs to @sync. NULL if out of memory.
 */
struct vmsync_guest *vmsync_sync_guest_new(struct vmsync_sync *sync,
					   const char *hostname);

/** vmsync_sync_guest_new_port - the same; its beacons come over a port */
struct vmsync_guest *vmsync_sync_guest_new_port(struct vmsync_sync *sync,
						const char *hostname);

/** vmsync_sync_push_host - the host's next record */
int vmsync_sync_push_host(struct vmsync_sync *sync,
			  const struct vmsync_evidence *ev);

/** vmsync_sync_push_guest - @guest's next record */
int vmsync_sync_push_guest(struct vmsync_guest *guest,
			   const struct vmsync_evidence *ev);

/**
 * vmsync_sync_host_until - the host's records are complete up to @t
 * Known without it: up to the last record pushed. What is complete is
 * evidence: no knot there means that the line went on.
 */
void vmsync_sync_host_until(struct vmsync_sync *sync, host_time t);
void vmsync_sync_guest_until(struct vmsync_guest *guest, guest_time t);

/**
 * vmsync_sync_forget - nothing before @t is asked for any more, by the host's clock
 * Maps that are made from now on need not hold before, and evidence that is of no use
 * from then on may go. Who reads on for days calls it now and then, with what lies as
 * far back as the clocks of both sides can be in doubt.
 */
void vmsync_sync_forget(struct vmsync_sync *sync, host_time t);

/**
 * vmsync_sync_guest_cpu - the guest's recording has a stream of its CPU @cpu
 * It may push nothing from there: then nobody tells of that CPU's TSC.
 */
void vmsync_sync_guest_cpu(struct vmsync_guest *guest, uint32_t cpu);

/**
 * vmsync_sync_guest_from - @guest recorded from @t on, before its first record
 * Known without it: from its first record on.
 */
void vmsync_sync_guest_from(struct vmsync_guest *guest, guest_time t);

/**
 * vmsync_sync_host_from - the host recorded from @t on, before its first record
 * Known without it: from its first record on. A beacon that nobody answered since
 * then says that its guest was elsewhere.
 */
void vmsync_sync_host_from(struct vmsync_sync *sync, host_time t);

/**
 * vmsync_sync_host_lost - how much the host's recording lacks, for the report
 * @events:	that its tracer discarded
 * @packets:	that are missing
 */
void vmsync_sync_host_lost(struct vmsync_sync *sync, uint64_t events,
			   uint64_t packets);
void vmsync_sync_guest_lost(struct vmsync_guest *guest, uint64_t events,
			    uint64_t packets);

/**
 * vmsync_sync_guest_tsync - a sample of the offset that was stored with the guest's
 * recording, of its CPU @cpu, behind the others in guest time
 * Returns 0, -ENOMEM, or -EINVAL where it is of no clock, or of no CPU.
 */
int vmsync_sync_guest_tsync(struct vmsync_guest *guest, uint32_t cpu,
			    const struct vmsync_tsync_sample *s);

/**
 * vmsync_sync_guest_apart - each of the guest's CPUs has a clock of its own
 * No event of the one tells of another's.
 */
void vmsync_sync_guest_apart(struct vmsync_guest *guest);

/**
 * vmsync_sync_guest_tsync_unusable - samples were stored, and cannot be used
 * @why:	goes on a remark; not copied
 */
void vmsync_sync_guest_tsync_unusable(struct vmsync_guest *guest, const char *why);

/** vmsync_sync_host_end - no further host record will come */
void vmsync_sync_host_end(struct vmsync_sync *sync);
void vmsync_sync_guest_end(struct vmsync_guest *guest);

enum vmsync_wants {
	VMSYNC_WANTS_NONE,	/* every side has ended */
	VMSYNC_WANTS_HOST,
	VMSYNC_WANTS_GUEST,
};

/**
 * vmsync_sync_wants - which side to push next
 * @guest:	set where the answer is VMSYNC_WANTS_GUEST, else untouched
 */
enum vmsync_wants vmsync_sync_wants(struct vmsync_sync *sync,
				    struct vmsync_guest **guest);

/**
 * vmsync_sync_build_maps - bring the maps up to date with what was pushed
 * @final_until: host time up to which later records will not change a map;
 *		may be NULL
 */
int vmsync_sync_build_maps(struct vmsync_sync *sync, host_time *final_until);

/**
 * vmsync_guest_settled - host time up to which one guest's map will not change
 * @until:	as of the last vmsync_sync_build_maps(), if the host's records go that
 *		far; INT64_MAX: it has ended, and will not change at all
 * False where it has no map yet.
 */
bool vmsync_guest_settled(const struct vmsync_guest *guest, host_time *until);

/** vmsync_sync_finish - every side has ended: make maps and reports final */
int vmsync_sync_finish(struct vmsync_sync *sync);

/**
 * struct vmsync_cpu - one virtual CPU of a guest
 * @known:	false: nothing was seen that ties @cpu to a vCPU
 * @cpu:	number that the guest's kernel gives it
 * @vcpu_id:	number that KVM gives it
 * @tid:	its thread on the host, 0: not known
 */
struct vmsync_cpu {
	bool known;
	uint32_t cpu;
	uint32_t vcpu_id;
	int32_t tid;
};

/**
 * struct vmsync_method_share - what one method covers, and how well
 * @segments:	number of them, all virtual CPUs
 * @guest_ns:	guest time covered by them, mean over virtual CPUs
 */
struct vmsync_method_share {
	uint64_t segments;
	uint64_t guest_ns;
};

/**
 * struct vmsync_disagreement - two methods that cannot both be right
 * @a, @b:	the methods; their bounds do not overlap at @at
 * @excess_ns:	by how much they do not, at worst
 */
struct vmsync_disagreement {
	enum vmsync_method a;
	enum vmsync_method b;
	guest_time at;
	int64_t excess_ns;
};

/**
 * struct vmsync_move - the guest went on in another VM
 * @last_ns, @first_ns: host times of its last beacon there and its first one here
 * @away:	it sent others in between that nobody answered
 */
struct vmsync_move {
	struct vmsync_vm_id from;
	struct vmsync_vm_id to;
	int64_t last_ns;
	int64_t first_ns;
	bool away;
};

/**
 * struct vmsync_guest_report - what is known of a guest besides its map
 * @found:	the VM was found among the host's records
 * @vm, @vm_uid: who it is; @vm is valid if @found
 * @cpus:	[@n_cpus], index is the guest kernel's CPU number
 * @tids:	threads of the VM's vCPUs as the host named them, by vcpu_id
 * @moves:	[@n_moves], in order
 * @matched:	beacons of which at least one pair (gh or hg) was matched
 * @whole:	beacons of which both were
 * @guest_unmatched, @host_unmatched: legs seen on one side only
 * @dropped:	beacons that the host's rate limit dropped
 * @causal_checked: pairs checked against the map
 * @causal_violations: pairs that contradict the map by more than its bound
 * @causal_worst_ns: how much the worst of them does, beyond the bound
 * @rtt_min_ns:	shortest round trip seen, guest clock
 * @bound_worst_ns, @bound_p99_ns: of the map's segments, by guest time covered
 * @offset_start, @offset_end: host minus guest clock at the map's two ends
 * @drift_start_ppb, @drift_end_ppb: host over guest rate, minus one
 * @shares:	by method
 * @disagreements: [@n_disagreements], by segment of the map, the worst first
 * @suspect:	the guest's own claims contradict the host's evidence
 * @notes:	[@n_notes] one-line remarks, each with time and size
 */
struct vmsync_guest_report {
	const char *hostname;
	bool found;
	bool suspect;
	struct vmsync_vm_id vm;
	uint64_t vm_uid;
	struct vmsync_cpu *cpus;
	uint32_t n_cpus;
	struct vmsync_move *moves;
	size_t n_moves;
	uint64_t matched;
	uint64_t whole;
	uint64_t guest_unmatched;
	uint64_t host_unmatched;
	uint64_t dropped;
	uint64_t causal_checked;
	uint64_t causal_violations;
	int64_t causal_worst_ns;
	int64_t rtt_min_ns;
	int64_t bound_worst_ns;
	int64_t bound_p99_ns;
	duration offset_start;
	duration offset_end;
	int64_t drift_start_ppb;
	int64_t drift_end_ppb;
	struct vmsync_method_share shares[VMSYNC_METHOD_COUNT];
	struct vmsync_disagreement *disagreements;
	size_t n_disagreements;
	char **notes;
	size_t n_notes;
};

/** vmsync_guest_maps - one map per CPU, as of the last settle or finish */
const struct vmsync_guest_map *
vmsync_guest_maps(const struct vmsync_guest *guest);

/**
 * vmsync_guest_method_map - what one method alone says, same CPU numbering
 * NULL where that method has nothing for @cpu.
 */
const struct vmsync_map *
vmsync_guest_method_map(const struct vmsync_guest *guest,
			enum vmsync_method method, uint32_t cpu);

/**
 * vmsync_guest_has_thread - whether a thread of the host was the guest's CPU
 * For some time at least: a guest that is restored, or moved, has several.
 */
bool vmsync_guest_has_thread(const struct vmsync_guest *guest, uint32_t cpu,
			     int32_t tid);

/**
 * vmsync_guest_unbound - the guest's clock turned out to be set outside the evidence
 * Its maps have no bound there any more.
 */
void vmsync_guest_unbound(struct vmsync_guest *guest);

/**
 * vmsync_guest_reads_outside - whether the guest may have left itself to read its clock at @t
 * hpet and acpi_pm are read by an exit: what an event is stamped with is of a time at
 * which its virtual CPU was not in the guest, and its thread may have waited for a CPU
 * of the host before that, or behind.
 */
bool vmsync_guest_reads_outside(const struct vmsync_guest *guest, guest_time t);

/**
 * vmsync_guest_home_thread - the thread that was CPU @cpu of the guest in VM @home
 * Counted from 0 in the order of its moves; 0: not known.
 */
int32_t vmsync_guest_home_thread(const struct vmsync_guest *guest, size_t home,
				 uint32_t cpu);

/** vmsync_guest_report_of - as of the last settle or finish */
const struct vmsync_guest_report *
vmsync_guest_report_of(const struct vmsync_guest *guest);

/**
 * vmsync_guest_report_bounds - fill in the bounds and shares of @maps
 * @r:		those are 0
 * Returns 0 or -ENOMEM.
 */
int vmsync_guest_report_bounds(struct vmsync_guest_report *r,
			       const struct vmsync_guest_map *maps);

#endif /* VMSYNC_SYNC_SYNC_H */
