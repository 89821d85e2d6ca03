/* SPDX-License-Identifier: MIT */
/*
 * What the host says of its virtual machines: per virtual CPU the TSC's offset
 * and ratio, the kvm-clock line, the thread; per guest identity that a VM
 * claims, the beacons that wait for their guest's half.
 *
 * Kept by KVM's identity. What one VM claims is never filed under another.
 */
#ifndef VMSYNC_SYNC_FACTS_VM_H
#define VMSYNC_SYNC_FACTS_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/base/evidence.h"

/**
 * struct vmsync_scaling_span - offset and ratio, and since when
 * @from_start: nothing was seen before it: it held from the host's first record,
 *		as far as none can be missing
 * @entered:	of that one: it is what the host told of the first entry
 * @since_ns:	of that one, where its begin lies: INT64_MIN: before the recording
 * @gap:	what was in force before is not known: a write was lost
 * @exit_ns:	the virtual CPU had left the guest then, -1: not known
 * @seen_ns:	still in force at this host time
 * @lost_ns:	from here on a change may have been missed; INT64_MAX: it was not,
 *		or something that was seen later shows that there was none
 */
struct vmsync_scaling_span {
	struct vmsync_scaling scaling;
	bool from_start;
	bool entered;
	bool gap;
	int64_t since_ns;
	int64_t stamp_ns;
	int64_t exit_ns;
	int64_t seen_ns;
	int64_t lost_ns;
};

/**
 * struct vmsync_pvclock_span - a kvm-clock line that came at @stamp_ns
 * @exit_ns:	the virtual CPU had left the guest then, -1: not known
 */
struct vmsync_pvclock_span {
	struct vmsync_pvclock pv;
	int64_t stamp_ns;
	int64_t exit_ns;
};

/** struct vmsync_run - a stay in the guest, host ns */
struct vmsync_run {
	int64_t entry_ns;
	int64_t exit_ns;
};

/**
 * struct vmsync_vcpu - a virtual CPU
 * @tid:	its thread, 0: not known
 * @exit_ns:	its last exit, -1: never seen or it has entered since
 * @entry_ns:	its last entry, -1: never seen or it has left since
 * @lost_until_ns: some of the host's records may be missing up to here
 * @maybe:	it may have entered at @entry_ns, unseen
 * @runs:	its stays in the guest, if entries and exits are pushed; where
 *		some were lost one run stands for all that may have been
 * @lost:	the numbers of such runs, in order
 * @missed:	something may be missing in the run that goes on
 */
struct vmsync_vcpu {
	uint32_t id;
	int32_t tid;
	int64_t exit_ns;
	int64_t entry_ns;
	int64_t lost_until_ns;
	bool maybe;
	VMSYNC_ARRAY(struct vmsync_run) runs;
	VMSYNC_ARRAY(size_t) lost;
	bool missed;
	VMSYNC_ARRAY(struct vmsync_scaling_span) scalings;
	VMSYNC_ARRAY(struct vmsync_pvclock_span) pvclocks;
};

struct vmsync_stream;

/**
 * struct vmsync_vm - a virtual machine
 * @answered_ns: host time of its last beacon
 * @lost_until_ns: some of the host's records may be missing up to here
 */
struct vmsync_vm {
	struct vmsync_vm_id id;
	uint64_t dropped;
	int64_t answered_ns;
	int64_t lost_until_ns;
	VMSYNC_ARRAY(struct vmsync_vcpu *) vcpus;
	VMSYNC_ARRAY(struct vmsync_stream *) streams;
};

void vmsync_vm_free(struct vmsync_vm *vm);

/** vmsync_vm_vcpu - find or make; NULL if out of memory or absurd */
struct vmsync_vcpu *vmsync_vm_vcpu(struct vmsync_vm *vm, uint32_t id);

/** vmsync_vm_find_vcpu - NULL if there is none */
struct vmsync_vcpu *vmsync_vm_find_vcpu(const struct vmsync_vm *vm,
					uint32_t id);

/** vmsync_vcpu_scaling_seen - a beacon showed the scaling; 0 or -ENOMEM */
int vmsync_vcpu_scaling_seen(struct vmsync_vcpu *vcpu,
			     const struct vmsync_scaling *s, int64_t stamp_ns);

/** vmsync_vcpu_scaling_write - a vmsync_tsc record; 0 or -ENOMEM */
int vmsync_vcpu_scaling_write(struct vmsync_vcpu *vcpu,
			      const struct vmsync_evidence *ev);

/** vmsync_vcpu_pvclock - a vmsync_pvclock record; 0 or -ENOMEM */
int vmsync_vcpu_pvclock(struct vmsync_vcpu *vcpu,
			const struct vmsync_evidence *ev);

/** vmsync_vcpu_entry, _exit - of guest mode; 0 or -ENOMEM */
int vmsync_vcpu_entry(struct vmsync_vcpu *vcpu, int64_t stamp_ns);
int vmsync_vcpu_exit(struct vmsync_vcpu *vcpu, int64_t stamp_ns);

/** vmsync_vcpu_is_lost - does run @number stand for all that may have been? */
bool vmsync_vcpu_is_lost(const struct vmsync_vcpu *vcpu, size_t number);

/** vmsync_vm_written_since - KVM set a TSC of it later than @ns */
bool vmsync_vm_written_since(const struct vmsync_vm *vm, int64_t ns);

/**
 * vmsync_vm_scaling_kept - one of its virtual CPUs is shown with what it had
 * @shown:	that, since when
 * What changes the TSC of a virtual machine (a reset, a restore, a migration)
 * changes that of all its virtual CPUs: none of it was missed between the begin of
 * @shown and @stamp_ns. What was missed before may have changed the others.
 */
void vmsync_vm_scaling_kept(struct vmsync_vm *vm,
			    const struct vmsync_scaling_span *shown,
			    int64_t stamp_ns);

/** vmsync_vm_lost - some of the host's records may be missing in between */
void vmsync_vm_lost(struct vmsync_vm *vm, int64_t from_ns, int64_t until_ns);

#endif /* VMSYNC_SYNC_FACTS_VM_H */
