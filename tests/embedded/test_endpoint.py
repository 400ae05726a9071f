"""What a server says of itself is read by cockpits of other versions: more is overlooked, what is new may lack."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from cockpit.embedded.endpoint import ServerEndpoint, endpoint_file, held_lock, lock_file, read_endpoint

ENDPOINT = ServerEndpoint(os.getpid(), "http://127.0.0.1:1", "127.0.0.1", 2, "vm", "ca.pem", True, "0.1", 1.0, True)


@pytest.mark.parametrize("more", [{}, {"later": [1]}])
def test_a_server_of_another_version_is_known_by_what_it_says(tmp_path: Path, more: dict[str, object]) -> None:
    said = asdict(ENDPOINT) | more
    with held_lock(lock_file(tmp_path)) as mine:
        assert mine
        endpoint_file(tmp_path).write_text(json.dumps(said))
        assert read_endpoint(tmp_path) == ENDPOINT
        del said["vm_keys"]
        endpoint_file(tmp_path).write_text(json.dumps(said))
        earlier = read_endpoint(tmp_path)
        assert earlier is not None and not earlier.vm_keys, "agents call it by the one key it knows"
        del said["ssh_port"]
        endpoint_file(tmp_path).write_text(json.dumps(said))
        assert read_endpoint(tmp_path) is None
