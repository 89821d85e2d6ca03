/* SPDX-License-Identifier: MIT */
/*
 * Why a thread of a guest did not do what it was there for, in some stretch of
 * time: a tree of causes through both kernels. A sink of the model keeps what
 * happened in that time (memory grows with it, up to a limit); then each ns
 * goes to one leaf, so that leaves add up to the time.
 *
 * What a thread waited for while it slept is what the one that woke it did
 * meanwhile, and so on, down to ANALYSIS_WHY_DEPTH.
 */
#ifndef VMSYNC_ANALYSIS_WHY_H
#define VMSYNC_ANALYSIS_WHY_H

#include "analysis/model.h"
#include "sync/base/array.h"

#define ANALYSIS_WHY_DEPTH 6

/**
 * struct analysis_why_node - a cause
 * @what:	in words, owned; names in it may be anything
 * @ns:		of its leaves, or its own
 * @times:	it came up
 * @child:	[@n_children], owned
 */
struct analysis_why_node {
	char *what;
	int64_t ns;
	uint64_t times;
	struct analysis_why_node *child;
	size_t n_children;
};

struct analysis_why;

/**
 * analysis_why_new() - of one thread
 * @m:		the model, for names; must outlive it
 * @machine:	number of its guest
 * @tid:	by its guest's kernel
 * @from_ns, @until_ns: the time, host's clock
 * Return: to be freed with analysis_why_free(); NULL if out of memory.
 */
struct analysis_why *analysis_why_new(const struct analysis_model *m,
				      uint32_t machine, int32_t tid,
				      int64_t from_ns, int64_t until_ns);

/** analysis_why_free() - NULL is fine */
void analysis_why_free(struct analysis_why *w);

/** analysis_why_sink() - for analysis_model_sink() */
struct analysis_sink analysis_why_sink(struct analysis_why *w);

/**
 * analysis_why_tree() - after the model's end
 * @end_ns:	that
 * @root:	to be freed with analysis_why_node_free(), after an error too
 * Return: 0; -ENOMEM; -E2BIG where more happened in the time than is kept;
 * -ENOENT where the thread was never met.
 */
int analysis_why_tree(struct analysis_why *w, int64_t end_ns,
		      struct analysis_why_node *root);

/** analysis_why_node_free() - free what is in it */
void analysis_why_node_free(struct analysis_why_node *node);

#endif /* VMSYNC_ANALYSIS_WHY_H */
