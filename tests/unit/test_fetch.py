# SPDX-License-Identifier: Apache-2.0
"""Weights that are not part of a wheel, from a local server or without a server."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import json
import re
import socket
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sionna_semcom import __version__, _fetch, _shipped
from sionna_semcom.datasets import Digits
from sionna_semcom.simulation import ModelStore
from sionna_semcom.simulation.training import store
from sionna_semcom.simulation.training.settings import ModelSettings

NAME = "one/seed0.keras"
CONTENT = b"weights"
ROOT = Path(_fetch.__file__).parents[1]
SETTINGS = {
    "system": {"kind": "classifier", "modality": "image"},
    "training": {"epochs": 1, "steps_per_epoch": 2, "batch_size": 10, "warmup_steps": 1},
}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Model folder of an installed package, whose index lists a model that it does not contain."""
    package = tmp_path / "site/sionna_semcom"
    folder = package / "shipped/models"
    folder.mkdir(parents=True)
    monkeypatch.setattr(_shipped, "_package", lambda: package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _list(folder, {NAME: {"sha256": hashlib.sha256(CONTENT).hexdigest()}})
    return folder


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Folder with the files of a release page."""
    pages = tmp_path / "pages"
    page = pages / f"v{__version__}"
    page.mkdir(parents=True)
    handler = partial(_Quiet, directory=str(pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(_fetch, "RELEASES", f"http://127.0.0.1:{server.server_port}")
        yield page
        server.shutdown()
        thread.join()


def _list(folder, entries):
    (folder / "index.json").write_text(json.dumps(entries))


def _make_model_index():
    path = ROOT / "docs/make_model_index.py"
    spec = importlib.util.spec_from_file_location("make_model_index", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_weights_are_fetched_once_and_kept(models, release, tmp_path):
    asset = release / "one.seed0.keras"
    asset.write_bytes(CONTENT)
    path = _fetch.fetch(NAME)
    assert path == tmp_path / "cache/sionna_semcom/models" / NAME
    assert path.read_bytes() == CONTENT
    asset.unlink()
    assert _fetch.fetch(NAME) == path


def test_weights_with_another_checksum_are_not_kept(models, release, tmp_path):
    (release / "one.seed0.keras").write_bytes(b"others")
    with pytest.raises(ValueError, match="does not match"):
        _fetch.fetch(NAME)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_what_is_damaged_in_the_cache_is_fetched_again(models, release):
    (release / "one.seed0.keras").write_bytes(CONTENT)
    _fetch.fetch(NAME).write_bytes(b"damaged")
    assert _fetch.fetch(NAME).read_bytes() == CONTENT


def _closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_without_network_one_line_says_which_file_goes_where(models, tmp_path, monkeypatch):
    monkeypatch.setattr(_fetch, "RELEASES", f"http://127.0.0.1:{_closed_port()}")
    with pytest.raises(OSError, match="cannot be fetched") as caught:
        _fetch.fetch(NAME)
    message = str(caught.value)
    kept = tmp_path / "cache/sionna_semcom/models" / NAME
    assert "\n" not in message
    assert f"v{__version__}/one.seed0.keras" in message
    assert message.endswith(f"store it as {kept}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(CONTENT)
    assert _fetch.fetch(NAME) == kept


def test_a_page_without_the_file_is_told_in_the_same_way(models, release):
    with pytest.raises(OSError, match=r"cannot be fetched \(HTTPError\)"):
        _fetch.fetch(NAME)


def test_a_server_that_does_not_answer_is_given_up(models, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(_fetch, "RELEASES", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(_fetch, "TIMEOUT", 0.2)
        with pytest.raises(OSError, match="cannot be fetched"):
            _fetch.fetch(NAME)


def test_weights_that_are_not_released_are_refused(models):
    with pytest.raises(ValueError, match="Received: 'two/seed0"):
        _fetch.fetch("two/seed0.keras")


def test_shipped_weights_are_not_fetched(models):
    shipped = models / NAME
    shipped.parent.mkdir()
    shipped.write_bytes(CONTENT)
    assert _fetch.fetch(NAME) == shipped
    assert _fetch.missing(NAME) is None


def test_a_model_is_fetched_in_place_of_being_trained(models, release, tmp_path, monkeypatch):
    settings, data, work = ModelSettings.model_validate(SETTINGS), Digits(), tmp_path / "work"
    trained = ModelStore((), tmp_path / "made").obtain("one", settings, data, 0)
    weights = tmp_path / "made" / NAME
    _list(models, _make_model_index().index(tmp_path / "made"))
    weights.rename(release / _fetch.asset(NAME))

    def refuse(*_):
        raise RuntimeError("it is trained")

    monkeypatch.setattr(store, "train", refuse)
    fetched = ModelStore([models], work).obtain("one", settings, data, 0)
    for one, other in zip(fetched.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    longer = ModelSettings.model_validate(
        {**SETTINGS, "training": {**SETTINGS["training"], "epochs": 2}}
    )
    for other_settings, folders in ((longer, [models]), (settings, [])):
        with pytest.raises(RuntimeError, match="it is trained"):
            ModelStore(folders, work).obtain("one", other_settings, data, 0)


def test_a_checkout_fetches_nothing():
    assert not _shipped.installed()
    assert _fetch.missing(next(iter(_fetch.index()))) is None


def test_the_index_is_up_to_date():
    written = (ROOT / "models/index.json").read_text(encoding="utf-8")
    assert written == _make_model_index().text(), "run python docs/make_model_index.py"


def test_releases_are_those_of_the_repository():
    (repository,) = re.findall(
        r'^Repository = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert _fetch.RELEASES == f"{repository}/releases/download"
