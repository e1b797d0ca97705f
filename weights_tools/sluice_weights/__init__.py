"""From PyTorch checkpoints to sluice weight files.

generator   seeded parameters and images, bit for bit those of the C++ library
networks    the residual networks as PyTorch modules with gates
checkpoint  reads checkpoints and fits their tensors to a network
fold        folds batch norms into the convolutions before them
format      the weight file: safetensors, its metadata and its settings
cifar       reads CIFAR-10
drawings    a data set of the same format that is computed
shapes      what is on the drawings
training    training with blocks skipped
settings    batch-norm statistics of single settings
layers      what every layer yields
difference  how far two computations of a layer are apart
"""
__version__ = "0.1.0"
