// SPDX-License-Identifier: MIT
/*
 * What is kept of a relay daemon's sessions: each packet once and whole, whatever is
 * cut off and comes again; and no name leads to where it should not.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "live/names.h"
#include "live/store.h"

static char dir[] = "/tmp/vmsync-live-XXXXXX";
static struct live_store *store;
static struct ctf_error e;

static const struct live_session session = { .hostname = "web1",
					     .name = "demo" };

static size_t stream(const char *path, const char *channel)
{
	struct live_stream s = { .metadata = !channel };
	size_t file = 0;

	snprintf(s.path, sizeof(s.path), "%s", path);
	snprintf(s.channel, sizeof(s.channel), "%s", channel ? channel : "m");
	CHECK_EQ(live_store_stream(store, &s, &file, &e), 0);
	return file;
}

static int metadata(size_t file, const char *text)
{
	return live_store_metadata(store, file, (const uint8_t *)text,
				   strlen(text), &e);
}

/* A packet in two parts, of which the second may be missing. */
static int packet(size_t file, const char *text, uint64_t begin, bool whole)
{
	const struct live_index x = { .begin = begin,
				      .end = begin + 10,
				      .discarded = begin };
	size_t n = strlen(text) / 2;
	int ret;

	if (live_store_has(store, file, &x))
		return 1;
	CHECK_EQ(live_store_open(store, file, &e), 0);
	ret = live_store_part(store, (const uint8_t *)text, n, &e);
	if (!ret && whole)
		ret = live_store_part(store, (const uint8_t *)text + n,
				      strlen(text) - n, &e);
	CHECK_EQ(live_store_close(store, &x, whole && !ret, &e), 0);
	return ret;
}

/* What is in a file below the folder, "-" where it is not. */
static const char *content(const char *name)
{
	static char text[4096];
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return "-";
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void check_content(const char *name, const char *wanted, int line)
{
	const char *got = content(name);

	check_at(!strcmp(got, wanted), name, __FILE__, line);
	if (strcmp(got, wanted))
		printf("     '%s' and not '%s'\n", got, wanted);
}

#define CHECK_CONTENT(name, wanted) check_content(name, wanted, __LINE__)

static void begin(uint64_t limit)
{
	char command[64];

	live_store_free(store);
	snprintf(command, sizeof(command), "rm -rf %s/*", dir);
	CHECK_EQ(system(command), 0);
	store = live_store_new(dir, limit);
	CHECK_EQ(live_store_begin(store, &session, &e), 0);
}

static void test_plain(void)
{
	size_t m, a, b;
	struct live_sums sums;

	begin(0);
	CHECK_CONTENT("web1", "-"); /* nothing, before there is a stream */
	m = stream("ust/uid/0", NULL);
	a = stream("ust/uid/0", "ch_0");
	b = stream("ust/uid/0", "ch_1");
	CHECK_EQ(stream("ust/uid/0", "ch_0"), a);
	CHECK(!live_store_readable(store, a));
	CHECK_EQ(metadata(m, "meta"), 0);
	CHECK(live_store_readable(store, a) && live_store_readable(store, b));
	CHECK_EQ(metadata(m, "data"), 0);
	CHECK_EQ(packet(a, "first.", 100, true), 0);
	CHECK_EQ(packet(b, "other.", 100, true), 0);
	CHECK_EQ(packet(a, "second.", 200, true), 0);
	CHECK_CONTENT("web1/demo/ust/uid/0/metadata", "metadata");
	CHECK_CONTENT("web1/demo/ust/uid/0/ch_0", "first.second.");
	CHECK_CONTENT("web1/demo/ust/uid/0/ch_1", "other.");
	CHECK(strstr(live_store_folder(store), "/web1/demo"));
	sums = live_store_sums(store);
	CHECK_EQ(sums.sessions, 1);
	CHECK_EQ(sums.packets, 3);
	CHECK_EQ(sums.bytes, 8 + 19);
	CHECK_EQ(sums.discarded, 300);
}

static void test_cut(void)
{
	size_t m, a;

	begin(0);
	m = stream("kernel", NULL);
	a = stream("kernel", "ch_0");
	CHECK_EQ(metadata(m, "0123456789"), 0);
	CHECK_EQ(packet(a, "first.", 100, true), 0);
	CHECK_EQ(packet(a, "second.", 200, true), 0);
	CHECK_EQ(packet(a, "third.", 300, false), 0);
	CHECK_CONTENT("web1/demo/kernel/ch_0", "first.second.");
	/* All of it comes again, in other pieces. */
	CHECK_EQ(live_store_begin(store, &session, &e), 0);
	CHECK_EQ(stream("kernel", "ch_0"), a);
	CHECK_EQ(stream("kernel", NULL), m);
	CHECK(!live_store_readable(store, a));
	CHECK_EQ(metadata(m, "0123"), 0);
	CHECK_EQ(metadata(m, "456789ab"), 0);
	CHECK_EQ(metadata(m, "cd"), 0);
	CHECK_EQ(packet(a, "first.", 100, true), 1);
	CHECK_EQ(packet(a, "second.", 200, true), 1);
	CHECK_EQ(packet(a, "third.", 300, true), 0);
	/* Of what comes now the times need not grow. */
	CHECK_EQ(packet(a, "fourth.", 300, true), 0);
	CHECK_CONTENT("web1/demo/kernel/ch_0", "first.second.third.fourth.");
	CHECK_CONTENT("web1/demo/kernel/metadata", "0123456789abcd");
	CHECK_EQ(live_store_sums(store).packets, 4);
	CHECK_EQ(live_store_sums(store).bytes, 14 + 26);
}

static void test_lost(void)
{
	const struct live_index second = { .begin = 200, .end = 210 };
	size_t a;

	begin(0);
	CHECK_EQ(metadata(stream("kernel", NULL), "meta"), 0);
	a = stream("kernel", "ch_0");
	CHECK_EQ(packet(a, "first.", 100, true), 0);
	live_store_pass(store, a, &second);
	CHECK(!live_store_has(store, a, &second));
	CHECK_EQ(live_store_begin(store, &session, &e), 0);
	CHECK_EQ(packet(a, "first.", 100, true), 1);
	CHECK_EQ(packet(a, "second.", 200, true), 1);
	CHECK_EQ(packet(a, "third.", 300, true), 0);
	CHECK_CONTENT("web1/demo/kernel/ch_0", "first.third.");
}

static void test_another(void)
{
	size_t m;

	begin(0);
	m = stream("kernel", NULL);
	CHECK_EQ(metadata(m, "0123456789"), 0);
	CHECK_EQ(packet(stream("kernel", "ch_0"), "first.", 100, true), 0);
	/* The connection was lost, and the session made anew meanwhile. */
	CHECK_EQ(live_store_begin(store, &session, &e), 0);
	m = stream("kernel", NULL);
	CHECK_EQ(metadata(m, "01234x"), -ESTALE);
	live_store_forget(store);
	CHECK_EQ(live_store_begin(store, &session, &e), 0);
	m = stream("kernel", NULL);
	CHECK_EQ(metadata(m, "01234x"), 0);
	CHECK_EQ(packet(stream("kernel", "ch_0"), "first.", 100, true), 0);
	CHECK_CONTENT("web1/demo/kernel/metadata", "0123456789");
	CHECK_CONTENT("web1/demo-2/kernel/metadata", "01234x");
	CHECK_CONTENT("web1/demo-2/kernel/ch_0", "first.");
	CHECK_EQ(live_store_sums(store).sessions, 2);
	CHECK_EQ(live_store_sums(store).packets, 2);
}

static void test_limit(void)
{
	size_t m, a;

	begin(20);
	m = stream("kernel", NULL);
	a = stream("kernel", "ch_0");
	CHECK_EQ(metadata(m, "0123456789"), 0);
	CHECK_EQ(packet(a, "first.", 100, true), 0);
	CHECK_EQ(packet(a, "second.", 200, true), -EFBIG);
	CHECK_CONTENT("web1/demo/kernel/ch_0", "first.");
	CHECK_EQ(metadata(m, "01234"), -EFBIG);
	CHECK_CONTENT("web1/demo/kernel/metadata", "0123456789");
}

static void test_hostile(void)
{
	const struct live_session bad = { .hostname = "../..", .name = "" };
	char longest[LIVE_NAME_LEN + 1], name[LIVE_FILE_NAME];

	memset(longest, 'x', LIVE_NAME_LEN);
	longest[LIVE_NAME_LEN] = '\0';
	begin(0);
	CHECK_EQ(live_store_begin(store, &bad, &e), 0);
	stream("../../etc//./", "../passwd");
	stream("../../etc//./", "metadata");
	stream("", "a/b");
	stream("", "a\nb");
	stream("/", longest);
	CHECK_CONTENT("_._../_/_./_./etc/_/_._passwd", "");
	CHECK_CONTENT("_._../_/_./_./etc/_/_metadata", "");
	CHECK_CONTENT("_._../_/_./_./etc/_/metadata", "-");
	CHECK_CONTENT("_._../_/trace/a_b", "");
	CHECK_CONTENT("_._../_/trace/a_b-2", "");
	live_name_clean(longest, strlen(longest), name);
	CHECK_EQ(strlen(name), LIVE_FILE_NAME - 1);
	live_name_clean("", 0, name);
	CHECK(!strcmp(name, "_"));
}

/* Cut anywhere, again and again: what there is in the end is what was sent. */
static void test_random(void)
{
	char wanted[4096] = "", text[32];
	int i, n, there = 0;
	size_t m, a;

	begin(0);
	while (there < 100) {
		CHECK_EQ(live_store_begin(store, &session, &e), 0);
		m = stream("kernel", NULL);
		a = stream("kernel", "ch_0");
		CHECK_EQ(metadata(m, "metadata"), 0);
		n = (int)check_range(0, 110);
		for (i = 0; i < n && i < 100; i++) {
			snprintf(text, sizeof(text), "packet %d;", i);
			if (packet(a, text, (uint64_t)i * 20,
				   i + 1 < n) == 0 && i + 1 < n) {
				CHECK_EQ(i, there);
				strcat(wanted, text);
				there++;
			}
		}
		CHECK_CONTENT("web1/demo/kernel/ch_0", wanted);
	}
}

int main(int argc, char **argv)
{
	char command[64];

	check_init(argc, argv);
	CHECK(mkdtemp(dir));
	test_plain();
	test_cut();
	test_lost();
	test_another();
	test_limit();
	test_hostile();
	test_random();
	live_store_free(store);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK_EQ(system(command), 0);
	return check_done();
}
