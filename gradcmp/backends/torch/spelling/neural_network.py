"""Functions of neural networks."""

from gradcmp.backends.torch.spelling.operands import DIM, function
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "sigmoid": function("torch.sigmoid"),
    "softplus": function("torch.nn.functional.softplus"),
    "relu": function("torch.relu"),
    "leaky_relu": function("torch.nn.functional.leaky_relu", negative_slope=0.01),
    "elu": function("torch.nn.functional.elu", alpha=1.0),
    "gelu": function("torch.nn.functional.gelu"),
    "silu": function("torch.nn.functional.silu"),
    "softmax": function("torch.softmax", names=DIM),
    "log_softmax": function("torch.log_softmax", names=DIM),
}
