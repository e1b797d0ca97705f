"""Files that the planner writes."""
import os
import pathlib
import tempfile

from .failure import FAILURE, Failure


def save(option, path, content):
    """Replaces the file at once when it is complete. option: which names it, for the message."""
    path = pathlib.Path(path)
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.absolute().parent, delete=False) as file:
            file.write(content)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as e:
        raise Failure(FAILURE, f"{option}: cannot write '{path}': {e.strerror}") from None
