/* SPDX-License-Identifier: MIT */
/*
 * A domain of libvirt as far as vmsync needs it: read from its definition ("virsh
 * dumpxml"), or from what libvirt keeps of a running one, /run/libvirt/qemu/NAME.xml.
 */
#ifndef VMSYNC_LIBVIRT_DOMAIN_H
#define VMSYNC_LIBVIRT_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMSYNC_DOMAIN_VCPUS 512

/* Why a domain's port cannot be used, or that it can. */
enum vmsync_domain_port {
	VMSYNC_DOMAIN_NO_PORT,
	VMSYNC_DOMAIN_PORT,
	VMSYNC_DOMAIN_PORT_OTHER,	/* not a unix socket at which QEMU listens */
};

/**
 * struct vmsync_domain - one
 * @name, @uuid: "" where it has none
 * @pid:	of QEMU; 0 where it does not run or that is not said
 * @vcpu:	threads of its vCPUs, [@n_vcpus]; 0 where one is off
 * @vcpus_left:	vCPUs beyond VMSYNC_DOMAIN_VCPUS
 * @port:	whether there is a channel for vmsync-agent
 * @path:	of its socket, "" where it has none yet
 */
struct vmsync_domain {
	char name[512];
	char uuid[64];
	char state[16];
	int32_t pid;
	int32_t vcpu[VMSYNC_DOMAIN_VCPUS];
	size_t n_vcpus;
	size_t vcpus_left;
	enum vmsync_domain_port port;
	char path[512];
};

/** vmsync_domain_read() - from a text of @n bytes; 0, or -EINVAL where it is none */
int vmsync_domain_read(struct vmsync_domain *d, const char *text, size_t n);

#endif /* VMSYNC_LIBVIRT_DOMAIN_H */
