"""Why a command is refused: pure rules, each with a code beside its sentence."""
