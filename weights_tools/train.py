#!/usr/bin/env python3
"""Trains a residual network on CIFAR-10 so that it stays accurate when the last blocks of every group are skipped.

    python3 train.py --net resnet56_cifar --data cifar10 --from resnet56.th --output runs/resnet56 --epochs 10

Started again with the same options after it was stopped or killed, it goes on from its last state, and the weights
become those of a run without a break. With --processes, or under torchrun, several processes share every batch.
"""
import argparse
import dataclasses
import datetime
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import torch
import torch.distributed as distributed

from sluice_weights import checkpoint, cifar, networks, training

STATE, LOG = "state.pth", "log.jsonl"


def train(recipe, net, images, labels, output, device="cpu", save_every=120.0, log_every=10, resume=None,
          reschedule=False):
    """Trains until the recipe's last step, or until SIGTERM or SIGINT. Returns the number of steps done.

    output      directory of the state and the log; the first of several processes writes them
    save_every  seconds between two states
    log_every   steps between two lines of the log
    resume      True: there must be a state to go on from; False: begin anew; None: go on if there is a state
    reschedule  that state may be of another number of steps: the learning rate jumps to where it is by now
    """
    trainer = training.Trainer(recipe, net, images, labels, device)
    state = pathlib.Path(output) / STATE
    if resume and not state.exists():
        raise training.TrainingError(f"{state} does not exist: there is nothing to go on from")
    if resume is not False and state.exists():
        trainer.resume(state, reschedule)
    if trainer.world > 1:
        distributed.barrier()  # nobody writes a state that another one has still to read

    def ask_to_stop(*_):
        trainer.stopping = True

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        if trainer.rank > 0:
            while trainer.step < recipe.steps and not trainer.advance()["stop"]:
                pass
        else:
            _lead(trainer, state, save_every, log_every)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return trainer.step


def _lead(trainer, state, save_every, log_every):
    """What the first process does: every step, the states, the log and the progress bar."""
    steps, batch = trainer.recipe.steps, trainer.recipe.batch
    state.parent.mkdir(parents=True, exist_ok=True)
    path = state.with_name(LOG)
    # steps after the last state will be done, and logged, a second time
    kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= trainer.step] \
        if trainer.step and path.exists() else []
    path.write_text("".join(f"{line}\n" for line in kept))
    with open(path, "a", buffering=1, encoding="utf-8") as log, _bar(trainer) as bar:
        saved = read = time.monotonic()
        since, stop = trainer.step, False
        while trainer.step < steps and not stop:
            line = trainer.advance()
            stop, now = line.pop("stop"), time.monotonic()
            bar.update()
            if trainer.step - since == log_every or trainer.step == steps:
                rate = (trainer.step - since) * batch / (now - read)
                since, read = trainer.step, now
                line |= {"images/s": round(rate, 1), "time": round(time.time(), 1)}
                log.write(json.dumps(line) + "\n")
                bar.set_postfix(loss=f"{line['loss']:.3f}", lr=f"{line['lr']:.2g}")
            if stop or trainer.step == steps or now - saved >= save_every:
                trainer.save(state)
                saved = now


class _NoBar:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self):
        pass

    def set_postfix(self, **_):
        pass


def _bar(trainer):
    """A progress bar, where there is somebody to see it."""
    if not sys.stderr.isatty():
        return _NoBar()
    try:
        from tqdm import tqdm
    except ImportError:  # a bar is a comfort, no more
        return _NoBar()
    return tqdm(total=trainer.recipe.steps, initial=trainer.step, unit="step", file=sys.stderr, dynamic_ncols=True)


def _options(arguments):
    default = training.Recipe("", 1)
    trainable = [name for name, (_, shape) in networks.NETWORKS.items() if shape == (3, 32, 32)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--net", required=True, choices=trainable, metavar="NAME", help=", ".join(trainable))
    parser.add_argument("--data", required=True, metavar="DIR", help="CIFAR-10: data_batch_1.bin to _5.bin, or .bin.xz")
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument("--from", dest="source", metavar="CHECKPOINT", help="begin with these weights")
    begin.add_argument("--scratch", action="store_true", help="begin with seeded weights")
    parser.add_argument("--output", required=True, metavar="DIR", help=f"for {STATE} and {LOG}")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--epochs", type=int, metavar="N")
    length.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--resume", action=argparse.BooleanOptionalAction,
                        help="go on from the state in the output directory (default: if there is one)")
    parser.add_argument("--reschedule", action="store_true",
                        help="go on with another number of steps than before: shorter or longer, and not repeatable")
    group = parser.add_argument_group("recipe")
    for name, metavar, text in (
            ("batch", "N", "images a step, all processes together"),
            ("chunk", "N", "images that share batch-norm statistics"),
            ("lr", "X", "highest learning rate"),
            ("warm-up", "X", "fraction of the steps in which it rises"),
            ("momentum", "X", "Nesterov's"),
            ("weight-decay", "X", ""),
            ("label-smoothing", "X", ""),
            ("smallest", "PERCENT", "of the blocks: the tuple that the sandwich rule trains in every step"),
            ("floor", "PERCENT", "of the blocks: the smallest tuple that is drawn"),
            ("seed", "N", "of the data order, the augmentation, the tuples and the weights of --scratch")):
        value = getattr(default, name.replace("-", "_"))
        group.add_argument(f"--{name}", type=type(value), default=value, metavar=metavar,
                           help=f"{text} (default: {value:g})".strip())
    group.add_argument("--rule", choices=training.RULES, default=default.rule,
                       help="sandwich: full network, a drawn tuple and the smallest; tail: a drawn tuple, by labels "
                            "alone; full: the full network (default: sandwich)")
    group.add_argument("--precision", choices=("fp32", "bf16", "auto"), default="auto",
                       help="bf16 is autocast (auto: bf16 on cuda, fp32 on the CPU)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--processes", type=int, default=1, metavar="N",
                        help="on this machine, sharing every batch (default: 1); several machines: use torchrun")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="per process, on the CPU (default: 1)")
    parser.add_argument("--save-every", type=float, default=120.0, metavar="SECONDS", help="(default: 120)")
    parser.add_argument("--log-every", type=int, default=10, metavar="STEPS", help="(default: 10)")
    options = parser.parse_args(arguments)
    for name in ("epochs", "steps", "processes", "threads", "log_every"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: must be at least 1")
    if not 0 <= options.seed < 2**64:
        parser.error("--seed: must be in 0..2^64-1")
    if not all(math.isfinite(v) and v >= 0 for v in (options.lr, options.weight_decay)):
        parser.error("--lr and --weight-decay: must be finite and not below zero")
    for name in ("warm_up", "momentum", "label_smoothing"):
        if not 0 <= getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: must be in 0..1, below 1")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: PyTorch finds no such device")
    return options


def _run(options):
    torch.set_num_threads(options.threads)
    device = options.device
    if "WORLD_SIZE" in os.environ:  # torchrun sets it
        distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=datetime.timedelta(hours=1))
        if device == "cuda":
            device = f"cuda:{os.environ['LOCAL_RANK']}"
            torch.cuda.set_device(device)
    images, labels = cifar.read(options.data, cifar.TRAINING)
    if len(images) < options.batch:
        raise training.TrainingError(f"{len(images)} images are fewer than a batch of {options.batch}")
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(training.Recipe) if hasattr(options, f.name)}
    if options.precision == "auto":
        given["precision"] = "bf16" if options.device == "cuda" else "fp32"
    given["steps"] = options.steps or options.epochs * (len(images) // options.batch)
    train(training.Recipe(**given), training.start(options.net, options.source, options.seed), images, labels,
          options.output, device, options.save_every, options.log_every, options.resume, options.reschedule)


def _share(arguments, processes):
    """Runs this command in several processes, hands them the signals that ask to stop, and returns 1 if one failed."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    workers = [subprocess.Popen([sys.executable, "-B", __file__, *arguments], env=os.environ | {
        "WORLD_SIZE": str(processes), "RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port)}) for rank in range(processes)]

    def hand_on(number, _):
        for worker in workers:
            worker.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while any(worker.poll() is None for worker in workers):
            if any(worker.poll() for worker in workers):  # the others would wait for it
                for worker in workers:
                    worker.kill()
            time.sleep(0.1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return int(any(worker.wait() for worker in workers))


def main(arguments=None):
    """The command. Returns 0, also where it was asked to stop and saved its state; 1 where it failed."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _options(arguments)
    if options.processes > 1 and "WORLD_SIZE" not in os.environ:
        return _share(arguments, options.processes)
    try:
        _run(options)
    except (checkpoint.CheckpointError, cifar.DataError, training.TrainingError, OSError) as e:
        print(f"error: {f'{e.filename}: {e.strerror}' if isinstance(e, OSError) and e.strerror else e}",
              file=sys.stderr)
        return 1
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
