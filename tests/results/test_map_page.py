"""What a person sees of map.html, asked of a real browser that draws in software."""

import json
import os
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hdrkit.results.map_page import map_page
from hdrkit.types import ALONE
from tests.fixtures.browser import SOFTWARE

GL = (*SOFTWARE, "--window-size=1300,900")
# What a person does with mouse and keys, and what is then to be seen.
VISIT = """
(async () => {
  const visible = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
  const text = selector => visible(selector).map(node => node.textContent);
  const canvas = by("canvas"), told = {};
  canvas.setPointerCapture = () => {}; // there is no real pointer
  const until = async done => { while (!done()) await new Promise(again => setTimeout(again, 20)); };
  const fire = (kind, [x, y], more) => {
    const edge = canvas.getBoundingClientRect(), at = {clientX: edge.left + x, clientY: edge.top + y};
    const pointer = {button: 0, pointerId: 1, pointerType: "mouse", bubbles: true, cancelable: true};
    canvas.dispatchEvent(new PointerEvent(kind, {...pointer, ...at, ...more}));
  };
  const click = (place, more) => { for (const kind of ["pointermove", "pointerdown", "pointerup"]) fire(kind, place, more); };
  const press = (key, node) => node.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  const type = words => {
    by("words").value = words;
    by("words").dispatchEvent(new Event("input", {bubbles: true}));
  };
  const placeOf = k => {
    let place;
    view.project((n, x, y, depth, pixels) => { if (n === k) place = [x, y, 0.5 * pixels * view.side()]; });
    return place;
  };
  const drawnAt = ([x, y]) => {
    view.render();
    const gl = canvas.getContext("webgl2"), pixel = new Uint8Array(4);
    gl.readPixels(Math.floor(x), Math.floor(view.height - y), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return [...pixel.slice(0, 3)];
  };
  const edgeOf = k => {
    const [x, y, half] = placeOf(k);
    return drawnAt([Math.ceil(x - half), y]);
  };
  const sees = () => ({
    status: by("shown").textContent, groups: text(".called"), counts: text(".group .facts span:first-child"),
    faded: [...view.states].filter(state => state === FADED).length,
  });
  const chosen = () => by("selection").checkVisibility() ? by("selected").textContent : "";
  await until(() => [...view.sprites.values()].every(sheet => sheet.ready.value));
  setSize(-2);
  told.title = document.title;
  told.heading = text("h1").concat(text("header p"));
  told.first = sees();
  told.names = text("#place-names button").sort();
  told.middle = map.group.map((_, k) => drawnAt(placeOf(k)));
  told.byGroup = edgeOf(4);

  const [x, y] = placeOf(4);
  fire("pointermove", [x, y]);
  told.tip = text("#tip b").concat(text("#tip span"));
  told.grown = drawnAt([x + 1.3 * placeOf(4)[2], y]);
  click([x, y]);
  await until(() => original.complete);
  told.opened = [viewer.open, ...text("#viewer .name, #viewer .facts"), original.naturalWidth, visible(".trouble").length];
  told.link = part(".file").getAttribute("href");
  press("x", viewer);
  press("ArrowRight", viewer);
  await until(() => visible(".trouble").length);
  told.next = [...text("#viewer .name"), visible(".trouble").length, visible(".picture .small").length];
  viewer.close();
  told.one = chosen();
  fire("pointerleave", [0, 0]);

  press("g", canvas); // nothing is current
  told.still = chosen();
  press("Escape", canvas);
  told.none = chosen();
  press("n", canvas);
  told.said = by("said").textContent;
  press("g", canvas);
  told.group = chosen();
  press("x", canvas);
  told.less = chosen();
  press("Escape", canvas);
  fire("pointerleave", [0, 0]);

  click(placeOf(7), {ctrlKey: true});
  told.ctrl = [chosen(), viewer.open];
  fire("pointerdown", [0, 0], {shiftKey: true});
  fire("pointermove", [200, 200], {shiftKey: true});
  told.box = visible("#box").length;
  fire("pointermove", [view.width, view.height], {shiftKey: true});
  fire("pointerup", [view.width, view.height], {shiftKey: true});
  told.boxed = [chosen(), visible("#box").length];
  let blob;
  navigator.clipboard.writeText = async copied => { told.copied = copied; };
  URL.createObjectURL = made => { blob = made; return "#"; };
  by("copy").click();
  by("download").click();
  told.downloaded = [...new Uint8Array(await blob.arrayBuffer())];
  by("clear").click();

  for (const words of ["kind1", "ALON red", "a red hat", "nowhere"]) { type(words); told["search " + words] = sees(); }
  told.nothing = visible("#nothing").length;
  type("kind0_2");
  by("select-shown").click();
  told.these = chosen();
  press("Escape", canvas);
  told.cleared = sees();
  press("Escape", canvas);

  press("c", canvas);
  told.labels = text("#legend button");
  by("legend").children[1].click();
  told.only = sees();
  told.pressed = by("legend").children[1].getAttribute("aria-pressed");
  press("c", canvas);
  told.kept = sees();
  by("everything").click();
  told.qualities = text("#legend button");
  told.byQuality = [edgeOf(0), edgeOf(4)];
  told.colours = by("colours").value;

  document.querySelector(".group summary").click();
  await until(() => visible(".thumb").length);
  told.thumbs = visible(".thumb").map(node => node.getAttribute("aria-label"));
  const before = view.camera.position.clone();
  visible(".visit")[0].click();
  await until(() => !view.fly);
  told.visited = [sees(), view.camera.position.distanceTo(before) > 0.1];
  visible(".whole")[0].click();
  told.whole = chosen();
  press("Escape", canvas);
  press("ArrowLeft", canvas);
  press("/", canvas);
  told.focus = document.activeElement.id;
  told.notes = by("notes").textContent;
  told.requests = performance.getEntriesByType("resource").filter(entry => !/^(data|blob|file):/.test(entry.name)).length;
  return told;
})()
"""
# What happens to the view when the window changes, before and after someone has moved it; and what is exported.
CHANGED = """
(async () => {
  const stage = by("canvas").parentElement, told = {};
  const wide = async width => {
    stage.style.width = `${width}px`;
    while (view.width !== width || view.waiting || view.fly) await new Promise(again => setTimeout(again, 20));
  };
  const fits = () => {
    let inside = 0;
    view.project((k, x) => { inside += x > 0 && x < view.width; });
    return inside === map.names.length;
  };
  const far = () => view.camera.position.distanceTo(view.controls.target);
  told.fits = [];
  for (const width of [800, 160, 600]) { await wide(width); told.fits.push(fits()); }
  view.zoom(0.5);
  const before = far();
  await wide(700);
  told.moved = far() / before;
  view.fit(false);
  await wide(150);
  told.fits.push(fits());

  let blob;
  URL.createObjectURL = made => { blob = made; return "#"; };
  select([0, 1]);
  told.before = by("left-out").textContent;
  by("selection").style.left = "900px"; // as in a smaller window
  told.edge = innerWidth - by("selection").getBoundingClientRect().right;
  by("download").click();
  told.downloaded = await blob.text();
  told.left = by("left-out").textContent;
  select([0]);
  told.after = by("left-out").textContent;
  return told;
})()
"""
# What is there without WebGL, or on a narrow screen.
GLANCE = """
(async () => {
  const visible = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
  const told = {
    alert: visible("#no-webgl").length, canvas: visible("canvas").length, tools: visible(".tools button").length,
    groups: visible(".called").map(node => node.textContent), strips: visible(".strip .small").length,
    above: by("no-webgl").getBoundingClientRect().top < by("panel").getBoundingClientRect().top,
    wide: document.documentElement.scrollWidth > innerWidth, map: by("stage").offsetHeight, list: by("panel").offsetHeight,
  };
  document.querySelector(".group summary").click();
  while (!visible(".thumb").length) await new Promise(again => setTimeout(again, 20));
  visible(".thumb")[1].click();
  told.opened = [by("viewer").open, document.querySelector("#viewer .name").textContent];
  visible("#viewer .pick")[0].click();
  by("viewer").close();
  told.chosen = by("selected").textContent;
  return told;
})()
"""


def colour_of(k):
    return ((40 * k + 30) % 256, (90 * k + 60) % 256, (150 - 20 * k) % 256)


@pytest.fixture
def out(tmp_path, planted_map):
    """A page beside its pictures, which are of one colour each; the sixth is no picture that a browser knows."""
    result = planted_map(tmp_path / "pic tures")
    latin = replace(result.pictures[7], path=tmp_path / "pic tures" / os.fsdecode(b"alon\xe9.png"))
    result = replace(result, pictures=(*result.pictures[:7], latin))
    (tmp_path / "pic tures").mkdir()
    thumbnails = []
    for k, picture in enumerate(result.pictures):
        shape = (32 * (2 + k % 2), 96, 3)
        thumbnails.append(cv2.imencode(".jpg", np.full(shape, colour_of(k)[::-1], np.uint8))[1].tobytes())
        if picture is not latin:  # not every file system has such a name
            cv2.imwrite(str(picture.path), np.full((60, 90, 3), colour_of(k)[::-1], np.uint8))
    result.pictures[5].path.write_bytes(b"not for a browser")
    result = replace(result, pictures=tuple(replace(one, path=one.path.relative_to(tmp_path)) for one in result.pictures))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path)
        (tmp_path / "out").mkdir()
        page = map_page(result, thumbnails, tmp_path / "out")
    (tmp_path / "out" / "map.html").write_text(page)
    return tmp_path / "out" / "map.html"


def test_a_person_finds_their_way_on_the_map(watched, out):
    told, errors = watched(out, VISIT, *GL)
    everything = {
        "status": "all 8 shown",
        "groups": ["a red hat", "Group 1", "In no group"],
        "counts": ["4", "3", "1"],
        "faded": 0,
    }
    assert errors == []
    assert told["title"] == "8 pictures in 2 groups"
    assert told["heading"] == ["8 pictures in 2 groups", "1 in no group"]
    assert told["first"] == told["cleared"] == everything
    assert told["names"] == ["Group 1", "a red hat"]
    for k, drawn in enumerate(told["middle"]):  # each sprite shows its own picture, nearer to the ground far away
        fog = np.subtract(colour_of(k), (16, 18, 21)) * np.arange(0.6, 1.001, 0.005)[:, None]
        assert np.abs(fog + (16, 18, 21) - drawn).max(axis=1).min() < 8, k
    names = [f"pic tures/kind1_{k}.png" for k in range(3)]
    assert told["tip"] == ["kind1_0.png", "Group 1 · kind1 · low quality · silhouette 0.75"]
    assert told["opened"] == [True, names[0], "Group 1 · kind1 · low quality · silhouette 0.75", 90, 0]
    assert told["link"] == "../pic%20tures/kind1_0.png"
    assert told["next"] == [names[1], 1, 1]  # a file that the browser cannot show: its small picture, and words
    assert (told["one"], told["still"], told["none"]) == ("1 selected", "1 selected", "")
    assert told["said"] == "kind0_0.png, a red hat · kind0 · high quality · silhouette 0.75"
    assert (told["group"], told["less"]) == ("4 selected", "3 selected")
    assert told["ctrl"] == ["1 selected", False]
    assert (told["box"], told["boxed"]) == (1, ["8 selected", 0])
    paths = [*(f"pic tures/kind0_{k}.png" for k in range(4)), *names]
    assert told["copied"].splitlines()[:-1] == paths
    assert bytes(told["downloaded"]) == "".join(f"{path}\n" for path in paths).encode() + b"pic tures/alon\xe9.png\n"
    assert told["search kind1"] == {"status": "3 of 8 shown", "groups": ["Group 1"], "counts": ["3"], "faded": 5}
    assert told["search ALON red"]["groups"] == []
    assert told["search a red hat"]["groups"] == ["a red hat"]
    assert (told["search nowhere"]["status"], told["nothing"]) == ("0 of 8 shown", 1)
    assert told["these"] == "1 selected"
    assert told["labels"] == ["kind0 4", "kind1 3", "Unknown 1"]
    assert (told["only"]["status"], told["only"]["groups"], told["pressed"]) == ("3 of 8 shown", ["Group 1"], "true")
    assert told["kept"] == told["only"]  # another colour shows no others
    assert (told["colours"], told["qualities"]) == ("quality", ["high 4", "low 4"])
    assert told["thumbs"] == [f"kind0_{k}.png" for k in range(4)]
    assert told["visited"] == [
        {**everything, "status": "4 of 8 shown", "groups": ["a red hat"], "counts": ["4"], "faded": 4},
        True,
    ]
    assert told["whole"] == "4 selected"
    assert told["focus"] == "words"
    for words in ("a note of the run", "broken.jpg: not an image", "image-embedding: planted"):
        assert words in told["notes"]
    assert told["requests"] == 0
    high, low = told["byQuality"]
    assert low[0] > low[2] + 40  # orange
    assert high[1] > high[0] + 40  # green
    assert np.abs(np.subtract(told["byGroup"], low)).max() > 20


def test_the_map_stays_in_view_until_someone_moves_it_and_no_line_is_broken(watched, tmp_path, planted_map):
    result = planted_map(tmp_path)
    broken = replace(result.pictures[0], path=tmp_path / "two\nlines.png")
    (tmp_path / "map.html").write_text(map_page(replace(result, pictures=(broken, *result.pictures[1:])), [b""] * 8, tmp_path))
    told, errors = watched(tmp_path / "map.html", CHANGED, *GL)
    assert errors == []
    assert told["fits"] == [True] * 4
    assert told["moved"] == pytest.approx(1)
    assert told["edge"] >= 0
    assert (told["before"], told["left"]) == ("1 with a line break in its name, not exported",) * 2
    assert (told["downloaded"], told["after"]) == (f"{tmp_path / 'kind0_1.png'}\n", "")


def test_without_webgl_the_groups_are_a_flat_list(watched, out):
    told, errors = watched(out, GLANCE, "--disable-3d-apis", "--window-size=1300,900")
    assert errors == []
    assert (told["alert"], told["canvas"], told["tools"], told["above"]) == (1, 0, 0, True)
    assert (told["groups"], told["strips"]) == (["a red hat", "Group 1", "In no group"], 8)
    assert told["opened"] == [True, "pic tures/kind0_1.png"]
    assert told["chosen"] == "1 selected"


def test_a_narrow_screen_has_the_map_above_the_list(watched, out):
    told, errors = watched(out, GLANCE, *GL, "--window-size=500,900")
    assert errors == []
    assert not told["wide"]
    assert told["alert"] == 0
    assert min(told["map"], told["list"]) > 250


def map_of(page):
    return json.loads(re.search(r'<script type="application/json" id="map">(.*?)</script>', page, re.DOTALL)[1])


def test_names_are_text_and_never_part_of_the_page(tmp_path, planted_map):
    hostile = "</script><script>alert(1)</script>{{title}}<!--\"'&\n.png"
    result = planted_map(tmp_path, (1,), 0)
    result = replace(result, pictures=(replace(result.pictures[0], path=tmp_path / hostile),))
    result = replace(result, groups=(replace(result.groups[0], words="</script><i>"),))
    page = map_page(result, [b""], tmp_path)
    assert "alert(1)</script>" not in page
    assert "</script><i>" not in page
    assert map_of(page)["names"] == [str(tmp_path / hostile)]


def test_a_map_of_nothing_has_a_page(tmp_path, planted_map):
    page = map_page(planted_map(tmp_path, (), 0), [], tmp_path)
    assert "0 pictures in 0 groups" in page
    assert map_of(page)["names"] == []


def test_beyond_25000_pictures_the_most_typical_of_each_group_are_drawn(tmp_path, planted_map):
    result = planted_map(tmp_path, (25_500, 3), 2)
    page = map_page(result, [b""] * len(result.pictures), tmp_path)
    cells = np.array(map_of(page)["cells"])
    groups = np.array([picture.group for picture in result.pictures])
    assert cells.max() == 24_999
    assert (np.sort(cells[cells >= 0]) == np.arange(25_000)).all()
    assert (cells[groups == 1] >= 0).all()
    assert (cells[groups == ALONE] >= 0).all()
    assert np.flatnonzero(cells < 0).min() > 24_900
    assert "505 pictures are points" in page


def test_the_same_map_has_the_same_page(tmp_path, planted_map):
    result = planted_map(tmp_path)
    assert map_page(result, [b""] * 8, tmp_path) == map_page(result, [b""] * 8, tmp_path)
