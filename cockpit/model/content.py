"""What messages are made of: content blocks, and the tokens and money an answer cost."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.attachments import size_text

OUTPUT = "output"
"""The kind of a block that repeats what a program printed: an answer, though nothing of it was written as one."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and cost of one model answer (or of many, summed)."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: float = 0.0
    """US dollars, already priced by the agent."""

    @property
    def tokens(self) -> int:
        """All tokens, cached ones included."""
        return self.input + self.output + self.cache_read + self.cache_write

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What one model was used for, and what that cost."""

    model: str
    usage: Usage
    provider: str = ""
    """Whose the model is."""


@dataclass(frozen=True, slots=True)
class Block:
    """One content block of a finished message."""

    kind: str
    """`text`, `thinking`, `toolCall`, `image`, `output`, or a word this version does not know."""
    text: str = ""
    """The text; for a tool call its arguments as JSON text; for an image its media type."""
    tool_name: str = ""
    call_id: str = ""
    size: int = 0
    """Bytes of an image."""

    @property
    def image_label(self) -> str:
        """An image in words: its data is shown nowhere."""
        return f"[image {self.text.removeprefix('image/') or 'of an unknown type'}, {size_text(self.size)}]"
