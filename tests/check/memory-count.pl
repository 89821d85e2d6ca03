#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# memory-count.pl PID FLAGS BYTES: counts, independently of vmsync, what a QEMU without
# KVM holds of a guest of BYTES of memory and what of it is free. FLAGS is the guest's
# /proc/kpageflags; which part of QEMU's memory is the guest's is seen by its size alone.
# Prints free, held and both, in pages.
use strict;
use warnings;
no warnings 'portable'; # numbers have 64 bits

my ($pid, $file, $bytes) = @ARGV;
my $base;
open(my $maps, '<', "/proc/$pid/maps") or die "maps: $!\n";
while (<$maps>) {
	my ($from, $until) = /^([0-9a-f]+)-([0-9a-f]+)/;
	$base = hex $from if hex($until) - hex($from) == $bytes;
}
defined $base or die "no memory of $bytes bytes\n";

sub words {
	my ($path, $at) = @_;
	my $left = $bytes / 512;
	my $all = '';
	open(my $f, '<:raw', $path) or die "$path: $!\n";
	sysseek($f, $at, 0);
	while ($left > 0) {
		my $n = sysread($f, $all, $left, length $all);
		die "$path: too short\n" unless $n;
		$left -= $n;
	}
	return unpack('Q<*', $all);
}

my @flags = words($file, 0);
my @map = words("/proc/$pid/pagemap", $base / 512);
my ($free, $held, $both) = (0, 0, 0);
for my $i (0 .. $#flags) {
	my $is_free = $flags[$i] >> 10 & 1;
	my $is_held = $map[$i] >> 63 & 1;
	$free += $is_free;
	$held += $is_held;
	$both += $is_free & $is_held;
}
print "$free $held $both\n";
