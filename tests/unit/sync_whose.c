// SPDX-License-Identifier: MIT
/*
 * Which virtual CPUs a guest's CPUs may be, where beacons tie some of them only:
 * virtual CPUs have other numbers than the guest's CPUs here.
 */
#include <string.h>

#include "check.h"
#include "sync/facts/whose.h"

#define CPUS 3

/* Guest CPU i is virtual CPU real[i]. */
static const uint32_t real[CPUS] = { 2, 0, 1 };

struct world {
	struct vmsync_vcpu vcpu[CPUS];
	struct vmsync_vcpu *vcpus[CPUS];
	struct vmsync_scaling_span scaling[CPUS];
	struct vmsync_pvclock_span page[CPUS];
	struct vmsync_vm vm;
	struct vmsync_guest_cpu cpus[CPUS];
	struct vmsync_facts facts;
};

/* @known: bits of the CPUs that beacons tie; @spread: TSCs differ */
static void make(struct world *w, unsigned int known, bool spread, bool stable)
{
	memset(w, 0, sizeof(*w));
	for (uint32_t i = 0; i < CPUS; i++) {
		struct vmsync_vcpu *v = &w->vcpu[i];

		v->id = i;
		w->scaling[i].scaling = (struct vmsync_scaling){
			spread ? 1000 * i : 0, 1ull << 32, 32
		};
		w->page[i].pv.flags = stable;
		v->scalings.at = &w->scaling[i];
		v->pvclocks.at = &w->page[i];
		v->scalings.count = v->pvclocks.count = 1;
		/* In whatever order the host came by them. */
		w->vcpus[CPUS - 1 - i] = v;
		w->cpus[i].known = known >> i & 1;
		w->cpus[i].vcpu_id = w->cpus[i].known ? real[i] : 77;
	}
	w->vm.vcpus.at = w->vcpus;
	w->vm.vcpus.count = CPUS;
	w->facts = (struct vmsync_facts){
		.vm = &w->vm, .cpus = w->cpus, .n_cpus = CPUS,
	};
	vmsync_whose_find(&w->facts, w->cpus);
}

static unsigned int sure(const struct world *w)
{
	unsigned int bits = 0;

	for (uint32_t i = 0; i < CPUS; i++)
		bits |= (unsigned int)w->cpus[i].sure << i;
	return bits;
}

/* Each virtual CPU is one of the guest's. */
static bool all_there(const struct world *w)
{
	unsigned int bits = 0;

	for (uint32_t i = 0; i < CPUS; i++)
		bits |= 1u << w->cpus[i].vcpu_id;
	return bits == (1u << CPUS) - 1;
}

static void test_known(unsigned int known)
{
	unsigned int all = (1u << CPUS) - 1;
	bool one_left = __builtin_popcount(known) == CPUS - 1;
	struct world w;

	make(&w, known, true, true);
	CHECK(all_there(&w));
	CHECK_EQ(sure(&w), one_left ? all : known);
	for (uint32_t i = 0; i < CPUS; i++)
		if (w.cpus[i].sure)
			CHECK_EQ(w.cpus[i].vcpu_id, real[i]);
	/* It is no matter if they are alike, in all that the clock is made of. */
	make(&w, known, false, true);
	CHECK_EQ(sure(&w), all);
	make(&w, known, false, false);
	CHECK_EQ(sure(&w), one_left ? all : known);
}

/* The host has seen fewer of them than the guest has. */
static void test_few(void)
{
	struct world w;

	make(&w, 1, true, true);
	w.cpus[1].known = w.cpus[2].known = false;
	w.vm.vcpus.count = 2; /* 2 and 1 */
	vmsync_whose_find(&w.facts, w.cpus);
	CHECK_EQ(sure(&w), 1);
	CHECK_EQ(w.cpus[1].vcpu_id, 1);
	CHECK(!vmsync_vm_find_vcpu(&w.vm, w.cpus[2].vcpu_id));
	w.facts.vm = NULL;
	vmsync_whose_find(&w.facts, w.cpus);
	CHECK_EQ(w.cpus[2].vcpu_id, 2);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (unsigned int known = 0; known < 1u << CPUS; known++)
		test_known(known);
	test_few();
	return check_done();
}
