/* SPDX-License-Identifier: MIT */
/*
 * An experiment: the folder that vmsync fuse writes. Its traces are on one
 *clock; which host thread was which virtual CPU of which guest, and how well
 *each guest's clock is known, cannot be seen in them. That is in two files
 *beside them: the maps, and VMSYNC_EXPERIMENT_FILE:
 *
 *	{"vmsync_experiment": 1, "host": "host-l1",
 *	 "entered": [{"tid": 812, "vcpu_id": 0}, {"tid": 951}],
 *	 "guests": [{"folder": "guest-web1", "pid": 808, "suspect": false,
 *	   "cpus": [{"cpu": 0, "vcpu_id": 0, "tid": 812}]}]}
 *
 * Guests are in the order of the maps. One whose stamps were kept (keep.h) has
 * "mapped": false, and is mapped by who reads it.
 */
#ifndef VMSYNC_FUSE_EXPERIMENT_H
#define VMSYNC_FUSE_EXPERIMENT_H

#include "fuse/fuse.h"
#include "fuse/session.h"

#define VMSYNC_EXPERIMENT_FILE "vmsync-experiment.json"

/**
 * struct vmsync_experiment_guest - one guest
 * @folder:	that its traces are in, owned
 * @report:	what analyses need of it; @cpus are those whose thread is known
 * @maps:	that were applied, or are to be
 * @kept:	its stamps are not mapped
 */
struct vmsync_experiment_guest {
	char *folder;
	bool kept;
	struct vmsync_guest_report report;
	struct vmsync_guest_map maps;
};

/**
 * struct vmsync_experiment - see above
 * @host:	folder of the host's traces, owned
 * @entered:	the host's threads that entered a guest, whoever's they are
 */
struct vmsync_experiment {
	char *host;
	VMSYNC_ARRAY(struct vmsync_runs_part) entered;
	VMSYNC_ARRAY(struct vmsync_experiment_guest) guests;
};

/**
 * struct vmsync_experiment_place - where a trace lies in an experiment
 * @dir:	of the experiment, without links
 * @folder:	of the trace's machine in it
 */
struct vmsync_experiment_place {
	char dir[4096];
	char folder[256];
};

/**
 * vmsync_experiment_save() - write what is known
 * @dir:	of the experiment, in which the traces are
 * @fused:	those traces, the host's first, then one guest's after another's
 * Return: 0 or a negative errno.
 */
int vmsync_experiment_save(const struct vmsync_session *s, const char *dir,
			   const struct vmsync_fused *fused,
			   struct ctf_error *e);

/** vmsync_experiment_place() - whether @t lies in an experiment, and where */
bool vmsync_experiment_place(const struct ctf_trace *t,
			     struct vmsync_experiment_place *place);

/**
 * vmsync_experiment_known() - the same, of what vmsync fuse must have written
 * Return: 0, or a negative errno where it did so without
 * VMSYNC_EXPERIMENT_FILE.
 */
int vmsync_experiment_known(const struct ctf_trace *t, bool *known,
			    struct ctf_error *e);

/**
 * vmsync_experiment_load() - read what is known, without the maps
 * @dir:	of the experiment
 * @x:		to be freed with vmsync_experiment_free(), or NULL after an
 * error Return: 0 or a negative errno.
 */
int vmsync_experiment_load(const char *dir, struct vmsync_experiment **x,
			   struct ctf_error *e);

/** vmsync_experiment_free() - NULL is fine */
void vmsync_experiment_free(struct vmsync_experiment *x);

/** vmsync_experiment_guest() - whose folder it is, or NULL */
struct vmsync_experiment_guest *
vmsync_experiment_guest(const struct vmsync_experiment *x, const char *folder);

/**
 * vmsync_experiment_maps() - read the maps of its guests, too
 * @dir:	as for vmsync_experiment_load()
 * Return: 0 or a negative errno.
 */
int vmsync_experiment_maps(struct vmsync_experiment *x, const char *dir,
			   struct ctf_error *e);

/**
 * vmsync_experiment_bound() - how well a moment of one of its machines is known
 * @x:		with its maps
 * @folder:	of the machine in it
 * @ns:		on the clock that all of them are on
 * Return: 0, or -ENOENT where nothing bounds it.
 */
int vmsync_experiment_bound(const struct vmsync_experiment *x,
			    const char *folder, int64_t ns, int64_t *bound_ns);

/**
 * vmsync_experiment_open() - make a session of an experiment's traces
 * @s:		its machines are known, and nothing else
 *
 * Then it is as after vmsync_session_sync(), but that there is nothing to map. A second host
 * that is named alone is the session's, if that may be alone.
 * Return: 0 or a negative errno.
 */
int vmsync_experiment_open(struct vmsync_session *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_EXPERIMENT_H */
