"""Fetches the binary version of CIFAR-10: all of its files, checked, or none."""
import hashlib
import http.client
import pathlib
import shutil
import tarfile
import tempfile
import urllib.request
import zlib

from tqdm import tqdm

from failure import Failure

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
INSIDE = "cifar-10-batches-bin"  # the folder of the archive that has the files
_PATIENCE = 30  # seconds without a byte


def fetch(folder, names, url=URL, md5=MD5):
    """Puts the named files of the archive at url into folder. There are all of them afterwards, or no folder."""
    folder = pathlib.Path(folder)
    if all((folder / name).is_file() for name in names):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that the last step is a renaming. Whatever happens, what lies in it vanishes.
    with tempfile.TemporaryDirectory(prefix=".download.", dir=folder.parent) as scratch:
        archive, unpacked = pathlib.Path(scratch) / "archive.tar.gz", pathlib.Path(scratch) / "files"
        found, size = _download(url, archive)
        if found != md5:
            raise Failure(4, f"{url}: expected an archive with the MD5 sum {md5}, found {found} of {size:,} bytes")
        unpack(archive, names, unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)


def _download(url, path):
    """Writes what is at url to path. Returns its MD5 sum and its size."""
    digest, parts = hashlib.md5(), _parts(url)
    length = next(parts)
    with open(path, "wb") as file, tqdm(total=length, unit="B", unit_scale=True, desc="CIFAR-10") as bar:
        for part in parts:
            file.write(part)
            digest.update(part)
            bar.update(len(part))
    size = path.stat().st_size
    if length is not None and size < length:
        raise Failure(3, f"{url}: the connection broke off after {size:,} of {length:,} bytes; try again")
    return digest.hexdigest(), size


def _parts(url):
    """First how many bytes there are, or None; then the bytes, part by part."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
            length = answer.headers.get("Content-Length")
            yield length and int(length)
            while part := answer.read(1 << 16):
                yield part
    except (OSError, http.client.HTTPException) as e:  # no network, no such server, no such file, silence
        raise Failure(3, f"{url} cannot be fetched ({getattr(e, 'reason', None) or e}); without the internet, "
                         "--data DIR takes a CIFAR-10 that is here, and neither option the drawings") from None


def unpack(archive, names, folder):
    """Writes the named files of a .tar.gz into a new folder, under these names and nothing else."""
    wanted = {f"{INSIDE}/{name}": name for name in names}
    folder.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if member.isreg() and member.name in wanted:
                    with open(folder / wanted[member.name], "wb") as file:
                        shutil.copyfileobj(tar.extractfile(member), file)
    except (tarfile.TarError, EOFError, zlib.error) as e:
        raise Failure(4, f"the archive cannot be unpacked ({e})") from None
    missing = [inside for inside, name in wanted.items() if not (folder / name).is_file()]
    if missing:
        raise Failure(4, f"the archive lacks {', '.join(missing)}")
