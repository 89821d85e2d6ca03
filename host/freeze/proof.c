// SPDX-License-Identifier: MIT
#include "freeze/proof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "freeze/marker.h"
#include "fuse/fail.h"
#include "fuse/witness.h"

static void cannot(struct freeze_proof_machine *m, const struct ctf_error *e)
{
	snprintf(m->why, sizeof(m->why), "%.250s", e->msg);
}

static void put(const struct freeze_facts *facts, struct freeze_proof_machine *m)
{
	int64_t from = (int64_t)facts->at_ns - (int64_t)facts->before_ns;
	int64_t until = (int64_t)facts->at_ns;

	m->placed = m->window.streams;
	if (!m->placed) {
		strcpy(m->why, "it has no packet");
		return;
	}
	if (m->window.from_ns > from)
		m->lacks_begin_ns = (uint64_t)m->window.from_ns - (uint64_t)from;
	if (m->window.until_ns < until)
		m->lacks_end_ns =
			(uint64_t)until - (uint64_t)m->window.until_ns;
}

static void host(const char *dir, const struct freeze_facts *facts,
		 struct freeze_proof_machine *m)
{
	char path[4300], *paths[] = { path };
	struct vmsync_machines machines;
	struct ctf_error e;
	int ret;

	if (!facts->taken) {
		snprintf(m->why, sizeof(m->why), "%.250s", facts->said);
		return;
	}
	snprintf(path, sizeof(path), "%.4200s/host", dir);
	ret = vmsync_machines_open(paths, 1, &machines, false, &e);
	if (!ret && machines.n != 1)
		ret = vmsync_fail(&e, -EINVAL, "", "%zu machines are in it",
				  machines.n);
	if (!ret)
		ret = freeze_window_find(&m->window, &machines.machine[0], NULL,
					 (int64_t)facts->begun_ns, &e);
	vmsync_machines_close(&machines);
	if (ret)
		cannot(m, &e);
	else
		put(facts, m);
}

/* Each by itself with the host: what one guest sent keeps no other from its proof. */
static void guest(const char *dir, const struct freeze_facts *facts,
		  struct freeze_proof_machine *m)
{
	const struct vmsync_session_options one = { .jobs = 1 };
	char on_host[4300], own[4300], *paths[] = { on_host, own };
	struct vmsync_session s;
	struct ctf_error e;
	bool marked = false;
	int ret;

	if (!m->guest->taken) {
		snprintf(m->why, sizeof(m->why), "%.250s", m->guest->said);
		return;
	}
	snprintf(on_host, sizeof(on_host), "%.4200s/host", dir);
	snprintf(own, sizeof(own), "%.4000s/%.250s", dir, m->guest->folder);
	ret = vmsync_session_open(paths, 2, &one, &s, &e);
	if (!ret)
		ret = vmsync_session_sync(&s, &one, NULL, &e);
	if (!ret)
		ret = vmsync_session_contain(&s, NULL, &e);
	if (!ret && s.n_guests != 1)
		ret = vmsync_fail(&e, -EINVAL, "", "%zu machines are in it",
				  s.n_guests);
	if (!ret)
		ret = freeze_marker_find(s.guests[0].machine, m->guest->snapshot,
					 &marked, &e);
	if (!ret)
		ret = freeze_window_find(&m->window, s.guests[0].machine,
					 s.guests[0].maps,
					 marked ? (int64_t)facts->at_ns : 0, &e);
	if (!ret)
		m->contradicted = !vmsync_guest_agrees(&s.guests[0]);
	vmsync_session_close(&s);
	if (ret)
		cannot(m, &e);
	else
		put(facts, m);
}

int freeze_prove(const char *dir, struct freeze_proof *proof,
		 struct ctf_error *e)
{
	size_t i;
	int ret;

	memset(proof, 0, sizeof(*proof));
	ret = freeze_facts_load(dir, &proof->facts, e);
	if (ret)
		return ret;
	proof->machine = calloc(proof->facts.n + 1, sizeof(*proof->machine));
	if (!proof->machine)
		return vmsync_fail_memory(e);
	proof->n = proof->facts.n + 1;
	host(dir, &proof->facts, &proof->machine[0]);
	for (i = 1; i < proof->n; i++) {
		proof->machine[i].guest = &proof->facts.guest[i - 1];
		guest(dir, &proof->facts, &proof->machine[i]);
	}
	return 0;
}

bool freeze_proof_machine_holds(const struct freeze_proof_machine *m)
{
	return m->placed && !m->contradicted && !m->lacks_begin_ns &&
	       !m->lacks_end_ns;
}

bool freeze_proof_holds(const struct freeze_proof *proof)
{
	size_t i;

	for (i = 0; i < proof->n; i++) {
		if (!freeze_proof_machine_holds(&proof->machine[i]))
			return false;
	}
	return true;
}

void freeze_proof_free(struct freeze_proof *proof)
{
	freeze_facts_free(&proof->facts);
	free(proof->machine);
	proof->machine = NULL;
	proof->n = 0;
}
