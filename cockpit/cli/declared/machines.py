"""The verbs about VMs, the commits taken of them, and the account they are in."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import (
    Disk,
    DryRun,
    Json,
    Memory,
    Name,
    Source,
    Vcpu,
    Yes,
    application,
    choice,
    run,
    size_of,
)
from cockpit.model.ids import CommitId
from cockpit.model.platform import ChangeCommit, ChangeRepository, InfraServer, MakeInfra, NewVm, SetVariables

vm = typer.Typer(help="VMs on the platform's side.", no_args_is_help=True, rich_markup_mode=None)
commits = typer.Typer(help="Commits: without a word behind it, their list.", rich_markup_mode=None)
repositories = typer.Typer(help="Repositories of tags: without a word behind it, their list.", rich_markup_mode=None)
application.add_typer(vm, name="vm")
application.add_typer(commits, name="commits")
application.add_typer(repositories, name="repositories")

Commit = Annotated[str, typer.Argument(help="Its id or the beginning of it, a tag, or its name.")]
Pairs = Annotated[list[str] | None, typer.Argument(help="NAME=VALUE …; without any, those there are.")]
Removed = Annotated[list[str] | None, typer.Option("--remove", help="One to remove; may be repeated.")]
Replace = Annotated[bool, typer.Option("--replace", help="Keep no others.")]
Public = Annotated[bool, typer.Option("--public", help="The public ones of all organisations.")]


@application.command()
def pause(
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Freeze it also while it works.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="End its run first, and freeze it then.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Freeze an agent's VM; refused while the agent works (exit 1), unless --abort or --now is given."""
    if now and abort:
        raise typer.BadParameter("--now and --abort exclude each other")
    from cockpit.cli import fleet

    run(lambda headless: fleet.pause(headless, name, now=now, abort=abort, dry_run=dry_run, as_json=as_json))


@application.command()
def resume(name: Name, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Continue an agent's VM."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.resume(headless, name, dry_run, as_json))


@application.command()
def commit(
    name: Name,
    label: Annotated[str, typer.Option("--name", help="The commit's name.")] = "",
    clean: Annotated[
        bool,
        typer.Option("--clean", help="Stop the agent and take its key files out meanwhile; it is started again."),
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a snapshot of an agent's VM. It holds the files and environment of what runs, keys among them."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.commit(headless, name, label, as_json, clean=clean, dry_run=dry_run))


@application.command()
def branch(
    name: Name,
    count: Annotated[int, typer.Option("--count", min=1, max=20)] = 1,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Copy an agent's VM and start the copies."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.branch(headless, name, count, dry_run, as_json))


@application.command("trust-host-key")
def trust_host_key(name: Name, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Trust the host key that a VM shows now in place of the one trusted so far."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.trust_host_key(headless, name, yes, dry_run, as_json))


@application.command()
def whoami(as_json: Json = False) -> None:
    """Say who you are at each source: whose key is in use and whether it is taken; on a host, the user."""
    from cockpit.cli import account

    run(lambda headless: account.whoami(headless, as_json))


@application.command()
def infra(
    server: Annotated[
        str,
        typer.Option("--server", help="ours, or published: vers-agent-services, fetched by git and npm on the VM."),
    ] = "ours",
    vcpu: Vcpu = None,
    memory: Memory = None,
    disk: Disk = None,
    source: Source = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a VM with board, feed and registry and write its address into config.toml; again goes on where it was left.

    Exit 0 also where services are configured already; 1 if a step failed, and the VM stays; 2 if no VM has that size.
    """
    from cockpit.cli import infra as work

    command = MakeInfra(size_of(vcpu, memory, disk), source=source, server=choice("--server", server, InfraServer))
    run(lambda headless: work.infra(headless, command, dry_run, as_json))


# --- vm --------------------------------------------------------------------------------------------------


@vm.command("new")
def new_vm(
    origin: Annotated[
        str, typer.Option("--from", help="A commit's id, a tag, [ORGANISATION/]REPOSITORY:TAG; without it, a fresh VM.")
    ] = "",
    vcpu: Vcpu = None,
    memory: Memory = None,
    disk: Disk = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="NAME=VALUE; may be repeated.")] = None,
    count: Annotated[int, typer.Option("--count", help="So many, from one commit.", min=1, max=20)] = 1,
    source: Source = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a VM without an agent and print its id."""
    from cockpit.cli import machines

    command = NewVm(origin, size_of(vcpu, memory, disk), machines.pairs_of(label or []), count, source)
    run(lambda headless: machines.new(headless, command, dry_run, as_json))


@vm.command("label")
def label_vm(
    name: Name,
    labels: Pairs = None,
    remove: Removed = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change the labels the platform keeps of a VM; without a change, list them."""
    from cockpit.cli import machines

    pairs, removed = machines.pairs_of(labels or []), tuple(remove or ())
    run(
        lambda headless: machines.label(
            headless, name, pairs, removed, replace=replace, dry_run=dry_run, as_json=as_json
        )
    )


@vm.command("size")
def size_vm(
    name: Name,
    disk: Annotated[str, typer.Option("--disk", help="Let it grow to so many MiB, or as 20G.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what size a VM has, and let its disk grow: the VM is paused for it."""
    from cockpit.cli import machines

    run(lambda headless: machines.size(headless, name, disk, dry_run, as_json))


@vm.command("env")
def env_vm(
    variables: Pairs = None,
    remove: Removed = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change the variables of every VM that starts from now on: everybody on a VM can read them."""
    from cockpit.cli import machines

    command = SetVariables(machines.pairs_of(variables or []), tuple(remove or ()), replace)
    run(lambda headless: machines.variables(headless, command, dry_run, as_json))


# --- commits ---------------------------------------------------------------------------------------------


@commits.callback(invoke_without_command=True)
def list_commits(context: typer.Context, public: Public = False, as_json: Json = False) -> None:
    """List the commits with age, size, parent and tags."""
    from cockpit.cli import commits as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.list_commits(headless, public, as_json))


@commits.command("show")
def show_commit(name: Commit, as_json: Json = False) -> None:
    """Show a commit and what it came from."""
    from cockpit.cli import commits as work

    run(lambda headless: work.show(headless, name, as_json))


@commits.command("rename")
def rename_commit(
    name: Commit,
    called: Annotated[str, typer.Argument(help="Its new name; empty leaves it.")] = "",
    description: Annotated[str | None, typer.Option("--description", help="What it is for.")] = None,
    public: Annotated[bool | None, typer.Option("--public/--private", help="Who may see it.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a commit another name, description or visibility."""
    from cockpit.cli import commits as work

    wanted = ChangeCommit(CommitId(""), called or None, description, public)
    run(lambda headless: work.change(headless, name, wanted, dry_run, as_json))


@commits.command("tag")
def tag_commit(
    name: Commit,
    tag: Annotated[str, typer.Argument(help="NAME, or REPOSITORY:TAG.")],
    move: Annotated[bool, typer.Option("--move", help="Take it from the commit that has it.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a commit a name that VMs can be made from."""
    from cockpit.cli import commits as work

    run(lambda headless: work.tag(headless, name, tag, move, dry_run, as_json))


@commits.command("untag")
def untag_commit(
    tag: Annotated[str, typer.Argument(help="NAME, or REPOSITORY:TAG.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Remove a name; the commit stays."""
    from cockpit.cli import commits as work

    run(lambda headless: work.untag(headless, tag, dry_run, as_json))


@commits.command("delete")
def delete_commit(name: Commit, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Delete a commit for good."""
    from cockpit.cli import commits as work

    run(lambda headless: work.delete(headless, name, yes=yes, dry_run=dry_run, as_json=as_json))


# --- repositories ----------------------------------------------------------------------------------------

Repository = Annotated[str, typer.Argument(help="The repository's name.")]


@repositories.callback(invoke_without_command=True)
def list_repositories(context: typer.Context, public: Public = False, as_json: Json = False) -> None:
    """List the repositories with their tags."""
    from cockpit.cli import commits as work

    if context.invoked_subcommand is None:
        run(lambda headless: work.list_repositories(headless, public, as_json))


@repositories.command("tags")
def list_tags(
    name: Annotated[str, typer.Argument(help="The repository's name; of a public one ORGANISATION/NAME.")],
    as_json: Json = False,
) -> None:
    """List the tags of a repository with their commits; `spawn --image` and `vm new --from` take such a reference."""
    from cockpit.cli import commits as work

    run(lambda headless: work.list_tags(headless, name, as_json))


@repositories.command("new")
def new_repository(
    name: Repository,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a repository."""
    from cockpit.cli import commits as work

    run(lambda headless: work.change_repository(headless, ChangeRepository(name, description), dry_run, as_json))


@repositories.command("show")
def show_repository(
    name: Repository,
    private: Annotated[bool, typer.Option("--private", help="Hide it again.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Show a repository to everybody."""
    from cockpit.cli import commits as work

    wanted = ChangeRepository(name, public=not private)
    run(lambda headless: work.change_repository(headless, wanted, dry_run, as_json))


@repositories.command("delete")
def delete_repository(name: Repository, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Delete a repository with its tags; the commits stay."""
    from cockpit.cli import commits as work

    run(lambda headless: work.delete_repository(headless, name, yes=yes, dry_run=dry_run, as_json=as_json))
