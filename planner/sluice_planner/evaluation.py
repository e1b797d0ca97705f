"""What a plan takes, recomputed from the costs alone: nothing here is shared with what looks for plans."""
from dataclasses import dataclass

from .failure import VERIFICATION, Failure


@dataclass(frozen=True)
class Evaluation:
    time_ns: int
    workspace_bytes: int   # the most that a layer needs: its scratch, and copies of what it reads in another layout
    persistent_bytes: int  # packed weights of all layers
    peak_bytes: int        # the most that maps and workspace take together at any layer
    error: float           # the largest of a layer
    widest: str            # the layer that needs the workspace
    fullest: str           # the layer that needs the peak
    heaviest: str          # the layer with the largest packed weights

    @property
    def total_bytes(self):
        return self.peak_bytes + self.persistent_bytes

    def number(self, name):
        """By the name of an objective: "time", "workspace", "persistent", "peak", "total"."""
        return self.time_ns if name == "time" else getattr(self, f"{name}_bytes")


def layouts(costs, plan):
    """By layer: the layout of its output. Raises a Failure where maps that are one do not lie alike."""
    found = [None if option is None else option.written for option in plan.options]
    for i, layer in enumerate(costs.layers):
        if layer.slice_of is None:
            continue
        if found[layer.slice_of] not in (None, found[i]):
            raise Failure(VERIFICATION, f"'{layer.name}' writes {found[i]} into a map of {found[layer.slice_of]}")
        found[layer.slice_of] = found[i]
    for block in costs.blocks:
        if block.gate is not None and found[block.last] != found[block.input]:
            raise Failure(VERIFICATION, f"the block that ends with '{costs.layers[block.last].name}' cannot be skipped: "
                                        f"it turns {found[block.input]} into {found[block.last]}")
    return found


def evaluate(costs, plan):
    """The plan's Evaluation; raises a Failure where it cannot be carried out."""
    lies = layouts(costs, plan)
    time = persistent = workspace = peak = heaviest_bytes = 0
    error, widest, fullest, heaviest = 0.0, "", "", ""
    for i, (layer, option) in enumerate(zip(costs.layers, plan.options)):
        scratch = 0
        if option is not None:
            if option not in layer.options:
                raise Failure(VERIFICATION, f"'{layer.name}' was never measured with {option.primitive}")
            time += option.time_ns
            persistent += option.persistent_bytes
            scratch = option.workspace_bytes
            error = max(error, option.error)
            if option.persistent_bytes > heaviest_bytes:
                heaviest_bytes, heaviest = option.persistent_bytes, layer.name
        for role, source, wanted in (("input", layer.input, option and option.read),
                                     ("shortcut", layer.shortcut, option and option.written)):
            if source is None:
                continue
            path = plan.paths.get((i, role), (lies[source],))
            if (path[0], path[-1]) != (lies[source], wanted):
                raise Failure(VERIFICATION, f"'{layer.name}' wants its {role} in {wanted}; it lies in {lies[source]} and is "
                                            f"taken {' to '.join(path)}")
            for a, b in zip(path, path[1:]):
                step = [c for c in costs.layers[source].conversions if (c.source, c.target) == (a, b)]
                if len(step) != 1:
                    raise Failure(VERIFICATION, f"nothing turns the map of '{costs.layers[source].name}' from {a} to {b}")
                time += step[0].time_ns
                scratch += step[0].workspace_bytes
        if scratch > workspace:
            workspace, widest = scratch, layer.name
        if layer.live_bytes + scratch > peak:
            peak, fullest = layer.live_bytes + scratch, layer.name
    return Evaluation(time, workspace, persistent, peak, error, widest, fullest, heaviest)
