/* SPDX-License-Identifier: MIT */
/* Whose a virtual CPU is, as far as is known by now. */
#ifndef VMSYNC_ONLINE_VM_H
#define VMSYNC_ONLINE_VM_H

#include "online/online.h"

#define ONLINE_VM_NAME 80

/**
 * struct online_vm - a virtual machine
 * @name:	its guest's; without one "process 12" or "thread 12", of the host
 * @uuid:	"" where libvirt's is not known
 */
struct online_vm {
	char name[ONLINE_VM_NAME];
	const char *uuid;
};

/** online_vm() - of a virtual CPU of the model */
struct online_vm online_vm(const struct online *o, uint32_t vcpu);

#endif /* VMSYNC_ONLINE_VM_H */
