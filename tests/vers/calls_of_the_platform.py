"""Every call the platform's documents name: what of our client makes it, or why none does.

A value that begins with `vers.` is a method of the client; anything else is a reason. Paths are below the version
prefix, but for the two that need no key.
"""

from __future__ import annotations

OVER_SSH = (
    "commands and files go over the one SSH link, whose host key is checked and whose reading goes on after a drop"
)
NO_NAMES = "a VM is reached by the platform's own name for it: a domain of one's own is for what an agent serves"
BY_RECIPE = "a golden image is a commit that a recipe made: the platform's base image is enough to begin from"
BY_TAG = "a fork makes a VM that nobody asked for: the tag of a public repository is restored as it is"
NOT_AGENTS = "what is deployed from a repository has no agent on it, and no scaffold that could be watched"
AMBIGUOUS = "it takes one id for two things: by_vm and by_commit say which is meant"
LATER = "the public list tells the same"

CALLS: dict[str, str] = {
    "GET /health": "vers.health",
    "GET /version": "vers.version",
    "GET /vms": "vers.list_vms",
    "POST /vm/new_root": "vers.create_root",
    "GET /vm/{id}/status": "vers.status",
    "GET /vm/{id}/metadata": "vers.metadata",
    "PATCH /vm/{id}/state": "vers.set_power",
    "DELETE /vm/{id}": "vers.delete",
    "PATCH /vm/{id}/disk": "vers.resize_disk",
    "PATCH /vm/{id}/label": "vers.add_labels",
    "PUT /vm/{id}/labels": "vers.replace_labels",
    "DELETE /vm/{id}/label/{name}": "vers.remove_label",
    "GET /vm/{id}/ssh_key": "vers.ssh_key",
    "POST /vm/{id}/commit": "vers.commit",
    "POST /vm/from_commit": "vers.from_commit",
    "POST /vm/branch/by_vm/{id}": "vers.branch",
    "POST /vm/branch/by_commit/{id}": "vers.branch_commit",
    "POST /vm/branch/by_tag/{tag}": "vers.branch_tag",
    "POST /vm/branch/by_ref/{repository}/{tag}": "vers.branch_reference",
    "POST /vm/{id}/branch": AMBIGUOUS,
    "GET /commits": "vers.commits.listed",
    "GET /commits/public": "vers.commits.listed",
    "PATCH /commits/{id}": "vers.commits.change",
    "DELETE /commits/{id}": "vers.commits.delete",
    "GET /vm/commits/{id}/parents": "vers.commits.parents",
    "GET /commit_tags": "vers.tags.listed",
    "POST /commit_tags": "vers.tags.create",
    "GET /commit_tags/{tag}": "vers.tags.one",
    "PATCH /commit_tags/{tag}": "vers.tags.move",
    "DELETE /commit_tags/{tag}": "vers.tags.delete",
    "GET /repositories": "vers.repositories.listed",
    "POST /repositories": "vers.repositories.create",
    "GET /repositories/{repository}": "vers.repositories.one",
    "DELETE /repositories/{repository}": "vers.repositories.delete",
    "PATCH /repositories/{repository}/visibility": "vers.repositories.set_public",
    "GET /repositories/{repository}/tags": "vers.repositories.tags",
    "POST /repositories/{repository}/tags": "vers.repositories.tags",
    "GET /repositories/{repository}/tags/{tag}": "vers.repositories.tags",
    "PATCH /repositories/{repository}/tags/{tag}": "vers.repositories.tags",
    "DELETE /repositories/{repository}/tags/{tag}": "vers.repositories.tags",
    "POST /repositories/fork": BY_TAG,
    "GET /public/repositories": "vers.repositories.public",
    "GET /public/repositories/{organisation}/{repository}": LATER,
    "GET /public/repositories/{organisation}/{repository}/tags": "vers.repositories.public_tags",
    "GET /public/repositories/{organisation}/{repository}/tags/{tag}": "vers.repositories.public_tag",
    "POST /vm/{id}/exec": OVER_SSH,
    "POST /vm/{id}/exec/stream": OVER_SSH,
    "POST /vm/{id}/exec/stream/attach": OVER_SSH,
    "GET /vm/{id}/logs": OVER_SSH,
    "GET /vm/{id}/files": OVER_SSH,
    "PUT /vm/{id}/files": OVER_SSH,
    "GET /env_vars": "vers.variables.listed",
    "PUT /env_vars": "vers.variables.set",
    "DELETE /env_vars/{key}": "vers.variables.delete",
    "GET /domains": NO_NAMES,
    "POST /domains": NO_NAMES,
    "GET /domains/{id}": NO_NAMES,
    "DELETE /domains/{id}": NO_NAMES,
    "GET /whoami": "vers.key.whoami",
    "POST /keys/validate": "vers.key.check",
    "POST /deploy": NOT_AGENTS,
    "GET /images": BY_RECIPE,
    "POST /images/create": BY_RECIPE,
    "POST /images/upload": BY_RECIPE,
    "GET /images/{name}/status": BY_RECIPE,
    "DELETE /images/images/{id}": BY_RECIPE,
}
