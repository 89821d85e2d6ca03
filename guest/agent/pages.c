// SPDX-License-Identifier: MIT
#include "agent/pages.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/now.h"
#include "uapi/vmsync_pages.h"

#define FLAGS	  "/proc/kpageflags"
#define BOOT	  "/proc/sys/kernel/random/boot_id"
#define AT_ONCE	  8192
#define KPF_BUDDY 10
#define PAGE_BITS 12
#define MAX_BYTES 10 /* of a run */

/**
 * struct look - how far it is
 * @run:	pages of the run that goes on, which are @free
 */
struct look {
	FILE *out;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t pages;
	uint64_t n_free;
	uint64_t bytes;
	uint64_t run;
	bool free;
};

static void run_end(struct look *l)
{
	uint8_t out[MAX_BYTES];
	uint64_t v = l->run;
	size_t n = 0;

	do {
		out[n++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
		v >>= 7;
	} while (v);
	fwrite(out, 1, n, l->out);
	l->bytes += n;
	l->n_free += l->free ? l->run : 0;
	l->free = !l->free;
	l->run = 0;
}

static int pages_read(struct look *l, int fd)
{
	static uint64_t flags[AT_ONCE];
	ssize_t n;
	size_t i;

	while ((n = read(fd, flags, sizeof(flags))) > 0) {
		for (i = 0; i < (size_t)n / sizeof(flags[0]); i++) {
			if ((flags[i] >> KPF_BUDDY & 1) != l->free)
				run_end(l);
			l->run++;
		}
		l->pages += (size_t)n / sizeof(flags[0]);
	}
	if (n < 0)
		return -errno;
	if (l->run)
		run_end(l);
	return 0;
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* 16 bytes of the text "0a1b2c3d-...". */
static void boot_read(uint8_t out[16])
{
	char text[64] = "", *p = text;
	FILE *f = fopen(BOOT, "re");
	unsigned int byte;
	int i;

	if (f && !fgets(text, sizeof(text), f))
		text[0] = 0;
	if (f)
		fclose(f);
	for (i = 0; i < 16; i++, p += 2) {
		p += *p == '-';
		if (sscanf(p, "%2x", &byte) != 1)
			return;
		out[i] = (uint8_t)byte;
	}
}

static void head_write(const struct look *l)
{
	uint8_t out[VMSYNC_PAGES_HEADER] = { 0 };
	uint32_t magic = htole32(VMSYNC_PAGES_MAGIC);
	uint16_t version = htole16(VMSYNC_PAGES_VERSION);
	uint16_t bits = htole16(PAGE_BITS);

	memcpy(out, &magic, sizeof(magic));
	memcpy(out + 4, &version, sizeof(version));
	memcpy(out + 6, &bits, sizeof(bits));
	put64(out + 8, l->begin_ns);
	put64(out + 16, l->end_ns);
	put64(out + 24, l->pages);
	put64(out + 32, l->n_free);
	put64(out + 40, l->bytes);
	boot_read(out + 48);
	fwrite(out, 1, sizeof(out), l->out);
}

static int look(struct look *l, int fd)
{
	int ret;

	/* The header is known last, and a file that is cut off has none. */
	head_write(l);
	l->begin_ns = vmsync_port_now();
	ret = pages_read(l, fd);
	l->end_ns = vmsync_port_now();
	if (!ret && (fflush(l->out) || fseek(l->out, 0, SEEK_SET)))
		ret = -errno;
	if (!ret)
		head_write(l);
	return ret ? ret : ferror(l->out) ? -EIO : 0;
}

int agent_pages_look(const char *path, char *said, size_t size)
{
	struct look l = { 0 };
	int fd = open(FLAGS, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0) {
		snprintf(said, size, "%s: %s; %s", FLAGS, strerror(errno),
			 errno == ENOENT ? "the kernel has no CONFIG_PROC_PAGE_MONITOR" :
					   "it is for root only");
		return -1;
	}
	l.out = fopen(path, "we");
	ret = l.out ? look(&l, fd) : -errno;
	if (l.out && fclose(l.out) && !ret)
		ret = -errno;
	close(fd);
	if (!ret && l.pages)
		return 0;
	snprintf(said, size, "%.100s: %s", path,
		 ret ? strerror(-ret) : "no page was looked at");
	return -1;
}
