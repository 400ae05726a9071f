"""The operator's templates: Markdown files in the directory `templates` beside config.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit import paths
from cockpit.model.notebook.templates import Template

MOST = 200
"""Templates that are read."""

MOST_BYTES = 256 * 1024
"""Bytes of one."""


@dataclass(frozen=True, slots=True)
class ReadTemplates:
    """What was found, and what was wrong with the files that were not."""

    templates: tuple[Template, ...] = ()
    problems: tuple[str, ...] = ()


def template_directory() -> Path:
    """Return where templates are looked for; it need not exist."""
    return paths.config_file().with_name("templates")


def read_templates(directory: Path) -> ReadTemplates:
    """Read every template; one that cannot be read becomes a problem."""
    found: list[Template] = []
    problems: list[str] = []
    for path in _files(directory, problems)[:MOST]:
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                problems.append(f"{path}: larger than {MOST_BYTES // 1024} KiB")
                continue
            found.append(Template(path.stem.replace(" ", "-"), data.decode("utf-8").rstrip("\n")))
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
        except UnicodeDecodeError as error:
            problems.append(f"{path}: not UTF-8 at byte {error.start}")
    return ReadTemplates(tuple(found), tuple(problems))


def _files(directory: Path, problems: list[str]) -> Sequence[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".md" and path.is_file())
    except FileNotFoundError:
        return ()
    except OSError as error:
        problems.append(f"{directory}: {error.strerror or error}")
        return ()
