"""Golden images: built and patched by a recipe's steps on a VM, listed, described and deleted."""
