/* SPDX-License-Identifier: MIT */
/*
 * A part of one file of a trace that is still being written: packets that are whole,
 * of which there will be more. Whoever writes the file says how far it is.
 */
#ifndef CTF_PART_H
#define CTF_PART_H

#include "ctf/ctf.h"

/**
 * struct ctf_part - which part
 * @name:	of the file, in the trace's folder
 * @metadata:	so many bytes of the metadata belong to it; more may be there
 * @from, @to:	bytes of the file, @from < @to: whole packets
 * @behind:	the packet that ends at @from, NULL: the file begins there
 */
struct ctf_part {
	const char *name;
	uint64_t metadata;
	uint64_t from;
	uint64_t to;
	const struct ctf_packet *behind;
};

/**
 * ctf_part_open() - as a trace with one stream
 * @path:	the trace's folder
 * @like:	another open trace, or NULL, as for ctf_trace_open_like()
 * @e:		why it failed
 *
 * Return: to be closed with ctf_trace_close(), or NULL.
 */
struct ctf_trace *ctf_part_open(const char *path, const struct ctf_part *part,
				struct ctf_trace *like, struct ctf_error *e);

/**
 * ctf_part_grow() - more of it is whole: up to byte @to of the file
 * Not while another thread reads the trace.
 */
void ctf_part_grow(struct ctf_trace *t, uint64_t to);

#endif /* CTF_PART_H */
