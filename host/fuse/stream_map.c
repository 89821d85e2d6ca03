// SPDX-License-Identifier: MIT
#include "fuse/reader.h"
#include "fuse/stream_map.h"

static void map_values(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	vmsync_map_eval_batch(ctx, in, out, n);
}

static void map_stream(void *ctx, const struct ctf_stream *stream, uint32_t cpu,
		       struct ctf_map *map)
{
	(void)stream;
	map->fn = map_values;
	map->ctx = (void *)vmsync_stream_map(ctx, cpu);
}

void vmsync_session_map(const struct vmsync_session_guest *g,
			struct ctf_rewrite *how)
{
	how->stream_map = map_stream;
	how->stream_map_ctx = (void *)g;
}

bool vmsync_stream_to_host(const struct vmsync_session_guest *g, uint32_t cpu,
			   struct ctf_map *map)
{
	*map = vmsync_raw_map;
	if (!g || g->mapped)
		return true;
	map->fn = map_values;
	map->ctx = (void *)vmsync_stream_map(g, cpu);
	return map->ctx;
}

int vmsync_stream_merge(struct ctf_merge *m, const struct ctf_stream *stream,
			const struct vmsync_session_guest *g,
			const uint8_t *want, uint32_t *cpu, struct ctf_error *e)
{
	struct ctf_packet first;
	struct ctf_map map;
	int ret = ctf_stream_packet(stream, NULL, &first, e);

	if (ret <= 0)
		return ret;
	*cpu = first.cpu;
	if (!vmsync_stream_to_host(g, first.cpu, &map))
		return 0;
	ret = ctf_merge_add_stream(m, stream, &map, want, e);
	return ret < 0 ? ret : 1;
}

int64_t vmsync_stamp_to_host(const struct vmsync_session_guest *g, uint32_t cpu,
			     int64_t ns)
{
	const struct vmsync_map *map;

	if (!g || g->mapped)
		return ns;
	map = vmsync_stream_map(g, cpu);
	return map ? vmsync_map_eval(map, (guest_time){ ns }).ns : ns;
}
