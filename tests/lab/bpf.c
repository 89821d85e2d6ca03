// SPDX-License-Identifier: MIT
/*
 * bpf SECONDS TRACEPOINT...: a BPF program at each of the raw tracepoints for so
 * long. Prints how often each was run, " NAME=COUNT".
 *
 * It needs nothing but the system call.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 8

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int array_make(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = MOST,
	};

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

/* Adds one to element @index of the array. */
static int program_load(int array, int index)
{
	const struct bpf_insn code[] = {
		/* *(u32 *)(r10 - 4) = index; r2 = r10 - 4 */
		{ BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, index },
		{ BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4 },
		/* r1 = the array */
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
		  array },
		{ 0 },
		/* r0 = its element, if there is one */
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem },
		{ BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1 },
		{ BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0,
		  BPF_ADD },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	static char log[4096];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = (int)bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		printf("%s\n", log);
	return fd;
}

static int attach(int program, const char *name)
{
	union bpf_attr attr = {
		.raw_tracepoint = { .name = (uintptr_t)name,
				    .prog_fd = (uint32_t)program },
	};

	return (int)bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

static uint64_t count(int array, int index)
{
	uint64_t value = 0;
	union bpf_attr attr = {
		.map_fd = (uint32_t)array,
		.key = (uintptr_t)&index,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? 0 : value;
}

int main(int argc, char **argv)
{
	int array = array_make();

	if (argc < 3 || argc > 2 + MOST) {
		fprintf(stderr, "usage: bpf SECONDS TRACEPOINT...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		if (attach(program_load(array, i - 2), argv[i]) >= 0)
			continue;
		printf("%s: %s\n", argv[i], strerror(errno));
		return 1;
	}
	sleep((unsigned int)atoi(argv[1]));
	for (int i = 2; i < argc; i++)
		printf(" %s=%llu", argv[i],
		       (unsigned long long)count(array, i - 2));
	printf("\n");
	return 0;
}
