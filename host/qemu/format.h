/* SPDX-License-Identifier: MIT */
/*
 * One kind of event of QEMU's, as QEMU declares it in its trace-events files:
 *
 *	migrate_set_state(const char *new_state) "new state %s"
 *
 * and back from a line that was printed by it to the values.
 */
#ifndef VMSYNC_QEMU_FORMAT_H
#define VMSYNC_QEMU_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of a name, with the NUL; QEMU's longest has 71. */
#define QEMU_NAME 128

#define QEMU_FIELDS 16

/**
 * struct qemu_field - a value, and the text before it
 * @before:	that, owned
 * @name:	of the argument
 * @bits:	of a number, 0: a text
 * @is_signed:	a number may be below 0
 * @base:	in which it is printed, 10 or 16
 * @is_pointer:	"0x..." or "(nil)"
 */
struct qemu_field {
	char *before;
	char name[QEMU_NAME];
	uint8_t bits;
	bool is_signed;
	uint8_t base;
	bool is_pointer;
};

/**
 * struct qemu_format - one kind of event
 * @fields:	[@n]
 * @after:	text behind the last one, owned
 */
struct qemu_format {
	char name[QEMU_NAME];
	struct qemu_field fields[QEMU_FIELDS];
	size_t n;
	char *after;
};

/** qemu_is_name() - are these @n bytes one that QEMU could have given? */
bool qemu_is_name(const char *s, size_t n);

/**
 * qemu_format_parse() - read a declaration
 * @line:	of a trace-events file, any text
 * @f:		to be freed with qemu_format_free() in any case
 * Return: 1; 0 where it is no declaration, or one that a line cannot be read by;
 * -ENOMEM.
 */
int qemu_format_parse(const char *line, struct qemu_format *f);

/** qemu_format_free() - free what it owns */
void qemu_format_free(struct qemu_format *f);

/**
 * qemu_format_read() - the values of a line
 * @args:	what follows the event's name and a blank, [@n], without a NUL
 * @out:	@n + QEMU_FIELDS * 8 bytes of room, filled in as CTF has them
 * Return: bytes written, or -1 where the line is not of this format.
 */
long qemu_format_read(const struct qemu_format *f, const char *args, size_t n,
		      uint8_t *out);

/** qemu_format_print() - its fields in the language of CTF's metadata */
void qemu_format_print(const struct qemu_format *f, FILE *out);

#endif /* VMSYNC_QEMU_FORMAT_H */
