/* SPDX-License-Identifier: MIT */
/*
 * What is known of QEMU's events without its own list: those that tell of migrations,
 * as 7.2 and, where they are others, 8 to 10 print them; and those of QMP, as qmp.c
 * writes them.
 */
#ifndef VMSYNC_QEMU_BUILTIN_H
#define VMSYNC_QEMU_BUILTIN_H

/* Declarations, up to a NULL. */
extern const char *const qemu_builtin[];

#endif /* VMSYNC_QEMU_BUILTIN_H */
