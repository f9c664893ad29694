"""How PyTorch's users write the protocols and modes."""

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

MODES: dict[tuple[str, str], str] = {
    ("value", "forward"): "f(x)",
    ("gradient", "reverse"): "torch.autograd.grad(f(x), x)",
    ("vjp", "reverse"): "torch.autograd.grad(f(x), x, cotangent)",
    ("jvp", "forward"): "torch.func.jvp(f, (x,), (v,))",
    ("jvp", "reverse"): "torch.autograd.functional.jvp(f, x, v)",
    ("jacobian", "vectorized"): "torch.func.jacrev(f)(x)",
    ("jacobian", "forward"): "torch.func.jacfwd(f)(x)",
    ("jacobian", "loop"): "torch.autograd.functional.jacobian(f, x)",
    ("jacobian", "reverse"): "torch.func.jacrev(f)(x)",
    ("hessian", "forward-over-reverse"): "torch.func.hessian(f)(x)",
    ("hessian", "reverse-over-reverse"): "torch.func.jacrev(torch.func.jacrev(f))(x)",
    ("hessian", "loop"): "torch.autograd.functional.hessian(f, x)",
    ("hessian", "vectorized"): "torch.func.hessian(f)(x)",
    ("hvp", "forward-over-reverse"): "torch.func.jvp(torch.func.grad(f), (x,), (v,))",
    ("hvp", "reverse-over-reverse"): "torch.autograd.functional.vhp(f, x, v)",
}
"""(operator, mode) → PyTorch's own call, those that are tried first before the others. Compiled, it is one graph."""
