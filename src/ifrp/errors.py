"""The one exception that is meant for the person at the keyboard."""


class IfrpError(Exception):
    """Something the user can mend: one sentence that says what was wrong, where, and what to do.

    The command line prints it without a traceback and exits with code 2.
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook prints of it, by IPython's protocol: the sentence alone."""
        return [str(self)]
