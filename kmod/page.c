// SPDX-License-Identifier: GPL-2.0-only
/* The page in which KVM publishes kvm-clock to this CPU. */
#include <linux/export.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/cache.h>
#include <asm/pvclock.h>
#ifdef CONFIG_KVM_GUEST
#include <asm/kvmclock.h>
#endif

#include "vmsync.h"

static const struct pvclock_vcpu_time_info *page_of_this_cpu(void)
{
#ifdef CONFIG_KVM_GUEST
	struct pvclock_vsyscall_time_info *info = this_cpu_read(hv_clock_per_cpu);

	return info ? &info->pvti : NULL;
#else
	return NULL;
#endif
}

void vmsync_page_get(const struct vmsync_line *line, struct vmsync_page *page)
{
	const struct pvclock_vcpu_time_info *src = NULL;
	unsigned int version;

	memset(page, 0, sizeof(*page));
	if (line->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK)
		src = page_of_this_cpu();
	if (!src)
		return;
	do {
		version = pvclock_read_begin(src);
		page->tsc_timestamp = src->tsc_timestamp;
		page->system_time = src->system_time;
		page->mul = src->tsc_to_system_mul;
		page->shift = src->tsc_shift;
		page->flags = src->flags;
	} while (pvclock_read_retry(src, version));
	page->version = version;
}
EXPORT_SYMBOL_GPL(vmsync_page_get);
