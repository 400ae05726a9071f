"""The agents' output: read, decoded, folded, recorded and followed."""
