"""The walls of a sandbox: a root directory, process numbers and devices of its own, where the kernel allows it."""
