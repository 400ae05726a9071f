"""The wire filter's rules: what a reader can do without of pi's output, told to a filter that runs on the VM.

Before pi 0.84 every `message_update` repeats the whole message twice, so that an answer costs the square of its length
(badlogic/pi-mono, packages/coding-agent/docs/rpc.md). The rules leave out what the decoder does not look at or hears
again from an authoritative line: an operator sees the same with and without them.

    message_update          `assistantMessageEvent` up to `partial`; of a finished text or thinking block not the text
    ... toolcall_start      `id` and `toolName` in the form pi has from 0.84.3, taken out of `partial`
    message_start           of an assistant or a tool result: the role
    turn_end, agent_end     the type, and `willRetry`
    tool_execution_update   everything, but a snapshot that repeats the one before is told by the difference
    tool_execution_end      all but `structuredContent`, of which the exit code stays (pi 1.6 repeats the output there),
                            if it is the result's own and of the form that bash, read or an image have

Every rule holds for lines of exactly the known form; any other line is left as it is. A quote inside a JSON string
is escaped, so `,"partial":{` can only be a key, and after a single string value it is the key that is meant. Where tool
arguments stand before it, the two copies of the message must be the same bytes to prove the place.
"""

from __future__ import annotations

from cockpit.agents.adapter import WireRules

ACCUMULATED = "accumulated"
"""The dialect that needs a filter; the other one is linear, and compression is all it takes."""

PERL_RULES = r"""
my $update = '\{"type":"message_update","assistantMessageEvent":\{"type":';
my $event = qr/^$update"(text|thinking|toolcall)_(start|delta|end)","contentIndex":(\d+)/;
# Perl counts the repetitions of a group to 65534, and a string may have more escapes: hence two groups.
my $string = qr/"[^"\\]*+(?:(?:\\.[^"\\]*+){1,30000}+)*+"/s;
my ($flag, $number) = ('(?:true|false)', '-?\d[\d.eE+-]*');

# Whether a line is a complete object, as far as its brackets and quotes tell.
sub complete {
  my $rest = substr ${$_[0]}, $_[1], $_[2] - $_[1];
  return unless substr($rest, -1) eq "}";
  $rest =~ s/$string//g;
  $rest !~ /"/ && $rest =~ tr/{[// == $rest =~ tr/}]//;
}
# The copy of the message that begins at an offset, if the line ends with a second one.
sub copied {
  my ($t, $at, $to) = @_;
  my $n = $to - $at - 13;
  return if $n < 2 || $n % 2;
  $n /= 2;
  return unless substr($$t, $at + $n, 12) eq '},"message":' && substr($$t, $to - 1, 1) eq "}";
  my $copy = substr $$t, $at, $n;
  return $copy if $copy eq substr($$t, $at + $n + 12, $n);
  return;
}
# The name and id of a tool call, from the message's block with this index.
sub named {
  my ($copy, $index) = @_;
  return unless $copy =~ /^\{"role":"assistant","content":\[/g;
  my ($depth, $begin) = (0, 0);
  while (1) {
    if ($copy =~ /\G[^"{}\[\]]+/gc || $copy =~ /\G$string/gc) { next }
    if ($copy =~ /\G[{\[]/gc) { $begin = pos($copy) - 1 unless $depth++ }
    elsif ($depth && $copy =~ /\G[}\]]/gc) { last if !--$depth && !$index-- }
    else { return }
  }
  my $block = substr $copy, $begin, pos($copy) - $begin;
  return unless $block =~ /^\{"type":"toolCall","id":($string),"name":($string)[,}]/;
  return qq(,"id":$1,"toolName":$2);
}
# The end of a tool without the second copy of its output, where that is the known form: bash, read, an image.
# Of a line longer than the filter holds only the first 384 KiB come back: the key has to stand among them.
sub once {
  my ($t, $from, $to, $tail, $whole) = @_;
  my $key = ',"structuredContent":';
  my $cut = index $$t, $key, $from;
  return if $cut < 0 || $cut >= $to || (!$whole && $cut - $from > 393_216 - 32);
  my $begin = substr $$t, $from, $cut - $from;
  return unless $begin =~ /^\{"type":"tool_execution_end","toolCallId":$string,"toolName":$string,"result":\{/;
  (my $marks = $begin) =~ s/$string//g;
  return if $marks =~ /"/ || ($marks =~ tr/{[//) - ($marks =~ tr/}]//) != 2;
  my $at = $cut + length $key;
  my ($code, $rest);
  if ($whole) {
    my $outcome = qr/(?:,"exit_code":($number|null))?(?:,"wall_time_seconds":$number)?/;
    my $shell = qr/\{"output":$string,"truncated":$flag$outcome\}/;
    my $image = qr/\{"type":"image","data":$string,"mimeType":$string(?:,"note":$string)?\}/;
    my $line = substr $$t, $at, $to - $at;
    my $close = qr/(?:,"isError":$flag)?\},"isError":$flag(?:,"durationMs":$number)?\}/;
    return unless $line =~ /^(?:$shell|$image|$string)($close)$/;
    ($code, $rest) = ($1, $2);
  } else {
    return unless substr($$t, $at, 11) eq '{"output":"';
    return qq($begin$key""},"isError":false}) unless defined $tail;
    my $more = qr/(?:,"[A-Za-z]+":(?:$flag|$number|"[^"\\]*"))*/;
    return unless $tail =~
      /(?:,"exit_code":($number)(?:,"wall_time_seconds":$number)?\})?((?:,"isError":$flag)?\},"isError":$flag$more\})$/;
    ($code, $rest) = ($1, $2);
  }
  return $begin . $key . (defined $code ? qq({"exit_code":$code}) : '""') . $rest;
}
sub keep {
  my ($t, $from, $to, $tail, $whole) = @_;
  my $head = substr $$t, $from, 120;
  return once($t, $from, $to, $tail, $whole) if $head =~ /^\{"type":"tool_execution_end",/;
  if ($head =~ $event) {
    my ($kind, $phase, $index, $n) = ($1, $2, $3, $+[0]);
    my $news = substr $$t, $from, $n;
    my $cut = index $$t, ',"partial":{', $from + $n;
    $cut = -1 if $cut >= $to;
    if ($phase eq "delta") {
      return if $cut < 0 || substr($$t, $from + $n, 10) ne ',"delta":"';
      return substr($$t, $from, $cut - $from) . "}}";
    }
    if ($kind ne "toolcall") {
      return if $whole && $cut < 0;
      return if $phase eq "start" ? $cut != $from + $n : substr($$t, $from + $n, 12) ne ',"content":"';
      return $news . "}}";
    }
    return unless $whole;
    if ($phase eq "start") {
      return if $cut != $from + $n;
      my $copy = copied($t, $cut + 11, $to);
      return unless defined $copy;
      my $name = named($copy, $index);
      return defined $name ? "$news$name}}" : qq($news,"partial":$copy}});
    }
    for (; $cut >= 0 && $cut < $to; $cut = index $$t, ',"partial":{', $cut + 1) {
      return substr($$t, $from, $cut - $from) . "}}" if defined copied($t, $cut + 11, $to);
    }
    return;
  }
  return unless $head =~ /^\{"type":"(?:message_start|turn_end|agent_end)",/;
  return if $whole && !complete($t, $from, $to);
  return qq({"type":"message_start","message":{"role":"$1"}})
    if $head =~ /^\{"type":"message_start","message":\{"role":"(assistant|toolResult)"[,}]/;
  return '{"type":"turn_end"}' if $head =~ /^\{"type":"turn_end","message":\{/;
  return unless $head =~ /^\{"type":"agent_end","messages":\[/;
  return qq({"type":"agent_end","willRetry":$1}) if defined $tail && $tail =~ /\],"willRetry":(true|false)\}$/;
  return '{"type":"agent_end"}' if !$whole || $tail =~ /\]\}$/;
  return;
}
sub series {
  my ($t, $from, $to) = @_;
  return substr($$t, $from, 400) =~ /^\{"type":"tool_execution_update","toolCallId":($string),/ ? $1 : undef;
}
"""

NODE_RULES = r"""
const UPDATE = String.raw`\{"type":"message_update","assistantMessageEvent":\{"type":`;
const EVENT = RegExp("^" + UPDATE + String.raw`"(text|thinking|toolcall)_(start|delta|end)","contentIndex":(\d+)`);
const PARTIAL = ',"partial":{';

// Whether a line is a complete object.
function complete(text, from, to) {
  try { return typeof JSON.parse(text.slice(from, to)) === "object"; } catch { return false; }
}
// The copy of the message that begins at an offset, if the line ends with a second one.
function copied(text, at, to) {
  const n = (to - at - 13) / 2;
  if (n < 1 || !Number.isInteger(n)) return undefined;
  if (text.substr(at + n, 12) !== '},"message":' || text[to - 1] !== "}") return undefined;
  const copy = text.substr(at, n);
  return copy === text.substr(at + n + 12, n) ? copy : undefined;
}
// The name and id of a tool call, from the message's block with this index.
function named(copy, index) {
  let block;
  try { block = JSON.parse(copy).content[index]; } catch { return undefined; }
  if (!block || block.type !== "toolCall") return undefined;
  if (typeof block.id !== "string" || typeof block.name !== "string") return undefined;
  return ',"id":' + JSON.stringify(block.id) + ',"toolName":' + JSON.stringify(block.name);
}
// The end of a tool without the second copy of its output, where that is the known form: bash, read, an image.
const S = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`, FLAG = "(?:true|false)", N = String.raw`-?\d[\d.eE+-]*`;
const CLOSE = `(?:,"isError":${FLAG})?\\},"isError":${FLAG}`;
const BEGIN = RegExp(`^\\{"type":"tool_execution_end","toolCallId":${S},"toolName":${S},"result":\\{`, "s");
const SHELL = `\\{"output":${S},"truncated":${FLAG}(?:,"exit_code":(${N}|null))?(?:,"wall_time_seconds":${N})?\\}`;
const IMAGE = `\\{"type":"image","data":${S},"mimeType":${S}(?:,"note":${S})?\\}`;
const COPY = RegExp(`^(?:${SHELL}|${IMAGE}|${S})(${CLOSE}(?:,"durationMs":${N})?\\})$`, "s");
const MORE = `(?:,"[A-Za-z]+":(?:${FLAG}|${N}|"[^"\\\\]*"))*`;
const TAIL = RegExp(`(?:,"exit_code":(${N})(?:,"wall_time_seconds":${N})?\\})?(${CLOSE}${MORE}\\})$`, "s");
const STRINGS = RegExp(S, "gs");
function once(text, from, to, tail, whole) {
  const key = ',"structuredContent":';
  const cut = text.indexOf(key, from);
  if (cut < 0 || cut >= to || (!whole && cut - from > 393216 - 32)) return undefined;
  const begin = text.slice(from, cut);
  if (!BEGIN.test(begin)) return undefined;
  const marks = begin.replace(STRINGS, "");
  let depth = 0;
  for (const mark of marks) depth += "{[".includes(mark) ? 1 : "}]".includes(mark) ? -1 : 0;
  if (marks.includes('"') || depth !== 2) return undefined;
  const at = cut + key.length;
  if (!whole && text.substr(at, 11) !== '{"output":"') return undefined;
  if (!whole && tail === undefined) return begin + key + '""},"isError":false}';
  const found = whole ? COPY.exec(text.slice(at, to)) : TAIL.exec(tail);
  if (!found) return undefined;
  const [, code, rest] = found;
  return begin + key + (code === undefined ? '""' : '{"exit_code":' + code + "}") + rest;
}
function keep(text, from, to, tail, whole) {
  const head = text.substr(from, 120);
  if (/^\{"type":"tool_execution_end",/.test(head)) return once(text, from, to, tail, whole);
  const event = EVENT.exec(head);
  if (event) {
    const [news, kind, phase, index] = event, n = news.length;
    let cut = text.indexOf(PARTIAL, from + n);
    if (cut >= to) cut = -1;
    if (phase === "delta") {
      if (cut < 0 || text.substr(from + n, 10) !== ',"delta":"') return undefined;
      return text.slice(from, cut) + "}}";
    }
    if (kind !== "toolcall") {
      if (whole && cut < 0) return undefined;
      if (phase === "start" ? cut !== from + n : text.substr(from + n, 12) !== ',"content":"') return undefined;
      return news + "}}";
    }
    if (!whole) return undefined;
    if (phase === "start") {
      if (cut !== from + n) return undefined;
      const copy = copied(text, cut + 11, to);
      if (copy === undefined) return undefined;
      const name = named(copy, Number(index));
      return name !== undefined ? news + name + "}}" : news + ',"partial":' + copy + "}}";
    }
    for (; cut >= 0 && cut < to; cut = text.indexOf(PARTIAL, cut + 1)) {
      if (copied(text, cut + 11, to) !== undefined) return text.slice(from, cut) + "}}";
    }
    return undefined;
  }
  if (!/^\{"type":"(?:message_start|turn_end|agent_end)",/.test(head)) return undefined;
  if (whole && !complete(text, from, to)) return undefined;
  const role = /^\{"type":"message_start","message":\{"role":"(assistant|toolResult)"[,}]/.exec(head);
  if (role) return '{"type":"message_start","message":{"role":"' + role[1] + '"}}';
  if (/^\{"type":"turn_end","message":\{/.test(head)) return '{"type":"turn_end"}';
  if (!/^\{"type":"agent_end","messages":\[/.test(head)) return undefined;
  const retry = tail === undefined ? null : /\],"willRetry":(true|false)\}$/.exec(tail);
  if (retry) return '{"type":"agent_end","willRetry":' + retry[1] + "}";
  return !whole || /\]\}$/.test(tail) ? '{"type":"agent_end"}' : undefined;
}
function series(text, from, to) {
  const found = /^\{"type":"tool_execution_update","toolCallId":("(?:[^"\\]|\\.)*"),/.exec(text.substr(from, 400));
  return found ? found[1] : undefined;
}
"""

WIRE_RULES = WireRules(PERL_RULES, NODE_RULES)
