"""Runs a program as a fork: `python -I -S client.py ADDRESS MODULE WORDS…`, in place of `python -m MODULE WORDS…`.

The fork has this process's open files, environment, directory and file mode mask. Signals are passed on to it, it is
killed when this process is gone, and this process ends as it ended. It is a child of the server in `server.py`: what a
test says about a cockpit's own pid, session or terminal is said about one that was started as users start it. The
standard library's lightest modules only: this start is what is saved.
"""

import os
import signal
import socket
import sys

LENGTH = 4
"""Bytes before a request that say how long it is."""
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)
HIGHEST = 255
"""The highest descriptor that is handed on."""


def is_open(descriptor: int) -> bool:
    """Say whether a descriptor is open."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def ask(
    address: str, words: list[str], directory: bytes, environment: dict[bytes, bytes], descriptors: list[int]
) -> socket.socket:
    """Ask a server for a fork; returns the connection on which it tells the pid and the end."""
    mask = os.umask(0)
    os.umask(mask)
    variables = (name + b"=" + value for name, value in environment.items())
    request = b"\0".join([b"%d" % mask, directory, b"%d" % len(words), *map(os.fsencode, words), *variables])
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect("\0" + address)
    message = len(request).to_bytes(LENGTH, "big") + request
    sent = socket.send_fds(connection, [message], descriptors)
    if sent < len(message):
        # Never nothing: whoever has all of it may have told the fork's end and closed by now.
        connection.sendall(message[sent:])
    return connection


def main() -> None:
    """Ask for a fork and end as it ends."""
    inherited = [descriptor for descriptor in range(HIGHEST + 1) if is_open(descriptor)]
    # pathlib would be most of this process's start
    directory = os.getcwdb()  # noqa: PTH109
    connection = ask(sys.argv[1], sys.argv[2:], directory, dict(os.environb), inherited)

    def pass_on(number: int, _frame: object) -> None:
        try:
            connection.sendall(bytes([number]))
        except OSError:
            pass  # the fork has ended, and how is being read

    for number in PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    answer = b""
    while answer.count(b"\n") < 2:
        more = connection.recv(64)
        if not more:
            sys.exit("the server of forks is gone")
        answer += more
    _pid, code = map(int, answer.split())
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
