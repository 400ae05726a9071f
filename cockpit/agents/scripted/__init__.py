"""The scripted agent as the engine sees it: a program of this package that speaks the protocol of pi."""
