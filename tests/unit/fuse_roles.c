// SPDX-License-Identifier: MIT
/* Which names of threads say the number of a virtual CPU. */
#include <string.h>

#include "check.h"
#include "fuse/roles.h"

static int32_t number_in(const char *text)
{
	char name[VMSYNC_ROLE_NAME_LEN] = "";

	memcpy(name, text, strnlen(text, sizeof(name)));
	return vmsync_role_number_in(name);
}

int main(void)
{
	CHECK_EQ(number_in("CPU 0/KVM"), 0);
	CHECK_EQ(number_in("CPU 3/KVM"), 3);
	CHECK_EQ(number_in("CPU 127/KVM"), 127);
	CHECK_EQ(number_in("CPU 12345/KVM"), 12345);
	/* As many digits as no virtual CPU has. */
	CHECK_EQ(number_in("CPU 123456/KVM"), -1);
	CHECK_EQ(number_in("CPU /KVM"), -1);
	CHECK_EQ(number_in("CPU 3"), -1);
	CHECK_EQ(number_in("CPU 3/KV"), -1);
	CHECK_EQ(number_in("CPU 3/TCG"), -1);
	CHECK_EQ(number_in("CPU -3/KVM"), -1);
	CHECK_EQ(number_in("CPU "), -1);
	return check_done();
}
