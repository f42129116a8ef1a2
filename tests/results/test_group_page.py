"""What a person sees of report.html, asked of a real browser."""

import json
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from hdrkit.formats.thumbnails import read_thumbnails
from hdrkit.results.group_layout import lay_out
from hdrkit.results.group_page import report_page
from hdrkit.results.grouped import write_groups

# What a person does, and what is then to be seen; runs in the page.
VISIT = """
<script>
const shown = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
const sees = () => ({
  groups: shown(".group h3").map(node => node.textContent),
  singles: shown("#singles .item").map(node => node.id),
  loose: shown("#unassigned figure a").map(node => node.getAttribute("aria-label")),
  bad: shown(".bad").length,
  headings: shown("h2").map(node => node.textContent),
  status: document.getElementById("shown").textContent,
  nothing: shown("#nothing").length === 1,
});
const enter = (id, value) => {
  const field = document.getElementById(id);
  if (field.type === "checkbox") field.click(); else field.value = value;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  const seen = sees();
  if (field.type === "checkbox") field.click();
  return seen;
};
const press = key => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
(async () => {
  const told = {first: sees(), counts: document.querySelector(".counts").innerText};
  for (const words of ["second 2", "BLACK", "weakly", "broken", "nowhere"]) told["search " + words] = enter("words", words);
  enter("words", "");
  for (const kind of ["single", "unreadable", ""]) told["kind " + kind] = enter("kind", kind);
  for (const flag of ["duplicate", "no_content", ""]) told["flag " + flag] = enter("flag", flag);
  told.most = enter("most", "0.6");
  enter("most", "1");
  told.look = enter("look");
  enter("words", "nowhere");
  document.getElementById("clear").click();
  told.cleared = sees();
  document.body.focus();
  press("/");
  told.focus = document.activeElement.id;
  enter("words", "first");
  press("Escape");
  told.escaped = sees();
  document.activeElement.blur();
  press("j"); press("j");
  told.second = document.activeElement.id;
  press("k");
  told.back = document.activeElement.id;
  const pictures = [...document.images];
  pictures.forEach(picture => picture.loading = "eager");
  await Promise.all(pictures.map(picture => picture.decode()));
  told.pictures = pictures.map(picture => [picture.naturalWidth, picture.naturalHeight]);
  told.requests = performance.getEntriesByType("resource").filter(entry => !entry.name.startsWith("data:")).length;
  told.links = shown("figure a").map(node => node.getAttribute("href"));
  told.bar = document.querySelector(".filters").offsetHeight;
  told.wide = document.documentElement.scrollWidth > innerWidth;
  told.references = shown("figure.reference").length;
  const result = document.createElement("pre");
  result.id = "told";
  result.textContent = JSON.stringify(told);
  document.body.append(result);
})();
</script>
"""


@pytest.fixture
def out(card, sort_card, tmp_path):
    write_groups(sort_card(card), tmp_path / "sorted")
    return tmp_path / "sorted"


def test_a_person_sees_the_groups_and_finds_their_way(visited, out):
    told = visited(out / "report.html", VISIT)
    everything = told["first"]
    assert everything["groups"] == ["cluster_1", "cluster_0"]  # least sure first
    assert everything["singles"] == ["cluster_2"]
    assert (everything["loose"], everything["bad"], everything["nothing"]) == (["black.png"], 1, False)
    assert everything["headings"] == ["Groups, least sure first", "Single photographs", "Unassigned", "Unreadable", "Notes"]
    assert everything["status"] == "all 5 shown"
    for words in ("10 photographs", "2 views", "3 groups", "2 exposure brackets", "1 groups that need a look", "1 unassigned"):
        assert words in told["counts"]
    assert told["search second 2"]["groups"] == ["cluster_1"]
    assert told["search second 2"]["headings"] == ["Groups, least sure first", "Notes"]
    assert told["search second 2"]["status"] == "1 of 5 shown"
    assert (told["search BLACK"]["groups"], told["search BLACK"]["loose"]) == ([], ["black.png"])
    assert told["search weakly"]["groups"] == ["cluster_1"]
    assert told["search broken"]["bad"] == 1
    assert told["search nowhere"]["nothing"]
    assert told["search nowhere"]["headings"] == ["Notes"]
    assert (told["kind single"]["groups"], told["kind single"]["singles"]) == ([], ["cluster_2"])
    assert (told["kind unreadable"]["groups"], told["kind unreadable"]["bad"]) == ([], 1)
    assert told["flag duplicate"]["groups"] == ["cluster_1"]
    assert told["flag no_content"]["loose"] == ["black.png"]
    assert told["most"]["groups"] == ["cluster_1"]
    assert told["look"]["groups"] == ["cluster_1"]
    assert told["look"]["loose"] == ["black.png"]
    assert told["kind "] == told["flag "] == told["cleared"] == told["escaped"] == everything
    assert (told["focus"], told["second"], told["back"]) == ("words", "cluster_0", "cluster_1")
    assert told["pictures"] == [[72, 48]] * 9
    assert told["requests"] == 0
    assert told["references"] == 2
    assert all((out / unquote(link)).exists() for link in told["links"])


def test_the_filters_are_one_line_on_a_phone(visited, out):
    told = visited(out / "report.html", VISIT, "--window-size=500,900")
    assert told["bar"] < 60
    assert not told["wide"]


@pytest.mark.parametrize("options", [[], ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]])
def test_the_page_can_be_read_in_light_and_dark(browse, out, tmp_path, options):
    browse(out / "report.html", "--window-size=900,700", f"--screenshot={tmp_path / 'seen.png'}", *options)
    with Image.open(tmp_path / "seen.png") as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    ground, ink = np.median(pixels, axis=(0, 1)).mean(), pixels[:80, :500].mean(axis=2)
    assert ground < 60 if options else ground > 200
    assert np.abs(ink - ground).max() > 150  # the title stands out


def test_the_page_can_be_printed(browse, out, tmp_path):
    browse(out / "report.html", f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Subtype /Image") >= 8  # two of nine are the same


def test_names_are_text_and_never_part_of_the_page(card, sort_card, tmp_path):
    result = sort_card(card)
    hostile = "</article><script>alert(1)</script>{{title}}\"'&\n.png"
    member = result.clusters[0].members[0]
    member = replace(member, photo=replace(member.photo, path=card / hostile, camera="<i>x</i>"), reason="<u>y</u>")
    result = replace(result, clusters=(replace(result.clusters[0], members=(member,), reference=0, reasons=("<b>",)),))
    places = lay_out(result)
    page = report_page(result, places, [None] * len(places), tmp_path, ["<em>"])
    assert page.count("<script>") == 1
    assert "<i>x" not in page
    assert "<u>y" not in page
    assert "<em>" not in page
    assert "{{title}}&quot;&#x27;&amp;\\n.png" in page
    assert page.count("no picture") >= 2


def test_the_page_stays_small_however_many_photographs_there_are(card, sort_card, tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (256, 384, 3), np.uint8).repeat(4, 0).repeat(4, 1)).save(card / "noise.jpg")
    from hdrkit import read_photo
    from hdrkit.types import Member

    photo = read_photo(card / "noise.jpg")
    (thumbnail,) = read_thumbnails([photo], 1)
    sizes = {}
    for number in (850, 3400):
        result = replace(sort_card(card), clusters=(), unreadable=(), unassigned=(Member(photo),) * number)
        sizes[number] = len(report_page(result, lay_out(result), [thumbnail] * number, tmp_path))
    assert sizes[3400] < 2 * sizes[850]


def test_pictures_that_cannot_be_decoded_are_told(card, sort_card, tmp_path):
    result = sort_card(card)
    (card / "first" / "0.png").write_bytes((card / "first" / "0.png").read_bytes()[:200])
    write_groups(result, tmp_path / "sorted")
    assert not (tmp_path / "sorted" / "thumbnails" / "cluster_0_00.jpg").exists()
    record = json.loads((tmp_path / "sorted" / "cluster_0" / "metadata.json").read_text())
    assert [image["thumbnail_path"] for image in record["images"]] == [None, *(f"thumbnails/cluster_0_0{k}.jpg" for k in (1, 2))]
    assert "no picture" in (tmp_path / "sorted" / "report.html").read_text()
