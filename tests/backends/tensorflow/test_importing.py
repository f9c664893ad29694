"""TensorFlow is imported without what it drags along."""

import subprocess
import sys

import pytest

from gradcmp.core.installed import is_importable

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not is_importable("tensorflow"), reason="TensorFlow is not installed"),
]


def test_the_import_leaves_jax_and_keras_out_and_importable():
    text = (
        "import gc, sys\n"
        "from gradcmp.backends.base import Settings\n"
        "from gradcmp.backends.tensorflow.backend import TensorFlowBackend\n"
        "assert 'tensorflow' not in sys.modules\n"
        "backend = TensorFlowBackend(Settings(threads=1))\n"
        "assert not {'jax', 'keras'} & set(sys.modules)\n"
        "assert gc.isenabled()\n"
        "assert backend.settings()['threads'] == 1\n"
        "import tensorflow as tf\n"
        "from tensorflow.keras.layers import Dense\n"
        "assert tf.keras.layers.Dense is Dense\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
