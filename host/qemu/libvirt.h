/* SPDX-License-Identifier: MIT */
/*
 * Whose a QEMU is: libvirt's own log of a domain, /var/log/libvirt/qemu/NAME.log,
 * begins each run of it with QEMU's command line.
 */
#ifndef VMSYNC_QEMU_LIBVIRT_H
#define VMSYNC_QEMU_LIBVIRT_H

#include "ctf/ctf.h"

/**
 * struct qemu_domain - a virtual machine
 * @host:	what its host calls itself; "": not told
 * @uuid:	by which a cloud's services call it, mostly
 */
struct qemu_domain {
	char name[65];
	char host[65];
	char uuid[37];
};

/**
 * qemu_libvirt_read() - the domain that ran last
 * @path:	the log
 * Return: 0 or a negative errno.
 */
int qemu_libvirt_read(const char *path, struct qemu_domain *d,
		      struct ctf_error *e);

#endif /* VMSYNC_QEMU_LIBVIRT_H */
