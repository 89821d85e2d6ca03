// SPDX-License-Identifier: MIT
/*
 * A filter that gives each message of a guest its time on the host's clock.
 *
 * A message cannot be changed, so a new one is made, of the same stream and
 * event class; the guest's clock class stays, only values change. Mapped
 * messages come in another order than the filter gets them in, so they wait
 * until nothing can come before them any more.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bt2/fields.h"
#include "bt2/filter.h"
#include "bt2/heap.h"
#include "bt2/stamps.h"

/* What is known of a stream. */
struct stream {
	const bt_stream *stream;
	const bt_clock_class *clock;
	const struct vmsync_guest_map *guest;
	const bt_packet *packet;	/* the one @cpu was read from */
	uint32_t cpu;
	int64_t ns;			/* of its last message */
};

struct filter {
	struct stamps stamps;
	struct heap heap;
	struct stream *streams;
	size_t n_streams, cap_streams;
	size_t at;		/* the stream looked up last */
	bt_message_iterator *up;
	bt_self_component *self;
	int64_t most_back;	/* see stamps_most_back() */
	int64_t now;		/* latest time from upstream, before mapping */
	bool ready, ended;
};

static int fail(struct filter *f, const char *what)
{
	bt_current_thread_error_append_cause_from_component(
		f->self, __FILE__, __LINE__, "%s", what);
	return -1;
}

/* ----------------------------------------------------------------- streams */

static struct stream *stream_of(struct filter *f, const bt_stream *s)
{
	struct stream *v;
	size_t i;

	if (f->n_streams && f->streams[f->at].stream == s)
		return &f->streams[f->at];
	for (i = 0; i < f->n_streams; i++)
		if (f->streams[i].stream == s)
			return &f->streams[f->at = i];
	if (f->n_streams == f->cap_streams) {
		i = f->cap_streams ? f->cap_streams * 2 : 16;
		v = reallocarray(f->streams, i, sizeof(*v));
		if (!v)
			return NULL;
		f->streams = v;
		f->cap_streams = i;
	}
	v = &f->streams[f->at = f->n_streams++];
	*v = (struct stream){ .stream = s, .cpu = UINT32_MAX, .ns = INT64_MIN };
	v->clock = bt_stream_class_borrow_default_clock_class_const(
		bt_stream_borrow_class_const(s));
	if (v->clock) {
		stamps_see(&f->stamps, v->clock);
		v->guest = stamps_guest(&f->stamps, v->clock);
	}
	return v;
}

static void read_cpu(struct stream *s, const bt_packet *packet)
{
	const bt_field *c = bt_packet_borrow_context_field_const(packet);
	const bt_field *cpu;

	if (s->packet == packet)
		return;
	s->packet = packet;
	cpu = c ? bt_field_structure_borrow_member_field_by_name_const(
			  c, "cpu_id") : NULL;
	if (cpu && bt_field_class_type_is(bt_field_get_class_type(cpu),
					  BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
		s->cpu = (uint32_t)bt_field_integer_unsigned_get_value(cpu);
}

/* The value of the guest's own clock that stands for the mapped time. */
static uint64_t map_raw(struct filter *f, struct stream *s,
			const bt_clock_snapshot *c)
{
	int64_t ns, raw;

	ns = stamps_map(&f->stamps, s->guest, s->cpu,
			bt_clock_snapshot_get_value(c));
	raw = ns - clock_offset_ns(s->clock);
	s->ns = ns;
	return raw < 0 ? 0 : (uint64_t)raw;
}

static void keep_time(struct stream *s, const bt_clock_snapshot *c)
{
	int64_t ns;

	if (bt_clock_snapshot_get_ns_from_origin(c, &ns) ==
	    BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
		s->ns = ns;
}

/* ---------------------------------------------------------------- messages */

static const bt_message *new_event(struct filter *f,
				   bt_self_message_iterator *self,
				   struct stream *s, const bt_message *in)
{
	const bt_event *ev = bt_message_event_borrow_event_const(in);
	const bt_event_class *ec = bt_event_borrow_class_const(ev);
	const bt_packet *packet = NULL;
	bt_message *out;
	uint64_t raw;

	if (bt_stream_class_supports_packets(
		    bt_stream_borrow_class_const(s->stream))) {
		packet = bt_event_borrow_packet_const(ev);
		read_cpu(s, packet);
	}
	raw = map_raw(f, s,
		      bt_message_event_borrow_default_clock_snapshot_const(in));
	out = packet ?
		bt_message_event_create_with_packet_and_default_clock_snapshot(
			self, ec, packet, raw) :
		bt_message_event_create_with_default_clock_snapshot(
			self, ec, s->stream, raw);
	if (out && event_copy(bt_message_event_borrow_event(out), ev)) {
		bt_message_put_ref(out);
		out = NULL;
	}
	return out;
}

static const bt_message *new_packet(struct filter *f,
				    bt_self_message_iterator *self,
				    struct stream *s, const bt_message *in,
				    bool begin)
{
	const bt_packet *p =
		begin ? bt_message_packet_beginning_borrow_packet_const(in) :
			bt_message_packet_end_borrow_packet_const(in);
	const bt_clock_snapshot *c =
		begin ? bt_message_packet_beginning_borrow_default_clock_snapshot_const(in) :
			bt_message_packet_end_borrow_default_clock_snapshot_const(in);

	read_cpu(s, p);
	return begin ?
		bt_message_packet_beginning_create_with_default_clock_snapshot(
			self, p, map_raw(f, s, c)) :
		bt_message_packet_end_create_with_default_clock_snapshot(
			self, p, map_raw(f, s, c));
}

static const bt_message *new_discarded(struct filter *f,
				       bt_self_message_iterator *self,
				       struct stream *s, const bt_message *in,
				       bool events)
{
	const bt_clock_snapshot *b, *e;
	bt_property_availability known;
	uint64_t begin, end, n;
	bt_message *out;

	if (events) {
		b = bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(in);
		e = bt_message_discarded_events_borrow_end_default_clock_snapshot_const(in);
		known = bt_message_discarded_events_get_count(in, &n);
	} else {
		b = bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(in);
		e = bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(in);
		known = bt_message_discarded_packets_get_count(in, &n);
	}
	end = map_raw(f, s, e);
	begin = map_raw(f, s, b);
	out = events ?
		bt_message_discarded_events_create_with_default_clock_snapshots(
			self, s->stream, begin, end) :
		bt_message_discarded_packets_create_with_default_clock_snapshots(
			self, s->stream, begin, end);
	if (out && known == BT_PROPERTY_AVAILABILITY_AVAILABLE) {
		if (events)
			bt_message_discarded_events_set_count(out, n);
		else
			bt_message_discarded_packets_set_count(out, n);
	}
	return out;
}

static const bt_stream *stream_in(const bt_message *m, bt_message_type type)
{
	switch (type) {
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return bt_message_stream_beginning_borrow_stream_const(m);
	case BT_MESSAGE_TYPE_STREAM_END:
		return bt_message_stream_end_borrow_stream_const(m);
	case BT_MESSAGE_TYPE_EVENT:
		return bt_event_borrow_stream_const(
			bt_message_event_borrow_event_const(m));
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		return bt_packet_borrow_stream_const(
			bt_message_packet_beginning_borrow_packet_const(m));
	case BT_MESSAGE_TYPE_PACKET_END:
		return bt_packet_borrow_stream_const(
			bt_message_packet_end_borrow_packet_const(m));
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return bt_message_discarded_events_borrow_stream_const(m);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return bt_message_discarded_packets_borrow_stream_const(m);
	default:
		return NULL;
	}
}

/* The default clock snapshot that orders a message, or NULL. */
static const bt_clock_snapshot *time_of(const bt_message *m,
					bt_message_type type)
{
	const bt_stream_class *sc =
		bt_stream_borrow_class_const(stream_in(m, type));

	if (!bt_stream_class_borrow_default_clock_class_const(sc))
		return NULL;
	switch (type) {
	case BT_MESSAGE_TYPE_EVENT:
		return bt_message_event_borrow_default_clock_snapshot_const(m);
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		return bt_stream_class_packets_have_beginning_default_clock_snapshot(sc) ?
			bt_message_packet_beginning_borrow_default_clock_snapshot_const(m) :
			NULL;
	case BT_MESSAGE_TYPE_PACKET_END:
		return bt_stream_class_packets_have_end_default_clock_snapshot(sc) ?
			bt_message_packet_end_borrow_default_clock_snapshot_const(m) :
			NULL;
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return bt_stream_class_discarded_events_have_default_clock_snapshots(sc) ?
			bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(m) :
			NULL;
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return bt_stream_class_discarded_packets_have_default_clock_snapshots(sc) ?
			bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(m) :
			NULL;
	default:
		return NULL;
	}
}

/* A message of a guest, anew; NULL where that fails. */
static const bt_message *remake(struct filter *f,
				bt_self_message_iterator *self,
				struct stream *s, const bt_message *m,
				bt_message_type type)
{
	switch (type) {
	case BT_MESSAGE_TYPE_EVENT:
		return new_event(f, self, s, m);
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
	case BT_MESSAGE_TYPE_PACKET_END:
		return new_packet(f, self, s, m,
				  type == BT_MESSAGE_TYPE_PACKET_BEGINNING);
	default:
		return new_discarded(f, self, s, m,
				     type == BT_MESSAGE_TYPE_DISCARDED_EVENTS);
	}
}

/* Before the first guest's time: is the host's offset known by now? */
static int get_ready(struct filter *f)
{
	size_t i;

	if (f->ready)
		return 0;
	if (!f->stamps.offset_known)
		return fail(f, "the host's trace is not in the graph: give its clock's offset with the parameter host-offset-ns");
	for (i = 0; i < f->n_streams; i++) {
		const struct stream *s = &f->streams[i];
		int64_t back;

		if (!s->guest)
			continue;
		back = stamps_most_back(&f->stamps, s->guest, s->clock);
		f->most_back = back > f->most_back ? back : f->most_back;
	}
	f->ready = true;
	return 0;
}

/* Takes a message from upstream over and queues what becomes of it. */
static int take(struct filter *f, bt_self_message_iterator *self,
		const bt_message *m)
{
	bt_message_type type = bt_message_get_type(m);
	const bt_stream *stream = stream_in(m, type);
	const bt_clock_snapshot *c;
	const bt_message *out;
	struct stream *s;
	int64_t ns;

	if (!stream) {		/* inactivity: nothing that we can map */
		bt_message_put_ref(m);
		return 0;
	}
	s = stream_of(f, stream);
	if (!s) {
		bt_message_put_ref(m);
		return fail(f, "out of memory");
	}
	c = time_of(m, type);
	if (c && bt_clock_snapshot_get_ns_from_origin(c, &ns) ==
			 BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
		f->now = ns > f->now ? ns : f->now;
	if (c && !s->guest)
		keep_time(s, c);
	if (c && s->guest) {
		if (get_ready(f)) {
			bt_message_put_ref(m);
			return -1;
		}
		out = remake(f, self, s, m, type);
		bt_message_put_ref(m);
		if (!out)
			return fail(f, "a message cannot be made");
		m = out;
	}
	return heap_push(&f->heap, s->ns, m) ? fail(f, "out of memory") : 0;
}

/* --------------------------------------------------------------- iterators */

bt_message_iterator_class_initialize_method_status
filter_iterator_init(bt_self_message_iterator *self,
		     bt_self_message_iterator_configuration *config,
		     bt_self_component_port_output *port)
{
	bt_self_component *comp = bt_self_message_iterator_borrow_component(self);
	struct filter *f = bt_self_component_get_data(comp);
	bt_self_component_port_input *in;

	(void)config;
	(void)port;
	in = bt_self_component_filter_borrow_input_port_by_index(
		(bt_self_component_filter *)comp, 0);
	f->now = INT64_MIN;
	if (bt_message_iterator_create_from_message_iterator(self, in, &f->up) !=
	    BT_MESSAGE_ITERATOR_CREATE_FROM_MESSAGE_ITERATOR_STATUS_OK)
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	bt_self_message_iterator_set_data(self, f);
	return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void filter_iterator_finalize(bt_self_message_iterator *self)
{
	struct filter *f = bt_self_message_iterator_get_data(self);

	if (!f)
		return;
	heap_free(&f->heap);
	memset(&f->heap, 0, sizeof(f->heap));
	bt_message_iterator_put_ref(f->up);
	f->up = NULL;
}

static bool can_give(const struct filter *f)
{
	if (!f->heap.n)
		return false;
	if (f->ended)
		return true;
	return f->now != INT64_MIN && f->heap.v[0].ns < f->now - f->most_back &&
	       (f->ready || f->heap.v[0].ns == INT64_MIN);
}

bt_message_iterator_class_next_method_status
filter_next(bt_self_message_iterator *self, bt_message_array_const msgs,
	    uint64_t capacity, uint64_t *count)
{
	struct filter *f = bt_self_message_iterator_get_data(self);
	bt_message_iterator_next_status st;
	bt_message_array_const up;
	uint64_t n, i;
	int ret = 0;

	while (!can_give(f) && !f->ended) {
		st = bt_message_iterator_next(f->up, &up, &n);
		if (st == BT_MESSAGE_ITERATOR_NEXT_STATUS_END) {
			f->ended = true;
			break;
		}
		if (st != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
			return (bt_message_iterator_class_next_method_status)st;
		for (i = 0; i < n; i++) {
			if (ret)
				bt_message_put_ref(up[i]);
			else
				ret = take(f, self, up[i]);
		}
		if (ret)
			return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_ERROR;
	}
	for (*count = 0; *count < capacity && can_give(f); (*count)++)
		msgs[*count] = heap_pop(&f->heap);
	return *count ? BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK :
			BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
}

/* --------------------------------------------------------------- component */

static int read_params(struct filter *f, const bt_value *params)
{
	const bt_value *map =
		bt_value_map_borrow_entry_value_const(params, "map");
	const bt_value *off =
		bt_value_map_borrow_entry_value_const(params, "host-offset-ns");
	char error[512];

	if (!map || !bt_value_is_string(map))
		return fail(f, "the parameter map is missing: the file that vmsync sync -o wrote");
	if (off && bt_value_is_signed_integer(off))
		f->stamps.offset_ns = bt_value_integer_signed_get(off);
	else if (off && bt_value_is_unsigned_integer(off))
		f->stamps.offset_ns =
			(int64_t)bt_value_integer_unsigned_get(off);
	else if (off)
		return fail(f, "the parameter host-offset-ns is no integer");
	f->stamps.offset_known = off != NULL;
	if (stamps_load(&f->stamps, bt_value_string_get(map), error,
			sizeof(error)))
		return fail(f, error);
	return 0;
}

bt_component_class_initialize_method_status
filter_init(bt_self_component_filter *self,
	    bt_self_component_filter_configuration *config,
	    const bt_value *params, void *data)
{
	bt_self_component *comp =
		bt_self_component_filter_as_self_component(self);
	struct filter *f = calloc(1, sizeof(*f));

	(void)config;
	(void)data;
	if (!f)
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	f->self = comp;
	if (read_params(f, params) ||
	    bt_self_component_filter_add_input_port(self, "in", NULL, NULL) ||
	    bt_self_component_filter_add_output_port(self, "out", NULL, NULL)) {
		stamps_free(&f->stamps);
		free(f);
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_component_set_data(comp, f);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void filter_finalize(bt_self_component_filter *self)
{
	struct filter *f = bt_self_component_get_data(
		bt_self_component_filter_as_self_component(self));

	if (!f)
		return;
	stamps_free(&f->stamps);
	free(f->streams);
	free(f);
}
