"""What the list shows of an agent, and why: one pure function of power, link, process and activity each."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ages import span_text
from cockpit.model.changes.sentences import workspace_sentences
from cockpit.model.conversation import is_forgetful
from cockpit.model.dwelling import it_words
from cockpit.model.fleet import UNKNOWN_TIME, Activity, ActivityState, Agent, Link, LinkState, Power, ProcessState, Vm
from cockpit.model.open_work import OpenTool
from cockpit.model.queue import counted, fate_of
from cockpit.model.reduce.activity import base_state
from cockpit.model.reduce.background import goes_on_alone, was_aborted
from cockpit.model.reduce.tools import one_line
from cockpit.model.scaffold import scaffold_sentences
from cockpit.model.usage.causes import cause_of, words_of

SENTENCE_PART = 160
"""Characters of an agent's own words inside a sentence."""

STDERR_LINES = 3
"""Lines of the agent's standard error that belong to the evidence."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What the list says of an agent."""

    word: str
    """One or two words; a question mark says that it is the last known, not the present."""
    tone: str
    """`running`, `asking`, `paused`, `failed`, `idle`, `done`, `unknown` or `starting`."""
    link: str = ""
    """What is wrong with our connection, if anything; never a state of the agent."""


_ACTIVITY = {
    ActivityState.UNKNOWN: ("unknown", "unknown"),
    ActivityState.STARTING: ("starting", "starting"),
    ActivityState.IDLE: ("idle", "idle"),
    ActivityState.WORKING: ("working", "running"),
    ActivityState.RETRYING: ("retrying", "running"),
    ActivityState.COMPACTING: ("compacting", "running"),
    ActivityState.ASKING: ("asking", "asking"),
    ActivityState.ABORTED: ("aborted", "idle"),
    ActivityState.ERROR: ("error", "failed"),
    ActivityState.DONE_UNSEEN: ("done", "done"),
}

_POWER = {
    Power.BOOTING: ("booting", "starting"),
    Power.PAUSED: ("paused", "paused"),
    Power.SLEEPING: ("sleeping", "paused"),
    Power.DEAD: ("VM dead", "failed"),
    Power.GONE: ("VM gone", "failed"),
}
"""The states of a VM in which nothing on it can be doing anything."""

_LINK_WORDS = {
    LinkState.NEVER: "no link",
    LinkState.CONNECTING: "connecting",
    LinkState.SILENT: "link silent",
    LinkState.DOWN: "link down",
    LinkState.PAUSED: "link paused",
}


def warnings_in(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the warnings among an agent's last words on standard error, each once."""
    return tuple(dict.fromkeys(line for line in lines if line.strip().lower().startswith("warning")))


def link_word(link: Link) -> str:
    """Return what is wrong with a link in a word or two; empty while it is up."""
    if link.state is LinkState.DOWN and link.offered_key:
        return "key changed"
    return _LINK_WORDS.get(link.state, "")


def headline(agent: Agent, vm: Vm | None, now: float) -> Headline:
    """Return the word, the tone and the link trouble the list shows for an agent.

    The VM's power decides first, for a frozen or missing VM does nothing; then the process; then the activity. While
    the link is not up, the last known is shown as such, in the tone `unknown`.
    """
    link = link_word(agent.link)
    if agent.elsewhere:
        return Headline("elsewhere", "unknown")
    if vm is not None and vm.power in _POWER:
        word, tone = _POWER[vm.power]
        return Headline(word.removeprefix("VM ") if vm.host else word, tone)
    if vm is None and agent.link.state is LinkState.PAUSED:
        return Headline("paused", "paused")
    if agent.process.state is ProcessState.DEAD:
        word, tone = "exited", "failed"
    elif agent.process.never_started and agent.activity.state is not ActivityState.STARTING:
        word, tone = "no agent", "failed"
    elif agent.activity.state is ActivityState.ASKING and agent.activity.beneath is ActivityState.STARTING:
        word, tone = "start blocked", "asking"
    else:
        word, tone = _ACTIVITY[agent.activity.state]
    if vm is not None and vm.doubt and link:
        return Headline("unknown", "unknown", link)
    if not link:
        return Headline(word, tone)
    return Headline("unknown" if tone == "unknown" else f"{word}?", "unknown", link)


def why(agent: Agent, vm: Vm | None, now: float, silence: str = "") -> tuple[str, ...]:
    """Return the evidence for what the list shows, in plain sentences, the most telling first.

    Args:
        agent: the agent.
        vm: where it lives, if a list tells of it.
        now: unix seconds.
        silence: why no list does (`Fleet.silence_of`); empty where they answer.
    """
    sentences = [
        *_elsewhere(agent),
        *_activity(agent, now),
        *_guessed(agent),
        *_times(agent, now),
        _link(agent, vm, now),
        *_process(agent, vm, now),
    ]
    sentences.append(_power(vm, now, silence))
    sentences += _running(agent)
    sentences += workspace_sentences(agent.workspace, now)
    if agent.model == "unknown":
        sentences.append("The agent names no model: it has no usable credentials, so prompts will be refused.")
    if agent.broken_lines:
        sentences.append(f"{_count(agent.broken_lines, 'line')} of its output could not be read.")
    return tuple(sentences)


def _activity(agent: Agent, now: float) -> list[str]:
    activity = agent.activity
    since = span_text(now - activity.since)
    sentences = []
    for dialog in activity.dialogs:
        question = one_line(dialog.request.title or dialog.request.message or dialog.request.method, SENTENCE_PART)
        line = f"Asking for {span_text(now - dialog.since)}: {question}"
        if dialog.request.timeout is not None:
            left = dialog.since + dialog.request.timeout - now
            line += f" (goes on by itself in {span_text(left)})"
        sentences.append(line if line.endswith(("?", ".", "!")) else f"{line}.")
    for task in agent.background:
        doing = f" ({one_line(task.doing, SENTENCE_PART)})" if task.doing else ""
        who = f"sub-agent {task.sub_agent}: " if task.sub_agent else ""
        sentences.append(f"Beside its run for {span_text(now - task.since)}: {who}{task.what}{doing}.")
    state = base_state(activity)
    if activity.dialogs and state is ActivityState.STARTING:
        sentences.append("An extension asks while the agent starts: the start is blocked until it is answered.")
    if state is ActivityState.WORKING:
        sentences += _working(agent, now)
    elif state is ActivityState.RETRYING:
        sentences.append(_retrying(agent, now))
    elif state is ActivityState.COMPACTING:
        reason = f" ({activity.compaction_reason})" if activity.compaction_reason else ""
        sentences.append(f"Compacting its context for {since}{reason}.")
    elif state is ActivityState.ERROR:
        sentences.append(f"Failed {since} ago: {_quoted(activity.error)}")
        if (cause := cause_of(agent)) is not None:
            words = words_of(cause, now)
            sentences.append(f"{words[:1].upper()}{words[1:]}.")
    elif state is ActivityState.ABORTED:
        by = f"; {activity.detail}" if activity.detail else ""
        sentences.append(f"Its run was aborted {since} ago{by}.")
    elif state is ActivityState.DONE_UNSEEN:
        oddity = f"; {activity.detail}" if activity.detail else ""
        sentences.append(f"Its run ended {since} ago and nobody has looked since{oddity}.")
    elif state is ActivityState.STARTING and not activity.dialogs:
        sentences.append(f"Started {since} ago; it has not answered yet.")
    elif state is ActivityState.IDLE:
        sentences.append(f"Idle for {since}: no run is open.")
    elif not activity.dialogs and state is ActivityState.UNKNOWN:
        sentences.append("What it does is unknown: nothing in its output says so yet.")
    queued = sum(counted(agent))
    if queued:
        fate = fate_of(agent)
        sentences.append(f"{_count(queued, 'text')} waiting in its queue: {fate.now}.")
        if fate.by_itself:
            sentences.append(f"After an abort: {fate.after_abort}; after a failure: {fate.after_failure}.")
    return sentences


def _working(agent: Agent, now: float) -> list[str]:
    activity = agent.activity
    if activity.tools:
        return [
            f"Working: tool {tool.name}{f' `{tool.summary}`' if tool.summary else ''} {_so_far(tool, activity, now)}."
            for tool in activity.tools
        ]
    words = [f"Working for {span_text(now - activity.since)}{f': {activity.detail}' if activity.detail else ''}."]
    if not goes_on_alone(agent):
        return words
    if agent.run_open:
        return [*words, "It has said what it had to say: its run is over with what goes on beside it."]
    how = "was aborted" if was_aborted(agent) else "has ended"
    return [*words, f"Its run {how}: it counts as working for what goes on beside it."]


def _so_far(tool: OpenTool, activity: Activity, now: float) -> str:
    """Say how long a tool has been open; while a question is, it may be about that tool, which does not run then."""
    span = span_text(now - tool.since)
    return f"began {span} ago" if activity.dialogs else f"has run for {span}"


def _retrying(agent: Agent, now: float) -> str:
    activity = agent.activity
    left = (activity.retry_at or now) - now
    when = f"in {span_text(left)}" if left > 0 else f"due {span_text(-left)} ago"
    attempt = f"Retry {activity.retry_attempt} of {activity.retry_of} {when}"
    return f"{attempt} after: {_quoted(activity.error)}"


def _guessed(agent: Agent) -> list[str]:
    if not agent.guessed:
        return []
    return ["This is a guess: its program only prints lines, and what it is at is told from them by patterns."]


def _times(agent: Agent, now: float) -> list[str]:
    sentences = []
    if agent.link.last_byte_at is not None:
        sentences.append(f"Last byte {span_text(now - agent.link.last_byte_at)} ago.")
    if agent.last_event_at is not None:
        work = agent.last_work_at
        tail = f", last sign of work {span_text(now - work)} ago" if work is not None else ""
        sentences.append(f"Last event {span_text(now - agent.last_event_at)} ago{tail}.")
    else:
        sentences.append("No event of it was ever read.")
    return sentences


def _link(agent: Agent, vm: Vm | None, now: float) -> str:
    link = agent.link
    since = span_text(now - link.since)
    reason = f": {_quoted(link.reason)}" if link.reason else "."
    if link.state is LinkState.UP:
        return f"Link up for {since}."
    if link.state is LinkState.SILENT:
        return f"Link silent for {since}: a keepalive was missed, so all this is the last known."
    if link.state is LinkState.PAUSED:
        return f"Link paused with {it_words(vm)}."
    if link.state is LinkState.NEVER:
        never = "Not connected since this cockpit began" if agent.last_event_at is not None else "Never connected"
        return f"{never}{reason}"
    if link.state is LinkState.CONNECTING:
        return f"Connecting, attempt {max(1, link.attempt)}{reason}"
    again = f" Next attempt in {span_text(link.retry_at - now)}." if link.retry_at is not None else ""
    return f"Link down for {since}{reason}{again}"


def _process(agent: Agent, vm: Vm | None, now: float) -> list[str]:
    process = agent.process
    since = span_text(now - process.since)
    if process.state is ProcessState.ALIVE:
        alive = f"alive for {since}" if process.since != UNKNOWN_TIME else "alive, since when is unknown"
        current = agent.link.state in (LinkState.UP, LinkState.SILENT)
        sentences = [
            f"Its process has been {alive}." if current else "Its process was alive when it was last looked at."
        ]
    elif process.state is ProcessState.DEAD:
        code = f" with code {process.exit_code}" if process.exit_code is not None else ""
        sentences = [f"Its process ended {since} ago{code}."]
    elif process.never_started:
        also = f", looked also at {', '.join(process.looked_also_at)}" if process.looked_also_at else ""
        place = agent.directory or "the place where it should live"
        end = "dismiss it" if vm is not None and vm.host else "destroy its VM"
        sentences = [f"No agent at {place}{also}: relaunch it there, adopt the one that is meant, or {end}."]
    else:
        sentences = ["Whether its process is alive is unknown."]
    if process.state is not ProcessState.UNKNOWN:
        is_alive = process.state is ProcessState.ALIVE
        sentences += scaffold_sentences(process.scaffold, alive=is_alive, exit_code=process.exit_code)
    if is_forgetful(agent):
        over = process.state is ProcessState.DEAD
        then = "and ended with it: relaunch begins another one" if over else "and ends with it"
        sentences.append(f"No file holds its conversation: it {'was' if over else 'is'} in its process alone, {then}.")
    if process.state is ProcessState.ALIVE:
        sentences += [f"It warned: {_quoted(line)}" for line in warnings_in(process.errors)[-STDERR_LINES:]]
    if process.errors and process.state is not ProcessState.ALIVE:
        sentences += [f"It said: {_quoted(line)}" for line in process.errors[-STDERR_LINES:]]
    return sentences


def _running(agent: Agent) -> list[str]:
    """Say which program in which version it is, and with which model."""
    program = " ".join(word for word in (agent.program, agent.version) if word)
    if not agent.version and not agent.provider:
        return []
    model = "/".join(word for word in (agent.provider, agent.model) if word)
    with_model = f" with {model}" if model else ""
    thinking = f", thinking {agent.thinking}" if agent.thinking else ""
    return [f"Runs {one_line(program + with_model + thinking, SENTENCE_PART)}."]


def _power(vm: Vm | None, now: float, silence: str) -> str:
    if vm is None and silence:
        return f"What there is where it lives is not known: {_quoted(silence)}"
    if vm is None:
        return "No list has the place where it lives."
    if vm.doubt:
        what = f"it is still on host {vm.host}" if vm.host else "its VM exists"
        return f"Whether {what} is unknown: {_quoted(vm.doubt)}"
    if vm.host:
        seen = f", when it was looked at {span_text(now - vm.seen_at)} ago" if vm.seen_at else ""
        return f"On host {vm.host}: {vm.power.value}{seen}."
    said = f"said the API {span_text(now - vm.seen_at)} ago" if vm.seen_at else "says the API"
    return f"VM {vm.power.value}, {said}."


def _elsewhere(agent: Agent) -> list[str]:
    if not agent.elsewhere:
        return []
    return [
        f"Its VM belongs to {_quoted(agent.elsewhere)} This account cannot tell what became of it.",
        "`cockpit dismiss` takes it off the list; its transcript stays.",
    ]


def _quoted(text: str) -> str:
    line = one_line(text, SENTENCE_PART) or "no reason was given"
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
