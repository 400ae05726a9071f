"""Which keys the tables of a configuration file may have, by the classes they are read into."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints


def keys_beside(location: tuple[int | str, ...], model: Any) -> list[str]:
    """Return the keys that the table may have in which something stands.

    Args:
        location: where that is; of one of several tables the number, from 0.
        model: the class, of pydantic or a dataclass, that the whole file is.
    """
    for part in location[:-1]:
        if get_origin(model) is dict:
            model = get_args(model)[1]
            continue
        model = get_args(model)[0] if isinstance(part, int) else _fields(model).get(part)
        if model is None:
            return []
    return list(_fields(model))


def _fields(model: Any) -> dict[str, Any]:
    """Return the keys of a table and the type of each."""
    if is_dataclass(model) and isinstance(model, type):
        hints = get_type_hints(model)
        return {field.name: hints[field.name] for field in fields(model)}
    return {name: field.annotation for name, field in getattr(model, "model_fields", {}).items()}
