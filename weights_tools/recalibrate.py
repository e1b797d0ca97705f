#!/usr/bin/env python3
"""Gives every keep tuple batch-norm statistics of its own and writes a sluice weight file with a setting for each.

    python3 recalibrate.py --net resnet56_cifar --checkpoint runs/resnet56/state.pth --data cifar10 \\
        --output resnet56.safetensors

Beside the weight file it puts the accuracy of every setting (see evaluate.py).
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np
import torch

import convert
import evaluate
from sluice_weights import affine, checkpoint, cifar, format, generator, networks, settings, training, tuples

STORAGE = {"f32": np.float32, "f16": np.float16}


def recalibrate(name, source, output, images, mean, std, ratios=evaluate.RATIOS, keeps=(), storage="f32",
                keep_full=False, seed=1, learn=None, say=lambda line: None):
    """Writes output: the weights of the checkpoint at source, a setting for each ratio and tuple but the full network.

    images       uint8 [N,3,H,W] that the statistics are taken from, augmented as in training
    mean, std    of pixel/255, three each
    ratios       percent of the blocks of every group; the setting is called "50"
    keeps        blocks kept in each group; the setting is called "9-5-3"; what a ratio keeps too shares its setting
    storage      of the weights; everything else is float32
    keep_full    the full network has the statistics of the checkpoint
    seed         of the self-test image
    learn        called with net (float32) and a keep tuple for its factors (see affine.py); None: statistics only
    """
    output = pathlib.Path(output)
    format.check_output(output)
    stored, digest = checkpoint.read(source)
    net = networks.build(name)
    checkpoint.load(net, checkpoint.fit(stored, net, f"{source} does not fit {name}")[0])
    wanted = {}  # keep tuple: name of its setting
    for label, keep in [(str(r), networks.proportional(net, r)) for r in ratios] + \
                       [("-".join(map(str, t)), tuple(t)) for t in keeps]:
        mask = networks.keep_to_mask(net, keep)  # raises ValueError where the tuple does not fit
        if "0" in mask:
            wanted.setdefault(keep, label)

    single = networks.build(name)  # float32 for the images; net itself is float64, for the folding
    single.load_state_dict(net.state_dict())
    if not keep_full:
        full = tuple(net.counts)
        settings.install(net, settings.calibrate(single, [full], images, mean, std)[full])
        single.load_state_dict(net.state_dict())
        say(f"statistics of the full network: {len(images):,} images")
    with tempfile.TemporaryDirectory() as folder:
        whole, folded = pathlib.Path(folder) / "whole.pth", pathlib.Path(folder) / "folded.safetensors"
        torch.save(net.state_dict(), whole)
        convert.convert(name, whole, folded, mean, std, seed)  # proves that the folding is right
        tensors, metadata = format.read(folded)
    metadata["source"] = f"{pathlib.Path(source).name} sha256:{digest}"
    if storage != "f32":
        for layer in format.layers(tensors):
            with np.errstate(over="ignore"):  # format.write finds what became infinite
                tensors[f"{layer}.weight"] = tensors[f"{layer}.weight"].astype(STORAGE[storage])
        # the self-test is of what the file holds: rounded weights
        rounded = settings.network(tensors, metadata).double()
        image = generator.image(seed, networks.NETWORKS[name][1])
        tensors["selftest.logits"] = networks.logits(rounded, image).astype(np.float32)
    statistics = settings.calibrate(single, wanted, images, mean, std) if wanted and not learn else {}
    for keep, label in wanted.items():
        factors = {}
        if learn:
            factors = learn(single, keep)
            with affine.adjusted(single, factors):
                statistics |= settings.calibrate(single, [keep], images, mean, std)
        format.add_setting(tensors, metadata, label, networks.keep_to_mask(net, keep),
                           *settings.epilogue(net, statistics[keep], affine.as_arrays(factors)))
        say(f"setting {label}: keeps {','.join(map(str, keep))}")
    format.write(output, tensors, metadata)
    say(f"written: {output}, {output.stat().st_size:,} bytes")


def _options(arguments):
    trainable = [name for name, (_, shape) in networks.NETWORKS.items() if shape == (3, 32, 32)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--net", required=True, choices=trainable, metavar="NAME", help=", ".join(trainable))
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help="state.pth of train.py, or any other")
    parser.add_argument("--data", required=True, metavar="DIR", help="CIFAR-10, its files as they are or packed as .xz")
    parser.add_argument("--output", required=True, metavar="FILE", help="the .safetensors file to write")
    evaluate.add_choices(parser)
    parser.add_argument("--images", type=int, default=10000, metavar="N",
                        help="training images that the statistics are taken from (default: 10000)")
    parser.add_argument("--every-tuple", action="store_true",
                        help="a setting for each keep tuple that there is: for profile-accuracy, not for a board")
    parser.add_argument("--plain-images", action="store_true",
                        help="take them as they are: for a network that was trained without crops and mirrored images")
    parser.add_argument("--normalisation", choices=convert.NORMALISATIONS, default="imagenet",
                        help="what the network was trained with (default: imagenet, as train.py does)")
    parser.add_argument("--storage", choices=STORAGE, default="f32", help="of the weights (default: f32)")
    parser.add_argument("--keep-full", action="store_true",
                        help="the full network keeps the statistics of the checkpoint: not for one of train.py")
    parser.add_argument("--learn", choices=affine.KINDS, default="none",
                        help="block: a scale for each block's branch; channel: a scale and a shift for each channel; "
                             "learnt for each setting, with all weights as they are (default: none)")
    parser.add_argument("--learn-steps", type=int, default=400, metavar="N",
                        help=f"of {affine.BATCH} images, for each setting (default: 400)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of the self-test image, and of the order in which --learn sees images (default: 1)")
    parser.add_argument("--no-evaluation", action="store_true", help="write the weight file only")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(default: 1)")
    options = parser.parse_args(arguments)
    if options.images < settings.BATCH or options.threads < 1:
        parser.error(f"--images: at least {settings.BATCH}; --threads: at least 1")
    if options.learn_steps < 1:
        parser.error("--learn-steps: at least 1")
    if not 0 <= options.seed < 2**64:
        parser.error("--seed: must be in 0..2^64-1")
    return options


def main(arguments=None):
    """The command. Returns 0, or 1 where something cannot be read or written; exits with 2 for wrong usage."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    try:
        mean, std = convert.NORMALISATIONS[options.normalisation]
        images, labels = cifar.read(options.data, cifar.TRAINING)
        learn = None
        if options.learn != "none":
            def learn(net, keep):
                return affine.learn(net, keep, options.learn, images, labels, mean, std, options.learn_steps,
                                    options.seed)
        chosen = images[:options.images]
        if not options.plain_images:
            chosen = training.as_in_training(chosen)
        keeps = tuples.every(networks.build(options.net)) if options.every_tuple else options.keep
        recalibrate(options.net, options.checkpoint, options.output, chosen, mean, std, options.ratios, keeps,
                    options.storage, options.keep_full, options.seed, learn, print)
        if not options.no_evaluation:
            rows = evaluate.evaluate(options.output, *cifar.read(options.data, cifar.TEST), options.ratios,
                                     options.keep)
            evaluate.write(options.output, rows)
            print("\n".join(evaluate.markdown(rows)))
    except (ValueError, convert.ConvertError, OSError) as e:  # the errors of the modules are ValueErrors
        print(f"error: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
