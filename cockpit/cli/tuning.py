"""Headless verbs that say and set how an agent works: model, thinking, compaction, queues, retries, its own shell."""

from __future__ import annotations

from dataclasses import asdict

from cockpit.cli import output
from cockpit.cli.agent import reachable, settled_report
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused, UsageError
from cockpit.model.commands.conversation import (
    CONVERSATION_VERBS,
    AbortRetry,
    AbortShell,
    CompactContext,
    ConversationCommand,
    RunShell,
    RunShellAside,
    SetAutoCompaction,
    SetAutoRetry,
    SetModel,
    SetPermissionMode,
    SetQueueMode,
    SetThinking,
    conversation_text,
)
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import (
    MODELS,
    SLASH_COMMANDS,
    STATE,
    STATISTICS,
    ModelChoice,
    chosen_model,
    fault_of_level,
)
from cockpit.model.receipts.receipt import Stage
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_line, our_text
from cockpit.text.streams import say, warn

ANSWER_LIMIT = 30.0
"""Seconds an agent gets to carry out what takes no model and no shell."""

COMPACTION_LIMIT = 600.0
"""Seconds a compaction may take without `--timeout`: a model writes the summary."""


async def order(engine: HeadlessPort, command: ConversationCommand, limit: float | None = ANSWER_LIMIT) -> CommandId:
    """Have an agent carry out a command.

    Raises:
        Refused: it cannot be done now, or the agent said no.
        TimedOut: it is not done within the seconds.
    """
    if reason := engine.disabled_reason(command):
        raise Refused(reason)
    receipt = await engine.outcome(engine.dispatch(command), timeout=limit)
    if receipt.stage is Stage.FAILED:
        raise Refused(f"{receipt.verb} failed: {receipt.reason}")
    if settled_report(receipt, Stage.DONE, limit or 0.0, "it stays with the agent; look with `cockpit tail`"):
        raise Refused(f"whether {receipt.verb} was done is not known")
    return receipt.id


def rehearsed(engine: HeadlessPort, command: ConversationCommand, as_json: bool) -> int:
    """Print what a command to an agent would do.

    Raises:
        Refused: it would be refused now; says why.
    """
    agent = engine.fleet.agent(command.agent)
    words = (CONVERSATION_VERBS[type(command)], agent.name if agent is not None else "", conversation_text(command))
    return rehearse(engine, command, our_line("{}", " ".join(word for word in words if word)), as_json)


async def model(headless: Headless, name: str, wanted: str, listed: bool, *, dry_run: bool, as_json: bool) -> int:
    """Say which model answers, list those it can use, or set another one."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        known = await engine.inquiries.ask(agent.id, MODELS) if listed or wanted else ()
        if listed:
            return _list_models([one for one in known if wanted.lower() in one.reference.lower()], as_json)
        if wanted:
            found, fault = chosen_model(wanted, known)
            if found is None:
                raise Refused(fault, hint=f"cockpit model {name} --list")
            command = SetModel(agent.id, found.provider, found.id)
            if dry_run:
                return rehearsed(engine, command, as_json)
            await order(engine, command)
        state = await engine.inquiries.ask(agent.id, STATE)
        if state.model is None:
            raise Refused(f"{name} has no model: no usable credentials", hint=f"cockpit model {name} --list")
        if as_json:
            output.print_json(asdict(state.model) | {"thinking": state.thinking})
        else:
            say(our_line("{}  thinking {}", state.model.reference, state.thinking or "not told"))
    return ExitCode.DONE


def _list_models(models: list[ModelChoice], as_json: bool) -> int:
    models.sort(key=lambda one: (one.provider, one.id))
    if as_json:
        output.print_json([asdict(one) | {"reference": one.reference} for one in models])
    elif models:
        rows = [
            (
                one.reference,
                one.name,
                str(one.context_window or "-"),
                f"${one.input_price:g}/${one.output_price:g}",
                " ".join(word for word, has in (("thinks", one.thinks), ("sees", one.sees)) if has),
            )
            for one in models
        ]
        output.print_table(("MODEL", "NAME", "CONTEXT", "PER M TOKENS", "CAN"), rows)
    if not models:
        warn(ours("cockpit: no model it can use fits"))
    return ExitCode.DONE if models else ExitCode.FAILED


async def thinking(headless: Headless, name: str, level: str, *, dry_run: bool, as_json: bool) -> int:
    """Say how much an agent thinks and can think, or set it; what it took instead is a failure."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        levels = await engine.inquiries.levels(agent.id)
        if level:
            if fault := fault_of_level(level, levels):
                raise UsageError(fault)
            if dry_run:
                return rehearsed(engine, SetThinking(agent.id, level), as_json)
            await order(engine, SetThinking(agent.id, level))
        now = (await engine.inquiries.ask(agent.id, STATE)).thinking
        if as_json:
            output.print_json({"thinking": now, "levels": list(levels)})
        else:
            for one in levels:
                say(our_line("{} {}", "*" if one == now else " ", one))
        if level and now != level:
            raise Refused(f"{name} took {now!r} instead of {level!r}: its model does not know that level")
    return ExitCode.DONE


async def permissions(headless: Headless, name: str, mode: str, *, dry_run: bool, as_json: bool) -> int:
    """Say what an agent may do unasked, or set it; what it took instead is a failure."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        modes = engine.inquiries.permission_modes(agent.id)
        command = SetPermissionMode(agent.id, mode or (modes[0][0] if modes else "?"))
        if (refused := engine.refusal(command)) is not None:
            raise (UsageError if refused.code is RefusalCode.BAD_MODE else Refused)(refused.sentence)
        if mode:
            if dry_run:
                return rehearsed(engine, command, as_json)
            await order(engine, command)
        now = (await engine.inquiries.ask(agent.id, STATE)).permission_mode
        if as_json:
            told = [{"mode": word, "means": meaning} for word, meaning in modes]
            output.print_json({"permission_mode": now or None, "modes": told})
        else:
            for word, meaning in modes:
                say(our_line("{} {:<18} {}", "*" if word == now else " ", word, meaning))
            if not now:
                warn(our_text("cockpit: {} says which one it is in with its first run", name))
        if mode and now != mode:
            raise Refused(f"{name} is in {now or 'a mode that it does not name'} instead of {mode}")
    return ExitCode.DONE


async def compact(
    headless: Headless,
    name: str,
    text: str,
    automatic: bool | None,
    timeout: float | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Compact an agent's context, or let it do so by itself, or no more."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        by_itself = SetAutoCompaction(agent.id, automatic) if automatic is not None else None
        command = by_itself or CompactContext(agent.id, text)
        if dry_run:
            return rehearsed(engine, command, as_json)
        done = await order(engine, command, timeout or COMPACTION_LIMIT)
        if by_itself is not None:
            return await _print_state(engine, agent, as_json)
        said = engine.inquiries.carried_out(agent.id, done)
        if as_json:
            output.print_json(
                {
                    "summary": said.text,
                    "tokens_before": said.tokens_before or None,
                    "tokens_after": said.tokens_after or None,
                }
            )
        else:
            warn(our_text("cockpit: {} tokens before, {} after", said.tokens_before, said.tokens_after or "not told"))
            say(clean_text(said.text))
    return ExitCode.DONE


async def modes(headless: Headless, name: str, steering: str, follow_up: str, *, dry_run: bool, as_json: bool) -> int:
    """Say how an agent takes waiting texts, or set it."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        wanted = (("steering", steering), ("follow-up", follow_up))
        commands = [SetQueueMode(agent.id, queue, mode) for queue, mode in wanted if mode]
        if dry_run and commands:
            return max([rehearsed(engine, command, as_json) for command in commands])
        for command in commands:
            await order(engine, command)
        return await _print_state(engine, agent, as_json)


async def retries(headless: Headless, name: str, what: str, *, dry_run: bool, as_json: bool) -> int:
    """Let an agent ask a failing model again by itself or no more, or end its waiting."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        command = AbortRetry(agent.id) if what == "abort" else SetAutoRetry(agent.id, what == "on")
        if dry_run:
            return rehearsed(engine, command, as_json)
        await order(engine, command)
        if as_json:
            output.print_json({"agent": agent.name, "retries": what})
    return ExitCode.DONE


async def _print_state(engine: HeadlessPort, agent: Agent, as_json: bool) -> int:
    state = await engine.inquiries.ask(agent.id, STATE)
    if as_json:
        output.print_json(asdict(state))
        return ExitCode.DONE
    compaction = {True: "on", False: "off", None: "not told"}[state.auto_compaction]
    for word, value in (
        ("model", state.model.reference if state.model else "none: no usable credentials"),
        ("thinking", state.thinking),
        ("steering", state.steering_mode),
        ("follow-up", state.follow_up_mode),
        ("automatic compaction", compaction),
        ("session", state.session_name or state.session_id),
    ):
        say(our_line("{:<22}{}", word, value or "not told"))
    return ExitCode.DONE


async def bash(
    headless: Headless,
    name: str,
    text: str,
    *,
    aside: bool,
    abort: bool,
    timeout: float | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Have an agent's program run a command, or end the one that runs."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        run = RunShellAside(agent.id, text) if aside else RunShell(agent.id, text)
        command = AbortShell(agent.id) if abort else run
        if dry_run:
            return rehearsed(engine, command, as_json)
        if abort:
            await order(engine, command)
            if as_json:
                output.print_json({"agent": agent.name, "aborted": True})
            return ExitCode.DONE
        done = await order(engine, command, timeout)
        said = engine.inquiries.carried_out(agent.id, done)
        if as_json:
            output.print_json(
                {"exit_code": said.exit_code, "output": said.text, "cut": said.cut, "whole_output": said.file or None}
            )
        else:
            say(clean_text(said.text.rstrip("\n")))
            if said.cut:
                warn(
                    our_text(
                        "cockpit: that is only its end; all of it is where the agent lives: {}", said.file or "nowhere"
                    )
                )
            if not aside:
                warn(our_text("cockpit: {} reads this with its next prompt; --aside keeps it out", agent.name))
            if said.exit_code:
                warn(our_text("cockpit: exit {}", said.exit_code))
    return ExitCode.FAILED if said.exit_code else ExitCode.DONE


async def statistics(headless: Headless, name: str, as_json: bool) -> int:
    """Print what an agent's conversation has cost, as the agent sums it."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        told = await engine.inquiries.ask(agent.id, STATISTICS)
        if as_json:
            output.print_json(asdict(told))
            return ExitCode.DONE
        used = "not known" if told.context_tokens is None else str(told.context_tokens)
        for word, value in (
            ("session", told.session_file or told.session_id),
            ("messages", f"{told.messages}: {told.user_messages} of the user, {told.answers} answers"),
            ("tools", f"{told.tool_calls} called, {told.tool_results} answered"),
            ("tokens", f"{told.tokens}: {told.input} in, {told.output} out, {told.cache_read} from the cache"),
            ("cost", f"${told.cost:.4f}"),
            ("context", f"{used} of {told.context_window or 'not told'}"),
        ):
            say(our_line("{:<10}{}", word, value))
        if not told.whole:
            warn(our_text("cockpit: {} sums only what is still in its context", agent.name))
    return ExitCode.DONE


async def slash_commands(headless: Headless, name: str, as_json: bool) -> int:
    """List the words behind `/` that an agent understands."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        told = await engine.inquiries.ask(agent.id, SLASH_COMMANDS)
        if as_json:
            output.print_json([asdict(one) for one in told])
        else:
            output.print_table(
                ("COMMAND", "FROM", "WHAT IT DOES"), [(f"/{one.name}", one.source, one.description) for one in told]
            )
    return ExitCode.DONE
