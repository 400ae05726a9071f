"""Why the way to a VM is closed: one class per cause, each says what was tried where and what to do next.

RemoteError
├── Unreachable           name not found, refused, no route, no answer in time
├── TlsRefused            the TLS handshake is wrong
│   └── CertificateRefused   the certificate does not prove the name
├── ClosedWithoutBanner   reached, but no SSH server spoke: a paused or unknown VM behind a proxy, or a full sshd
├── HostKeyChanged        the VM answers with another host key than the pinned one
├── HostKeyRefused        the host's key is revoked, or its certificate proves nothing
├── KeyRefused            our private key is unreadable or not accepted
├── Dropped               a connection that had worked is gone
├── ChannelRefused        the server opens no further channel (MaxSessions)
├── PortClosed            nothing on the VM takes a connection to a port
├── CommandTimedOut       a remote command did not end in its time
├── CommandFailed         a remote command of ours ended with an error
├── FileChanged           a file is not the one a range was asked of
└── FileUnusable          a path on a VM is not there, or not what can be used so
"""

from __future__ import annotations

from cockpit.errors import CockpitError


class RemoteError(CockpitError):
    """Something on the way to a VM, or on it, failed."""


class HostUnreachable(RemoteError):
    """The name, the address or the port does not answer."""


class TlsRefused(RemoteError):
    """The TLS handshake failed."""


class CertificateRefused(TlsRefused):
    """The certificate does not prove the name; no repetition makes it right."""


class ClosedWithoutBanner(RemoteError):
    """The stream was opened and ended before an SSH server said its version."""


class HostKeyChanged(RemoteError):
    """The host key is not the one pinned for this identity."""

    fault = "key changed"

    def __init__(
        self, message: str, *, hint: str = "", identity: str, pinned: tuple[str, ...], offered: str, offered_key: str
    ) -> None:
        super().__init__(message, hint=hint)
        self.identity = identity
        self.pinned = pinned
        """SHA256 fingerprints that were trusted so far."""
        self.offered = offered
        """SHA256 fingerprint that was shown now."""
        self.offered_key = offered_key
        """The key that was shown, as an OpenSSH public key line."""


class HostKeyRefused(RemoteError):
    """The host's key is revoked, or its certificate does not prove it; no repetition makes it right."""

    fault = "key refused"


class SshKeyRefused(RemoteError):
    """The private key cannot be read, or the VM does not accept it."""

    fault = "login refused"


class Dropped(RemoteError):
    """An established connection ended, or there is none."""


class ChannelRefused(RemoteError):
    """The server refused one more channel on a connection that goes on living."""


class PortClosed(RemoteError):
    """Nothing on the VM takes a connection to a port."""


class CommandTimedOut(RemoteError):
    """A remote command was ended because its time was over."""

    fault = "late"


class CommandFailed(RemoteError):
    """A remote command ended with an error where success was needed."""


class FileChanged(RemoteError):
    """The file under a path is not the one that was meant."""


class FileUnusable(RemoteError):
    """A path on a VM is not there, is of another kind, or may not be used: no repetition makes it right."""
