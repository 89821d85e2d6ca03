// SPDX-License-Identifier: MIT
#include "daemon/domains.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define NS_PER_MS 1000000ull

/* A start of a domain writes its file some times: all of them are one look. */
#define LEAST_NS (50 * NS_PER_MS)
#define MOST_NS	 (1000 * NS_PER_MS)

/* Files of domains have some 10 KiB. */
#define MOST_BYTES (4 << 20)

#define EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

int vmsync_domains_open(struct vmsync_domains *d, const char *dir)
{
	struct stat st;

	*d = (struct vmsync_domains){ .dir = dir, .fd = -1, .watch = -1 };
	if (!dir)
		return 0;
	/* One that is not there may come. */
	if (!stat(dir, &st) && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	d->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return d->fd < 0 ? -errno : 0;
}

void vmsync_domains_changed(struct vmsync_domains *d, uint64_t now_ns)
{
	uint64_t soon_ns = d->seen_ns + LEAST_NS;

	if (soon_ns < now_ns)
		soon_ns = now_ns;
	if (d->due_ns > soon_ns)
		d->due_ns = soon_ns;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Return: a text of @st->st_size bytes, or NULL. */
static char *read_file(int dir, const char *name, struct stat *st)
{
	int fd = openat(dir, name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = NULL;
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, st) && S_ISREG(st->st_mode) && st->st_size > 0 &&
	    st->st_size <= MOST_BYTES)
		text = malloc((size_t)st->st_size);
	while (text && n < (size_t)st->st_size && got > 0) {
		got = read(fd, text + n, (size_t)st->st_size - n);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (text && n == (size_t)st->st_size)
		return text;
	free(text);
	return NULL;
}

static struct vmsyncd_guest *known(const struct vmsync_guests *g,
				  const char *file, size_t *at)
{
	for (*at = 0; *at < g->n; ++*at) {
		if (g->guest[*at]->file && !strcmp(g->guest[*at]->file, file))
			return g->guest[*at];
	}
	return NULL;
}

static void take(struct vmsync_guests *all, const char *file,
		 const struct vmsync_domain *d, const struct stat *st)
{
	size_t at;
	struct vmsyncd_guest *g = known(all, file, &at);

	if (g && !vmsyncd_guest_is(g, d)) {
		vmsyncd_guest_forget(all, at);
		g = NULL;
	}
	if (!g) {
		g = vmsyncd_guest_domain(all, d, file);
		if (!g) {
			fprintf(stderr, "vmsyncd: %s: no memory, or its socket's "
				"path is too long; it is left out\n", file);
			return;
		}
	} else if (vmsyncd_guest_vcpus(g, d)) {
		return;
	}
	g->found = true;
	g->seen = *st;
}

/* A file that cannot be read, or is no domain, changes nothing: it will be whole. */
static void look_at(struct vmsync_guests *all, int dir, const char *file)
{
	static struct vmsync_domain d;
	struct vmsyncd_guest *g;
	struct stat st;
	size_t at;
	char *text;

	g = known(all, file, &at);
	if (g)
		g->found = true;
	if (g && !fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) &&
	    is_same(&st, &g->seen))
		return;
	text = read_file(dir, file, &st);
	if (text && !vmsync_domain_read(&d, text, (size_t)st.st_size))
		take(all, file, &d, &st);
	free(text);
}

static bool is_domain_file(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcmp(name + n - 4, ".xml");
}

static void look(struct vmsync_domains *d, struct vmsync_guests *all)
{
	DIR *dir = opendir(d->dir);
	struct dirent *entry;
	size_t i;

	for (i = 0; i < all->n; i++)
		all->guest[i]->found = !all->guest[i]->file;
	while (dir && (entry = readdir(dir))) {
		if (is_domain_file(entry->d_name))
			look_at(all, dirfd(dir), entry->d_name);
	}
	if (dir)
		closedir(dir);
	for (i = all->n; i--;) {
		if (!all->guest[i]->found)
			vmsyncd_guest_forget(all, i);
	}
}

/* What was told is thrown away: the folder itself says how things are. */
static bool told(struct vmsync_domains *d)
{
	char events[4096] __attribute__((aligned(8)));
	const struct inotify_event *e;
	bool any = false;
	ssize_t n, at;

	while ((n = read(d->fd, events, sizeof(events))) > 0) {
		any = true;
		for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (const void *)(events + at);
			if (e->wd != d->watch ||
			    !(e->mask & (IN_IGNORED | IN_MOVE_SELF)))
				continue;
			inotify_rm_watch(d->fd, d->watch);
			d->watch = -1;
		}
	}
	return any;
}

void vmsync_domains_work(struct vmsync_domains *d, struct vmsync_guests *g,
			 uint64_t now_ns)
{
	if (!d->dir)
		return;
	if (told(d))
		vmsync_domains_changed(d, now_ns);
	if (now_ns < d->due_ns)
		return;
	if (d->watch < 0)
		d->watch = inotify_add_watch(d->fd, d->dir, EVENTS);
	look(d, g);
	d->seen_ns = now_ns;
	d->due_ns = now_ns + MOST_NS;
}
