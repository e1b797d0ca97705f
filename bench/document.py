"""Tables that programs put into documents, between a mark and the next `<!-- end -->`."""
import sys

END = "<!-- end -->"


def put(path, mark, lines):
    """Replaces what stands in the file between the mark and the end by the lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        sys.exit(f"{path}: {e.strerror}")
    before, begin, rest = text.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path}: expected the marks {mark} and {END}")
    path.write_text(f"{before}{begin}\n{lines}\n{end}{after}", encoding="utf-8")
