#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# echo.pl ADDRESS: answers each line that comes over TCP, port 5000 of ADDRESS, until the
# other side ends.
# echo.pl ADDRESS to: sends such lines, five a second, and waits for each answer, until
# there is a file /run/quiet.
use strict;
use warnings;
use IO::Socket::INET;

my ($address, $to) = @ARGV;
my @where = ($to ? 'PeerAddr' : 'LocalAddr', $address);
@where = (@where, $to ? 'PeerPort' : 'LocalPort', 5000);
@where = (@where, Listen => 1, ReuseAddr => 1) unless $to;
my $socket = IO::Socket::INET->new(@where, Proto => 'tcp') or die "$address: $@\n";
my $line;

if (!$to) {
	my $from = $socket->accept or die "accept: $!\n";
	syswrite $from, $line while sysread $from, $line, 64;
	exit;
}
until (-e '/run/quiet') {
	syswrite $socket, "hello\n";
	sysread $socket, $line, 64 or die "no answer\n";
	select undef, undef, undef, 0.2;
}
