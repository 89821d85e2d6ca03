// SPDX-License-Identifier: MIT
/* What vmsync's modules record, on both sides. */
#include <stdlib.h>

#include "follow.h"
#include "pair.h"

static uint64_t next_read; /* host TSC of the guest's next look at its clock */

static struct gen_value *put_line(struct gen_value *v, const struct line *l)
{
	*v++ = number(1);
	*v++ = number(l->seq);
	*v++ = number(l->since);
	*v++ = number(l->cycle_last);
	*v++ = number((uint64_t)l->base_ns);
	*v++ = number(l->xtime_nsec);
	*v++ = number(l->mult);
	*v++ = number(SHIFT);
	return v;
}

static struct gen_value *put_vm(struct gen_value *v, uint32_t vcpu)
{
	*v++ = number(VM_PID + 100 * guest_number());
	*v++ = number(1);
	*v++ = number(vcpu);
	return v;
}

uint64_t reported_offset(uint32_t vcpu)
{
	return (uint64_t)opt.wrong_offset - guest->tsc_offset +
	       ahead(guest, vcpu);
}

void knot(struct kernel *k, int64_t ppm)
{
	struct gen_value v[40] = { 0 }, *p = v;
	uint64_t c = now - k->tsc_offset;
	uint64_t fixed = line_fixed(&k->line, c);

	k->prev = k->line;
	k->line.base_ns += (int64_t)(fixed >> SHIFT);
	k->line.xtime_nsec = fixed & ((1u << SHIFT) - 1);
	k->line.cycle_last = c;
	k->line.since = c;
	k->line.mult += (uint32_t)((int64_t)k->line.mult * ppm / 1000000);
	k->line.mult += (uint32_t)(rng() % 41) - 20;
	k->line.seq++;
	p = put_line(p, &k->line);
	*p++ = number(c + 100);
	*p++ = number(2);
	*p++ = number(1);
	*p++ = number(k->prev.since);
	*p++ = number(k->prev.cycle_last);
	*p++ = number((uint64_t)k->prev.base_ns);
	*p++ = number(k->prev.xtime_nsec);
	*p++ = number(k->prev.mult);
	*p++ = number(SHIFT);
	now += 200;
	if (!opt.old)
		emit(k, 0, KNOT, v);
	k->next_knot = now + rng_exp((double)opt.knot_cycles);
}

/* What the host tells the guest now. */
static struct follow_reading host_read(void)
{
	uint64_t fixed = line_fixed(&host.line, now);

	return (struct follow_reading){
		now - guest->tsc_offset,
		(uint64_t)host.line.base_ns + (fixed >> SHIFT) + opt.ahead_ns,
		opt.ahead_ns ? 1u << 31 :
			       (uint32_t)(fixed << (32 - SHIFT)),
	};
}

void follow_start(void)
{
	struct follow_reading a = host_read(), b;

	now += TSC_KHZ * 100;
	b = host_read();
	if (!follow_begin(&a, &b, opt.ahead_ns ? 1ll << 60 : 0, opt.clock_cycles))
		exit(2);
	next_read = now + opt.clock_cycles;
}

static struct gen_value *put_clock_line(struct gen_value *v,
					const struct vmsync_clock_line *l)
{
	*v++ = number(l->start_tsc);
	*v++ = number(l->start_tsc);
	*v++ = number(l->base_ns);
	*v++ = number(l->frac);
	*v++ = number(l->mult);
	*v++ = number(l->shift);
	return v;
}

/* A new line begins 100 us later. */
void follow(void)
{
	static uint32_t seq = 1, steps;
	struct follow_reading r;
	uint64_t error_ns;
	int64_t behind_ns;
	struct gen_value v[40] = { 0 }, *p = v;

	if (!opt.clock_cycles || now < next_read)
		return;
	r = host_read();
	error_ns = follow_error_ns();
	behind_ns = follow_behind_ns();
	next_read = now + opt.clock_cycles;
	if (!follow_read(&r, r.tsc + TSC_KHZ / 10))
		return;
	seq++;
	steps += follow_behind_ns() != behind_ns;
	*p++ = number(1);
	*p++ = number(seq);
	p = put_clock_line(p, &follow_lines()->now);
	*p++ = number(follow_lines()->now.start_tsc);
	*p++ = number(2);
	*p++ = number(1);
	p = put_clock_line(p, &follow_lines()->before);
	*p++ = number(error_ns);
	*p++ = number((uint64_t)follow_behind_ns());
	*p++ = number(steps);
	now += 200;
	emit(guest, 0, FOLLOWED, v);
}

void beacon_guest(uint32_t vcpu, uint64_t *guest_tsc, uint64_t *mono)
{
	struct gen_value v[24] = { 0 }, *p = v;

	*guest_tsc = now - guest->tsc_offset + ahead(guest, vcpu) - 60;
	*mono = (uint64_t)line_eval(&guest->line, *guest_tsc + 15);
	*p++ = number(guest->cnt);
	*p++ = number(opt.vm_uid + guest_number());
	*p++ = number(vcpu);
	*p++ = number(*guest_tsc);
	*p++ = number(*mono);
	*p++ = number(30);
	put_line(p, &guest->line);
	emit(guest, vcpu, GH_GUEST, v);
}

void beacon_host(uint32_t vcpu, uint64_t guest_tsc, uint64_t mono)
{
	struct gen_value v[32] = { 0 }, *p = v;

	*p++ = number(guest->cnt);
	*p++ = number(opt.vm_uid + guest_number());
	p = put_vm(p, vcpu);
	*p++ = number(guest_tsc);
	*p++ = number(mono);
	*p++ = number(0);
	*p++ = number(now - 60);
	*p++ = number(stamp(&host, now - 45));
	*p++ = number(30);
	*p++ = number(reported_offset(vcpu));
	*p++ = number(1ull << 32);
	*p++ = number(32);
	put_line(p, &host.line);
	emit(&host, guest->cpu_of[vcpu], GH_HOST, v);
}

void beacon_back(struct kernel *k, uint32_t vcpu)
{
	struct gen_value v[8] = { 0 }, *p = v;

	*p++ = number(guest->cnt + 1);
	*p++ = number(opt.vm_uid + guest_number());
	if (k == &host)
		p = put_vm(p, vcpu);
	else
		*p++ = number(vcpu);
	*p++ = number(now - k->tsc_offset + ahead(k, vcpu) - 20);
	*p++ = number(stamp(k, now + ahead(k, vcpu) - 10));
	emit(k, k == &host ? guest->cpu_of[vcpu] : vcpu,
	     k == &host ? HG_HOST : HG_GUEST, v);
}

void tell_offset(uint32_t vcpu, uint64_t had, uint32_t why)
{
	struct gen_value v[12] = { 0 }, *p = put_vm(v, vcpu);

	*p++ = number(had);
	*p++ = number(reported_offset(vcpu));
	*p++ = number(1ull << 32);
	*p++ = number(32);
	*p++ = number(why);
	now += 50;
	emit(&host, guest->cpu_of[vcpu], TSC, v);
}

void tell_vcpu(uint32_t vcpu)
{
	struct gen_value v[12] = { 0 }, *p = put_vm(v, vcpu);

	*p++ = number((uint64_t)vcpu_tid(vcpu));
	*p++ = number(opt.vm_uid + guest_number());
	*p++ = number(1);
	now += 50;
	if (opt.old)
		return;
	emit(&host, guest->cpu_of[vcpu], VM, v);
	tell_offset(vcpu, reported_offset(vcpu), 1);
}
