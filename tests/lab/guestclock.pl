#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# guestclock.pl MAP < EVENTS: how far a guest's stamps are from its host's clock.
#
# MAP is what "vmsync sync --output=MAP" wrote, EVENTS what "babeltrace2 --clock-cycles
# --no-delta" prints of the guest's traces. Both clocks may be a constant apart, which is
# the median, and where the clock says that it is behind, by that; printed are the distances
# from it, in ns, of events inside the evidence, and of ustclock's events how many are
# stamped as the line says at the TSCs around them, and how many are not.

use strict;
use warnings;

my (@maps, @lines, @stamps, @asked);

open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$file>) {
	push @maps, [] if /"extrapolation_ppb"/;
	push @maps, $maps[$1] if /"same_as": (\d+)/;
	push @{ $maps[-1] }, [$1, $2, $3, $4 / 2**$5 - 1, $6 / 2**$5]
		while /"guest_start": (\d+), "guest_end": (\d+), "host_start": (\d+), "slope": (\d+), "shift": (\d+), "host_frac": (\d+)/g;
}
close $file;

while (<STDIN>) {
	my ($ns, $cpu) = /^\[0*(\d+)\].*?cpu_id = (\d+)/ or next;

	push @lines, { / (since_tsc|base_ns|xtime_nsec|mult|shift|error_ns|behind_ns|steps) = (-?\d+)/g }
		if / vmsync_clock_line: /;
	push @stamps, [$ns, $cpu];
	push @asked, [$ns, $1] if /(?:from|until)_tsc=(\d+)/;
}
die "no events\n" if !@stamps;
die "no lines\n" if !@lines;

# The line that is in force where the clock is @ns, from $$at on.
sub line_at {
	my ($at, $ns) = @_;

	$$at++ while $$at < $#lines && $lines[$$at + 1]{base_ns} <= $ns;
	return $lines[$$at];
}

my $base;

# The host's clock less the guest's, where that is known.
sub distance {
	my ($map, $at, $ns) = @_;

	$$at++ while $$at < $#$map && $map->[$$at + 1][0] <= $ns;
	my ($start, $end, $host, $tilt, $frac) = @{ $map->[$$at] };
	return undef if $ns < $start || $ns > $end;
	# What is left is small enough for a double.
	$base //= $host - $start;
	return ($host - $start - $base) + ($ns - $start) * $tilt + $frac;
}

# In two parts: a product of 64 bits is too little where the guest was stopped for seconds.
sub line_read {
	my ($l, $tsc) = @_;
	use integer;
	my $delta = $tsc - $l->{since_tsc};
	my $low = ($delta & 0xfffff) * $l->{mult} + $l->{xtime_nsec};

	return $l->{base_ns} +
		((($delta >> 20) * $l->{mult} + ($low >> 20)) >> ($l->{shift} - 20));
}

my ($outside, $in_force, @near, @off) = (0, 0);
for (@stamps) {
	my ($ns, $cpu) = @$_;
	my $off = distance($maps[$cpu], \($near[$cpu] //= 0), $ns);
	my $behind = line_at(\$in_force, $ns)->{behind_ns} - $lines[0]{behind_ns};

	if (defined $off) { push @off, $off - $behind } else { $outside++ }
}

# ustclock read a TSC before each of its events, and the next one after it.
my ($good, $bad, $k) = (0, 0, 0);
for my $i (0 .. $#asked - 1) {
	my ($ns, $from) = @{ $asked[$i] };
	my $until = $asked[$i + 1][1];
	my $l = line_at(\$k, $ns);

	# Both on one line, which another one follows.
	last if $k == $#lines;
	next if $from < $l->{since_tsc} || $until < $from ||
		$until >= $lines[$k + 1]{since_tsc};
	if (line_read($l, $from) <= $ns && $ns <= line_read($l, $until)) {
		$good++;
	} else {
		$bad++;
	}
}

my $median = (sort { $a <=> $b } @off)[@off / 2];
my @far = sort { $a <=> $b } map { abs($_ - $median) } @off;
printf "events=%d outside=%d constant_ns=%d p50_ns=%.1f p99_ns=%.1f p999_ns=%.1f max_ns=%.1f ust_good=%d ust_bad=%d lines=%d steps=%d behind_ns=%s mult=%s shift=%s\n",
	scalar @off, $outside, $base + sprintf('%.0f', $median),
	(map { $far[$_ * $#far] } 0.5, 0.99, 0.999, 1), $good, $bad, scalar @lines,
	$lines[-1]{steps}, $lines[-1]{behind_ns} - $lines[0]{behind_ns},
	@{ $lines[-1] }{qw(mult shift)};
