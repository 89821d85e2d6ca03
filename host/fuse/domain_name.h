/* SPDX-License-Identifier: MIT */
/*
 * What libvirt calls a guest. "vmsync record" leaves it beside a guest's traces, and
 * "vmsync fuse" beside what it makes of them: a hostname is what the guest says of
 * itself, and two guests may have the same.
 */
#ifndef VMSYNC_FUSE_DOMAIN_NAME_H
#define VMSYNC_FUSE_DOMAIN_NAME_H

#include "ctf/ctf.h"

/* In a trace's folder or the one above; no reader of traces looks at such a name. */
#define VMSYNC_DOMAIN_FILE ".vmsync-domain"

/**
 * struct vmsync_domain_name - of one guest
 * @name:	as a string of JSON without its quotes, "": it is not known
 * @uuid:	with it
 */
struct vmsync_domain_name {
	char name[512];
	char uuid[37];
};

/** vmsync_domain_name_find() - of the guest whose trace is in the folder @trace */
void vmsync_domain_name_find(const char *trace, struct vmsync_domain_name *d);

/** vmsync_domain_name_save() - for traces in @folder, or in folders there; 0 or -errno */
int vmsync_domain_name_save(const char *folder,
			    const struct vmsync_domain_name *d,
			    struct ctf_error *e);

#endif /* VMSYNC_FUSE_DOMAIN_NAME_H */
