// SPDX-License-Identifier: MIT
/*
 * failnth load FILE MODULE TRIES | unload FILE MODULE TRIES | write FILE TEXT TRIES:
 * does it again and again, each time with another allocation that fails: so many of
 * those that there are, evenly. Prints how many there are, how many were made to
 * fail, and how often it was not done for that.
 *
 *	load	a module, which goes again where it came
 *	unload	a module, which is loaded before, and must always go
 *	write	TEXT into FILE, and "0" after it; what a kworker does for it is
 *		waited for. It counts as not done where an allocation has failed
 *
 * The module fail_nth must be loaded, which says what counts. What this program does between saying N and
 * the call allocates nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MANY 1000000

static const char *file, *word;
static int fd, nth;

static void die(const char *what, long n)
{
	printf("%s: %s, allocation %ld\n", what, strerror(errno), n);
	exit(1);
}

static int must_open(const char *name, int flags)
{
	int opened = open(name, flags);

	if (opened < 0)
		die(name, 0);
	return opened;
}

static long load(void)
{
	return syscall(SYS_finit_module, fd, "", 0);
}

static long unload(void)
{
	return syscall(SYS_delete_module, word, O_NONBLOCK);
}

static long put(void)
{
	return pwrite(fd, word, strlen(word), 0) < 0 ? -1 : 0;
}

static void nth_set(long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", n);
	if (pwrite(nth, text, strlen(text), 0) < 0)
		die("fail_nth", n);
}

static long nth_left(void)
{
	char left[32] = "";

	if (pread(nth, left, sizeof(left) - 1, 0) < 0)
		die("fail_nth", 0);
	return atol(left);
}

/* How many there were, until the @n th failed or @call returned. */
static long counted(long (*call)(void), long n, int *failed)
{
	long left;

	nth_set(n);
	*failed = call() != 0;
	left = nth_left();
	nth_set(0);
	return n - left;
}

/* The same with what kworkers do for it, within 2 s if the @n th does not fail. */
static long counted_later(long (*call)(void), long n, int *failed)
{
	long left;

	nth_set(n);
	if (call())
		die(file, n);
	for (int i = 0; i < 200 && nth_left(); i++)
		usleep(10000);
	left = nth_left();
	nth_set(0);
	*failed = !left;
	return n - left;
}

static long step_of(long all, long tries)
{
	return all > tries ? (all + tries - 1) / tries : 1;
}

static void report(long all, long tried, long failed)
{
	printf("allocations=%ld tried=%ld failed=%ld\n", all, tried, failed);
}

static void load_all(long tries)
{
	int failed;
	long all = counted(load, MANY, &failed), n, tried = 0, lost = 0;

	if (failed || unload())
		die(word, 0);
	for (n = 1; n <= all; n += step_of(all, tries)) {
		counted(load, n, &failed);
		tried++;
		lost += failed;
		if (!failed && unload())
			die(word, n);
	}
	report(all, tried, lost);
}

static void unload_all(long tries)
{
	int failed;
	long all, n, tried = 0;

	if (load())
		die(file, 0);
	all = counted(unload, MANY, &failed);
	for (n = 1; !failed && n <= all; n += step_of(all, tries)) {
		if (load())
			die(file, n);
		counted(unload, n, &failed);
		tried++;
	}
	if (failed)
		die(word, n);
	report(all, tried, 0);
}

static void write_all(long tries)
{
	int failed;
	long all = counted_later(put, MANY, &failed), n, tried = 0, lost = 0;

	for (n = 1; n <= all; n += step_of(all, tries)) {
		if (pwrite(fd, "0", 1, 0) < 0)
			die(file, n);
		counted_later(put, n, &failed);
		tried++;
		lost += failed;
	}
	if (pwrite(fd, "0", 1, 0) < 0)
		die(file, 0);
	report(all, tried, lost);
}

int main(int argc, char **argv)
{
	long tries = argc == 5 ? atol(argv[4]) : 0;

	if (tries <= 0) {
		fprintf(stderr, "usage: failnth load|unload|write FILE WORD TRIES\n");
		return 2;
	}
	file = argv[2];
	word = argv[3];
	fd = must_open(file, strcmp(argv[1], "write") ? O_RDONLY : O_WRONLY);
	nth = must_open("/sys/kernel/debug/fail_nth", O_RDWR);
	if (!strcmp(argv[1], "load"))
		load_all(tries);
	else if (!strcmp(argv[1], "unload"))
		unload_all(tries);
	else
		write_all(tries);
	return 0;
}
