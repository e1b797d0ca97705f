"""What ends the command: a sentence for the user and an exit code, those of docs/cli.md."""

FAILURE, USAGE, FILE, FORMAT, VERIFICATION = 1, 2, 3, 4, 6


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
