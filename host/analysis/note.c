// SPDX-License-Identifier: MIT
#include "analysis/note.h"

#define MAX_VCPU_ID 4096 /* KVM_MAX_VCPU_IDS */

static void name_event(const struct analysis_note *n, struct analysis_event *ev)
{
	ev->name = n->named ? n->name : NULL;
	ev->name_len = (uint32_t)strnlen(n->name, ANALYSIS_NOTE_NAME);
}

static void run_event(const struct analysis_note *n, struct analysis_event *ev)
{
	/* LTTng's own, on newer kernels, is half of a pointer. */
	ev->vcpu_id = n->b >= 0 && n->b < MAX_VCPU_ID ? (int32_t)n->b : -1;
	ev->pid = n->a;
	ev->reason = n->reason;
	ev->isa = n->isa > ANALYSIS_ISA_SVM ? ANALYSIS_ISA_UNKNOWN
					    : (enum analysis_isa)n->isa;
}

void analysis_note_event(const struct analysis_note *n,
			 struct analysis_event *ev)
{
	ev->kind = (enum analysis_kind)n->kind;
	ev->current = n->current;
	ev->pid = 0;
	switch (ev->kind) {
	case ANALYSIS_EV_SWITCH:
		ev->tid = n->a;
		ev->prev_state = n->b;
		name_event(n, ev);
		break;
	case ANALYSIS_EV_ENTRY:
	case ANALYSIS_EV_EXIT:
		run_event(n, ev);
		break;
	case ANALYSIS_EV_THREAD:
		ev->tid = n->a;
		ev->pid = (int32_t)n->b;
		name_event(n, ev);
		break;
	case ANALYSIS_EV_WAKING:
	case ANALYSIS_EV_WAKEUP:
	case ANALYSIS_EV_MIGRATE:
	case ANALYSIS_EV_GONE:
		ev->tid = n->a;
		ev->target = (uint32_t)n->b;
		break;
	case ANALYSIS_EV_USER_EXIT:
		ev->reason = n->reason;
		break;
	default:
		break;
	}
}
