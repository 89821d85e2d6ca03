/* SPDX-License-Identifier: MIT */
/*
 * The guests that vmsyncd knows: those named with --socket, and libvirt's domains.
 */
#ifndef VMSYNC_DAEMON_GUEST_H
#define VMSYNC_DAEMON_GUEST_H

#include <stdio.h>
#include <sys/stat.h>

#include "daemon/link.h"
#include "libvirt/domain.h"

/**
 * struct vmsyncd_guest - one; its address stays while it is known
 * @serial:	number in the order of coming; no two guests have the same
 * @name, @uuid: libvirt's; of a --socket its path, and ""
 * @path:	of the socket, "" where there is none
 * @file, @seen: of a domain: the file it was read from, and how that looked
 * @found:	the last scan saw it
 */
struct vmsyncd_guest {
	uint64_t serial;
	char *name;
	char *uuid;
	char *path;
	char *file;
	struct stat seen;
	bool found;
	enum vmsync_domain_port port;
	int32_t pid;
	int32_t *vcpu;
	size_t n_vcpus;
	struct vmsyncd_link link;
};

/** struct vmsync_guests - [@n], in the order of @serial */
struct vmsync_guests {
	struct vmsyncd_guest **guest;
	size_t n;
	uint64_t serials;
};

/** vmsyncd_guest_socket() - know the socket at @path; 0 or a negative errno */
int vmsyncd_guest_socket(struct vmsync_guests *g, const char *path);

/** vmsyncd_guest_domain() - know a domain, read from @file; NULL: no memory, too long */
struct vmsyncd_guest *vmsyncd_guest_domain(struct vmsync_guests *g,
					 const struct vmsync_domain *d,
					 const char *file);

/** vmsyncd_guest_is() - @d is the same run of the same guest as before */
bool vmsyncd_guest_is(const struct vmsyncd_guest *g,
		      const struct vmsync_domain *d);

/** vmsyncd_guest_vcpus() - take the threads of @d; 0 or -ENOMEM */
int vmsyncd_guest_vcpus(struct vmsyncd_guest *g, const struct vmsync_domain *d);

/** vmsyncd_guest_forget() - number @i is gone */
void vmsyncd_guest_forget(struct vmsync_guests *g, size_t i);

/** vmsyncd_guest_by_serial() - NULL where it is not there any more */
struct vmsyncd_guest *vmsyncd_guest_by_serial(const struct vmsync_guests *g,
					    uint64_t serial);

/** vmsyncd_guest_print() - as JSON, a key a line */
void vmsyncd_guest_print(FILE *f, const struct vmsyncd_guest *g, uint64_t now_ns);

#endif /* VMSYNC_DAEMON_GUEST_H */
