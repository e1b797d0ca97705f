"""How the demo ends where it cannot go on."""


class Failure(Exception):
    """A sentence for the user, and the exit code: those of docs/cli.md."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code
