#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# guestclock.pl MAP < EVENTS: how far a guest's stamps are from its host's clock.
#
# MAP is what "vmsync sync --output=MAP" wrote, EVENTS what "babeltrace2 --clock-cycles
# --no-delta" prints of the guest's traces. Both clocks may be a constant apart, which is
# the median; printed are the distances from it, in ns, of events inside the evidence, and of
# ustclock's events how many are stamped as the line says at the TSCs around them, and how
# many are not.

use strict;
use warnings;

my (@maps, @near, @off, %line, @asked);
my ($outside, $base) = (0);

open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$file>) {
	push @maps, [] if /"extrapolation_ppb"/;
	push @maps, $maps[$1] if /"same_as": (\d+)/;
	push @{ $maps[-1] }, [$1, $2, $3, $4 / 2**$5 - 1, $6 / 2**$5]
		while /"guest_start": (\d+), "guest_end": (\d+), "host_start": (\d+), "slope": (\d+), "shift": (\d+), "host_frac": (\d+)/g;
}
close $file;

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

sub line_read {
	my ($l, $tsc) = @_;
	use integer;

	return $l->{base_ns} +
		((($tsc - $l->{since_tsc}) * $l->{mult} + $l->{xtime_nsec}) >> $l->{shift});
}

while (<STDIN>) {
	my ($ns, $cpu) = /^\[0*(\d+)\].*?cpu_id = (\d+)/ or next;

	if (/ vmsync_clock_line: /) {
		my %l = / (since_tsc|base_ns|xtime_nsec|mult|shift) = (\d+)/g;
		$line{ $l{since_tsc} } = \%l;
	}
	push @asked, [$ns, $1, $2] if /(from|until)_tsc=(\d+)/;
	my $off = distance($maps[$cpu], \($near[$cpu] //= 0), $ns);
	if (defined $off) { push @off, $off } else { $outside++ }
}
die "no events\n" if !@off;

# ustclock read a TSC before each of its events, and the next one after it.
my @lines = map { $line{$_} } sort { $a <=> $b } keys %line;
my ($good, $bad, $k) = (0, 0, 0);
for my $i (0 .. $#asked - 1) {
	my ($ns, undef, $from) = @{ $asked[$i] };
	my $until = $asked[$i + 1][2];

	next if !@lines || $from < $lines[0]{since_tsc};
	$k++ while $k < $#lines && $lines[$k + 1]{since_tsc} <= $from;
	last if $k == $#lines;
	next if $until >= $lines[$k + 1]{since_tsc};
	if (line_read($lines[$k], $from) <= $ns && $ns <= line_read($lines[$k], $until)) {
		$good++;
	} else {
		$bad++;
	}
}

my $median = (sort { $a <=> $b } @off)[@off / 2];
my @far = sort { $a <=> $b } map { abs($_ - $median) } @off;
printf "events=%d outside=%d constant_ns=%d p50_ns=%.1f p99_ns=%.1f p999_ns=%.1f max_ns=%.1f ust_good=%d ust_bad=%d lines=%d\n",
	scalar @off, $outside, $base + sprintf('%.0f', $median),
	(map { $far[$_ * $#far] } 0.5, 0.99, 0.999, 1), $good, $bad, scalar @lines;
