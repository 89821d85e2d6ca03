// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <sys/stat.h>

#include "ctf/internal.h"
#include "ctf/passed.h"

/* Any change of @value changes all bits of the sum. */
static uint64_t mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

void ctf_passed_packet(struct ctf_passed *p, const struct ctf_packet *packet)
{
	uint64_t sum = mix(1, packet->offset);

	sum = mix(sum, packet->size);
	sum = mix(sum, packet->content);
	sum = mix(sum, packet->begin);
	sum = mix(sum, packet->end);
	sum = mix(sum, packet->seq);
	sum = mix(sum, packet->discarded);
	p->heads += mix(sum, packet->stream_id);
	p->packets++;
}

void ctf_passed_add(struct ctf_passed *p, const struct ctf_passed *more)
{
	p->events += more->events;
	p->packets += more->packets;
	p->bad_ends += more->bad_ends;
	p->heads += more->heads;
}

bool ctf_passed_same_packets(const struct ctf_passed *a,
			     const struct ctf_passed *b)
{
	return a->packets == b->packets && a->heads == b->heads;
}

static int pass_all(const struct ctf_stream *s, struct ctf_passed *p,
		    struct ctf_error *e)
{
	struct ctf_packet packet;
	int ret = ctf_stream_packet(s, NULL, &packet, e);

	for (; ret > 0; ret = ctf_stream_packet(s, &packet, &packet, e))
		ctf_passed_packet(p, &packet);
	return ret;
}

int ctf_stream_pass(const struct ctf_stream *s, const char *path,
		    struct ctf_passed *p, struct ctf_error *e)
{
	struct file file = { .path = path };
	struct ctf_stream copy = {
		.trace = s->trace,
		.name = s->name,
		.path = path,
		.file = &file,
		.sc = s->sc,
	};
	struct stat st;
	int ret;

	if (stat(path, &st))
		return fail(e, -errno, "%s: %s", path, strerror(errno));
	copy.size = (uint64_t)st.st_size;
	ret = file_open(&file, e);
	if (ret)
		return ret;
	ret = pass_all(&copy, p, e);
	file_close(&file);
	file_forget(&file);
	return ret;
}
