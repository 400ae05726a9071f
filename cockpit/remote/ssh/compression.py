"""SSH compression that pays: what the VM sends is inflated as usual, what we send is deflated with little memory.

asyncssh deflates with zlib's defaults, which hold 256 KB per connection, ten times all else it holds. We send commands
and a heartbeat now and then: a small window serves those as well. Importing this module makes asyncssh use it for
`zlib@openssh.com` (RFC 4253, section 6.2: the stream is zlib's, flushed after each packet; the window is the sender's
choice).
"""

from __future__ import annotations

import zlib

from asyncssh.compression import Compressor, get_decompressor, register_compression_alg

ALGORITHM = "zlib@openssh.com"
"""Compression that begins after authentication."""
LEVEL = 1
WINDOW_BITS = 10
"""Base two logarithm of the window in bytes."""
MEMORY_LEVEL = 1
"""zlib's measure of the hash tables: with it and the window the state is 5 KB."""


class FrugalCompressor(Compressor):
    """Deflates each packet to its end."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY_LEVEL)

    def compress(self, data: bytes) -> bytes | None:
        """Return a packet's payload deflated; with the ones before it, it is one stream."""
        return self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)


register_compression_alg(
    ALGORITHM.encode(), FrugalCompressor, lambda: get_decompressor(b"zlib"), after_auth=True, default=True
)
