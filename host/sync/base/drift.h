/* SPDX-License-Identifier: MIT */
/*
 * How fast two clocks drift apart at most.
 *
 * NTP and its like set the frequency of a kernel's clock within +-500 ppm of what
 * the kernel takes its counter to run at (Linux: MAXFREQ of struct timex). Two
 * clocks that count one oscillator, as a host's and its guest's do, so drift apart by
 * 1000 ppm when one is at the one end and the other one at the other. A tenth is
 * added: each kernel measures by itself what its counter runs at (to 100 ppm if it
 * measures well), and NTP's ends are meant, not kept to the last ppm.
 *
 * Two machines have two oscillators besides: crystals are within +-100 ppm of what
 * is printed on them.
 *
 * All methods that estimate take this for granted, between what they see and
 * outside of it: no line is steeper, and from a line that is as steep as that one way
 * the clock may bend to the other one.
 *
 * A clock may be another kind of clock: adjtimex() can change the length of a tick
 * by +-10 %, and programs that slew seconds away do. Where the evidence shows a
 * steeper slope that is followed, told, and taken to be possible on either side.
 */
#ifndef VMSYNC_SYNC_BASE_DRIFT_H
#define VMSYNC_SYNC_BASE_DRIFT_H

/* ns per ns: of clocks on one oscillator, and on two. */
#define VMSYNC_DRIFT	   0.0011
#define VMSYNC_DRIFT_APART 0.0013

/* The first of them in integers, ppm. */
#define VMSYNC_DRIFT_PPM 1100

/* What tick lengths that differ by +-10 % each make of it. */
#define VMSYNC_DRIFT_TICKS 0.22

#endif /* VMSYNC_SYNC_BASE_DRIFT_H */
