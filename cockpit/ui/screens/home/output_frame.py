"""The frame of the output: whose it is, how the agent is, and what stands there while there is nothing to read."""

from __future__ import annotations

from cockpit.model.fleet import Agent, Fleet
from cockpit.text.clean import NOTHING, ours
from cockpit.ui.look import rows as draw
from cockpit.ui.look.cells import content
from cockpit.ui.look.output_frame import output_facts, output_title
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.frame import set_subtitle, set_title

NOBODY = (
    NOTHING,
    ours("Nothing to read yet."),
    NOTHING,
    ours("Press n and write who shall do what, such as"),
    ours("   ada: say what is in this directory"),
    ours("Enter makes the agent and gives it the task; its answer appears here."),
    NOTHING,
    ours("? shows all keys."),
)
SILENT = (NOTHING, ours("No output yet."), ours("Press p to write the first prompt."))


def frame_output(output: TranscriptView, agent: Agent | None, fleet: Fleet, now: float) -> None:
    """Name the agent and say how it is in the output's border."""
    if agent is None:
        set_title(output, draw.title(4, ours("Output")))
        set_subtitle(output, content([]))
        output.set_empty(NOBODY)
        return
    output.set_empty(SILENT)
    set_title(output, content(output_title(agent, fleet.vm(agent.vm_id), now)))
    set_subtitle(output, draw.subtitle(output_facts(agent, fleet.forwards, following=output.following)))
