// SPDX-License-Identifier: MIT
/*
 * A guest's trace as it is pulled: whole whatever is lost, comes twice or late; and a
 * guest that lies about it gets no byte to where it should not be, and no more of them
 * than it may.
 */
#include <dirent.h>
#include <errno.h>
#include <endian.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "record/fetch.h"

#define FILES 12

static char dir[] = "/tmp/vmsync-fetch-XXXXXX";
static char folder[64];
static uint8_t content[FILES + 1][20000];
static uint64_t size[FILES + 1];
static struct vmsync_fetch fetch;
static struct ctf_error error;

static void entry(uint32_t i, uint32_t in, uint32_t metadata, uint64_t bytes)
{
	uint8_t *p = content[0] + (i - 1) * VMSYNC_PORT_ENTRY_LEN;

	in = htole32(in);
	metadata = htole32(metadata);
	bytes = htole64(bytes);
	memcpy(p, &in, 4);
	memcpy(p + 4, &metadata, 4);
	memcpy(p + 8, &bytes, 8);
}

static void make_files(void)
{
	uint32_t i, k;

	for (i = 1; i <= FILES; i++) {
		size[i] = i % 5 ? check_range(1, sizeof(content[i])) : 0;
		for (k = 0; k < size[i]; k++)
			content[i][k] = (uint8_t)check_rand();
		entry(i, i % 3, i <= 3, size[i]);
	}
	size[0] = FILES * VMSYNC_PORT_ENTRY_LEN;
}

static struct vmsync_port_frame data_frame(uint32_t file, uint64_t offset,
					   uint64_t n)
{
	struct vmsync_port_frame f = {
		.type = VMSYNC_PORT_DATA,
		.file = file,
		.offset = offset,
		.total = size[file],
		.n = (uint8_t)(n < VMSYNC_PORT_DATA_MAX ? n :
							  VMSYNC_PORT_DATA_MAX),
	};

	if (f.n > size[file] - offset)
		f.n = (uint8_t)(size[file] - offset);
	memcpy(f.data, content[file] + offset, f.n);
	return f;
}

static void begin(void)
{
	static int n;

	snprintf(folder, sizeof(folder), "%s/%d", dir, n++);
	CHECK_EQ(vmsync_fetch_begin(&fetch, folder, VMSYNC_FETCH_BYTES, &error), 0);
}

/* An agent's answers to one PULL, of which a part is lost, in a bad case doubled. */
static int answers(const struct vmsync_port_frame *pull, unsigned int lost)
{
	uint64_t offset = pull->offset, end = offset + pull->length;
	int ret = 0;

	do {
		struct vmsync_port_frame f =
			data_frame(pull->file, offset, end - offset);

		offset += f.n;
		if (lost && check_range(0, 99) < lost)
			continue;
		ret |= vmsync_fetch_take(&fetch, &f, &error);
		if (lost && check_range(0, 99) < lost)
			ret |= vmsync_fetch_take(&fetch, &f, &error);
		if (!f.n)
			break;
	} while (offset < end && offset < size[pull->file] && ret >= 0);
	return ret;
}

static bool is_as(const char *name, uint32_t file)
{
	static uint8_t got[sizeof(content[0]) + 1];
	char path[128];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u/%s", folder, file % 3, name);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(got, 1, sizeof(got), f);
	fclose(f);
	return n == size[file] && !memcmp(got, content[file], n);
}

static void test_whole(unsigned int lost)
{
	struct vmsync_port_frame pull;
	char name[32];
	uint32_t i;
	int rounds;

	make_files();
	begin();
	for (rounds = 0; !fetch.done && rounds < 10000; rounds++) {
		vmsync_fetch_next(&fetch, &pull);
		CHECK(answers(&pull, lost) >= 0);
	}
	CHECK(fetch.done);
	vmsync_fetch_end(&fetch);
	for (i = 1; i <= FILES; i++) {
		snprintf(name, sizeof(name), "stream%u", i);
		CHECK(is_as(i <= 3 ? "metadata" : name, i));
	}
}

/* Give the list, and whatever comes then. Return: what became of it. */
static int with_list(void)
{
	struct vmsync_port_frame pull;

	begin();
	vmsync_fetch_next(&fetch, &pull);
	return answers(&pull, 0);
}

static void test_lies(void)
{
	struct vmsync_port_frame f;

	/* More than a guest may have. */
	make_files();
	entry(7, 0, 0, VMSYNC_FETCH_BYTES + 1);
	CHECK_EQ(with_list(), -EFBIG);
	vmsync_fetch_end(&fetch);
	make_files();
	entry(7, 0, 0, UINT64_MAX);
	CHECK_EQ(with_list(), -EFBIG);
	vmsync_fetch_end(&fetch);
	begin();
	f = data_frame(0, 0, 16);
	f.total = (VMSYNC_FETCH_FILES + 1ull) * VMSYNC_PORT_ENTRY_LEN;
	CHECK_EQ(vmsync_fetch_take(&fetch, &f, &error), -EFBIG);
	vmsync_fetch_end(&fetch);
	/* A file that is longer, or shorter, than the list says. */
	make_files();
	size[1] = 10;
	entry(1, 0, 0, 10);
	CHECK(with_list() >= 0);
	f = data_frame(1, 0, 10);
	f.n = 11;
	CHECK_EQ(vmsync_fetch_take(&fetch, &f, &error), -EPROTO);
	f.n = 0;
	CHECK_EQ(vmsync_fetch_take(&fetch, &f, &error), -EPROTO);
	vmsync_fetch_end(&fetch);
	/* Two files of one name. */
	make_files();
	size[1] = size[2] = 1;
	entry(1, 5, 1, 1);
	entry(2, 5, 1, 1);
	CHECK(with_list() >= 0);
	f = data_frame(1, 0, 1);
	CHECK_EQ(vmsync_fetch_take(&fetch, &f, &error), -EEXIST);
	vmsync_fetch_end(&fetch);
}

/* Whatever comes: no crash, and nothing outside of the folder. */
static void test_random(void)
{
	struct vmsync_port_frame f;
	int round, i, n = 0;
	struct dirent *entry;
	DIR *d;

	for (round = 0; round < 300; round++) {
		make_files();
		begin();
		for (i = 0; i < 200; i++) {
			if (check_range(0, 2)) {
				vmsync_fetch_next(&fetch, &f);
				if (answers(&f, 5) < 0)
					break;
			}
			f = data_frame(0, 0, 0);
			f.file = (uint32_t)check_range(0, FILES + 1);
			f.offset = check_range(0, 1) ? fetch.offset : check_rand();
			f.total = check_bits(40);
			f.n = (uint8_t)check_range(0, VMSYNC_PORT_DATA_MAX);
			if (vmsync_fetch_take(&fetch, &f, &error) < 0)
				break;
		}
		vmsync_fetch_end(&fetch);
	}
	d = opendir(dir);
	while (d && (entry = readdir(d)))
		n += strspn(entry->d_name, "0123456789.") != strlen(entry->d_name);
	if (d)
		closedir(d);
	CHECK_EQ(n, 0);
}

int main(int argc, char **argv)
{
	char command[64];
	unsigned int lost;

	check_init(argc, argv);
	if (!mkdtemp(dir))
		return 2;
	for (lost = 0; lost < 50; lost += 7)
		test_whole(lost);
	test_lies();
	test_random();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		return 2;
	return check_done();
}
