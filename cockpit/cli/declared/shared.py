"""The verbs about what the services keep beside board and feed."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, application, run
from cockpit.model.commands.shared import RecordCommit, RegisterEntry, WriteJournal
from cockpit.model.shared.skills import SharedKind

skills = typer.Typer(help="SkillHub: without a word behind it, its list.", rich_markup_mode=None)
reports = typer.Typer(help="Reports: without a word behind it, their list.", rich_markup_mode=None)
ledger = typer.Typer(help="The ledger of commits: without a word behind it, its list.", rich_markup_mode=None)
registry = typer.Typer(help="The registry: without a word behind it, its list.", rich_markup_mode=None)
application.add_typer(skills, name="skills")
application.add_typer(reports, name="reports")
application.add_typer(ledger, name="ledger")
application.add_typer(registry, name="registry")

From = Annotated[str, typer.Option("--source", help="Whose services, if there are several; else the first's.")]
Item = Annotated[str, typer.Argument(help="The name of a skill or an extension.")]
IsExtension = Annotated[
    bool | None, typer.Option("--extension/--skill", help="Which of both is meant, where both have the name.")
]
Last = Annotated[str, typer.Option("--last", help="How far back, as 8h or 3d; a day unless said.")]
Report = Annotated[str, typer.Argument(help="The report's id, or the beginning of it.")]
Link = Annotated[str, typer.Argument(help="The link's id.")]
Tag = Annotated[str, typer.Option("--tag", help="Only those with this tag.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")]


def kind_of(is_extension: bool | None) -> SharedKind | None:
    """Return which of both an option means; None if it was not given."""
    return None if is_extension is None else SharedKind.EXTENSION if is_extension else SharedKind.SKILL


# --- skills ----------------------------------------------------------------------------------------------


@skills.callback(invoke_without_command=True)
def list_skills(context: typer.Context, source: From = "", as_json: Json = False) -> None:
    """List skills and extensions with their versions, and which agents have which."""
    from cockpit.cli import skills as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.list_skills(headless, source, as_json))


@skills.command("show")
def show_skill(item: Item, extension: IsExtension = None, source: From = "", as_json: Json = False) -> None:
    """Print a skill or an extension with its content."""
    from cockpit.cli import skills as work

    run(lambda headless: work.show(headless, item, kind_of(extension), source, as_json))


@skills.command("enable")
def enable_skill(
    item: Item, extension: IsExtension = None, source: From = "", dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Let agents fetch it."""
    from cockpit.cli import skills as work

    kind = kind_of(extension)
    run(lambda headless: work.switch(headless, item, kind, source, enabled=True, dry_run=dry_run, as_json=as_json))


@skills.command("disable")
def disable_skill(
    item: Item, extension: IsExtension = None, source: From = "", dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Have agents fetch it no more; those that have it are told to remove it."""
    from cockpit.cli import skills as work

    kind = kind_of(extension)
    run(lambda headless: work.switch(headless, item, kind, source, enabled=False, dry_run=dry_run, as_json=as_json))


@skills.command("publish")
def publish_skills(
    paths: Annotated[list[str], typer.Argument(help="A directory with SKILL.md or of such, or an extension's file.")],
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Publish skills and extensions, or their next versions."""
    from cockpit.cli import skills as work

    run(lambda headless: work.publish(headless, paths, source, dry_run=dry_run, as_json=as_json))


@skills.command("remove")
def remove_skill(
    item: Item, extension: IsExtension = None, source: From = "", dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Take it out of the SkillHub for good."""
    from cockpit.cli import skills as work

    run(lambda headless: work.remove(headless, item, kind_of(extension), source, dry_run=dry_run, as_json=as_json))


@skills.command("sync")
def sync_skills(
    agent: Annotated[str, typer.Argument(help="The agent's name, or the id of where it lives.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write what is enabled onto an agent's VM, take away what is not; its next conversation, or start, knows it."""
    from cockpit.cli import skills as work

    run(lambda headless: work.sync(headless, agent, dry_run, as_json))


@skills.command("watch")
def watch_skills(
    count: Annotated[int, typer.Option("--count", help="End after so many changes; 0 never ends.", min=0)] = 0,
    source: From = "",
    as_json: Json = False,
) -> None:
    """Print changes as they happen."""
    from cockpit.cli import skills as work

    run(lambda headless: work.watch(headless, count, source, as_json))


# --- log and journal -------------------------------------------------------------------------------------


@application.command()
def log(
    text: Annotated[str | None, typer.Argument(help="What is written into it; without it, what stands there.")] = None,
    last: Last = "",
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Print the work log that all share, the oldest entry first, or write into it."""
    from cockpit.cli import records as work

    run(lambda headless: work.log(headless, text, last, source, dry_run=dry_run, as_json=as_json))


@application.command()
def journal(
    text: Annotated[str | None, typer.Argument(help="What is written into it; without it, what stands there.")] = None,
    mood: Annotated[str, typer.Option("--mood", help="In one word, how it goes.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="To write: may be repeated. To read: one.")] = None,
    author: Annotated[str, typer.Option("--author", help="Only what this one wrote.")] = "",
    last: Last = "",
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Print the journal, the oldest entry first, or write into it."""
    from cockpit.cli import records as work

    tags = tuple(tag or ())
    command = WriteJournal(text, mood, tags) if text is not None else None
    wanted = tags[0] if tags else ""
    run(
        lambda headless: work.journal(headless, command, last, author, wanted, source, dry_run=dry_run, as_json=as_json)
    )


# --- reports ---------------------------------------------------------------------------------------------


@reports.callback(invoke_without_command=True)
def list_reports(
    context: typer.Context,
    author: Annotated[str, typer.Option("--author", help="Only what this one wrote.")] = "",
    tag: Tag = "",
    source: From = "",
    as_json: Json = False,
) -> None:
    """List the reports, the newest first."""
    from cockpit.cli import records as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.reports(headless, author, tag, source, as_json))


@reports.command("show")
def show_report(report: Report, source: From = "", as_json: Json = False) -> None:
    """Print a report."""
    from cockpit.cli import records as work

    run(lambda headless: work.show_report(headless, report, source, as_json))


@reports.command("write")
def write_report(
    file: Annotated[str, typer.Argument(help="A file of Markdown.")],
    title: Annotated[str, typer.Option("--title", help="Else its first heading.")] = "",
    tag: Tags = None,
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Leave a report; it cannot be changed later."""
    from cockpit.cli import records as work

    tags = tuple(tag or ())
    run(lambda headless: work.write_report(headless, file, title, tags, source, dry_run=dry_run, as_json=as_json))


@reports.command("delete")
def delete_report(report: Report, source: From = "", dry_run: DryRun = False, as_json: Json = False) -> None:
    """Delete a report, with the links to it."""
    from cockpit.cli import records as work

    run(lambda headless: work.delete_report(headless, report, source, dry_run=dry_run, as_json=as_json))


@reports.command("share")
def share_report(
    report: Report,
    label: Annotated[str, typer.Option("--label", help="For whom it is.")] = "",
    ends: Annotated[str, typer.Option("--for", help="For how long it is good, as 8h or 3d; else for ever.")] = "",
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a link by which everybody can read a report without a token, and print it."""
    from cockpit.cli import records as work

    run(lambda headless: work.share_report(headless, report, label, ends, source, dry_run=dry_run, as_json=as_json))


@reports.command("links")
def list_links(report: Report, source: From = "", as_json: Json = False) -> None:
    """List the links to a report, and how often each was opened."""
    from cockpit.cli import records as work

    run(lambda headless: work.links(headless, report, source, as_json))


@reports.command("readers")
def list_readers(link: Link, source: From = "", as_json: Json = False) -> None:
    """List who read a report by a link."""
    from cockpit.cli import records as work

    run(lambda headless: work.readers(headless, link, source, as_json))


@reports.command("revoke")
def revoke_link(link: Link, source: From = "", dry_run: DryRun = False, as_json: Json = False) -> None:
    """End a link."""
    from cockpit.cli import records as work

    run(lambda headless: work.revoke(headless, link, source, dry_run=dry_run, as_json=as_json))


# --- ledger ----------------------------------------------------------------------------------------------


@ledger.callback(invoke_without_command=True)
def list_ledger(
    context: typer.Context,
    tag: Tag = "",
    agent: Annotated[str, typer.Option("--agent", help="Only those of this agent.")] = "",
    label: Annotated[str, typer.Option("--label", help="Only those with this label.")] = "",
    vm_id: Annotated[str, typer.Option("--vm", help="Only those of this VM.")] = "",
    source: From = "",
    as_json: Json = False,
) -> None:
    """List the commits that somebody wrote down, the newest first."""
    from cockpit.cli import records as work

    if context.invoked_subcommand is None:
        run(
            lambda headless: work.ledger(
                headless, tag=tag, agent=agent, label=label, vm_id=vm_id, source=source, as_json=as_json
            )
        )


@ledger.command("record")
def record_commit(
    commit: Annotated[str, typer.Argument(help="The commit's id.")],
    vm_id: Annotated[str, typer.Argument(help="The id of the VM it was taken of.")],
    label: Annotated[str, typer.Option("--label", help="What it is.")] = "",
    tag: Tags = None,
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write a commit into the ledger."""
    from cockpit.cli import records as work

    command = RecordCommit(commit, vm_id, label, tuple(tag or ()), source)
    run(lambda headless: work.record_commit(headless, command, dry_run=dry_run, as_json=as_json))


@ledger.command("strike")
def strike_commit(
    commit: Annotated[str, typer.Argument(help="The commit's id.")],
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a commit out of the ledger; the commit itself stays."""
    from cockpit.cli import records as work

    run(lambda headless: work.strike(headless, commit, source, dry_run=dry_run, as_json=as_json))


# --- registry --------------------------------------------------------------------------------------------


@registry.callback(invoke_without_command=True)
def list_registry(
    context: typer.Context,
    role: Annotated[str, typer.Option("--role", help="Only those of this role.")] = "",
    source: From = "",
    as_json: Json = False,
) -> None:
    """List who is registered, with the age of the last sign of life by the server's clock, and what that means."""
    from cockpit.cli import registered as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.registry(headless, role, source, as_json))


@registry.command("discover")
def discover(
    role: Annotated[str, typer.Argument(help="infra, lieutenant, worker, golden or custom.")],
    source: From = "",
    as_json: Json = False,
) -> None:
    """List who of a role runs and gave a sign of life in the last five minutes."""
    from cockpit.cli import registered as work

    run(lambda headless: work.discover(headless, role, source, as_json))


@registry.command("register")
def register(
    entry: Annotated[str, typer.Argument(help="Its id: a VM's, normally.")],
    name: Annotated[str, typer.Option("--name", help="How it is called.")],
    address: Annotated[str, typer.Option("--address", help="The host at which it is reached.")],
    role: Annotated[str, typer.Option("--role", help="infra, lieutenant, worker, golden or custom.")] = "worker",
    status: Annotated[str, typer.Option("--status", help="running, paused or stopped.")] = "running",
    service: Annotated[list[str] | None, typer.Option("--service", help="NAME=PORT; may be repeated.")] = None,
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Enter something into the registry, or bring its entry up to date; its role stays what it was."""
    from cockpit.cli import registered as work

    command = RegisterEntry(entry, name, role, address, status, work.services_of(service or []), source)
    run(lambda headless: work.register(headless, command, dry_run=dry_run, as_json=as_json))


@registry.command("remove")
def remove_entry(
    entry: Annotated[str, typer.Argument(help="Its id.")],
    source: From = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take an entry out of the registry, whatever it is about: that goes on."""
    from cockpit.cli import registered as work

    run(lambda headless: work.remove(headless, entry, source, dry_run=dry_run, as_json=as_json))


# --- the dashboard ---------------------------------------------------------------------------------------


@application.command()
def link(source: From = "", as_json: Json = False) -> None:
    """Print a link that lets a browser into the server's dashboard, once."""
    from cockpit.cli import records as work

    run(lambda headless: work.link(headless, source, as_json))
