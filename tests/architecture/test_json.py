"""JSON has one codec on the hot path and one at the borders: msgspec for each line, the standard library elsewhere."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

FAST = {
    PACKAGE / "agents" / "fields.py",
    PACKAGE / "agents" / "pi" / "updates.py",
    PACKAGE / "engine" / "streams" / "recorder.py",
    PACKAGE / "model" / "codec.py",
    PACKAGE / "model" / "transcript" / "message.py",
    PACKAGE / "store" / "search.py",
}
"""Where a line of an agent goes on its way to the store and to the transcript."""

BOTH = {PACKAGE / "agents" / "fields.py": "what the fast codec refuses is mended and read"}

OTHER_CODECS = {"orjson", "rapidjson", "simplejson", "ujson", "pydantic_core"}
OTHER_CALLS = {"model_validate_json", "model_dump_json", "parse_raw", "TypeAdapter"}


def codecs_of(tree: ast.Module) -> set[str]:
    """Return the codecs of JSON that a module uses."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name == "json" or alias.name in OTHER_CODECS}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            top = node.module.partition(".")[0]
            found |= {top} & {"json", *OTHER_CODECS}
            found |= {"msgspec"} if node.module == "msgspec.json" or top == "msgspec" else set()
        elif isinstance(node, ast.Attribute):
            if ast.unparse(node) == "msgspec.json":
                found.add("msgspec")
            elif node.attr in OTHER_CALLS:
                found.add(node.attr)
    return found


def test_the_fast_codec_is_the_hot_path_s_alone() -> None:
    assert {path for path in package_files() if "msgspec" in codecs_of(tree_of(path))} == FAST


def test_the_hot_path_has_no_second_codec() -> None:
    assert {path for path in FAST if "json" in codecs_of(tree_of(path))} == set(BOTH)
    model = [place(path) for path in package_files() if (PACKAGE / "model") in path.parents]
    assert [name for name in model if "json" in codecs_of(tree_of(PACKAGE.parent / name))] == []


def test_the_borders_have_the_standard_library_s_codec_and_no_third() -> None:
    found = [
        f"{place(path)} {codec}"
        for path in package_files()
        for codec in sorted(codecs_of(tree_of(path)) - {"json", "msgspec"})
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "codecs"),
    [
        ("import json", {"json"}),
        ("from json import loads", {"json"}),
        ("import msgspec\nx = msgspec.json.decode(y)", {"msgspec"}),
        ("import msgspec\nclass A(msgspec.Struct): ...", set[str]()),
        ("import orjson", {"orjson"}),
        ("Record.model_validate_json(body)", {"model_validate_json"}),
    ],
)
def test_the_rule_sees_codecs(source: str, codecs: set[str]) -> None:
    assert codecs_of(ast.parse(source)) == codecs
