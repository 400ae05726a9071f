"""What will really happen to a text, said before it is sent: it depends on the act and on what its agent does now."""

from __future__ import annotations

from cockpit.model.fleet import ActivityState, Agent, Power, Vm
from cockpit.model.reduce.activity import base_state

STARTS_A_RUN = "starts a run"


def consequence(mode: str, agent: Agent, vm: Vm | None) -> str:
    """Say what becomes of a text.

    Args:
        mode: `prompt`, `steer` or `follow-up`.
        agent: whom it goes to.
        vm: the agent's.
    """
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return f"{'agent' if vm.host else 'VM'} {vm.power.value}: asks, then resumes it and sends"
    activity = agent.activity
    if not agent.run_open:
        if base_state(activity) is ActivityState.COMPACTING:
            return "compacts its context: starts a run after that"
        return STARTS_A_RUN if mode == "prompt" else f"idle: becomes a prompt, {STARTS_A_RUN}"
    if mode != "steer":
        words = "becomes a follow-up, read at the run's end" if mode == "prompt" else "waits for the end of the run"
        return f"{words}{_ahead(len(activity.follow_up))}"
    if activity.state is ActivityState.ASKING:
        return "waits for your answer to its question, then it is read"
    if activity.tools:
        tool = activity.tools[0].name
        others = f" and {len(activity.tools) - 1} more" if len(activity.tools) > 1 else ""
        return f"waits for the running tool ({tool}{others}), then it is read{_ahead(len(activity.steering))}"
    if activity.state is ActivityState.RETRYING:
        return "retries: read when the model answers again"
    return f"read before its next step{_ahead(len(activity.steering))}"


def _ahead(waiting: int) -> str:
    return f", behind {waiting} that wait{'s' if waiting == 1 else ''}" if waiting else ""
