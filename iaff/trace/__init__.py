"""Traces: all that one photo went through, in one file. Reading one needs no torch; only ``record`` does."""

from iaff.trace.trace import Round, Trace

__all__ = ["Round", "Trace"]
