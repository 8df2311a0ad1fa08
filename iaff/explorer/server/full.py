"""What the server says when it has no room: the one refusal after which the same question may be asked again."""

from iaff.errors import UserError


class Full(UserError):
    """There is no room at the moment; asked again later, there may be."""
