/* SPDX-License-Identifier: MIT */
/*
 * Requests of a guest to three block devices, each at its own times through QEMU and the
 * host: one on a partition of a disk of the host's, by threads that submit and go on, one
 * on a whole disk, by threads that wait, and one in a file that no disk knows of.
 */
#ifndef TESTS_GEN_BLOCKS_H
#define TESTS_GEN_BLOCKS_H

#include "writer.h"

/* One at a time of each virtual CPU, of which there are so many at most. */
#define BLOCKS_VCPUS 2

/**
 * struct blocks - traces, and the time
 * @host, @guest: events go there
 * @host_ns, @guest_ns: what a clock of each stamps now
 * @step:	time goes on by so much, about
 * @rng:	any number
 * @truth:	a line for each request, when it ended
 * @pid:	of QEMU
 */
struct blocks {
	struct gen_trace *host;
	struct gen_trace *guest;
	uint64_t (*host_ns)(void);
	uint64_t (*guest_ns)(uint32_t vcpu);
	void (*step)(double mean);
	uint64_t (*rng)(void);
	FILE *truth;
	int pid;
};

extern const struct gen_class blocks_classes[];
extern const size_t blocks_n_classes;

/* What both machines call their devices. */
void blocks_names(struct blocks *b);
/* The guest's virtual CPU, in the guest, has one; false: it has one already. */
bool blocks_begin(struct blocks *b, uint32_t vcpu);
/* It has left: all that the host does for it. */
void blocks_host(struct blocks *b, uint32_t vcpu);
/* It is back, and is told the end, if there is one. */
void blocks_end(struct blocks *b, uint32_t vcpu);

#endif /* TESTS_GEN_BLOCKS_H */
