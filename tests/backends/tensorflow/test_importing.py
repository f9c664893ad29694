"""TensorFlow is imported without what it drags along."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

pytestmark = pytest.mark.frameworks


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
