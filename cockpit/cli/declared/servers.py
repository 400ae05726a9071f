"""The verbs that start a server or a demonstration."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import DryRun, Json, application, options


@application.command()
def serve(
    stop: Annotated[bool, typer.Option("--stop", help="End the embedded fleet's server; agents go on.")] = False,
    end_fleet: Annotated[
        bool, typer.Option("--end-fleet", help="End the server, every agent and all that runs on the fleet's VMs.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --end-fleet or --remove: do not ask; needed without a terminal.")
    ] = False,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay in the foreground, for a service unit.")
    ] = False,
    env: Annotated[
        bool, typer.Option("--env", help="Write what foreign programs need into a file to source; print its path.")
    ] = False,
    ssh_config: Annotated[
        bool, typer.Option("--ssh-config", help="Write a configuration for ssh -F, scp, rsync, git; print its path.")
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", help="Make an owner with a token and VMs of its own, if new; goes with --env too.")
    ] = "",
    rotate: Annotated[
        bool, typer.Option("--rotate", help="With --owner: another token; the one it had opens nothing more.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="With --owner: remove it and what it has; refused while it has VMs.")
    ] = False,
    with_vms: Annotated[
        bool, typer.Option("--with-vms", help="With --remove: end the owner's VMs and what runs on them, too.")
    ] = False,
    walls: Annotated[
        str,
        typer.Option(
            "--walls", help="Whether new VMs have a /root, /tmp and processes of their own: auto (the default) or off."
        ),
    ] = "",
    root: Annotated[str | None, typer.Option("--root", help="The fleet's directory.")] = None,
    services_only: Annotated[
        bool, typer.Option("--services-only", help="Board, feed, registry and the others for a team; no VMs.")
    ] = False,
    bind: Annotated[
        str, typer.Option("--bind", help="With --services-only: HOST, HOST:PORT or [IPV6]:PORT; :: is every one.")
    ] = "",
    token_file: Annotated[
        str | None, typer.Option("--token-file", help="With --services-only: the token; else one is made and kept.")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option("--certificate", help="With --services-only: a certificate for TLS, as PEM.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="The key of --certificate, as PEM.")] = None,
    self_signed: Annotated[
        bool, typer.Option("--self-signed", help="With --services-only: TLS with a certificate of the server's own.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Start the embedded fleet on this machine's loopback, or the services alone for a team."""
    from cockpit.cli import serve as serving

    team = serving.Team(bind or "127.0.0.1", token_file, certificate, key, self_signed)
    if walls not in ("", "auto", "off"):
        raise typer.BadParameter("--walls takes auto or off")
    if services_only:
        if stop or end_fleet or foreground or dry_run or env or ssh_config or owner or walls:
            raise typer.BadParameter("--services-only stays in the foreground, and ends with SIGTERM or ctrl-c")
        raise typer.Exit(serving.serve_team(root, options.root, team, as_json))
    if bind or token_file or certificate or key or self_signed:
        raise typer.BadParameter("--bind, --token-file, --certificate, --key and --self-signed go with --services-only")
    place = paths.absolute(root, "--root") if root is not None else None
    if dry_run and not (end_fleet or rotate or remove):
        raise typer.BadParameter("--dry-run goes with --end-fleet, --rotate and --remove")
    if ((rotate or remove) and (not owner or env or (rotate and remove))) or (with_vms and not remove):
        raise typer.BadParameter("--rotate or --remove go with --owner alone, --with-vms with --remove")
    if walls and (stop or end_fleet):
        raise typer.BadParameter("--walls is for a start")
    if not (stop or end_fleet):
        serving.choose_walls(place, options.root, options.config, walls)
    if env or ssh_config or owner:
        if stop or end_fleet or foreground or (env and ssh_config) or (owner and ssh_config):
            raise typer.BadParameter("--env, --ssh-config and --owner print the path of one file; --owner takes --env")
        if owner and not env:
            from cockpit.cli import owners

            fleet = serving.place_of(place, options.root)
            if remove:
                how = owners.Removal(with_vms, yes, dry_run)
                raise typer.Exit(owners.remove_owner(fleet, owner, how, as_json=as_json))
            if rotate:
                raise typer.Exit(owners.rotate_token(fleet, owner, dry_run=dry_run, as_json=as_json))
            raise typer.Exit(owners.make_owner(fleet, owner, as_json=as_json))
        raise typer.Exit(serving.write_access(place, options.root, ssh=ssh_config, owner=owner, as_json=as_json))
    ending = serving.Ending(yes, dry_run) if end_fleet else None
    raise typer.Exit(
        serving.serve(place, options.root, stop=stop, end_fleet=ending, foreground=foreground, as_json=as_json)
    )


@application.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep the fleet afterwards.")] = False,
    speed: Annotated[float, typer.Option("--speed", help="How fast the agents work.", min=0.1, max=50)] = 1.0,
    theme: Annotated[str, typer.Option("--theme", help="Name of a theme.")] = "",
) -> None:
    """Open the cockpit on a fresh fleet of scripted agents that build something."""
    from cockpit.cli.signals import TerminalWatch

    watch = TerminalWatch()  # before what takes long to load
    from cockpit.cli.screen import show_demonstration

    raise typer.Exit(show_demonstration(watch, keep=keep, speed=speed, theme=theme))
