"""The part of a filter that runs on the VM and is alike for every file: reading, holding, framing; in Perl and in Node.

Both are called with three words: tail's mask (see `tail_script`), how many bytes come first that are only context, and
the offset of the byte behind them. They read tail's output to its end, and end with it; tail ends with the script
(`--pid`) or when nobody reads it any more.

They hold at most one line of LINE_LIMIT bytes: a longer one is passed on as it comes, or, if `keep` cuts it, counted.
A line that is not finished stays with them. What stands before offset HEAD_BYTES is never cut, since those bytes are
part of the file's identity.
"""

from __future__ import annotations

LINE_LIMIT = 1 << 20
"""Bytes of the longest line held whole."""
CUT_HEAD = 384 << 10
"""Bytes of the beginning of a longer line that is cut: `keep` gets them again when the line's end is there."""
ENDING_BYTES = 128
"""Bytes of a cut line's end that are sent; they anchor the cursor behind it."""
SERIES_LIMIT = 256 << 10
"""Bytes of the longest line remembered to tell the next one of its series by the difference."""
SLOTS = 4
"""Series remembered at once."""

PERL_MACHINE = r"""
my ($mask, $context, $at) = @ARGV;
my ($b, $out, $raw, $ending, $kept, $head) = ("") x 6;
my ($searched, $middle, $skipping, $skipped, $next, $held) = (0) x 6;
my (%slot, @name, @line, $without);
$at -= $context;
binmode STDIN; binmode STDOUT;

sub as_it_is { $out .= "r " . length($raw) . "\n" . $raw if length $raw; $raw = ""; }
sub deliver {
  as_it_is();
  my $from = 0;
  my $rest = ($skipping ? $skipped : 0) + length $b;
  if ($rest != $held) { $held = $rest; $out .= "p $held\n" }
  while ($from < length $out) {
    my $n = syswrite STDOUT, $out, length($out) - $from, $from;
    if (defined $n) { $from += $n } elsif ($! != 4) { exit }
  }
  $out = "";
}
# tail passes a long write on in parts: what follows a half line at once goes into the same packet.
sub more { my $in = ""; vec($in, 0, 1) = 1; select($in, undef, undef, 0.002) > 0 }
sub common {
  my ($x, $y) = @_;
  my $n = ($x ^ $y) =~ /^\0+/ ? $+[0] : 0;
  for (length $x, length $y) { $n = $_ if $_ < $n }
  $n;
}
sub cut {
  my ($new, $length, $end) = @_;
  as_it_is();
  if ($end ne $ending) { $ending = $end; $out .= "e " . length($end) . "\n" . $end }
  my $n = common($kept, $new);
  $out .= "c $length $n " . (length($new) - $n) . "\n" . substr($new, $n);
  $kept = $new;
}
sub continue_series {
  my ($name, $new) = @_;
  as_it_is();
  if (defined(my $s = $slot{$name})) {
    my $old = $line[$s];
    my $n = common($old, $new);
    my $most = 4096;
    for (length($old) - $n, length($new) - $n) { $most = $_ if $_ < $most }
    my $m = $most ? common(scalar reverse(substr $old, -$most), scalar reverse(substr $new, -$most)) : 0;
    my $between = length($new) - $n - $m;
    $out .= "d $s $n $m $between\n" . substr($new, $n, $between);
    $line[$s] = $new;
    return;
  }
  my $s = $next; $next = ($next + 1) % SLOTS;
  delete $slot{$name[$s]} if defined $name[$s];
  ($slot{$name}, $name[$s], $line[$s]) = ($s, $name, $new);
  $out .= "k $s " . length($new) . "\n" . $new;
}
sub whole_line {
  my ($from, $to) = @_;
  my $length = $to + 1 - $from;
  if ($at + $from >= HEAD_BYTES) {
    my $t = $length > ENDING_BYTES ? $to - ENDING_BYTES + 1 : $from;
    my $new = keep(\$b, $from, $to, substr($b, $t, $to - $t), 1);
    if (defined $new && length($new) + ENDING_BYTES < $length) {
      return cut($new, $length, substr($b, $t, $to + 1 - $t));
    }
    my $name = $length <= SERIES_LIMIT ? series(\$b, $from, $to) : undef;
    return continue_series($name, substr($b, $from, $length)) if defined $name;
  }
  $raw .= substr($b, $from, $length);
}
sub work {
  my ($limit) = @_;
  my $from = 0;
  if ($context) {
    my $n = $context < $limit ? $context : $limit;
    $raw .= substr($b, 0, $n);
    as_it_is();
    $middle = substr($b, $n - 1, 1) ne "\n" if $n;
    $context -= $n; $from = $n;
  }
  while ((my $to = index $b, "\n", $from) >= 0) {
    last if $to >= $limit;
    if ($middle) { $raw .= substr($b, $from, $to + 1 - $from); $middle = 0 }
    elsif ($skipping) {
      my $t = $to - $from >= ENDING_BYTES ? $to - ENDING_BYTES + 1 : $from;
      my $new = keep(\$head, 0, length $head, substr($b, $t, $to - $t), 0);
      cut(defined $new ? $new : $without, $skipped + $to + 1 - $from, substr($b, $t, $to + 1 - $t));
      $skipping = 0; $head = "";
    } else { whole_line($from, $to) }
    $from = $to + 1;
  }
  my $have = $limit - $from;
  if ($have > LINE_LIMIT && !$middle && !$skipping) {
    $skipped = 0;
    $without = $at + $from >= HEAD_BYTES ? keep(\$b, $from, $limit, undef, 0) : undef;
    if (defined $without) {
      $skipping = 1; $head = substr($b, $from, CUT_HEAD);
    } else { $middle = 1 }
  }
  my $hold = length($mask) + ($skipping ? ENDING_BYTES : 0);
  my $n = $have > $hold ? $have - $hold : 0;
  if ($middle) { $raw .= substr($b, $from, $n); $from += $n }
  elsif ($skipping) { $skipped += $n; $from += $n }
  substr($b, 0, $from) = "";
  $at += $from;
  $from;
}
while (1) {
  my $m = index $b, $mask, $searched;
  my $n = work($m < 0 ? length $b : $m);
  $searched = length($b) - length $mask;
  $searched = 0 if $searched < 0;
  if ($m >= 0) {
    $m -= $n;
    $searched = $m;
    my $e = index $b, "\n", $m;
    if ($e >= 0) {
      my $report = substr $b, $m, $e - $m;
      if ($report =~ /inotify|reverting to polling/) { substr($b, $m, $e + 1 - $m) = ""; next }
      deliver();
      $out = "t " . length($report) . "\n" . $report;
      deliver();
      1 while sysread STDIN, $b, 65536;
      exit;
    }
  }
  my $waiting = length($out) + length $raw;
  deliver() unless $waiting && $waiting < 65536 && length $b && more();
  my $got = sysread STDIN, $b, 65536, length $b;
  next if $got || !defined $got && $! == 4;
  deliver();
  exit;
}
"""

NODE_MACHINE = r"""
const fs = require("fs");
const [mask, ...numbers] = process.argv.slice(1);
let [context, at] = numbers.map(Number);
let b = "", out = "", raw = "", ending = "", kept = "", head = "";
let searched = 0, middle = false, skipping = false, skipped = 0, next = 0, held = 0, without;
const slots = new Map(), names = [], lines = [];
const chunk = Buffer.alloc(65536);
at -= context;

function wait() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); }
function read() {
  for (;;) {
    try { return fs.readSync(0, chunk, 0, chunk.length, null); }
    catch (error) { if (error.code === "EOF") return 0; if (error.code !== "EAGAIN") process.exit(0); wait(); }
  }
}
function asItIs() { if (raw) out += "r " + raw.length + "\n" + raw; raw = ""; }
function deliver() {
  asItIs();
  const rest = (skipping ? skipped : 0) + b.length;
  if (rest !== held) out += "p " + (held = rest) + "\n";
  const bytes = Buffer.from(out, "latin1");
  for (let from = 0; from < bytes.length;) {
    try { from += fs.writeSync(1, bytes, from); }
    catch (error) { if (error.code !== "EAGAIN") process.exit(0); wait(); }
  }
  out = "";
}
function common(x, y, reverse) {
  const most = Math.min(x.length, y.length);
  let n = 0;
  if (reverse) while (n < most && x.charCodeAt(x.length - 1 - n) === y.charCodeAt(y.length - 1 - n)) n++;
  else while (n < most && x.charCodeAt(n) === y.charCodeAt(n)) n++;
  return n;
}
function flat(text) { return Buffer.from(text, "latin1").toString("latin1"); }
function cut(now, length, end) {
  asItIs();
  if (end !== ending) { ending = flat(end); out += "e " + end.length + "\n" + end; }
  const n = common(kept, now, false);
  out += "c " + length + " " + n + " " + (now.length - n) + "\n" + now.slice(n);
  kept = flat(now);
}
function continueSeries(name, now) {
  asItIs();
  if (slots.has(name)) {
    const s = slots.get(name), old = lines[s], n = common(old, now, false);
    const most = Math.min(4096, old.length - n, now.length - n);
    const m = common(old.slice(old.length - most), now.slice(now.length - most), true);
    const between = now.length - n - m;
    out += "d " + s + " " + n + " " + m + " " + between + "\n" + now.substr(n, between);
    lines[s] = flat(now);
    return;
  }
  const s = next; next = (next + 1) % SLOTS;
  if (names[s] !== undefined) slots.delete(names[s]);
  name = flat(name); slots.set(name, s); names[s] = name; lines[s] = flat(now);
  out += "k " + s + " " + now.length + "\n" + now;
}
function wholeLine(from, to) {
  const length = to + 1 - from;
  if (at + from >= HEAD_BYTES) {
    const t = length > ENDING_BYTES ? to - ENDING_BYTES + 1 : from;
    const now = keep(b, from, to, b.slice(t, to), true);
    if (now !== undefined && now.length + ENDING_BYTES < length) return cut(now, length, b.slice(t, to + 1));
    const name = length <= SERIES_LIMIT ? series(b, from, to) : undefined;
    if (name !== undefined) return continueSeries(name, b.slice(from, to + 1));
  }
  raw += b.slice(from, to + 1);
}
function work(limit) {
  let from = 0;
  if (context) {
    from = Math.min(context, limit);
    raw += b.slice(0, from);
    asItIs();
    if (from) middle = b[from - 1] !== "\n";
    context -= from;
  }
  for (let to; (to = b.indexOf("\n", from)) >= 0 && to < limit; from = to + 1) {
    if (middle) { raw += b.slice(from, to + 1); middle = false; }
    else if (skipping) {
      const t = to - from >= ENDING_BYTES ? to - ENDING_BYTES + 1 : from;
      const now = keep(head, 0, head.length, b.slice(t, to), false) ?? without;
      cut(now, skipped + to + 1 - from, b.slice(t, to + 1));
      skipping = false; head = "";
    } else wholeLine(from, to);
  }
  const have = limit - from;
  if (have > LINE_LIMIT && !middle && !skipping) {
    skipped = 0;
    without = at + from >= HEAD_BYTES ? keep(b, from, limit, undefined, false) : undefined;
    if (without !== undefined) {
      skipping = true; head = flat(b.substr(from, CUT_HEAD));
    } else middle = true;
  }
  const n = Math.max(0, have - mask.length - (skipping ? ENDING_BYTES : 0));
  if (middle) { raw += b.substr(from, n); from += n; }
  else if (skipping) { skipped += n; from += n; }
  b = b.slice(from);
  at += from;
  return from;
}
for (;;) {
  let m = b.indexOf(mask, searched);
  const n = work(m < 0 ? b.length : m);
  searched = Math.max(0, b.length - mask.length);
  if (m >= 0) {
    searched = m -= n;
    const e = b.indexOf("\n", m);
    if (e >= 0) {
      const report = b.slice(m, e);
      if (/inotify|reverting to polling/.test(report)) { b = b.slice(0, m) + b.slice(e + 1); continue; }
      deliver();
      out = "t " + report.length + "\n" + report;
      deliver();
      while (read());
      process.exit(0);
    }
  }
  deliver();
  const got = read();
  if (!got) process.exit(0);
  b = flat(b + chunk.latin1Slice(0, got));
}
"""


def _numbered(program: str) -> str:
    for name in ("LINE_LIMIT", "CUT_HEAD", "ENDING_BYTES", "SERIES_LIMIT", "SLOTS"):
        program = program.replace(name, str(globals()[name]))
    return program


PERL_MACHINE = _numbered(PERL_MACHINE)
NODE_MACHINE = _numbered(NODE_MACHINE)
