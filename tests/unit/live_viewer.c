// SPDX-License-Identifier: MIT
/*
 * Answers of a relay daemon: right ones are understood, and of a million that are
 * wrong in every way each is an error or harmless.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "live/url.h"
#include "live/viewer.h"

#define SUPPLY (3 * LIVE_PART)

static uint8_t supply[SUPPLY], asked[24 * LIVE_ASKED_MAX], part[LIVE_PART];
static size_t supplied, used, n_asked;

static int wire_send(void *ctx, const void *bytes, size_t n, struct ctf_error *e)
{
	(void)ctx;
	(void)e;
	CHECK(n >= 16 && n <= sizeof(asked));
	memcpy(asked, bytes, n);
	n_asked = n;
	return 0;
}

static int wire_receive(void *ctx, void *bytes, size_t n, struct ctf_error *e)
{
	(void)ctx;
	CHECK(n <= LIVE_PART);
	if (n > supplied - used) {
		e->code = -ECONNRESET;
		strcpy(e->msg, "end");
		return -ECONNRESET;
	}
	memcpy(bytes, supply + used, n);
	used += n;
	return 0;
}

static const struct live_wire wire = { wire_send, wire_receive, NULL, part };

static void begin(void)
{
	supplied = used = n_asked = 0;
}

static void put(uint64_t value, unsigned int bytes)
{
	while (bytes--)
		supply[supplied++] = (uint8_t)(value >> 8 * bytes);
}

static void put_text(const char *s, size_t size)
{
	memset(supply + supplied, 0, size);
	memcpy(supply + supplied, s, strlen(s));
	supplied += size;
}

static uint64_t number(const uint8_t *p, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

/* What is asked is what the protocol wants: length, command, version 0. */
static void check_asked(uint32_t command, size_t data)
{
	CHECK_EQ(n_asked, 16 + data);
	CHECK_EQ(number(asked, 8), data);
	CHECK_EQ(number(asked + 8, 4), command);
	CHECK_EQ(number(asked + 12, 4), 0);
}

static unsigned int told;
static struct live_stream last_stream;

static int take_stream(void *ctx, const struct live_stream *s,
		       struct ctf_error *e)
{
	(void)ctx;
	(void)e;
	told++;
	last_stream = *s;
	CHECK(strlen(s->path) <= LIVE_PATH_LEN);
	CHECK(strlen(s->channel) <= LIVE_NAME_LEN);
	return 0;
}

static const struct live_streams streams = { take_stream, NULL };
static uint64_t metadata_bytes;

static int take_metadata(void *ctx, const uint8_t *bytes, size_t n,
			 struct ctf_error *e)
{
	(void)ctx;
	(void)e;
	CHECK(n && n <= LIVE_PART);
	metadata_bytes += n + 0 * bytes[0] + 0 * bytes[n - 1];
	return 0;
}

static void put_connect(uint32_t major, uint32_t minor)
{
	put(7, 8);
	put(major, 4);
	put(minor, 4);
	put(0, 4);
	put(1, 4); /* of CREATE_SESSION */
}

static void test_hello(void)
{
	struct ctf_error e;

	begin();
	put_connect(2, 13);
	CHECK_EQ(live_hello(&wire, &e), 0);
	check_asked(8, 0);
	begin();
	put_connect(2, 3);
	CHECK_EQ(live_hello(&wire, &e), -ENOTSUP);
	CHECK(strstr(e.msg, "2.3"));
	check_asked(1, 20);
	CHECK_EQ(number(asked + 24, 4), 2);
	CHECK_EQ(number(asked + 28, 4), 4);
	CHECK_EQ(number(asked + 32, 4), 1);
}

static void put_session(uint64_t id, const char *host, const char *name)
{
	put(id, 8);
	put(1000000, 4);
	put(1, 4);
	put(3, 4);
	put_text(host, LIVE_HOSTNAME_LEN);
	put_text(name, LIVE_NAME_LEN);
}

static void test_list(void)
{
	live_sessions list = { 0 };
	char longest[LIVE_NAME_LEN + 1];
	struct ctf_error e;

	/* A text that has no end in its field. */
	memset(longest, 'x', LIVE_NAME_LEN);
	longest[LIVE_NAME_LEN] = '\0';
	begin();
	put(2, 4);
	put_session(5, "web1", "one");
	put_session(6, "web2", longest);
	CHECK_EQ(live_list(&wire, &list, &e), 0);
	check_asked(2, 0);
	CHECK_EQ(list.count, 2);
	CHECK_EQ(list.at[0].id, 5);
	CHECK_EQ(list.at[0].timer_us, 1000000);
	CHECK_EQ(list.at[0].viewers, 1);
	CHECK(!strcmp(list.at[0].hostname, "web1"));
	CHECK(!strcmp(list.at[0].name, "one"));
	CHECK(!strcmp(list.at[1].name, longest));
	vmsync_array_free(&list);
	begin();
	put(LIVE_SESSIONS_MAX + 1, 4);
	CHECK_EQ(live_list(&wire, &list, &e), -EPROTO);
}

static void put_stream(uint64_t id, uint32_t metadata, const char *channel)
{
	put(id, 8);
	put(9, 8);
	put(metadata, 4);
	put_text("ust/uid/0/64-bit", LIVE_PATH_LEN);
	put_text(channel, LIVE_NAME_LEN);
}

static void test_attach(void)
{
	struct ctf_error e;
	uint32_t status;

	begin();
	put(LIVE_ATTACHED, 4);
	put(2, 4);
	put_stream(1, 1, "metadata");
	put_stream(2, 0, "ch_0");
	told = 0;
	CHECK_EQ(live_attach(&wire, 77, &streams, &e), LIVE_ATTACHED);
	check_asked(3, 20);
	CHECK_EQ(number(asked + 16, 8), 77);
	CHECK_EQ(number(asked + 32, 4), 1);
	CHECK_EQ(told, 2);
	CHECK_EQ(last_stream.id, 2);
	CHECK_EQ(last_stream.trace, 9);
	CHECK(!last_stream.metadata);
	CHECK(!strcmp(last_stream.path, "ust/uid/0/64-bit"));
	CHECK(!strcmp(last_stream.channel, "ch_0"));
	for (status = LIVE_OTHER_VIEWER; status <= LIVE_NO_VIEWER; status++) {
		begin();
		put(status, 4);
		put(1, 4);
		CHECK_EQ(live_attach(&wire, 77, &streams, &e), status);
	}
	CHECK_EQ(told, 2);
	begin();
	put(LIVE_ATTACHED, 4);
	put(LIVE_STREAMS_MAX + 1, 4);
	CHECK_EQ(live_attach(&wire, 77, &streams, &e), -EPROTO);
}

static void test_new_streams(void)
{
	static const int want[] = { 1, 1, 0, 0 };
	struct ctf_error e;
	uint32_t status;

	for (status = 1; status <= 4; status++) {
		begin();
		put(status, 4);
		put(status == 1, 4);
		put_stream(3, 0, "ch_1");
		told = 0;
		CHECK_EQ(live_new_streams(&wire, 77, &streams, &e),
			 want[status - 1]);
		CHECK_EQ(told, status == 1);
		check_asked(7, 8);
	}
}

static void put_index(uint64_t offset, uint64_t bits, uint32_t status,
		      uint32_t flags)
{
	put(offset, 8);
	put(bits, 8);
	put(8, 8);
	put(100, 8);
	put(200, 8);
	put(5, 8);
	put(0, 8);
	put(status, 4);
	put(flags, 4);
}

static int next_index(uint64_t stream, struct live_index *x, struct ctf_error *e)
{
	return live_next_indexes(&wire, &stream, 1, x, e);
}

static void test_index(void)
{
	static const uint64_t wrong[] = { 0, 12, 8 * (LIVE_PACKET_MAX + 1),
					  ~7ull };
	struct live_index x;
	struct ctf_error e;
	size_t i;

	begin();
	put_index(4096, 8 * 4096, LIVE_INDEX_OK, 3);
	CHECK_EQ(next_index(2, &x, &e), 0);
	check_asked(4, 8);
	CHECK_EQ(number(asked + 16, 8), 2);
	CHECK_EQ(x.status, LIVE_INDEX_OK);
	CHECK(x.new_metadata && x.new_streams);
	CHECK_EQ(x.offset, 4096);
	CHECK_EQ(x.size, 4096);
	CHECK_EQ(x.begin, 100);
	CHECK_EQ(x.end, 200);
	CHECK_EQ(x.discarded, 5);
	begin();
	put_index(0, 0, LIVE_INDEX_INACTIVE, 2);
	CHECK_EQ(next_index(2, &x, &e), 0);
	CHECK_EQ(x.status, LIVE_INDEX_INACTIVE);
	CHECK_EQ(x.end, 200);
	CHECK(!x.new_metadata && x.new_streams);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin();
		put_index(0, wrong[i], LIVE_INDEX_OK, 0);
		CHECK_EQ(next_index(2, &x, &e), -EPROTO);
	}
	begin();
	put_index(INT64_MAX - 4095, 8 * 4096, LIVE_INDEX_OK, 0);
	CHECK_EQ(next_index(2, &x, &e), -EPROTO);
}

/* Several are asked at once, before the first answer, which come in their order. */
static void test_indexes(void)
{
	uint64_t id[LIVE_ASKED_MAX];
	struct live_index x[LIVE_ASKED_MAX];
	struct ctf_error e;
	size_t i;

	begin();
	for (i = 0; i < LIVE_ASKED_MAX; i++) {
		id[i] = 1000 - i;
		put_index(4096 * i, 8 * 4096, LIVE_INDEX_OK, 0);
	}
	CHECK_EQ(live_next_indexes(&wire, id, LIVE_ASKED_MAX, x, &e), 0);
	CHECK_EQ(n_asked, LIVE_ASKED_MAX * 24);
	for (i = 0; i < LIVE_ASKED_MAX; i++) {
		CHECK_EQ(number(asked + 24 * i, 8), 8);
		CHECK_EQ(number(asked + 24 * i + 8, 4), 4);
		CHECK_EQ(number(asked + 24 * i + 16, 8), id[i]);
		CHECK_EQ(x[i].offset, 4096 * i);
	}
	begin();
	put_index(0, 8 * 4096, LIVE_INDEX_OK, 0);
	put_index(0, 12, LIVE_INDEX_OK, 0);
	CHECK_EQ(live_next_indexes(&wire, id, 2, x, &e), -EPROTO);
	begin();
	put_index(0, 8 * 4096, LIVE_INDEX_OK, 0);
	CHECK_EQ(live_next_indexes(&wire, id, 2, x, &e), -ECONNRESET);
}

static int packet(uint32_t status, uint32_t len, uint32_t flags)
{
	struct ctf_error e;

	begin();
	put(status, 4);
	put(len, 4);
	put(flags, 4);
	put(0x0102030405060708, 8);
	return live_packet(&wire, 2, 4096, 8, &e);
}

static void test_packet(void)
{
	CHECK_EQ(packet(1, 8, 0), LIVE_PACKET_OK);
	CHECK_EQ(part[7], 8);
	check_asked(5, 20);
	CHECK_EQ(number(asked + 16, 8), 2);
	CHECK_EQ(number(asked + 24, 8), 4096);
	CHECK_EQ(number(asked + 32, 4), 8);
	CHECK_EQ(packet(1, 7, 0), -EPROTO);
	CHECK_EQ(packet(1, 9, 0), -EPROTO);
	CHECK_EQ(packet(2, 0, 0), LIVE_PACKET_AGAIN);
	CHECK_EQ(packet(3, 0, 0), LIVE_PACKET_GONE);
	CHECK_EQ(packet(4, 0, 0), LIVE_PACKET_GONE);
	CHECK_EQ(packet(3, 0, 1), LIVE_PACKET_NEEDS_METADATA);
	CHECK_EQ(packet(3, 0, 2), LIVE_PACKET_NEEDS_STREAMS);
	CHECK_EQ(packet(5, 0, 0), -EPROTO);
}

static int metadata(uint64_t len, uint32_t status)
{
	struct ctf_error e;

	begin();
	put(len, 8);
	put(status, 4);
	supplied = sizeof(supply);
	metadata_bytes = 0;
	return live_metadata(&wire, 1, take_metadata, NULL, &e);
}

static void test_metadata(void)
{
	CHECK_EQ(metadata(100, 1), 1);
	check_asked(6, 8);
	CHECK_EQ(metadata_bytes, 100);
	CHECK_EQ(metadata(2 * LIVE_PART + 1, 1), 1);
	CHECK_EQ(metadata_bytes, 2 * LIVE_PART + 1);
	CHECK_EQ(metadata(0, 1), 0);
	CHECK_EQ(metadata(100, 2), 0);
	CHECK_EQ(metadata(100, 3), 0);
	CHECK_EQ(metadata_bytes, 0);
	CHECK_EQ(metadata(LIVE_METADATA_MAX + 1, 1), -EPROTO);
	CHECK_EQ(metadata(~0ull, 1), -EPROTO);
	CHECK_EQ(metadata(100, 4), -EPROTO);
	CHECK_EQ(metadata(100, 0), -EPROTO);
}

/* A number that some length, status or flag may be. */
static uint64_t any(void)
{
	switch (check_range(0, 7)) {
	case 0:
		return check_bits(64);
	case 1:
		return ~check_bits(32);
	case 2:
		return check_range(0, 4096) * 8;
	default:
		return check_range(0, 6);
	}
}

/* An answer that begins as any may, and then is shorter or longer than it says. */
static void put_any(void)
{
	unsigned int fields = (unsigned int)check_range(0, 9);
	size_t tail = (size_t)check_range(0, check_range(0, 9) ? 64 : 20000);

	begin();
	while (fields--)
		put(any(), check_range(0, 1) ? 4 : 8);
	/* The rest is what was there before: texts, numbers, rubbish. */
	if (!check_range(0, 99))
		supply[check_range(supplied, supplied + 20000)] ^=
			(uint8_t)check_rand();
	supplied += tail;
}

static void test_malformed(void)
{
	uint64_t i, n = check_cases(1000000), errors = 0;
	live_sessions list = { 0 };
	struct live_index x;

	for (i = 0; i < sizeof(supply); i++)
		supply[i] = (uint8_t)check_rand();
	for (i = 0; i < n; i++) {
		struct ctf_error e = { .code = 0 };
		int ret = 0;

		put_any();
		switch (i % 7) {
		case 0:
			ret = live_hello(&wire, &e);
			CHECK(ret <= 0);
			break;
		case 1:
			list.count = 0;
			ret = live_list(&wire, &list, &e);
			CHECK(ret <= 0 && list.count <= LIVE_SESSIONS_MAX);
			break;
		case 2:
			ret = live_attach(&wire, i, &streams, &e);
			CHECK(ret <= LIVE_NO_VIEWER && ret);
			break;
		case 3:
			ret = live_new_streams(&wire, i, &streams, &e);
			CHECK(ret <= 1);
			break;
		case 4:
			ret = next_index(i, &x, &e);
			CHECK(ret <= 0);
			if (!ret && x.status == LIVE_INDEX_OK)
				CHECK(x.size && x.size <= LIVE_PACKET_MAX &&
				      x.offset + x.size <= INT64_MAX);
			break;
		case 5:
			ret = live_packet(&wire, i, 0,
					  (uint32_t)check_range(1, 9000), &e);
			CHECK(ret <= LIVE_PACKET_GONE);
			break;
		case 6:
			ret = live_metadata(&wire, i, take_metadata, NULL, &e);
			CHECK(ret <= 1);
			break;
		}
		errors += ret < 0;
		CHECK(ret >= 0 || (e.code == ret && e.msg[0]));
	}
	/* Both kinds came, or it is no test; few tell nothing of shares. */
	CHECK(n < 1000 || (errors > n / 10 && errors < n - n / 10));
	vmsync_array_free(&list);
}

static void test_url(void)
{
	static const char *const wrong[] = {
		"",	      "host/s",	      "net://host/s",	"tcp://",
		"tcp:///s",   "tcp://h:/s",   "tcp://h:0/s",	"tcp://h:65536/s",
		"tcp://h:1x", "tcp://h/a/b/c", "tcp://h//s",	"tcp://h/a/",
		"tcp://[::1/s", "tcp://[::1]x/s", "tcp://[]/s",
	};
	struct live_url u;
	struct ctf_error e;
	size_t i;

	CHECK_EQ(live_url_parse("tcp://web1/sess", &u, &e), 0);
	CHECK(!strcmp(u.host, "web1") && !strcmp(u.port, "5344"));
	CHECK(!u.hostname[0] && !strcmp(u.session, "sess"));
	CHECK_EQ(live_url_parse("tcp://[::1]:99/guest/a b:c", &u, &e), 0);
	CHECK(!strcmp(u.host, "::1") && !strcmp(u.port, "99"));
	CHECK(!strcmp(u.hostname, "guest") && !strcmp(u.session, "a b:c"));
	CHECK_EQ(live_url_parse("tcp://web1:1/", &u, &e), 0);
	CHECK(!u.session[0] && !strcmp(u.port, "1"));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK_EQ(live_url_parse(wrong[i], &u, &e), -EINVAL);
		CHECK(strstr(e.msg, wrong[i]));
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_hello();
	test_list();
	test_attach();
	test_new_streams();
	test_index();
	test_indexes();
	test_packet();
	test_metadata();
	test_url();
	test_malformed();
	return check_done();
}
