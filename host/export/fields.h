/* SPDX-License-Identifier: MIT */
/* The fields of an event as an object of JSON. */
#ifndef VMSYNC_EXPORT_FIELDS_H
#define VMSYNC_EXPORT_FIELDS_H

#include "ctf/ctf.h"
#include "export/out.h"

/**
 * fields_json() - write the members of an event's scopes as one object
 * @v, @n:	its steps, see ctf_event_values()
 * @payload:	those of its payload; false: those of its contexts
 *
 * An integer is a number, in full; an enumeration its label, where it has one;
 * text is as vmsync_json_string() says; what is no number (NaN), and an option
 * that is not there, are null.
 */
void fields_json(struct out *o, const struct ctf_value *v, long n,
		 bool payload);

#endif /* VMSYNC_EXPORT_FIELDS_H */
