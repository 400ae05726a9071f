"""The frame of the output: whose it is, how the agent is, and what stands there while there is nothing to read."""

from __future__ import annotations

from cockpit.model.fleet import Agent, Fleet
from cockpit.text.clean import NOTHING, ours
from cockpit.ui.look.output_frame import output_facts, output_title
from cockpit.ui.look.rows.panes import TITLE_MARGIN, title, title_line
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.frame import set_title

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
    width = output.outer_size.width - TITLE_MARGIN
    if agent is None:
        set_title(output, title_line(title(4, ours("Output")), width))
        output.set_empty(NOBODY)
        return
    output.set_empty(SILENT)
    lead, facts = (
        output_title(agent, fleet.vm(agent.vm_id), now),
        output_facts(agent, fleet.forwards, following=output.following),
    )
    set_title(output, title_line(lead, width, (), facts))
