"""CIFAR-10 in its binary format: records of one label byte and 3,072 pixel bytes (R, G, B planes of 32x32)."""
import lzma
import pathlib

import numpy as np
import torch

_RECORD = 1 + 3 * 32 * 32
TRAINING = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = ("test_batch.bin",)


class DataError(ValueError):
    """A data set that is not there or is not what it should be."""


def read(directory, files):
    """(images uint8 [N,3,32,32], labels int64 [N]) of the named files, each of which may also be packed as .xz."""
    parts = []
    for name in files:
        path = pathlib.Path(directory) / name
        packed = path.with_name(f"{name}.xz")
        if not path.exists() and not packed.exists():
            raise DataError(f"{path}: neither this file nor {packed.name} exists")
        try:
            data = path.read_bytes() if path.exists() else lzma.decompress(packed.read_bytes())
        except (lzma.LZMAError, EOFError) as e:
            raise DataError(f"{packed} is no intact .xz file ({e})") from None
        if not data or len(data) % _RECORD:
            raise DataError(f"{path} has {len(data)} bytes, which is no whole number of records of {_RECORD}")
        parts.append(np.frombuffer(data, np.uint8).reshape(-1, _RECORD))
    records = np.concatenate(parts)
    if records[:, 0].max() > 9:
        raise DataError(f"{directory}: a label above 9")
    return (torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()),
            torch.from_numpy(records[:, 0].astype(np.int64)))
