"""How a remote command ended is known once all of its output came: a status that outran it says nothing."""

from __future__ import annotations

import asyncssh
import pytest

from cockpit.remote.ssh.process import RemoteProcess


class Heard:
    """Hears what a command says."""

    def __init__(self) -> None:
        self.data = b""
        self.ends = 0

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        self.data += data

    def closed(self) -> None:
        self.ends += 1


@pytest.mark.parametrize("lost", [None, asyncssh.ConnectionLost("Connection lost")])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("status", [0, 3, None])
def test_a_status_counts_once_the_output_ended_or_the_channel_was_closed(
    lost: Exception | None, whole: bool, status: int | None
) -> None:
    heard = Heard()
    process = RemoteProcess(heard, lambda _process: None, lambda _size: None)
    process.data_received(b"half of wh", None)
    if status is None:
        process.exit_signal_received("TERM", False, "", "")
    else:
        process.exit_status_received(status)
    if whole:
        process.data_received(b"at it says", None)
        process.eof_received()
    process.connection_lost(lost)
    known = whole or lost is None
    assert process.exit_status == (status if known else None)
    assert process.signal == ("TERM" if known and status is None else None)
    assert process.ended and heard.ends == 1
