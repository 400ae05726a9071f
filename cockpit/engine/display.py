"""The one door for screens to text that came from an agent: the sanitizer, re-exported."""

from cockpit.agents.sanitize import Colour, Span, StyledLine, TextStyle, clean_line, clean_text, styled_lines

__all__ = ["Colour", "Span", "StyledLine", "TextStyle", "clean_line", "clean_text", "styled_lines"]
