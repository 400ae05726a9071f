"""An agent's transcript: its records folded into a bounded ring of entries for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import CONVERSATION_QUESTION, OWN_COMMANDS
from cockpit.model.receipts.flow import CLEAR_QUEUE
from cockpit.model.reduce.conversations import ANOTHER, is_another_conversation
from cockpit.model.reduce.tools import one_line
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.message import MessageFold
from cockpit.model.transcript.ring import MAX_BYTES, MAX_ENTRIES
from cockpit.model.transcript.told import told_entries, words_of_end

QUIET_TYPES = frozenset(
    {
        "session",  # the header line of `pi --mode json`
        "entry_appended",  # the session file's own bookkeeping
        "summarization_retry_start",
        "summarization_retry_end",
        "summarization_retry_attempt",
        "message_update",  # a kind of update that never carries text: start, done, error
        "content_block_stop",
        "control_cancel_request",  # the tool that asked ends, too
        "message_delta",
        "message_stop",
        "signature_delta",
        "task_updated",
        "thinking_tokens",
    }
)
"""Line types that are well-formed, known and tell an operator nothing; any other unknown type is shown raw."""

OPEN_LIMIT = 256
"""Tool calls, dialogs and shell commands followed at once; the oldest beyond that are no longer updated."""

OUTPUT_ENTRY = 16 * 1024
"""Characters of one entry of what a program prints; what follows begins another, so that nothing of it is left out."""

PARSE_NOISE = "Unexpected end of JSON input"
"""What pi says of the empty line that is sent first after every connect, to end a half-written command."""


class Transcript(MessageFold):
    """The transcript of one agent. `apply` is total: no event and no order of events makes it raise."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(max_entries=max_entries, max_bytes=max_bytes)
        self._dialogs: dict[str, Entry] = {}
        """The questions that wait."""
        self._questions: dict[str, tuple[Entry, str]] = {}
        """The newest questions without an answer of the operator's, each with its text before any outcome."""
        self._gates: dict[str, frozenset[str]] = {}
        self._expiries: dict[str, float] = {}
        self._shells: dict[str, Entry] = {}
        """The operator's shell commands that run."""
        self._shown_shells: dict[str, Entry] = {}
        """The newest of them, also those that ended."""
        self._shell_texts: dict[str, str] = {}
        """What the operator ordered, of those that are not shown yet: agents do not echo it."""
        self._retry: Entry | None = None
        self._compaction: Entry | None = None
        self._untold = True
        """Nothing was said yet in the conversation the agent is in: what it tells of it comes before."""
        self._session = ""
        """The conversation that the last run was in, where runs say it."""
        self._ended = False
        """The end of the run was seen, and no other began; where nobody saw how it began, its end is still to come."""
        self._handlers: dict[type[Any], Callable[[Record, Any], None]] = {
            ev.TextDelta: self._on_text,
            ev.ThinkingDelta: self._on_thinking,
            ev.ToolCallDelta: self._on_arguments,
            ev.MessageStarted: self._on_message_started,
            ev.BlockStarted: self._on_block_started,
            ev.BlockEnded: self._on_block_ended,
            ev.MessageEnded: self._on_message_ended,
            ev.QueueChanged: self._on_queue,
            ev.ToolStarted: self._on_tool_started,
            ev.ToolOutput: self._on_tool_output,
            ev.ToolEnded: self._on_tool_ended,
            ev.TaskEnded: self._on_task_ended,
            ev.RunStarted: self._on_run_started,
            ev.TurnStarted: self._on_turn_started,
            ev.RunEnded: self._on_run_ended,
            ev.RunSettled: self._on_run_settled,
            ev.RetryStarted: self._on_retry_started,
            ev.RetryEnded: self._on_retry_ended,
            ev.CompactionStarted: self._on_compaction_started,
            ev.CompactionEnded: self._on_compaction_ended,
            ev.DialogRequested: self._on_dialog,
            ev.ExtensionNotice: self._on_notice,
            ev.ExtensionFailed: self._on_extension_failed,
            ev.Responded: self._on_responded,
            ev.ShellOutput: self._on_shell_output,
            ev.LinesPrinted: self._on_printed,
            ev.SettingChanged: self._on_setting,
            ev.DaemonStarted: self._on_daemon_started,
            ev.DaemonExited: self._on_daemon_exited,
            ev.EpochStarted: self._on_epoch,
            ev.BrokenLine: self._on_broken,
            ev.UnknownEvent: self._on_unknown,
        }

    def apply(self, record: Record) -> None:
        """Fold one record in."""
        if self._expiries:
            self.expire(record.at)
        handler = self._handlers.get(type(record.event))
        if handler is not None:
            handler(record, record.event)

    def answered(self, dialog_id: str, text: str) -> None:
        """Note the operator's own answer to a dialog, or what a command of a shell is: agents do not echo it."""
        if dialog_id.startswith(OWN_COMMANDS):
            self._name_shell(dialog_id, text)
            return
        known = self._questions.pop(dialog_id, None)
        if known is not None:
            # A question read back from the store was closed by what followed, before its answer is told.
            entry, body = known
            self._close_dialog(dialog_id, "")
            entry.replace(f"{body}\n→ {text}" if body else f"→ {text}")
            self._touch(entry)

    def expire(self, now: float) -> None:
        """Close the dialogs whose time is up; agents say nothing when they answer themselves."""
        for dialog_id in [name for name, due in self._expiries.items() if now >= due]:
            self._close_dialog(dialog_id, "→ nobody answered in time: the agent went on by itself")

    # --- runs, retries, compaction -------------------------------------------------------------------

    def _on_turn_started(self, record: Record, event: ev.TurnStarted) -> None:
        """The model is asked: what it is asked may be told only with its answer."""
        self._asked, self._ended = (self.next_key, record.line), False

    def _on_run_started(self, record: Record, event: ev.RunStarted) -> None:
        self._end_wait()
        self._untold = self._ended = False
        if event.session and event.session != self._session:
            if self._session:
                words = f"it was in {self._session} before, and knows nothing of that here"
                self._add(EntryKind.MARKER, record, f"another session: {event.session}", words).failed = True
            self._session = event.session
        self._asked = (self.next_key, record.line)

    def _on_run_ended(self, record: Record, event: ev.RunEnded) -> None:
        self._ended = True
        self._interrupt("")

    def _on_run_settled(self, record: Record, event: ev.RunSettled) -> None:
        """End what a run left open, where this is the only line that says that it is over."""
        if self._ended:
            return
        self._ended = True
        self._end_wait()
        self._interrupt("")
        if event.error:
            self._add(EntryKind.ERROR, record, "the run failed", event.error).failed = True
        elif event.aborted:
            self._add(EntryKind.NOTICE, record, "aborted")

    def _end_wait(self) -> None:
        if self._retry is not None:
            self._close(self._retry)
            self._retry = None

    def _interrupt(self, reason: str) -> None:
        """Close everything that only a live run could still change."""
        self._asked = None
        self._close_message()
        for tool in self._tools.values():
            if tool.open:
                tool.failed = True
                self._close(tool)
        self._tools.clear()
        self._taken_steering.clear()
        self._taken_follow_up.clear()
        for dialog_id in list(self._dialogs):
            self._close_dialog(dialog_id, reason or "→ not answered: the run ended")

    def _on_retry_started(self, record: Record, event: ev.RetryStarted) -> None:
        self._end_wait()
        title = f"retry {event.attempt} of {event.max_attempts} in {event.delay:g} s"
        self._retry = self._add(EntryKind.NOTICE, record, title, event.error)
        self._retry.open = True

    def _on_retry_ended(self, record: Record, event: ev.RetryEnded) -> None:
        self._end_wait()
        if not event.success:
            self._add(EntryKind.ERROR, record, f"gave up after {event.attempt} retries", event.error).failed = True

    def _on_compaction_started(self, record: Record, event: ev.CompactionStarted) -> None:
        if self._compaction is not None:
            self._close(self._compaction)
        if event.reason == "manual":
            # Before pi 0.85 a manual compaction swallows the rest of the run: no end of it will come.
            self._interrupt("")
        reason = f" ({one_line(event.reason, 40)})" if event.reason else ""
        self._compaction = self._add(EntryKind.NOTICE, record, f"compacting the context{reason}")
        self._compaction.open = True

    def _on_compaction_ended(self, record: Record, event: ev.CompactionEnded) -> None:
        entry, self._compaction = self._compaction, None
        if entry is None:
            entry = self._add(EntryKind.NOTICE, record, "compaction")
        if event.error:
            entry.kind, entry.failed = EntryKind.ERROR, True
            entry.title = "compaction failed"
            entry.replace(event.error)
        elif event.aborted:
            entry.title = "compaction aborted"
        else:
            size = f" ({event.tokens_before} tokens before)" if event.tokens_before else ""
            entry.title = f"context compacted{size}"
            entry.replace(event.summary)
        self._close(entry)

    # --- dialogs and extensions ----------------------------------------------------------------------

    def _on_dialog(self, record: Record, event: ev.DialogRequested) -> None:
        lines = [event.message] if event.message else []
        lines += [f"{number}. {option}" for number, option in enumerate(event.options, 1)]
        lines += [event.prefill] if event.prefill else []
        entry = self._add(EntryKind.QUESTION, record, event.title or event.method, "\n".join(lines))
        entry.call_id, entry.open = event.dialog_id, True
        self._dialogs[event.dialog_id] = entry
        self._questions.pop(event.dialog_id, None)
        self._questions[event.dialog_id] = (entry, entry.text)
        self._gates[event.dialog_id] = frozenset(name for name, tool in self._tools.items() if tool.open)
        self._hold()
        if event.timeout is not None:
            self._expiries[event.dialog_id] = record.at + event.timeout
        while len(self._dialogs) > OPEN_LIMIT:
            self._close_dialog(next(iter(self._dialogs)), "")
        while len(self._questions) > OPEN_LIMIT:
            del self._questions[next(iter(self._questions))]

    def _close_dialog(self, dialog_id: str, outcome: str) -> None:
        entry = self._dialogs.pop(dialog_id, None)
        self._gates.pop(dialog_id, None)
        self._expiries.pop(dialog_id, None)
        if entry is not None:
            if outcome:
                entry.append(f"\n{outcome}" if entry.text else outcome)
            self._close(entry)
            self._hold()

    def _hold(self) -> None:
        """Say of the tools that are open whether a question waits that may be about them."""
        gated = {name for gates in self._gates.values() for name in gates}
        for name, tool in self._tools.items():
            if tool.held is not (name in gated):
                tool.held = name in gated
                self._touch(tool)

    def _on_tool_ended(self, record: Record, event: ev.ToolEnded) -> None:
        super()._on_tool_ended(record, event)
        for dialog_id, gates in list(self._gates.items()):
            if gates and not any(name in self._tools for name in gates):
                self._close_dialog(dialog_id, "→ closed: the tool that asked has ended")

    def _on_task_ended(self, record: Record, event: ev.TaskEnded) -> None:
        """Tell the end of work behind a run: within one the call that began it tells it."""
        if self._ended:
            self._add(EntryKind.NOTICE, record, *words_of_end(event))

    def _on_notice(self, record: Record, event: ev.ExtensionNotice) -> None:
        if event.method == "notify":
            title = "" if event.level == "info" else one_line(event.level, 40)
            self._add(EntryKind.NOTICE, record, title, event.text).failed = event.level == "error"

    def _on_extension_failed(self, record: Record, event: ev.ExtensionFailed) -> None:
        title = f"extension {one_line(event.path, 120)} failed in {one_line(event.event, 40)}"
        self._add(EntryKind.ERROR, record, title, event.error).failed = True

    # --- answers, the operator's shell, settings -----------------------------------------------------

    def _on_responded(self, record: Record, event: ev.Responded) -> None:
        if event.command == "bash" and event.success:
            self._end_shell(record, event)
        elif event.command == CLEAR_QUEUE and event.success:
            self._queue_cleared(record, event)
        elif is_another_conversation(event):
            self._restart("→ not answered: the agent is in another conversation")
            self._untold = True
            self._add(EntryKind.MARKER, record, ANOTHER[event.command])
        elif event.command == "get_messages" and event.command_id.startswith(CONVERSATION_QUESTION):
            self._tell_conversation(record, event)
        elif not event.success and not (event.command == "parse" and PARSE_NOISE in event.error):
            title = f"{one_line(event.command, 40) or 'a command'} was refused"
            self._add(EntryKind.ERROR, record, title, event.error).failed = True

    def _tell_conversation(self, record: Record, event: ev.Responded) -> None:
        if event.data is None:
            self._add(EntryKind.NOTICE, record, "what was said in it before is too long to be shown here")
        for told in told_entries(event.data) if self._untold else ():
            self._add(told.kind, record, told.title, told.text).failed = told.failed
        self._untold = False

    def _shell(self, record: Record, command_id: str) -> Entry:
        entry = self._shells.get(command_id)
        if entry is None:
            text = self._shell_texts.pop(command_id, "")
            entry = self._add(EntryKind.COMMAND, record, shell_title(text) if text else "shell command")
            entry.call_id, entry.open = command_id, True
            self._shells[command_id] = self._shown_shells[command_id] = entry
            while len(self._shells) > OPEN_LIMIT:
                self._close(self._shells.pop(next(iter(self._shells))))
            while len(self._shown_shells) > OPEN_LIMIT:
                del self._shown_shells[next(iter(self._shown_shells))]
        return entry

    def _name_shell(self, command_id: str, text: str) -> None:
        """Say what a shell command is, whether it is shown already or will be."""
        entry = self._shown_shells.get(command_id)
        if entry is None:
            self._shell_texts[command_id] = text
            while len(self._shell_texts) > OPEN_LIMIT:
                del self._shell_texts[next(iter(self._shell_texts))]
        elif entry.title != shell_title(text):
            entry.title = shell_title(text)
            self._touch(entry)

    def _on_shell_output(self, record: Record, event: ev.ShellOutput) -> None:
        entry = self._shell(record, event.command_id)
        entry.append(event.text)
        self._touch(entry)

    def _on_printed(self, record: Record, event: ev.LinesPrinted) -> None:
        last = self._entries[-1] if self._entries else None
        if last is None or last.kind is not EntryKind.OUTPUT or len(last.text) > OUTPUT_ENTRY:
            last = self._add(EntryKind.OUTPUT, record)
        last.append(event.text)
        self._touch(last)

    def _end_shell(self, record: Record, event: ev.Responded) -> None:
        entry = self._shell(record, event.command_id)
        self._shells.pop(event.command_id, None)
        data = event.data if isinstance(event.data, dict) else {}
        output = data.get("output")
        if isinstance(output, str):
            entry.replace(output)
        code = data.get("exitCode")
        if data.get("cancelled") is True:
            entry.append("\n→ cancelled" if entry.text else "→ cancelled")
            entry.failed = True
        elif isinstance(code, int) and not isinstance(code, bool):
            entry.exit_code, entry.failed = code, code != 0
        self._close(entry)

    def _on_setting(self, record: Record, event: ev.SettingChanged) -> None:
        self._add(EntryKind.NOTICE, record, f"{one_line(event.name, 60)}: {one_line(event.value, 200)}")

    # --- seams and what could not be read ------------------------------------------------------------

    def _on_daemon_started(self, record: Record, event: ev.DaemonStarted) -> None:
        self._restart("→ not answered: the agent was started again")
        self._add(EntryKind.MARKER, record, f"{one_line(event.agent, 40) or 'agent'} started")

    def _on_daemon_exited(self, record: Record, event: ev.DaemonExited) -> None:
        self._restart("→ not answered: the agent exited")
        self._add(EntryKind.MARKER, record, f"agent exited with code {event.exit_code}").failed = event.exit_code != 0

    def _on_epoch(self, record: Record, event: ev.EpochStarted) -> None:
        # A dialog may still wait: a replaced file says nothing of the process that writes it.
        self._asked, self._ended = None, False
        self._close_message(cut=False)
        self._add(EntryKind.MARKER, record, f"a new output file begins: {one_line(event.reason)}")

    def _restart(self, reason: str) -> None:
        self._interrupt(reason)
        self._end_wait()
        if self._compaction is not None:
            self._close(self._compaction)
            self._compaction = None
        for entry in self._shells.values():
            self._close(entry)
        self._shells.clear()
        self._ended, self._steering, self._follow_up = True, (), ()

    def _on_broken(self, record: Record, event: ev.BrokenLine) -> None:
        self._add(
            EntryKind.RAW,
            record,
            f"unreadable line of {event.length} bytes: {one_line(event.reason)}",
            event.raw,
        )

    def _on_unknown(self, record: Record, event: ev.UnknownEvent) -> None:
        if event.type not in QUIET_TYPES:
            self._add(EntryKind.RAW, record, f"unknown line type {one_line(event.type, 60)}", event.raw)


def shell_title(text: str) -> str:
    """Return how an operator's shell command is titled."""
    return f"$ {one_line(text, 280)}"
