// SPDX-License-Identifier: MIT
#include "vm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_STABLE  1u
#define FLAG_STOPPED 2u

uint64_t sim_scale_tsc(uint64_t tsc, const struct vmsync_scaling *s)
{
	return (unsigned __int128)tsc * s->ratio >> s->frac_bits;
}

uint64_t sim_page_read(const struct vmsync_pvclock *page, uint64_t tsc)
{
	uint64_t delta = tsc - page->tsc_timestamp;

	if (page->shift < 0)
		delta >>= -page->shift;
	else
		delta <<= page->shift;
	return page->system_time_ns +
	       (uint64_t)((unsigned __int128)delta * page->mul >> 32);
}

/*
 * mul and shift so that ns = (cycles shifted * mul) >> 32 for a TSC of @hz.
 * The frequency is brought into (1e9, 2e9] and 32 bits by shifting first.
 */
static void scale_to_ns(uint64_t hz, uint32_t *mul, int32_t *shift)
{
	uint64_t ns = NS_PER_S;

	*shift = 0;
	while (hz > 2 * ns || hz >> 32) {
		hz >>= 1;
		(*shift)--;
	}
	while ((uint32_t)hz <= ns) {
		if (hz & 0x80000000)
			ns >>= 1;
		else
			hz <<= 1;
		(*shift)++;
	}
	*mul = (ns << 32) / hz;
}

/* CLOCK_MONOTONIC_RAW of the host; nothing steers it. */
static int64_t raw_ns(const struct sim_vm *vm, uint64_t h)
{
	return (unsigned __int128)h * vm->host_cs.mult >> vm->host_cs.shift;
}

static const struct sim_tsc *tsc_at(const struct sim_vcpu *v, uint64_t h)
{
	size_t i = v->tsc_count - 1;

	while (i && v->tsc[i].from > h)
		i--;
	return &v->tsc[i];
}

static const struct sim_page *page_at(const struct sim_vcpu *v, uint64_t h)
{
	size_t lo = 0, hi = v->page_count, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (v->pages[mid].from <= h)
			lo = mid;
		else
			hi = mid;
	}
	return &v->pages[lo];
}

const struct vmsync_scaling *sim_vcpu_scaling(const struct sim_vcpu *v,
					      uint64_t h)
{
	return &tsc_at(v, h)->scaling;
}

const struct vmsync_pvclock *sim_vcpu_page(const struct sim_vcpu *v, uint64_t h)
{
	return &page_at(v, h)->page;
}

uint64_t sim_vcpu_tsc(const struct sim_vcpu *v, uint64_t h)
{
	const struct vmsync_scaling *s = sim_vcpu_scaling(v, h);

	return sim_scale_tsc(h, s) + s->offset;
}

static uint64_t kvmclock(const struct sim_vcpu *v, uint64_t h)
{
	return sim_page_read(sim_vcpu_page(v, h), sim_vcpu_tsc(v, h));
}

/* The first hole that ends after @h; hole_count if there is none. */
static size_t next_hole(const struct sim_vcpu *v, uint64_t h)
{
	size_t lo = 0, hi = v->hole_count, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v->holes[mid].to <= h)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Until when, up to @h, the vCPU could read a clock. */
static uint64_t last_in_guest(const struct sim_vcpu *v, uint64_t h)
{
	size_t i = next_hole(v, h);

	return i < v->hole_count && v->holes[i].from < h ? v->holes[i].from : h;
}

/*
 * Without a master clock a reader gets at least what any reader got before.
 * Whether somebody on the vCPU that is ahead has just read, is chance.
 */
uint64_t sim_vm_kvmclock(const struct sim_vm *vm, uint32_t cpu, uint64_t h)
{
	uint64_t own = kvmclock(&vm->vcpus[cpu], h), other;

	if (vm->master || h * 0x9e3779b97f4a7c15ull >> 63)
		return own;
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		other = kvmclock(&vm->vcpus[i],
				 last_in_guest(&vm->vcpus[i], h));
		if (other > own)
			own = other;
	}
	return own;
}

uint64_t sim_vcpu_wake(const struct sim_vcpu *v, uint64_t h)
{
	for (size_t i = next_hole(v, h); i < v->hole_count; i++) {
		if (v->holes[i].from > h)
			break;
		h = v->holes[i].to;
	}
	return h;
}

bool sim_vcpu_out(const struct sim_vcpu *v, uint64_t from, uint64_t to)
{
	size_t i = next_hole(v, from);

	return i < v->hole_count && v->holes[i].from <= to;
}

uint64_t sim_vcpu_leaves(const struct sim_vcpu *v, uint64_t h)
{
	size_t i = next_hole(v, h);

	while (i < v->hole_count && v->holes[i].from <= h)
		i++;
	return i < v->hole_count ? v->holes[i].from : UINT64_MAX;
}

static uint64_t cycles(const struct sim_vm *vm, double ns)
{
	return ns * vm->host_khz / 1e6;
}

static void *grow(void *array, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 16;
	array = realloc(array, *capacity * size);
	if (!array)
		abort();
	return array;
}

/* The vCPU is out of the guest from @h on, comes back some us after @until. */
static uint64_t leave(struct sim_vm *vm, struct sim_vcpu *v, uint64_t h,
		      uint64_t until)
{
	uint64_t back = until + cycles(vm, 2000 + sim_rng_exp(&vm->rng, 4000));

	v->holes = grow(v->holes, &v->hole_capacity, v->hole_count,
			sizeof(*v->holes));
	v->holes[v->hole_count++] =
		(struct sim_hole){h - cycles(vm, 1500), back};
	return back;
}

/* The page as KVM writes it before @v enters at @from; @h: the common anchor */
static void write_page(struct sim_vm *vm, struct sim_vcpu *v, uint64_t h,
		       uint64_t from, uint32_t flags, uint32_t why)
{
	const struct vmsync_scaling *s = sim_vcpu_scaling(v, from);
	uint64_t khz = sim_scale_tsc(vm->host_khz, s);
	struct sim_page *p;
	uint32_t version;

	v->pages = grow(v->pages, &v->page_capacity, v->page_count,
			sizeof(*v->pages));
	p = &v->pages[v->page_count];
	version = v->page_count++ ? p[-1].page.version : 0;
	p->from = from;
	p->at = h;
	p->why = why;
	p->page.version = version + 2;
	p->page.tsc_timestamp = sim_scale_tsc(h, s) + s->offset;
	p->page.system_time_ns = raw_ns(vm, h) + vm->kvmclock_offset;
	p->page.flags = flags;
	scale_to_ns(khz * 1000, &p->page.mul, &p->page.shift);
}

void sim_vm_start(struct sim_vm *vm, uint64_t boot,
		  const struct vmsync_scaling *scaling, uint64_t spread)
{
	vm->kvmclock_offset = -raw_ns(vm, boot);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];

		v->tsc[0] = (struct sim_tsc){boot, VMSYNC_WHY_FIRST, *scaling};
		if (i && spread)
			v->tsc[0].scaling.offset +=
				1 + sim_rng_below(&vm->rng, spread);
		v->tsc_count = 1;
		write_page(vm, v, boot, boot, vm->master ? FLAG_STABLE : 0,
			   VMSYNC_WHY_FIRST);
	}
}

void sim_vm_free(struct sim_vm *vm)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		free(vm->vcpus[i].pages);
		free(vm->vcpus[i].holes);
	}
	vm->vcpu_count = 0;
}

static void new_pages(struct sim_vm *vm, uint64_t h, uint64_t until,
		      uint32_t flags)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];

		write_page(vm, v, until, leave(vm, v, h, until),
			   flags | (vm->master ? FLAG_STABLE : 0),
			   VMSYNC_WHY_WRITE);
	}
}

void sim_vm_rebase(struct sim_vm *vm, uint64_t h, int64_t shift_ns)
{
	vm->kvmclock_offset += shift_ns;
	new_pages(vm, h, h, 0);
}

void sim_vm_reanchor(struct sim_vm *vm, uint64_t from, uint64_t until,
		     double hz)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];
		uint64_t h = from;

		for (;;) {
			h += cycles(vm, 1e6 + sim_rng_exp(&vm->rng, 1e9 / hz));
			if (h >= until)
				break;
			write_page(vm, v, h, leave(vm, v, h, h), 0,
				   VMSYNC_WHY_WRITE);
		}
	}
}

/*
 * kvm-clock as KVM gives it to the monitor (get_kvmclock()): with a master clock by the
 * frequency of the page that all have, but of the host's TSC.
 */
static int64_t get_kvmclock(const struct sim_vm *vm, uint64_t h)
{
	const struct sim_page *p = page_at(&vm->vcpus[0], h);
	struct vmsync_pvclock host = p->page;

	if (!vm->master)
		return raw_ns(vm, h) + vm->kvmclock_offset;
	host.tsc_timestamp = p->at;
	scale_to_ns(vm->host_khz * 1000, &host.mul, &host.shift);
	return (int64_t)sim_page_read(&host, h);
}

void sim_vm_stop(struct sim_vm *vm, uint64_t h, uint64_t until)
{
	vm->kvmclock_offset = get_kvmclock(vm, h) - raw_ns(vm, until);
	new_pages(vm, h, until, FLAG_STOPPED);
}

/* The boot CPU has something to do at once; others may sleep on for long. */
static uint64_t wakes(struct sim_vm *vm, uint32_t vcpu, uint64_t until)
{
	if (!vcpu || !vm->master || !sim_rng_chance(&vm->rng, 0.3))
		return until;
	return until + sim_rng_below(&vm->rng, cycles(vm, 3e8));
}

/* What KVM knows of a VM is told at the first entry of each vCPU. */
void sim_vm_move(struct sim_vm *vm, uint64_t h, uint64_t until, bool away)
{
	const struct vmsync_vm_id id = vm->homes[vm->home_count - 1].id;
	double still = sim_rng_between(&vm->rng, 0.2, 1);

	assert(vm->home_count < SIM_MAX_HOMES);
	vm->homes[vm->home_count++] = (struct sim_home){
		h, {id.pid + SIM_HOME_TIDS, id.serial + 100}, away};
	vm->kvmclock_offset -= (raw_ns(vm, until) - raw_ns(vm, h)) *
			       sim_rng_between(&vm->rng, 0.2, 1);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];
		struct vmsync_scaling s = *sim_vcpu_scaling(v, h);
		uint64_t back = leave(vm, v, h, wakes(vm, i, until));

		assert(v->tsc_count < SIM_MAX_WRITES);
		s.offset -= sim_scale_tsc((until - h) * still, &s);
		v->tsc[v->tsc_count++] = (struct sim_tsc){
			back - cycles(vm, 900), VMSYNC_WHY_FIRST, s};
		write_page(vm, v, until, back, vm->master ? FLAG_STABLE : 0,
			   VMSYNC_WHY_FIRST);
	}
}

static size_t home_at(const struct sim_vm *vm, uint64_t h)
{
	size_t i = vm->home_count - 1;

	while (i && vm->homes[i].from > h)
		i--;
	return i;
}

struct vmsync_vm_id sim_vm_id(const struct sim_vm *vm, uint64_t h)
{
	return vm->homes[home_at(vm, h)].id;
}

bool sim_vm_away(const struct sim_vm *vm, uint64_t h)
{
	return vm->homes[home_at(vm, h)].away;
}

bool sim_vm_was(const struct sim_vm *vm, int32_t pid)
{
	for (size_t i = 0; i < vm->home_count; i++)
		if (vm->homes[i].id.pid == pid)
			return true;
	return false;
}

int32_t sim_vcpu_tid(const struct sim_vm *vm, const struct sim_vcpu *v,
		     uint64_t h)
{
	return v->tid + SIM_HOME_TIDS * (int32_t)home_at(vm, h);
}

void sim_vm_reset(struct sim_vm *vm, uint64_t h)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];
		struct vmsync_scaling s = *sim_vcpu_scaling(v, h);

		assert(v->tsc_count < SIM_MAX_WRITES);
		s.offset = -sim_scale_tsc(h, &s);
		v->tsc[v->tsc_count++] =
			(struct sim_tsc){h, VMSYNC_WHY_WRITE, s};
	}
	new_pages(vm, h, h, 0);
}

void sim_vm_write_tsc(struct sim_vm *vm, uint64_t h, int64_t by, int cpu)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct sim_vcpu *v = &vm->vcpus[i];
		struct vmsync_scaling s = *sim_vcpu_scaling(v, h);

		if (cpu >= 0 && i != (uint32_t)cpu)
			continue;
		assert(v->tsc_count < SIM_MAX_WRITES);
		s.offset += by;
		v->tsc[v->tsc_count++] =
			(struct sim_tsc){h, VMSYNC_WHY_WRITE, s};
	}
	new_pages(vm, h, h, 0);
}
