"""How the selected agent works: model, thinking, compaction, queues, retries, its own shell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.conversation import (
    QUEUE_MODES,
    AbortRetry,
    AbortShell,
    CompactContext,
    RunShell,
    RunShellAside,
    SetAutoCompaction,
    SetAutoRetry,
    SetModel,
    SetPermissionMode,
    SetQueueMode,
    SetThinking,
)
from cockpit.model.ids import AgentId
from cockpit.model.inquiries import (
    MODELS,
    SLASH_COMMANDS,
    STATE,
    STATISTICS,
    AgentSetup,
)
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.asking import (
    ANY,
    asking,
    at_once,
    choose,
    form,
    palette_action,
    pick,
    reading,
    with_state,
)
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT, agent_command
from cockpit.ui.dialogs import told
from cockpit.ui.dialogs.form import Field
from cockpit.ui.dialogs.live import LivePick
from cockpit.ui.widgets.choice_field import Choice

SWITCH = (("on", "by itself"), ("off", "only when it is told to"))


def _model(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id

    def rows(loaded: Any, width: int) -> told.Rows:
        models, state = loaded
        return told.model_rows(models, state.model.reference if state.model else "", width)

    def chosen(key: str) -> SetModel:
        provider, _, model = key.partition("/")
        return SetModel(target, provider, model)

    pick(
        home,
        agent,
        ours("Model"),
        lambda: with_state(engine, target, engine.inquiries.ask(target, MODELS)),
        rows,
        chosen,
        lambda key: our_line("{} answers with {} from now on", agent.name, key),
    )


def _thinking(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id
    pick(
        home,
        agent,
        ours("Thinking"),
        lambda: with_state(engine, target, engine.inquiries.levels(target)),
        lambda loaded, width: told.word_rows([(level, "") for level in loaded[0]], loaded[1].thinking),
        lambda key: SetThinking(target, key),
        lambda key: our_line("{} was told to think: {}", agent.name, key),
    )


def _permissions(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    modes = home.engine.inquiries.permission_modes(agent.id)
    choose(ours("Permission mode"), modes, lambda state: state.permission_mode, SetPermissionMode)(home)


def _permissions_reason(situation: Situation) -> str:
    agent = situation.agent
    if agent is None:
        return NO_AGENT
    modes = situation.engine.inquiries.permission_modes(agent.id)
    return situation.engine.disabled_reason(SetPermissionMode(agent.id, modes[0][0] if modes else ANY))


def _compaction_now(state: AgentSetup) -> str:
    return {True: "on", False: "off", None: ""}[state.auto_compaction]


_MODES = tuple(zip(QUEUE_MODES, ("all waiting texts at once", "one text, then an answer, then the next"), strict=True))


def _slash(home: HomePort) -> None:
    """Let a word behind `/` be chosen; it comes into the composer."""
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id

    def finish(key: str | None) -> None:
        if key is not None and not home.read_only:
            home.write(None)
            home.composer.put(f"/{key} ")

    def rows(loaded: Any, width: int) -> told.Rows:
        return told.slash_rows(loaded or (), width)

    title = our_line("Slash commands of {}", agent.name)
    load = _loader(engine, target)
    home.open_dialog(LivePick(title, load, rows, ours("It has none.")), finish)


def _loader(engine: CockpitPort, agent: AgentId) -> Callable[[], Awaitable[Any]]:
    return lambda: engine.inquiries.ask(agent, SLASH_COMMANDS)


ACTIONS: tuple[Action, ...] = (
    palette_action("agent.model", "model", "Choose the model that answers", _model, asking(MODELS), writes=False),
    palette_action("agent.thinking", "thinking", "Choose how much it thinks", _thinking, asking(STATE), writes=False),
    palette_action(
        "agent.permission_mode",
        "permission mode",
        "Choose what it may do unasked",
        _permissions,
        _permissions_reason,
        writes=False,
    ),
    palette_action(
        "agent.compact",
        "compact",
        "Put a summary in the place of what was said",
        form(
            ours("Compact"),
            lambda home, agent: (Field("text", ours("keep"), "area", placeholder=ours("what matters; may be empty")),),
            lambda agent, values: CompactContext(agent.id, values["text"].strip()),
            lambda agent, values: our_line("the context of {} is compacted", agent.name),
            lambda agent: our_line("A summary takes the place of what {} has in its context.", agent.name),
        ),
        agent_command(CompactContext),
    ),
    palette_action(
        "agent.auto_compaction",
        "automatic compaction",
        "Let it compact by itself when its context fills",
        choose(
            ours("Automatic compaction"),
            SWITCH,
            _compaction_now,
            lambda agent, key: SetAutoCompaction(agent, key == "on"),
        ),
        agent_command(lambda agent: SetAutoCompaction(agent, enabled=True)),
    ),
    palette_action(
        "agent.auto_retry",
        "automatic retry",
        "Let it ask a failing model again by itself",
        choose(ours("Automatic retry"), SWITCH, lambda state: "", lambda agent, key: SetAutoRetry(agent, key == "on")),
        agent_command(lambda agent: SetAutoRetry(agent, enabled=True)),
    ),
    palette_action(
        "agent.abort_retry",
        "abort retry",
        "Wait no longer for the next try",
        at_once(AbortRetry, lambda agent: our_line("{} does not try again", agent.name)),
        agent_command(AbortRetry),
    ),
    palette_action(
        "agent.steering_mode",
        "steering mode",
        "How many waiting steers it takes at once",
        choose(
            ours("Steering mode"),
            _MODES,
            lambda state: state.steering_mode,
            lambda agent, key: SetQueueMode(agent, "steering", key),
        ),
        agent_command(lambda agent: SetQueueMode(agent, "steering", QUEUE_MODES[0])),
    ),
    palette_action(
        "agent.follow_up_mode",
        "follow-up mode",
        "How many waiting follow-ups it takes at once",
        choose(
            ours("Follow-up mode"),
            _MODES,
            lambda state: state.follow_up_mode,
            lambda agent, key: SetQueueMode(agent, "follow-up", key),
        ),
        agent_command(lambda agent: SetQueueMode(agent, "follow-up", QUEUE_MODES[0])),
    ),
    palette_action(
        "agent.stats",
        "statistics",
        "What the conversation has cost",
        reading(ours("Statistics"), STATISTICS, told.statistics_text),
        asking(STATISTICS),
        writes=False,
    ),
    palette_action(
        "agent.bash",
        "bash on the agent",
        "Have its program run a command",
        form(
            ours("Bash"),
            lambda home, agent: (
                Field("text", ours("command"), placeholder=ours("git status")),
                Field(
                    "context",
                    ours("what it says"),
                    "choice",
                    "in",
                    choices=(
                        Choice("in", ours("goes into its context")),
                        Choice(
                            "out",
                            ours("stays out of it"),
                            clean_line(home.engine.disabled_reason(RunShellAside(agent.id, ANY))),
                        ),
                    ),
                ),
            ),
            lambda agent, values: (RunShell if values["context"] == "in" else RunShellAside)(agent.id, values["text"]),
            lambda agent, values: our_line("{} has run {}: its output says how it went", agent.name, values["text"]),
            lambda agent: our_line("In the workspace of {}", agent.name),
        ),
        agent_command(lambda agent: RunShell(agent, ANY)),
    ),
    palette_action(
        "agent.abort_bash",
        "abort bash",
        "End the command that its program runs",
        at_once(AbortShell, lambda agent: our_line("no command of {}'s program runs any more", agent.name)),
        agent_command(AbortShell),
    ),
    palette_action(
        "agent.slash",
        "slash commands",
        "Choose one of its commands, templates and skills",
        _slash,
        asking(SLASH_COMMANDS),
        writes=False,
    ),
)
