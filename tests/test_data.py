import hashlib
import http.server
import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nst_helpers import data
from nst_helpers.errors import DataError
from nst_helpers.pictures import registry

SOURCES = [{"shipped"}, {"package", "path"}, {"url"}]


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "made.png"
    Image.new("RGB", (6, 4), "red").save(path)
    return path.read_bytes()


@pytest.fixture
def register(tmp_path, monkeypatch, picture):
    """Put one made-up picture into an otherwise empty registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for module in (data, registry):
        monkeypatch.setattr(module, "picture_folder", lambda: folder)
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NST_PAPER_IMAGES", raising=False)

    def put(source, sha256=None):
        sha256 = sha256 or hashlib.sha256(picture).hexdigest()
        entry = {"name": "red", "title": "Red", "author": "A. Painter", "source": source}
        entry |= {"sha256": sha256, "license": "CC0 1.0", "alt": "A red area.", "role": "style"}
        (folder / "registry.json").write_text(json.dumps([entry]), encoding="utf-8")
        return folder

    return put


@pytest.fixture
def closed_url():
    """Give an address of this machine where nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{server.getsockname()[1]}/pictures/red.png"


@pytest.fixture
def server(picture):
    """Serve the picture from this machine, and note what is asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path == "/red.png" else 404)
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,)).start()
        yield SimpleNamespace(address=f"http://127.0.0.1:{running.server_port}", asked=asked)
        running.shutdown()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


# The registry itself


@pytest.mark.parametrize("name", data.names())
def test_every_entry_is_complete(name):
    entry = data.info(name)
    assert re.fullmatch("[a-z0-9_]+", entry.name)
    assert set(entry.source) in SOURCES
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert entry.role in ("content", "style", "both")
    assert len(entry.alt) > 60
    assert entry.alt.endswith(".")
    assert entry.title in entry.credit
    assert entry.author in entry.credit
    assert entry.license in entry.credit
    assert entry.license == "public domain" or entry.license_url.startswith("https://")
    # A commit in the address: what it delivers cannot change.
    assert re.search("/[0-9a-f]{40}/", entry.source.get("url", f"/{'0' * 40}/"))


def test_names_are_unique_and_roles_select():
    assert len(set(data.names())) == len(data.names())
    assert "china" in data.names("content")
    assert "china" not in data.names("style")
    assert "hubble_deep_field" in set(data.names("content")) & set(data.names("style"))


@pytest.mark.parametrize("name", [n for n in data.names() if "url" not in data.info(n).source])
def test_pictures_at_hand_verify_and_load(name):
    if data.info(name).source.get("package") == "skimage":
        pytest.importorskip("skimage")
    image = data.load(name, size=64)
    assert max(image.shape) == 64
    assert image.std() > 0.05  # there is something to be seen


def test_the_paper_photo_is_credited():
    assert "Andreas Praefcke" in data.info("tubingen").credit
    assert "CC BY 3.0" in data.info("tubingen").credit


def test_finding_package_pictures_imports_no_package():
    code = (
        "import sys; from nst_helpers import data; data.path('china');"
        "print([m for m in ('sklearn', 'skimage', 'tensorflow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Looking up


def test_unknown_name_suggests_and_tells_how_to_list():
    with pytest.raises(DataError, match=r"'china'\?.*names\(\)"):
        data.info("chnia")
    with pytest.raises(DataError, match=r"no picture 'zzzz'.*names\(\)"):
        data.path("zzzz")
    with pytest.raises(DataError, match="neither as a file"):
        data.resolve("none/of/these.jpg")


def test_a_local_file_wins_over_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data.resolve("china") == data.path("china")
    Path("china").write_bytes(b"mine")
    assert data.resolve("china").read_bytes() == b"mine"
    assert data.resolve(tmp_path / "china") == tmp_path / "china"


def test_what_is_no_file_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("holiday").mkdir()
    for name in ("holiday/a.png", "holiday/b.png"):
        Path(name).touch()
    with pytest.raises(DataError, match="'holiday' is a folder; name one of the pictures in it"):
        data.resolve("holiday")
    with pytest.raises(DataError, match=r"stands for 2 files.*'holiday/a\.png'"):
        data.resolve("holiday/*.png")
    with pytest.raises(DataError, match="is an address; download the picture"):
        data.resolve("https://example.org/a.png")
    Path("china").mkdir()  # a folder is no picture, so the name counts
    assert data.resolve("china") == data.path("china")


def test_home_is_expanded(register, picture, closed_url, tmp_path, monkeypatch):
    register({"url": closed_url})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "red.png").write_bytes(picture)
    assert data.resolve("~/red.png") == tmp_path / "red.png"
    monkeypatch.setenv("NST_PAPER_IMAGES", "~")
    assert data.path("red") == tmp_path / "red.png"
    monkeypatch.setenv("NST_CACHE", "~/cache")
    assert data.cache_folder() == tmp_path / "cache"


def test_shipped_picture_is_verified(register, picture):
    folder = register({"shipped": "red.png"})
    with pytest.raises(DataError, match="reinstall"):
        data.path("red")
    (folder / "red.png").write_bytes(picture)
    np.testing.assert_array_equal(data.load("red")[0, 0], [1, 0, 0])
    (folder / "red.png").write_bytes(picture + b"!")
    with pytest.raises(DataError, match=r"checksum.*reinstall"):
        data.path("red")


def test_missing_package_names_what_to_install(register, monkeypatch):
    register({"package": "skimage", "path": "data/none.png"})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="install scikit-image"):
        data.path("red")


# Downloads


def test_own_folder_comes_first(register, picture, closed_url, tmp_path, monkeypatch):
    register({"url": closed_url})
    monkeypatch.setenv("NST_PAPER_IMAGES", str(tmp_path))
    own = tmp_path / "red.png"
    own.write_bytes(picture)
    assert data.path("red") == own
    own.write_bytes(b"another picture")
    with pytest.raises(DataError, match="checksum"):
        data.path("red")
    assert own.read_bytes() == b"another picture"  # the user's folder is never written to


def test_no_network_names_both_ways_out(register, closed_url):
    register({"url": closed_url})
    with pytest.raises(DataError, match=r"connect to the network.*red\.png.*NST_PAPER_IMAGES"):
        data.path("red")
    assert not files(data.cache_folder())


def test_a_cache_that_cannot_be_is_not_the_networks_fault(register, server, tmp_path, monkeypatch):
    register({"url": f"{server.address}/red.png"})
    (tmp_path / "file").touch()
    for folder in ("file", "file/inside"):
        monkeypatch.setenv("NST_CACHE", str(tmp_path / folder))
        with pytest.raises(DataError, match=r"could not be stored in '.*file.*set NST_CACHE"):
            data.path("red")


def test_download_once_then_cache(register, server, capfd):
    register({"url": f"{server.address}/red.png"})
    path = data.path("red")
    assert path.parent == data.cache_folder()
    assert data.path("red") == path
    assert len(server.asked) == 1
    path.write_bytes(b"damaged")
    assert data.load("red").shape == (4, 6, 3)  # fetched again
    assert len(server.asked) == 2
    assert capfd.readouterr() == ("", "")


def test_wrong_checksum_leaves_nothing_behind(register, server):
    register({"url": f"{server.address}/red.png"}, sha256="0" * 64)
    with pytest.raises(DataError, match=r"delivers.*checksum"):
        data.path("red")
    assert not files(data.cache_folder())


def test_missing_page_leaves_nothing_behind(register, server):
    register({"url": f"{server.address}/none.png"})
    with pytest.raises(DataError, match="could not be downloaded"):
        data.path("red")
    assert not files(data.cache_folder())


def test_cache_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NST_CACHE", str(tmp_path))
    assert data.cache_folder() == tmp_path
    monkeypatch.delenv("NST_CACHE")
    assert "nst_helpers" in data.cache_folder().parts
