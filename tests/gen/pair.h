/* SPDX-License-Identifier: MIT */
/* What the files of the generator of pairs share: two kernels, and a time for both. */
#ifndef TESTS_GEN_PAIR_H
#define TESTS_GEN_PAIR_H

#include "blocks.h"
#include "writer.h"

#define HOST_CPUS   4 /* and two more for the second guest */
#define GUEST_CPUS  2
#define GUESTS_MAX  2
#define TSC_KHZ	    2500000
#define SHIFT	    24
#define VM_PID	    4711
#define FIRST_TID   4720

/* ------------------------------------------------------------ pair_options.c */

struct options {
	uint64_t events, beacon_cycles, knot_cycles, seed, vm_uid;
	uint64_t guests, vcpus, busy, edge, packet, move, halts, apart, pause;
	uint64_t ust, moved, idle, timer, blocks;
	uint64_t clock_cycles, ahead_ns, jump, early_ns;
	int64_t wrong_offset, slew_ppm;
	double gap_cycles;
	bool large, old, net, truth, plain;
};

extern struct options opt;

/* Ends the program where they are none. */
void options_read(int argc, char **argv);

/* ------------------------------------------------------------ pair_classes.c */

/* Those from SWITCH up to HALTED fill the traces. */
enum {
	GH_GUEST, GH_HOST, HG_HOST, HG_GUEST, KNOT, TSC, VM, ENTRY, EXIT,
	SWITCH, HALTED = SWITCH + 18, FOLLOWED, N_CLASSES,
};

extern struct gen_class classes[N_CLASSES];
/* What a program tells of itself, with the truth. */
extern const struct gen_class ust_classes[1];

/* Before a trace is opened: as the options have them. */
void classes_adapt(void);

/* --------------------------------------------------------------- pair_time.c */

/* CLOCK_MONOTONIC over a counter, as in Documentation/protocol.rst. */
struct line {
	uint64_t since, cycle_last, xtime_nsec;
	int64_t base_ns;
	uint32_t mult, seq;
};

struct kernel {
	struct gen_trace trace;
	struct gen_trace ust;
	struct gen_trace blocks;
	struct line line, prev;
	uint64_t tsc_offset; /* its TSC is the host's minus this */
	uint64_t next_knot;  /* host TSC */
	/* Of a guest. */
	uint64_t beacon; /* host TSC of the next one */
	uint32_t cnt;	 /* of that one */
	uint32_t cpu_of[GUEST_CPUS]; /* the host's, by vCPU */
};

extern struct kernel host, guests[GUESTS_MAX];
extern struct kernel *guest; /* whose turn it is */
uint32_t guest_number(void);
extern uint64_t now; /* host TSC */

void rng_begin(void);
uint64_t rng(void);
/* Exponential, mean @mean, at least 1. */
uint64_t rng_exp(double mean);
/* Time goes on by about so much. */
void step(double mean);

uint64_t line_fixed(const struct line *l, uint64_t c);
int64_t line_eval(const struct line *l, uint64_t c);
/* What @cpu's TSC is ahead of its kernel's. */
uint64_t ahead(const struct kernel *k, uint32_t cpu);
/* What that kernel's clock reads at @host_tsc. */
uint64_t stamp(const struct kernel *k, uint64_t host_tsc);

/* ------------------------------------------------------------- pair_traces.c */

void kernel_init(struct kernel *k, const char *path, uint32_t n_cpus,
		 uint64_t tsc_offset, int64_t base_ns, int ppm);
void sessions_open(struct kernel *k, const char *hostname, uint64_t seed,
		   int64_t offset);
void sessions_close(struct kernel *k);

struct gen_value number(uint64_t u);
/* Puts the truth behind the last of the fields that @v has values of. */
void add_truth(uint32_t id, struct gen_value *v);
/* An event, now. */
void emit(struct kernel *k, uint32_t cpu, uint32_t id,
	  const struct gen_value *values);
/* How many the kernel's trace has. */
uint64_t recorded(const struct kernel *k);
/* Over guest events: host stamp - guest stamp. */
extern int64_t truth_sum;

/* ------------------------------------------------------------- pair_vmsync.c */

void beacon_guest(uint32_t vcpu, uint64_t *guest_tsc, uint64_t *mono);
void beacon_host(uint32_t vcpu, uint64_t guest_tsc, uint64_t mono);
void beacon_back(struct kernel *k, uint32_t vcpu);
/* The slope changes a little, or by so much; time goes on without a step. */
void knot(struct kernel *k, int64_t ppm);
uint64_t reported_offset(uint32_t vcpu);
void tell_offset(uint32_t vcpu, uint64_t had, uint32_t why);
void tell_vcpu(uint32_t vcpu);
/* As guest/clock.c does it: the first line over 100 ms; and a look now and then. */
void follow_start(void);
void follow(void);

/* -------------------------------------------------------------- pair_vcpus.c */

int vcpu_tid(uint32_t vcpu);
/* Its thread is there. */
void vcpu_begin(uint32_t vcpu);
void entry(uint32_t vcpu);
void leave(uint32_t vcpu, uint32_t reason);
/* Another CPU, now and then, for a vCPU's thread that has been out. */
void move(uint32_t vcpu);
/* The guest halts: KVM polls, or its thread sleeps until it is woken. */
void halt(uint32_t vcpu);

/* --------------------------------------------------------------- pair_load.c */

/* Any event of what else both do. */
void filler(struct kernel *k, uint32_t cpu);

#endif /* TESTS_GEN_PAIR_H */
