"""The program on the VM that lets bytes pass only if the file they came from still is the one that was read.

It stands between tail and the channel (or a filter), takes nothing away and adds no byte. Tail alone cannot see that
a file was truncated and grew past its position before it looked: it goes on in the middle of the new content. The
guard reads the same place of the opened file again *after* tail did: if the file's head, the bytes before the new ones
and the new ones all stand there, the content was not exchanged before tail read. A copy in the page cache is compared;
nothing travels. If they do not stand there

* and the newest bytes are what the file holds at their place now, they are of the new content: they do not pass, and
  of those that came together with them only what stands before the last byte that differs;
* and the newest bytes are not there, tail read them before the exchange: they pass.

In both cases it says what tail says of a truncation, at that exact position, and ends. It also ends with its reader:
the kernel calls the writing end of a pipe readable when nobody reads it, so that a quiet file holds nobody up.

Its words: tail's mask (see `script`), and the offset of the first byte that will come. The file is descriptor 3.
"""

from __future__ import annotations

import re

_PROGRAM = r"""
my ($mask, $at) = @ARGV;
my ($b, $before, $head) = ("") x 3;
binmode STDIN; binmode STDOUT;
open(my $file, "<", "/proc/self/fd/3") or exit 1;
binmode $file;
sub say_all {
  my $from = 0;
  while ($from < length $_[0]) {
    my $n = syswrite STDOUT, $_[0], length($_[0]) - $from, $from;
    if (defined $n) { $from += $n } elsif ($! != 4) { exit }
  }
}
my $ends = "";
vec($ends, 0, 1) = 1;
vec($ends, 1, 1) = 1 if -p STDOUT;
sub there {
  my ($from, $length) = @_;
  my $found = "";
  sysseek $file, $from, 0;
  while (length $found < $length) {
    my $n = sysread $file, $found, $length - length $found, length $found;
    last unless $n || !defined $n && $! == 4;
  }
  $found;
}
sub pass {
  my ($data) = @_;
  return unless length $data;
  my $found = there($at - length $before, length($before) + length $data);
  if ($found ne $before . $data || there(0, length $head) ne $head) {
    my $end = length $data < 64 ? length $data : 64;
    if (length $found == length($before) + length $data && substr($found, -$end) eq substr($data, -$end)) {
      my $old = (substr($found, length $before) ^ $data) =~ /.*[^\0]/s ? $+[0] : 0;
      $data = substr $data, 0, $old;
    }
    say_all($data);
    say_all("$mask/tail: file truncated\n");
    exit;
  }
  say_all($data);
  $at += length $data;
  $before = length $data < 256 ? substr($before . $data, -256) : substr($data, -256);
  $head = there(0, $at < 256 ? $at : 256) if length $head < 256;
}
while (1) {
  select my $ready = $ends, undef, undef, undef;
  exit if vec $ready, 1, 1;
  my $n = sysread STDIN, $b, 65536, length $b;
  next if !defined $n && $! == 4;
  exit unless $n;
  while (1) {
    my $m = index $b, $mask;
    if ($m < 0) {
      my $keep = 0;
      if ($b =~ /[\/.]\z/) {
        $keep = length $mask;
        $keep-- while $keep && ($keep > length $b || substr($b, -$keep) ne substr($mask, 0, $keep));
      }
      pass(substr $b, 0, length($b) - $keep);
      $b = substr $b, length($b) - $keep;
      last;
    }
    pass(substr $b, 0, $m);
    $b = substr $b, $m;
    my $e = index $b, "\n";
    last if $e < 0;
    my $report = substr $b, 0, $e + 1;
    $b = substr $b, $e + 1;
    say_all($report);
    exit unless $report =~ /inotify|reverting to polling/;
  }
}
"""

GUARD = re.sub(r"\n[ \t]*", "\n", _PROGRAM).strip()
"""What travels: Perl 5 without the indentation."""
