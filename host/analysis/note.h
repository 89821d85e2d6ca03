/* SPDX-License-Identifier: MIT */
/*
 * What the analysis needs of an event, in few bytes: written where the event is
 * decoded, read after the traces were merged.
 */
#ifndef VMSYNC_ANALYSIS_NOTE_H
#define VMSYNC_ANALYSIS_NOTE_H

#include <string.h>

#include "analysis/event.h"

#define ANALYSIS_NOTE_NAME 16 /* TASK_COMM_LEN */

/**
 * enum analysis_number - what the numbers of an event mean, by its kind
 * @ANALYSIS_OF_A:	tid; of entries and exits the process
 * @ANALYSIS_OF_B:	of a switch prev_state, of a thread its process, of entries
 *			and exits vcpu_id, else the CPU
 */
enum analysis_number {
	ANALYSIS_OF_CURRENT,
	ANALYSIS_OF_A,
	ANALYSIS_OF_B,
	ANALYSIS_OF_REASON,
	ANALYSIS_OF_ISA,
	ANALYSIS_NUMBERS,
};

/**
 * struct analysis_note - see enum analysis_number
 * @named:	@name is said, up to a NUL or its end
 */
struct analysis_note {
	int64_t b;
	int32_t current;
	int32_t a;
	uint32_t reason;
	uint8_t isa;
	uint8_t kind;
	uint8_t named;
	char name[ANALYSIS_NOTE_NAME];
};

/** analysis_note_event() - all but @ns, @machine and @cpu of @ev */
void analysis_note_event(const struct analysis_note *n,
			 struct analysis_event *ev);

#endif /* VMSYNC_ANALYSIS_NOTE_H */
