// SPDX-License-Identifier: MIT
/*
 * libvmsync-ust-clock.so: LTTng-UST stamps with the host's clock, which vmsync-clock.ko
 * shows in a page. For LTTNG_UST_CLOCK_PLUGIN, of the session daemon and of each
 * process that is traced.
 *
 * Its uuid is that of this guest's boot, as its kernel's traces have it: by it the tool
 * knows that they are of one machine. LTTng-UST takes no plugin without.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include <lttng/ust-clock.h>

#include "uapi/vmsync_clock.h"

static const struct vmsync_clock_page *page;

static __u64 tsc_read(void)
{
	/* Not before what the program did before. */
	_mm_lfence();
	return __rdtsc();
}

static uint64_t clock_read64(void)
{
	return vmsync_clock_read(page, tsc_read);
}

static uint64_t clock_freq(void)
{
	return 1000000000;
}

static int clock_uuid(char *uuid)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, uuid, LTTNG_UST_UUID_STR_LEN - 1);

	if (fd >= 0)
		close(fd);
	if (n != LTTNG_UST_UUID_STR_LEN - 1)
		return -EIO;
	uuid[n] = '\0';
	return 0;
}

static const char *clock_name(void)
{
	return VMSYNC_CLOCK_NAME;
}

static const char *clock_description(void)
{
	return "clock of the host that runs this guest, by vmsync-clock";
}

/* A process that cannot stamp with it says so: its stamps are not the others'. */
static void complain(const char *why)
{
	fprintf(stderr, "libvmsync-ust-clock: %s: %s: LTTng stamps this process with "
		"another clock; modprobe vmsync-clock\n",
		VMSYNC_CLOCK_DEVICE, why);
}

static int page_map(void)
{
	int fd = open(VMSYNC_CLOCK_DEVICE, O_RDONLY | O_CLOEXEC);
	void *at = MAP_FAILED;

	if (fd >= 0) {
		at = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ,
			  MAP_SHARED, fd, 0);
		close(fd);
	}
	if (at == MAP_FAILED) {
		complain(strerror(errno));
		return -1;
	}
	page = at;
	if (page->magic != VMSYNC_CLOCK_MAGIC ||
	    page->version != VMSYNC_CLOCK_VERSION) {
		complain("of another version of vmsync");
		return -1;
	}
	return 0;
}

void lttng_ust_clock_plugin_init(void);
void lttng_ust_clock_plugin_init(void)
{
	if (page_map())
		return;
	if (lttng_ust_trace_clock_set_read64_cb(clock_read64) ||
	    lttng_ust_trace_clock_set_freq_cb(clock_freq) ||
	    lttng_ust_trace_clock_set_uuid_cb(clock_uuid) ||
	    lttng_ust_trace_clock_set_name_cb(clock_name) ||
	    lttng_ust_trace_clock_set_description_cb(clock_description) ||
	    lttng_ust_enable_trace_clock_override())
		complain("LTTng-UST takes no clock any more");
}
