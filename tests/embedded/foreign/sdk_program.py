"""Calls every method of the published Python SDK once, in one process, and prints what became of each as JSON.

It runs with the interpreter of the SDK's own environment and imports nothing of ours. Its measure of an answer is the
SDK's own: the fields that the class of a method's result demands.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import importlib
import inspect
import json
import typing
import uuid

# By name: the SDK is nothing that this project's own environment has.
sdk, models, errors = (importlib.import_module(f"vers_sdk.{name}") for name in ("client", "models", "errors"))
TABLE: dict[str, str] = {}
ORGANISATION = "embedded"


def lacking(value: object, kind: object, place: str) -> list[str]:
    """Return what an answer lacks of what the SDK says it has."""
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            return [f"{place} is no list"]
        (item,) = typing.get_args(kind)
        return [text for index, one in enumerate(value) for text in lacking(one, item, f"{place}[{index}]")]
    if not dataclasses.is_dataclass(kind):
        return []
    if not isinstance(value, dict):
        return [f"{place} is no object"]
    hints = typing.get_type_hints(kind, vars(models))
    found: list[str] = []
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING:
            continue
        if value.get(field.name) is None:
            found.append(f"{place}.{field.name} is missing")
        else:
            found += lacking(value[field.name], hints[field.name], f"{place}.{field.name}")
    return found


class Caller:
    """Calls methods and writes down what became of them; a method that was called twice keeps its worse result."""

    def __init__(self, client: object) -> None:
        self._client = client

    async def __call__(self, name: str, *arguments: object) -> typing.Any:
        method = getattr(self._client, name)
        try:
            answer = await method(*arguments)
        except errors.APIError as error:
            said = error.body if isinstance(getattr(error, "body", None), dict) else str(error)
            TABLE[name] = f"{error.status}: {said['error'] if isinstance(said, dict) else said}"
            return None
        except Exception as error:
            TABLE[name] = f"{type(error).__name__}: {error}"
            return None
        kind = typing.get_type_hints(method, vars(sdk) | vars(models)).get("return")
        TABLE.setdefault(name, "; ".join(lacking(answer, kind, "answer")) or "ok")
        return answer


async def call_all(call: Caller) -> None:
    """Call them in an order in which each finds what it needs."""
    vm = await make_vm(call)
    await run_on(call, vm)
    await change(call, vm)
    await name_and_copy(call, vm)
    await ask_for_what_is_elsewhere(call, vm)


async def make_vm(call: Caller) -> str:
    """Ask who one is, and make a VM with a variable of the account."""
    await call("whoami_handler")
    await call("version_handler")
    await call("validate_key", {})
    await call("set_env_vars", {"vars": {"SDK_A": "b"}})
    await call("list_env_vars")
    vm = (await call("create_new_root_vm", {"vm_config": {}}, models.CreateNewRootVmParams(wait_boot=True)))["vm_id"]
    return str(vm)


async def run_on(call: Caller, vm: str) -> None:
    """Look at it, run commands on it, and move files."""
    await call("list_vms")
    await call("vm_status", vm)
    await call("get_vm_metadata", vm)
    await call("ssh_key", vm)
    ran = await call("exec_vm", vm, {"command": ["sh", "-c", 'echo "$SDK_A"; exit 3']})
    assert (ran["exit_code"], ran["stdout"]) == (3, "b\n"), ran
    exec_id = str(uuid.uuid4())
    ended = await call("exec_vm_stream", vm, {"command": ["true"], "exec_id": exec_id})
    assert ended["type"] == "exit" and ended["exit_code"] == 0, ended
    assert await call("exec_vm_stream_attach", vm, {"exec_id": exec_id}) == ended
    logs = await call("vm_logs", vm, models.VmLogsParams(stream="stdout"))
    assert base64.b64decode(logs["entries"][0]["data_b64"]) == b"b\n", logs
    home = (await call("exec_vm", vm, {"command": ["sh", "-c", 'printf %s "$HOME"']}))["stdout"]
    content = base64.b64encode(b"\0text").decode()
    await call("write_file_vm", vm, {"path": f"{home}/d/f", "content_b64": content, "create_dirs": True})
    assert await call("read_file_vm", vm, models.ReadFileVmParams(path=f"{home}/d/f")) == {"content_b64": content}


async def change(call: Caller, vm: str) -> None:
    """Change labels, disk and state."""
    await call("upsert_vm_labels", vm, {"labels": {"a": "b", "c": "d"}})
    await call("delete_vm_label", vm, "a")
    assert (await call("vm_status", vm))["labels"] == {"c": "d"}
    await call("replace_vm_labels", vm, {"labels": {}})
    await call("resize_vm_disk", vm, {"fs_size_mib": 4096})
    for state in ("Sleeping", "Running"):
        await call("update_vm_state", vm, {"state": state})


async def name_and_copy(call: Caller, vm: str) -> None:
    """Commit it, name the commit in every way, make VMs of it in every way, and take all of it away."""
    commit = (await call("commit_vm", vm, {"name": "golden"}))["commit_id"]
    await call("list_commits")
    await call("list_parent_commits", commit)
    await call("update_commit", commit, {"is_public": True})
    assert (await call("list_public_commits"))["total"] == 1
    await call_names(call, commit)
    made = [await call("restore_from_commit", {"ref": "repo:v1"})]
    for name, arguments in (
        ("branch_vm", (vm,)),
        ("branch_by_vm", (vm,)),
        ("branch_by_commit", (commit,)),
        ("branch_by_tag", ("t",)),
        ("branch_by_ref", ("repo", "v1")),
    ):
        made += (await call(name, *arguments))["vms"]
    source = {"source_org": ORGANISATION, "source_repo": "repo", "source_tag": "v1", "repo_name": "fork"}
    fork = await call("fork_repository", source)
    made.append({"vm_id": fork["vm_id"]})
    for one in [*made, {"vm_id": vm}]:
        await call("delete_vm", one["vm_id"])
    await call("delete_repo_tag", "repo", "v1")
    await call("delete_repository", "repo")
    await call("delete_tag", "t")
    await call("delete_commit", commit)
    await call("delete_env_var", "SDK_A")


async def call_names(call: Caller, commit: str) -> None:
    """Tags and repositories."""
    await call("create_tag", {"tag_name": "t", "commit_id": commit})
    await call("list_tags")
    await call("get_tag", "t")
    await call("update_tag", "t", {"description": "d"})
    await call("create_repository", {"name": "repo"})
    await call("list_repositories")
    await call("get_repository", "repo")
    await call("create_repo_tag", "repo", {"tag_name": "v1", "commit_id": commit})
    await call("list_repo_tags", "repo")
    await call("get_repo_tag", "repo", "v1")
    await call("update_repo_tag", "repo", "v1", {"description": "d"})
    await call("set_repository_visibility", "repo", {"is_public": True})
    public = await call("list_public_repositories")
    organisation = public["repositories"][0]["org_name"]
    assert organisation == ORGANISATION
    await call("get_public_repository", organisation, "repo")
    await call("list_public_repo_tags", organisation, "repo")
    await call("get_public_repo_tag", organisation, "repo", "v1")


async def ask_for_what_is_elsewhere(call: Caller, vm: str) -> None:
    """Images and domains."""
    nobody = str(uuid.uuid4())
    await call("list_images")
    await call("get_image_status", "default")
    await call("create_image", {"image_name": "x", "source": {"type": "image_ref", "image_ref": "x"}})
    await call("upload_image")
    await call("delete_image", nobody)
    await call("list_domains")
    await call("create_domain", {"domain": "d.example", "vm_id": vm})
    await call("get_domain", nobody)
    await call("delete_domain", nobody)
    await call("deploy_handler", {"repo": "a/b"})


async def main() -> None:
    """Call every method, and print the table."""
    async with sdk.VersSdkClient(max_retries=0) as client:
        known = {
            name
            for name, member in inspect.getmembers(sdk.VersSdkClient, inspect.iscoroutinefunction)
            if not name.startswith("_") and name != "close"
        }
        await call_all(Caller(client))
    print(json.dumps({**dict.fromkeys(sorted(known - TABLE.keys()), "not called"), **TABLE}))


asyncio.run(main())
