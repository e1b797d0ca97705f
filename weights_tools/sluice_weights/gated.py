"""What residual blocks have in common, whatever they compute: a gate."""


class Gated:
    """A residual block that yields its input while its gate is shut.

    first  the block changes shape (or stands where such a block would), so its gate cannot be shut
    adds   its input, or the shortcut's output, is added to what its branch yields
    ends   the last convolution of its branch, and the norm behind it
    """
    first, adds, _open = False, True, True

    @property
    def ends(self):
        raise NotImplementedError

    @property
    def gate(self):
        return self._open

    @gate.setter
    def gate(self, is_open):
        if self.first and not is_open:
            raise ValueError("the first block of a group has no gate to shut")
        self._open = bool(is_open)
