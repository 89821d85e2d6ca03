/* SPDX-License-Identifier: MIT */
/* A trace.dat, opened. */
#ifndef VMSYNC_TRACEDAT_INPUT_H
#define VMSYNC_TRACEDAT_INPUT_H

#include "ctf/ctf.h"

struct dat_metadata;
struct tracecmd_input;

/**
 * dat_input_open() - open a file, its stamps as they were recorded
 * @m:		what it says of its machine and its clock is put there
 * Return: NULL on failure.
 */
struct tracecmd_input *dat_input_open(const char *path, struct dat_metadata *m,
				  struct ctf_error *e);

#endif /* VMSYNC_TRACEDAT_INPUT_H */
