"""What the embedded fleet keeps under names: tags of commits, repositories of tags, and the account's variables."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.embedded.api.records import Records, now_text


@dataclass(frozen=True, slots=True)
class TagRow:
    """A name for a commit."""

    repository: str
    """Empty for the account's flat list."""
    tag_name: str
    tag_id: str
    commit_id: str
    description: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A place for tags."""

    name: str
    repo_id: str
    description: str | None
    is_public: bool
    created_at: str


class NameRecords:
    """The tables of names in the fleet's file. Each method is one act."""

    def __init__(self, records: Records) -> None:
        self._database = records.database
        self._records = records

    # -- tags ----------------------------------------------------------------------------------------------------

    def tags(self, repository: str) -> list[TagRow]:
        """Return the tags of a repository, or of the flat list, by name."""
        return self._tags("repository = ? ORDER BY tag_name", (repository,))

    def tag(self, repository: str, name: str) -> TagRow | None:
        """Return one tag."""
        rows = self._tags("repository = ? AND tag_name = ?", (repository, name))
        return rows[0] if rows else None

    def _tags(self, condition: str, values: tuple[str, ...]) -> list[TagRow]:
        columns = "repository, tag_name, tag_id, commit_id, description, created_at, updated_at"
        rows = self._database.execute(f"SELECT {columns} FROM tags WHERE {condition}", values)
        return [TagRow(*row) for row in rows]

    def put_tag(self, repository: str, name: str, commit_id: str, description: str | None) -> TagRow:
        """Write a tag, a new one or in place of the one of that name."""
        known = self.tag(repository, name)
        now = now_text()
        row = TagRow(
            repository,
            name,
            known.tag_id if known else str(uuid.uuid4()),
            commit_id,
            description,
            known.created_at if known else now,
            now,
        )
        self._database.execute(
            "INSERT OR REPLACE INTO tags (repository, tag_name, tag_id, commit_id, description, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (repository, name, row.tag_id, commit_id, description, row.created_at, now),
        )
        return row

    def delete_tag(self, repository: str, name: str) -> None:
        """Remove a tag."""
        self._database.execute("DELETE FROM tags WHERE repository = ? AND tag_name = ?", (repository, name))

    # -- repositories --------------------------------------------------------------------------------------------

    def repositories(self) -> list[RepositoryRow]:
        """Return the repositories by name."""
        query = "SELECT name, repo_id, description, is_public, created_at FROM repositories ORDER BY name"
        return [RepositoryRow(row[0], row[1], row[2], bool(row[3]), row[4]) for row in self._database.execute(query)]

    def repository(self, name: str) -> RepositoryRow | None:
        """Return one repository."""
        return next((row for row in self.repositories() if row.name == name), None)

    def add_repository(self, name: str, description: str | None) -> str:
        """Write a new repository and return its id."""
        repo_id = str(uuid.uuid4())
        self._database.execute(
            "INSERT INTO repositories (name, repo_id, description, is_public, created_at) VALUES (?, ?, ?, 0, ?)",
            (name, repo_id, description, now_text()),
        )
        return repo_id

    def set_public(self, name: str, public: bool) -> None:
        """Change who may see a repository."""
        self._database.execute("UPDATE repositories SET is_public = ? WHERE name = ?", (int(public), name))

    def delete_repository(self, name: str) -> None:
        """Remove a repository with its tags; the commits stay."""
        with self._records.act() as database:
            database.execute("DELETE FROM tags WHERE repository = ?", (name,))
            database.execute("DELETE FROM repositories WHERE name = ?", (name,))

    # -- the account ---------------------------------------------------------------------------------------------

    def begun_at(self) -> str:
        """Return when the first VM or commit was made, the present in a fleet that has neither."""
        query = "SELECT min(created_at) FROM (SELECT created_at FROM vms UNION ALL SELECT created_at FROM commits)"
        found = self._database.execute(query).fetchone()[0]
        return str(found) if found else now_text()

    # -- variables -----------------------------------------------------------------------------------------------

    def variables(self) -> dict[str, str]:
        """Return the account's variables by name."""
        return dict(self._database.execute("SELECT name, value FROM variables ORDER BY name"))

    def set_variables(self, variables: Mapping[str, str], *, replace: bool) -> None:
        """Set variables, and remove all others if they replace them."""
        with self._records.act() as database:
            if replace:
                database.execute("DELETE FROM variables")
            database.executemany("INSERT OR REPLACE INTO variables (name, value) VALUES (?, ?)", variables.items())

    def delete_variable(self, name: str) -> bool:
        """Remove a variable; say whether there was one."""
        return self._database.execute("DELETE FROM variables WHERE name = ?", (name,)).rowcount > 0
