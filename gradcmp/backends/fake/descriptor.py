"""The fake backend, described. `GRADCMP_BACKENDS=gradcmp.backends.fake.descriptor:FAKE` adds it."""

from gradcmp.registry import Descriptor, Execution

BEHAVIOURS: dict[str, str] = {
    "right": "answers by complex steps through NumPy",
    "slow": "answers rightly after a tenth of a second",
    "zero": "derivatives of zeros",
    "wrong": "derivatives too large by 0.1 %",
    "sign": "derivatives of the other sign",
    "transposed": "derivatives with their axes reversed, the shape kept where it can be",
    "one_element": "the last element of each derivative too large by 0.1 %",
    "nan": "the first element of each derivative is NaN",
    "inf": "the first element of each derivative is infinite",
    "misshapen": "derivatives with one axis too many",
    "wrong_dtype": "derivatives of another dtype",
    "missing": "no derivative",
    "noisy": "derivatives that differ from run to run by 0.1 %",
    "unsupported": "says that it cannot",
    "meaningless": "says that there is no such notion",
    "unfinished": "says that a bounded loop did not end",
    "raises": "raises an exception after a line of output",
    "exits_politely": "raises SystemExit",
    "recurses": "raises RecursionError",
    "hangs": "never answers",
    "hangs_with_child": "never answers, and holds a grandchild",
    "segfaults": "dies of a signal",
    "exits": "leaves without a word",
    "orphans": "leaves a grandchild behind and dies",
    "floods": "writes 200 MB, then answers rightly",
    "memory": "allocates until it is ended",
    "damages": "writes rubbish into the protocol",
}
"""Execution → what it does."""

COMPILING: dict[str, str] = {
    "compiled": "answers rightly after a pretended compilation",
    "hangs_compiling": "never ends compiling",
}

FAKE = Descriptor(
    name="fake",
    title="Fake",
    distribution="numpy",
    module="numpy",
    implementation="gradcmp.backends.fake.backend:FakeBackend",
    spelling="gradcmp.backends.fake.spelling:SPELLING",
    executions=(
        *(Execution(name=name) for name in BEHAVIOURS),
        *(Execution(name=name, compiles=True) for name in COMPILING),
    ),
    install="pip install gradcmp",
)
