"""From PyTorch checkpoints to sluice weight files.

generator   seeded parameters and images, bit for bit those of the C++ library
networks    the list of all networks as PyTorch modules, and what can be done with any
gated       what residual blocks have in common: a gate
resnet      residual networks
mobilenet   MobileNetV1, and TensorFlow's padding
zoo         networks that are torchvision's own modules
checkpoint  reads checkpoints and fits their tensors to a network
foreign     what checkpoints from elsewhere have otherwise
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
