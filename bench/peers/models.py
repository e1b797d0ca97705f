"""Makes one network's files: models.py FOLDER NETWORK RUNTIME...

The network is the one of weights_tools, with the parameters of a seed; torchvision's modules where the network is
torchvision's. FOLDER/NETWORK gets

    weights.safetensors     for sluice, by the converter
    image.npy, logits.npy   the seed's image [1,C,H,W], and PyTorch's answer in float64
    model.*                 for each runtime its own

What is there already stays. Prints a line of JSON: {runtime: why it has no file, or null}.
"""
import json
import os
import pathlib
import sys

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "weights_tools"
sys.path.insert(0, str(TOOLS))

import numpy as np  # noqa: E402  (found through the path above, like the next)
import torch  # noqa: E402
from runtimes import RUNTIMES  # noqa: E402

import convert  # noqa: E402
from sluice_weights import format, generator, networks  # noqa: E402

SEED = 1


def network(name):
    """The module with all gates open, and its image. Norms keep their own epsilons, as with a checkpoint that is converted."""
    net = networks.build(name)
    epsilons = {module: module.eps for module in net.modules() if hasattr(module, "eps")}
    networks.seed_parameters(net, SEED)
    for module, epsilon in epsilons.items():
        module.eps = epsilon
    networks.set_mask(net, "1" * len(networks.gateable(net)))
    return net, generator.image(SEED, networks.NETWORKS[name][1])


def prepare(name, folder):
    """All that does not belong to a runtime. The last file says that it is complete."""
    if (folder / "logits.npy").exists():
        return
    net, image = network(name)
    checkpoint, weights = folder / "checkpoint.pt", folder / "weights.safetensors"
    torch.save(net.state_dict(), checkpoint)
    convert.convert(name, checkpoint, weights, *convert.NORMALISATIONS["none"], seed=SEED)
    checkpoint.unlink()
    np.save(folder / "image.npy", image[None])
    np.save(folder / "logits.npy", format.read(weights)[0]["selftest.logits"])


def export(name, runtime, folder):
    """Why there is no file, or None."""
    if (folder / RUNTIMES[runtime].file).exists():
        return None
    net, image = network(name)
    try:
        RUNTIMES[runtime].export(net, torch.from_numpy(image)[None], folder)
    except Exception as e:  # whatever the converter throws: the others go on
        return f"cannot be converted: {type(e).__name__}: {str(e).strip()[:300]}"
    return None


def main():
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # converters print
    folder, name, *runtimes = sys.argv[1:]
    if name not in networks.NETWORKS:
        sys.exit(f"no such network; expected one of {', '.join(networks.NETWORKS)}")
    place = pathlib.Path(folder) / name
    place.mkdir(parents=True, exist_ok=True)
    prepare(name, place)
    print(json.dumps({runtime: export(name, runtime, place) for runtime in runtimes}), file=answer)


if __name__ == "__main__":
    main()
