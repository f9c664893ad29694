"""What TensorFlow says when it lacks something."""

from typing import Any

import pytest

from gradcmp.backends.tensorflow.importing import import_tensorflow
from gradcmp.backends.tensorflow.refusals import in_its_words, is_refusal

tf: Any = None  # TensorFlow, once a test runs

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    """TensorFlow, under the name that this module uses; imported when a test runs, not when pytest collects."""
    try:
        globals()["tf"] = import_tensorflow()
    except ImportError:
        pytest.skip("TensorFlow is not installed")


def test_messages_lose_what_only_tensorflow_understands():
    error = LookupError("in user code:\n\n    File 'f.py', line 1, in f\n        g()\n\n    LookupError: no entry\n")
    assert in_its_words(error) == "LookupError: no entry"
    assert in_its_words(ValueError("no kernel\n\t [[{{node x}}]] [Op:Foo]")) == "no kernel"
    assert not is_refusal(ValueError("Dimensions must be equal"))
    assert is_refusal(tf.errors.UnimplementedError(None, None, "not here"))
