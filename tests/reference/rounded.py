"""An algebra that really rounds: the textbook program in a dtype, step by step, to hold the tolerance pass against."""

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.reference.language.fragility import Fragility
from gradcmp.reference.language.textbook import textbook_formulas
from gradcmp.reference.steps import STEPS

PLAIN = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "abs": np.abs,
    "negative": np.negative,
    "floor": np.floor,
    "sin": np.sin,
    "cos": np.cos,
    "sech_squared": lambda x: 1 - np.tanh(x) * np.tanh(x),
    "scale": lambda x, y: np.where(x == 0, x, x * y),
    "fixed": lambda x: x,
    "binary_scale": lambda d, n: np.exp2(np.round(np.log2(np.abs(d)) / n)),
}


class RoundedAlgebra:
    """Arrays are held in float64 or float32; for the shorter formats in float32, and rounded after every step."""

    def __init__(self, dtype):
        self.form = FORMATS[dtype]
        self.work = np.float64 if dtype == "float64" else np.float32
        self.formulas = textbook_formulas(Fragility(unit=0.0))
        self.tie_shares = None

    def rounded(self, x):
        x = np.asarray(x).astype(self.work)
        if self.form.name == "float16":
            return x.astype(np.float16).astype(self.work)
        if self.form.name == "bfloat16":
            return np.vectorize(lambda each: self.form.round(float(each)), otypes=[self.work])(x)
        return x

    def constant(self, values):
        return self.rounded(np.asarray(values).astype(np.float64))

    def direction(self, values):
        return self.constant(values)

    def constantly(self, x):
        return x

    def shape(self, x):
        return x.shape

    def elementwise(self, name, *operands):
        step = PLAIN.get(name) or STEPS[name].value
        with np.errstate(all="ignore"):
            if name == "sech_squared":
                square = self.elementwise("square", self.elementwise("tanh", *operands))
                return self.elementwise("subtract", self.constant(1.0), square)
            if name == "sigmoid_below_one":
                return self.elementwise("subtract", self.constant(1.0), self.elementwise("sigmoid", *operands))
            return self.rounded(step(*operands))

    def whole_power(self, x, exponent):
        return self.rounded(np.power(x, self.work(exponent)))

    def sum(self, x, axes):
        return self.rounded(x.sum(axis=axes, dtype=self.work))

    def matmul(self, x, y):
        return self.rounded(x @ y)

    def det(self, x):
        return self.rounded(np.linalg.det(x))

    def inv(self, x):
        return self.rounded(np.linalg.inv(x))

    def solve(self, a, b):
        return self.rounded(np.linalg.solve(a, b))

    def pick(self, arrays, places):
        return np.concatenate([x.ravel() for x in arrays])[places]

    def scatter(self, x, places, size):
        total = np.zeros(size, self.work)
        np.add.at(total, np.asarray(places).ravel(), x.ravel())
        return self.rounded(total)

    def zeros(self, x):
        return x == 0

    def compare(self, x, y):
        return np.sign(x - y).astype(np.int8)
