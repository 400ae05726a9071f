"""The one door for screens to text that came from an agent: the sanitizer, re-exported."""

from cockpit.agents.sanitize import StyledLine, clean_line, clean_text, styled_lines

__all__ = ["StyledLine", "clean_line", "clean_text", "styled_lines"]
