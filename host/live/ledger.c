// SPDX-License-Identifier: MIT
#include "live/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/array.h"

struct session {
	VMSYNC_ARRAY(struct live_file) files;
	uint64_t until;
	bool ended;
};

struct live_ledger {
	pthread_mutex_t lock;
	VMSYNC_ARRAY(struct session) sessions;
};

struct live_ledger *live_ledger_new(void)
{
	struct live_ledger *l = calloc(1, sizeof(*l));

	if (l)
		pthread_mutex_init(&l->lock, NULL);
	return l;
}

void live_ledger_free(struct live_ledger *l)
{
	size_t i, k;

	if (!l)
		return;
	for (i = 0; i < l->sessions.count; i++) {
		struct session *s = &l->sessions.at[i];

		for (k = 0; k < s->files.count; k++) {
			free((char *)s->files.at[k].folder);
			free((char *)s->files.at[k].name);
		}
		vmsync_array_free(&s->files);
	}
	vmsync_array_free(&l->sessions);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* The one that comes; NULL if out of memory. */
static struct session *current(struct live_ledger *l)
{
	struct session *s = vmsync_array_last(&l->sessions);

	if (s && !s->ended)
		return s;
	s = vmsync_array_add(&l->sessions);
	if (s)
		memset(s, 0, sizeof(*s));
	return s;
}

static int add_file(struct live_ledger *l, const char *folder, const char *name,
		    size_t *number)
{
	struct live_file f = { strdup(folder), strdup(name), 0, 0, 0 };
	struct session *s = f.folder && f.name ? current(l) : NULL;
	struct live_file *place = s ? vmsync_array_add(&s->files) : NULL;

	if (!place) {
		free((char *)f.folder);
		free((char *)f.name);
		return -ENOMEM;
	}
	*place = f;
	*number = s->files.count - 1;
	return 0;
}

int live_ledger_file(struct live_ledger *l, const char *folder,
		     const char *name, size_t *number)
{
	int ret;

	pthread_mutex_lock(&l->lock);
	ret = add_file(l, folder, name, number);
	pthread_mutex_unlock(&l->lock);
	return ret;
}

void live_ledger_packet(struct live_ledger *l, size_t number, uint64_t size,
			uint64_t metadata)
{
	struct session *s;

	pthread_mutex_lock(&l->lock);
	s = vmsync_array_last(&l->sessions);
	s->files.at[number].size = size;
	s->files.at[number].metadata = metadata;
	pthread_mutex_unlock(&l->lock);
}

void live_ledger_lost(struct live_ledger *l, size_t number, uint64_t until)
{
	struct session *s;

	pthread_mutex_lock(&l->lock);
	s = vmsync_array_last(&l->sessions);
	s->files.at[number].lost_until = until;
	pthread_mutex_unlock(&l->lock);
}

void live_ledger_until(struct live_ledger *l, uint64_t until)
{
	struct session *s;

	pthread_mutex_lock(&l->lock);
	s = vmsync_array_last(&l->sessions);
	if (s && !s->ended && until > s->until)
		s->until = until;
	pthread_mutex_unlock(&l->lock);
}

void live_ledger_end(struct live_ledger *l)
{
	struct session *s;

	pthread_mutex_lock(&l->lock);
	s = vmsync_array_last(&l->sessions);
	if (s)
		s->ended = true;
	pthread_mutex_unlock(&l->lock);
}

static int copy(const struct session *s, struct live_whole *out)
{
	struct live_file *file =
		realloc(out->file, (s->files.count + 1) * sizeof(*file));

	if (!file)
		return -ENOMEM;
	memcpy(file, s->files.at, s->files.count * sizeof(*file));
	*out = (struct live_whole){ file, s->files.count, s->until, s->ended };
	return 1;
}

int live_ledger_look(struct live_ledger *l, size_t session,
		     struct live_whole *out)
{
	int ret = 0;

	pthread_mutex_lock(&l->lock);
	if (session < l->sessions.count)
		ret = copy(&l->sessions.at[session], out);
	pthread_mutex_unlock(&l->lock);
	return ret;
}
