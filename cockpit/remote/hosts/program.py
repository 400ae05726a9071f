"""The program that runs on a host and lets many commands share one channel: each has its input, output and end there.

It says a marker first, and then frames: a letter, the command's number and a length, and so many bytes. The letters

    we send     O window and command · I input · E end of input · W bytes it may say more · S signal · K close
    it sends    D output · R standard error · X exit status, as text

A command says no more than its window until it is allowed more, so that one that is not read holds up no other. When
our end goes, or says nothing for SILENCE seconds, all commands lose their input and output, as they would with sshd.
"""

from __future__ import annotations

import struct

from cockpit.remote.ssh.shell import quote

HEAD = struct.Struct(">cII")
SILENCE = 90
"""Seconds without a word from us after which it ends; readers are sent heartbeats far more often."""

PROGRAM = r"""
import os, select, signal, struct, subprocess, sys, time
head = struct.Struct(">cII")
children, owner, ending, dying, inbox = {}, {}, [], [], bytearray()
poll = select.poll()

class Child:
    def __init__(self, number, window, line):
        self.number, self.room, self.backlog, self.last = number, window, bytearray(), False
        self.process = subprocess.Popen(["/bin/sh", "-c", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0, preexec_fn=os.setsid)
        self.input, self.outputs = self.process.stdin.fileno(), {}
        os.set_blocking(self.input, False)
        for stream, letter in ((self.process.stdout, b"D"), (self.process.stderr, b"R")):
            self.outputs[stream.fileno()] = letter
            owner[stream.fileno()] = self
            poll.register(stream.fileno(), select.POLLIN)

def say(letter, number, data):
    frame = head.pack(letter, number, len(data)) + data
    while frame:
        frame = frame[os.write(1, frame):]

def shut(child):
    if child.input is not None:
        if owner.pop(child.input, None):
            poll.unregister(child.input)
        child.process.stdin.close()
        child.input = None

def forget(child, descriptor):
    del child.outputs[descriptor]
    if owner.pop(descriptor, None):
        try:
            poll.unregister(descriptor)
        except KeyError:
            pass
    for stream in (child.process.stdout, child.process.stderr):
        if not stream.closed and stream.fileno() == descriptor:
            stream.close()

def feed(child):
    while child.input is not None and child.backlog:
        try:
            del child.backlog[:os.write(child.input, child.backlog)]
        except BlockingIOError:
            if child.input not in owner:
                owner[child.input] = child
                poll.register(child.input, select.POLLOUT)
            return
        except OSError:
            child.backlog.clear()
            shut(child)
    if child.input is not None and child.input in owner:
        del owner[child.input]
        poll.unregister(child.input)
    if child.last:
        shut(child)

def watch(child):
    for descriptor in child.outputs:
        if child.room > 0 and descriptor not in owner:
            owner[descriptor] = child
            poll.register(descriptor, select.POLLIN)
        elif child.room <= 0 and descriptor in owner:
            del owner[descriptor]
            poll.unregister(descriptor)

def close(child):
    shut(child)
    for descriptor in list(child.outputs):
        forget(child, descriptor)
    children.pop(child.number, None)
    if child in ending:
        ending.remove(child)
    dying.append((time.monotonic() + 2, child))

def obey(letter, number, data):
    child = children.get(number)
    if letter == b"O":
        window, = struct.unpack(">I", data[:4])
        try:
            children[number] = Child(number, window, data[4:].decode())
        except Exception as error:
            say(b"R", number, str(error).encode())
            say(b"X", number, b"126")
    elif child is None:
        return
    elif letter == b"I":
        child.backlog += data
        feed(child)
    elif letter == b"E":
        child.last = True
        feed(child)
    elif letter == b"W":
        child.room += int(data)
        watch(child)
    elif letter == b"S":
        kill(child, getattr(signal, "SIG" + data.decode(), signal.SIGTERM))
    elif letter == b"K":
        close(child)

def kill(child, number):
    try:
        os.killpg(child.process.pid, number)
    except OSError:
        pass

def heard():
    data = os.read(0, 65536)
    if not data:
        return False
    inbox.extend(data)
    while len(inbox) >= head.size:
        letter, number, length = head.unpack(inbox[:head.size])
        if len(inbox) < head.size + length:
            break
        data = bytes(inbox[head.size:head.size + length])
        del inbox[:head.size + length]
        obey(letter, number, data)
    return True

def said(child, descriptor):
    data = os.read(descriptor, min(65536, max(1, child.room)))
    if data:
        child.room -= len(data)
        say(child.outputs[descriptor], child.number, data)
        watch(child)
    else:
        forget(child, descriptor)
        if not child.outputs:
            ending.append(child)

def settle():
    for child in list(ending):
        status = child.process.poll()
        if status is not None:
            ending.remove(child)
            shut(child)
            children.pop(child.number, None)
            say(b"X", child.number, str(status).encode())
    for entry in list(dying):
        until, child = entry
        if child.process.poll() is not None:
            dying.remove(entry)
        elif time.monotonic() > until:
            kill(child, signal.SIGKILL)

def run():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.write(1, sys.argv[1].encode() + b"\n")
    poll.register(0, select.POLLIN)
    silent_at = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < silent_at:
        wait = 100 if ending or dying else 5000
        for descriptor, event in poll.poll(wait):
            if descriptor == 0:
                silent_at = time.monotonic() + float(sys.argv[2])
                if not heard():
                    return
            elif descriptor in owner:
                child = owner[descriptor]
                if descriptor == child.input:
                    feed(child)
                else:
                    said(child, descriptor)
        settle()

try:
    run()
except OSError:
    pass
finally:
    for child in list(children.values()):
        close(child)
    until = time.monotonic() + 1
    while dying and time.monotonic() < until:
        for entry in list(dying):
            if entry[1].process.poll() is not None:
                dying.remove(entry)
        time.sleep(0.02)
    for _, child in dying:
        kill(child, signal.SIGKILL)
"""


def program_line(marker: str) -> str:
    """Return the command that starts the program, as one line for any login shell; it says the marker first."""
    return " ".join(["exec", "python3", "-c", quote(PROGRAM), quote(marker), str(SILENCE)])
