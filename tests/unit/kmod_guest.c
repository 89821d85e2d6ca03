// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's beacons: from all CPUs in turn but those that are isolated, and
 * no CPU ever waits for another one.
 */
#include "kernel.h"
#include "../../kmod/listen.h"
#include "../../kmod/trace.h"
#include "../../kmod/vmsync.h"
#include "check.h"

extern const struct kernel_param_ops *const kernel_param_cpus;

static struct vmsync_listener *listener;
static unsigned int calls[KERNEL_CPUS];
static unsigned int total, events;
static u32 last_cnt;

int kernel_init_vmsync_guest_init(void);
void kernel_exit_vmsync_guest_exit(void);

void vmsync_listener_register(struct vmsync_listener *l)
{
	listener = l;
}

void vmsync_listener_unregister(struct vmsync_listener *l)
{
	l->change(false);
}

void vmsync_line_get(struct vmsync_line *line)
{
	memset(line, 0, sizeof(*line));
}

void vmsync_page_get(const struct vmsync_line *line, struct vmsync_page *page)
{
	(void)line;
	memset(page, 0, sizeof(*page));
}

bool kvm_para_available(void)
{
	return true;
}

long kvm_hypercall4(unsigned int nr, unsigned long a0, unsigned long a1,
		    unsigned long a2, unsigned long a3)
{
	(void)a2, (void)a3;
	CHECK_EQ(nr, VMSYNC_HC_BEACON);
	CHECK_EQ(a1, get_random_u64() >> 1);
	CHECK(kernel.irqs_off);
	CHECK(!total || a0 == last_cnt + VMSYNC_CNT_STEP);
	last_cnt = (u32)a0;
	calls[kernel.cpu]++;
	total++;
	return -KVM_ENOSYS;
}

void trace_vmsync_gh_guest(const struct vmsync_gh_guest *ev)
{
	CHECK_EQ(ev->vcpu, kernel.cpu);
	events++;
}

void trace_vmsync_hg_guest(const struct vmsync_hg_guest *ev)
{
	CHECK_EQ(ev->vcpu, kernel.cpu);
	events++;
}

int param_set_uint_minmax(const char *text, const struct kernel_param *kp,
			  unsigned int low, unsigned int high)
{
	(void)text, (void)kp, (void)low, (void)high;
	return 0;
}

int param_get_uint(char *buf, const struct kernel_param *kp)
{
	(void)buf, (void)kp;
	return 0;
}

/* Of single numbers. */
int cpulist_parse(const char *text, struct cpumask *mask)
{
	mask->bits = 0;
	for (; *text; text++)
		if (*text >= '0' && *text <= '9')
			mask->bits |= BIT(*text - '0');
	return 0;
}

static void rounds(int n)
{
	memset(calls, 0, sizeof(calls));
	for (int i = 0; i < n; i++) {
		kernel.now_ns += 100000000;
		kernel_work_run();
	}
}

static void begin(void)
{
	CHECK_EQ(kernel_init_vmsync_guest_init(), 0);
	listener->change(true);
}

static void end(void)
{
	CHECK_EQ(kernel.waits, 0);
	CHECK_EQ(kernel.errors, 0);
	CHECK_EQ(kernel.hotplug_locked, 0);
	CHECK_EQ(events, 2 * total);
	kernel_exit_vmsync_guest_exit();
	rounds(10);
	CHECK_EQ(calls[0] + calls[1] + calls[2] + calls[3], 0);
}

static void in_turn(void)
{
	begin();
	rounds(40);
	for (int i = 0; i < KERNEL_CPUS; i++)
		CHECK_EQ(calls[i], 10);
	end();
}

static void isolated(void)
{
	kernel.isolated[HK_TYPE_DOMAIN] = BIT(2);
	kernel.isolated[HK_TYPE_TICK] = BIT(3);
	begin();
	rounds(40);
	CHECK_EQ(calls[0] + calls[1], 40);
	CHECK_EQ(calls[2] + calls[3], 0);
	end();
}

static void asked_for(void)
{
	kernel.isolated[HK_TYPE_TICK] = BIT(3);
	CHECK_EQ(kernel_param_cpus->set("1,3", NULL), 0);
	begin();
	rounds(40);
	CHECK_EQ(calls[1], 20);
	CHECK_EQ(calls[3], 20);
	end();
}

/* CPUs go and come, also the one whose turn it is. */
static void hotplug(void)
{
	begin();
	for (int i = 0; i < 1000; i++) {
		kernel.online = check_range(1, BIT(KERNEL_CPUS) - 1);
		if (!(kernel.online & BIT(kernel.cpu)))
			kernel.cpu = __builtin_ctzl(kernel.online);
		rounds(1);
	}
	kernel.online = BIT(1);
	rounds(2);
	CHECK(calls[1] >= 1);
	end();
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	CHECK_APART(in_turn);
	CHECK_APART(isolated);
	CHECK_APART(asked_for);
	CHECK_APART(hotplug);
	return check_done();
}
