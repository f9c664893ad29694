"""How PyTorch's users write the protocols."""

IDIOMS: dict[str, str] = {
    "backward_twice": "y.backward(); x.grad = None; y.backward()",
    "backward_twice_retained": "y.backward(retain_graph=True); x.grad = None; y.backward()",
    "accumulate": "for _ in range(3): f(x).backward()",
    "zero_between": "for _ in range(3): x.grad = None; f(x).backward()",
    "vector_backward": "f(x).backward()",
    "untracked_input": "f(x.detach()).backward(); x.grad",
    "unused_input": "f(x).backward(); unused.grad",
    "two_targets": "torch.autograd.grad(u, x, retain_graph=True); torch.autograd.grad(v, x)",
}
"""Protocol → how it is written in PyTorch."""
