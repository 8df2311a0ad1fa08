"""Errors that a user can act on."""


class UserError(Exception):
    """Something outside the program is not as expected; the message says got / expected / remedy.

    Entry points print the message alone and exit with 1: a traceback would tell a user nothing more.
    """


class NoMask(UserError):
    """A photo has no mask, which only figures need."""
