"""What TensorFlow says when it lacks something."""

import pytest

from gradcmp.backends.tensorflow.importing import import_tensorflow
from gradcmp.backends.tensorflow.refusals import in_its_words, is_refusal

try:
    tf = import_tensorflow()
except ImportError:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

pytestmark = pytest.mark.frameworks


def test_messages_lose_what_only_tensorflow_understands():
    error = LookupError("in user code:\n\n    File 'f.py', line 1, in f\n        g()\n\n    LookupError: no entry\n")
    assert in_its_words(error) == "LookupError: no entry"
    assert in_its_words(ValueError("no kernel\n\t [[{{node x}}]] [Op:Foo]")) == "no kernel"
    assert not is_refusal(ValueError("Dimensions must be equal"))
    assert is_refusal(tf.errors.UnimplementedError(None, None, "not here"))
