// SPDX-License-Identifier: MIT
/*
 * Folders of guests: whatever names these have, each has a folder of its own, in the
 * folder for guests, by a name that does no harm.
 */
#include <string.h>

#include "check.h"
#include "record/folder.h"

#define GUESTS 12
#define PREFIX "out/guests/"

/* Each new name is one that the numbers of others would make, or is made into one. */
static const char *const names[] = {
	"web", "web.2", "web.3", "we b", "we_b", "web", "we/b.3", "..", ".", "", "_", "../web",
};

static struct record_guest guest[GUESTS];
static size_t n;

static bool is_folder_of_one(const void *ctx, const char *folder)
{
	(void)ctx;
	for (size_t i = 0; i < GUESTS; i++) {
		if (!strcmp(guest[i].folder, folder))
			return true;
	}
	return false;
}

static void name_all(const char *const *named, size_t count)
{
	memset(guest, 0, sizeof(guest));
	for (n = 0; n < count; n++) {
		snprintf(guest[n].name, sizeof(guest[n].name), "%s", named[n]);
		record_guest_folder(&guest[n], "out", is_folder_of_one, NULL);
	}
}

static void test_apart(void)
{
	name_all(names, GUESTS);
	for (size_t i = 0; i < n; i++) {
		const char *name = guest[i].folder + strlen(PREFIX);

		CHECK(!strncmp(guest[i].folder, PREFIX, strlen(PREFIX)));
		CHECK(name[0] && name[0] != '.');
		CHECK(!name[strspn(name, "abcdefghijklmnopqrstuvwxyz._0123456789")]);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(guest[i].folder, guest[k].folder));
	}
	CHECK(!strcmp(guest[0].folder, PREFIX "web"));
	CHECK(!strcmp(guest[5].folder, PREFIX "web.4"));
}

/* As a flight recorder does for each of its freezes. */
static void test_again(void)
{
	char before[4096];

	name_all(names, 2);
	snprintf(before, sizeof(before), "%s", guest[1].folder);
	record_guest_folder(&guest[1], "out", is_folder_of_one, NULL);
	CHECK(!strcmp(guest[1].folder, before));
}

/* Names that differ in what is cut off only. */
static void test_long(void)
{
	static char a[4000], b[4000];
	const char *const both[] = { a, b };

	memset(a, 'x', sizeof(a) - 1);
	memset(b, 'x', sizeof(b) - 2);
	name_all(both, 2);
	CHECK(strcmp(guest[0].folder, guest[1].folder));
	CHECK(strlen(guest[1].folder) < 128);
}

int main(void)
{
	test_apart();
	test_again();
	test_long();
	return check_done();
}
