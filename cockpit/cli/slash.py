"""What `send` does with a text that begins with a word behind `/`: done here, refused, or sent knowingly."""

from __future__ import annotations

from functools import partial

from cockpit.cli import agent as talk
from cockpit.cli.agent import Mode, Wait
from cockpit.cli.headless import Headless
from cockpit.cli.tuning import COMPACTION_LIMIT, order
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused
from cockpit.model.fleet import Agent
from cockpit.model.inquiries import SLASH_COMMANDS
from cockpit.model.slash import order_of, slash_word
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn

VERBS = {
    "model": "cockpit model {}",
    "thinking": "cockpit thinking {}",
    "name": "cockpit session {} name NAME",
    "session": "cockpit stats {}",
    "fork": "cockpit session {} fork",
    "resume": "cockpit session {} list",
    "tree": "cockpit session {} tree",
    "export": "cockpit export {} --to FILE",
    "copy": "cockpit read {}",
}
"""The verb that does what a word stands for where something is to be chosen first."""


async def send(
    headless: Headless,
    name: str,
    text: str,
    mode: Mode,
    wait_for: Wait,
    timeout: float | None,
    *,
    checkpoint: bool,
    resume: bool = False,
    as_text: bool,
    as_json: bool = False,
    images: tuple[str, ...] = (),
) -> int:
    """Send a text; a word that the agent's own screen would carry out is carried out here instead."""
    stands_for = slash_word(text) if not as_text else None
    instead = partial(_done, *stands_for) if stands_for is not None else None
    how = {"checkpoint": checkpoint, "resume": resume, "as_json": as_json}
    return await talk.send(headless, name, text, mode, wait_for, timeout, images=images, instead=instead, **how)


async def _done(word: str, rest: str, engine: HeadlessPort, agent: Agent) -> bool:
    """Carry out what a text stands for, or say that it goes as text; False if it is to be sent.

    Raises:
        Refused: it stands for something that cannot be done so.
    """
    told = await engine.inquiries.ask(agent.id, SLASH_COMMANDS)
    if word in {command.name for command in told}:
        return False
    if word not in engine.inquiries.own_words(agent.id):
        warn(our_text("cockpit: {} knows no /{}: this goes as text", agent.name, word))
        return False
    command = order_of(word, rest, agent.id)
    if command is None:
        hint = f"{VERBS[word].format(agent.name)}; " if word in VERBS else ""
        raise Refused(f"/{word} means nothing to {agent.name} from here", hint=f"{hint}--as-text sends it as it is")
    await order(engine, command, COMPACTION_LIMIT)
    warn(our_text("cockpit: /{} was carried out, and not sent to the model", word))
    return True
