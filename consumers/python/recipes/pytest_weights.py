"""
pytest: tests that need weights say so, and are skipped where the weights may not be fetched.

Copy it beside conftest.py together with weighbridge_get.py, and write in conftest.py: pytest_plugins = ["pytest_weights"]

    @pytest.mark.weights("my-model@1.0.0", "model.safetensors")
    def test_decodes(weights):
        model = load(weights)          # the absolute path, proven

WEIGHBRIDGE_SKIP_DOWNLOAD=1 skips what is not in the cache; a wrong digest or an unknown name fails.
"""

import pytest

import weighbridge_get


def pytest_addoption(parser):
    parser.addini("weights_mirror", "URL of the mirror that the marker `weights` fetches from")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "weights(release, name): needs this file of a release; see the fixture `weights`"
    )


@pytest.fixture
def weights(request):
    marker = request.node.get_closest_marker("weights")
    if marker is None:
        raise pytest.UsageError("the fixture `weights` needs @pytest.mark.weights(RELEASE, NAME)")
    return fetched(marker.args, request.config.getini("weights_mirror") or None)


def fetched(wanted, mirror):
    try:
        return weighbridge_get.get(*wanted, base=mirror, timeout=600)
    except weighbridge_get.Skipped as skipped:
        pytest.skip(str(skipped))
