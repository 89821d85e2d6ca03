/* SPDX-License-Identifier: MIT */
/* What is asked of libvirt, by its own command. */
#ifndef VMSYNC_LIBVIRT_VIRSH_H
#define VMSYNC_LIBVIRT_VIRSH_H

#include <stdbool.h>

#include "ctf/ctf.h"
#include "libvirt/domain.h"

/**
 * vmsync_virsh_domain() - a domain's definition
 * @uri:	whose libvirt, NULL: the system's
 * @stored:	as it is for its next start, or as it is now
 * @d:		filled in
 * Return: 0 or a negative errno and @e.
 */
int vmsync_virsh_domain(const char *uri, const char *name, bool stored,
			struct vmsync_domain *d, struct ctf_error *e);

/** struct vmsync_virsh_state - has it a stored definition, does it run? */
struct vmsync_virsh_state {
	bool persistent;
	bool running;
};

/** vmsync_virsh_state() - 0 or a negative errno and @e */
int vmsync_virsh_state(const char *uri, const char *name,
		       struct vmsync_virsh_state *state, struct ctf_error *e);

/**
 * vmsync_virsh_channel() - add the channel of vmsync-agent, or take it away
 * @stored:	of the definition, or of the running domain
 */
int vmsync_virsh_channel(const char *uri, const char *name, bool stored, bool add,
			 struct ctf_error *e);

/**
 * vmsync_virsh_monitor() - one command of QMP to the QEMU of a domain
 * @command:	as JSON
 * @reply:	as JSON, to be freed
 */
int vmsync_virsh_monitor(const char *uri, const char *name, const char *command,
			 char **reply, struct ctf_error *e);

#endif /* VMSYNC_LIBVIRT_VIRSH_H */
