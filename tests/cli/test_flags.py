"""Flags come from option dataclasses, and a configuration file fills in what the command line leaves open."""

from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Annotated

import pytest
import typer
import typer.main

import hdrkit.cli
from hdrkit.cli.app import app
from hdrkit.cli.flags import Part, takes
from hdrkit.cli.sections import sections
from hdrkit.errors import InputError
from hdrkit.files.configuration import kind_of, read_settings
from hdrkit.inputs.options import By, InputOptions
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.request import MergeRequest
from hdrkit.merging.options import Estimator, Fusion
from hdrkit.tonemapping.options import Operator, RenderOptions

# Every option with its names, its default as the help page shows it (spaces as _), and ! where it is required.
FLAGS = {
    "group": """
        inputs! --output/-o --copy --move --no-files --dry-run --undo --config/-c --no-metadata/--metadata --embedding=gradient
        --model --linkage=average --must-link --cannot-link --jobs/-j=all_cores --no-cache/--cache --json --log-level=info
        --exposures
    """,
    "calibrate": """
        inputs! --output/-o=response.npz --method=patches --weight=triangle --sampling=histogram --samples=10000 --seed=0
        --clip=5,250 --smoothness=0.003 --order --align=auto --by=auto --round=30s --exposure-unit --min-frames=2 --max-groups
        --groups --exposures --ev=none --no-literal-exif/--literal-exif --max-pixels=500000000 --no-plot/--plot=True --json
        --config/-c
    """,
    "merge": """
        inputs! --output/-o! --response --estimator=inverse-variance --weight=triangle --clip=0,250 --align=auto
        --no-crop/--crop --deghost=auto --format=exr,_png_for_mertens --no-half/--half --no-variance/--variance --device=cpu
        --scale=radiance --max-memory --no-preview/--preview --tonemap=local --preview-type=jpg --quality=95
        --name={bracket} --range=none --exposure=0.0
        --contrast=0.0 --detail=0.0 --saturation=0.0 --warmth=0.0 --by=auto --round=30s
        --exposure-unit --min-frames=2 --groups --exposures --no-literal-exif/--literal-exif --max-pixels=500000000
        --ev=none --jobs/-j=all_cores --scheduler --overwrite --json --config/-c
    """,
    "watch": """
        folder! --output/-o! --response --estimator=inverse-variance --weight=triangle --clip=0,250 --align=auto
        --no-crop/--crop --deghost=auto --format=exr,_png_for_mertens --no-half/--half --no-variance/--variance --device=cpu
        --scale=radiance --max-memory --no-preview/--preview --tonemap=local --preview-type=jpg --quality=95 --range=none
        --exposure=0.0
        --contrast=0.0 --detail=0.0 --saturation=0.0 --warmth=0.0 --round=30s
        --exposure-unit --min-frames=2 --exposures --no-literal-exif/--literal-exif --max-pixels=500000000 --frames
        --wait=10.0 --poll=30.0
        --heartbeat=heartbeat.json_in_the_output --jobs/-j=1 --scheduler --config/-c
    """,
    "keogram": """
        source! --output/-o! --angle=0.0 --tonemap=reinhard --range=auto --exposure --camera --json --config/-c
    """,
    "video": """
        source! --output/-o! --fps=24.0 --tonemap=local --range=auto --exposure --camera --json --config/-c
    """,
    "map": """
        --super-resolution=edsr --crop=off --embedding=imagenet --method=agreement --cluster-in=embedding --seed=42 inputs
        --image_dir --output/-o --update --model --labels=the_beginning_of_each_file_name --jobs/-j=all_cores --scheduler
        --json --config/-c
    """,
    "score": """
        faces! --labels=cluster_labels.json,_in_FACES --output/-o=scores,_in_FACES --eyes=0.5 --smile=0.5 --focus=0.4
        --require-all-eyes-open=main,important,other --require-all-smiles --require-all-in-focus --write-ratings
        --sidecar=darktable --no-overwrite/--overwrite --dry-run --undo --json --verbose/-v --config/-c
    """,
    "rank": """
        inputs! --output/-o=ranking,_in_DIR --method=hash --feature-matching/-f --diff/-d=from_the_data --sharpness=detail
        --no-exclude/--exclude/-e --max-rank/-m=3 --sidecar=darktable --no-overwrite/--overwrite --dry-run --undo
        --jobs/-j=all_cores --json --verbose/-v --exposures --config/-c
    """,
    "faces": """
        inputs --output/-o --method=average --threshold=of_the_embedding --min-size=32.0 --max-yaw=60.0 --min-focus=0.1
        --min-confidence=0.5 --model --labels=cluster_labels.json_in_the_output
        --gallery=HDRKIT_GALLERY,_else_in_your_data_folder --forget --jobs/-j=all_cores --scheduler --json --config/-c
    """,
    "models": "action=list names --json",
    "range": """
        inputs! --response --by=auto --round=30s --exposure-unit --groups --exposures --ev=none --no-literal-exif/--literal-exif
        --max-pixels=500000000 --json --config/-c
    """,
    "info": """
        files! --no-literal-exif/--literal-exif --max-pixels=500000000 --json --exposures --config/-c
    """,
}


def shown(parameter):
    """The default that the help page shows."""
    said = getattr(parameter, "show_default", None)
    default = said if isinstance(said, str) else parameter.default
    return "" if default is None or default is False else "=" + str(default).replace(" ", "_")


@pytest.mark.parametrize("name", FLAGS)
def test_the_flags_of_every_command_stay(name):
    command = typer.main.get_command(app).get_command(None, name)
    found = set()
    for parameter in command.params:
        names = sorted([*parameter.opts, *parameter.secondary_opts], key=lambda word: (-len(word), word))
        found.add("/".join(names) + shown(parameter) + "!" * parameter.required)
    assert found == set(FLAGS[name].split())


def test_every_command_is_listed():
    assert set(typer.main.get_command(app).list_commands(None)) == set(FLAGS)


@pytest.fixture
def asked():
    """What `merge` and the like are called with, for words of the command line."""

    def ask(*words, part=None):
        taken = {}

        @takes
        def command(request: Annotated[MergeRequest, part or Part()]) -> None:
            """Take a request."""
            taken["request"] = request

        alone = typer.Typer()
        alone.command()(command)
        typer.main.get_command(alone)([str(word) for word in ("-o", "out", *words)], standalone_mode=False)
        return taken["request"]

    return ask


def test_without_words_all_is_as_the_dataclasses_have_it(asked):
    assert asked() == MergeRequest(Path("out"))


def test_words_become_values(asked):
    words = ("--estimator", "mertens", "--clip", "3,240", "--max-memory", "2G", "--range=-3,2", "--by", "time", "--preview")
    request = asked(*words, "--exposures", "times.csv", "--format", "png")
    assert (request.merging.estimator, request.merging.clip) == (Fusion.MERTENS, (3.0, 240.0))
    assert (request.files.max_memory, request.rendering.range_ln, request.preview) == (2 << 30, (-3.0, 2.0), True)
    assert (request.inputs.by, request.inputs.exposures, request.file_type) == (By.TIME, Path("times.csv"), "png")


def test_a_command_may_have_another_default(asked):
    part = Part(usual={"operator": Operator.ACES})
    assert asked(part=part).rendering.operator is Operator.ACES
    assert asked("--tonemap", "drago", part=part).rendering.operator is Operator.DRAGO


def test_a_word_in_the_place_of_a_value_switches_another_field_on(asked):
    request = asked("--exposures", "estimate", "--range", "auto")
    assert (request.inputs.exposures, request.inputs.estimate_exposures) == (None, True)
    assert (request.rendering.range_ln, request.range_of_all) == (None, True)
    with pytest.raises(typer.BadParameter, match="'estimate' is not possible for this command; give FILE.csv"):
        asked("--exposures", "estimate", part=Part(but=("estimate_exposures",)))


def test_a_list_of_exposures_and_their_estimate_may_be_given_together(asked):
    for words in (("times.csv", "estimate"), ("estimate", "times.csv")):
        inputs = asked("--exposures", words[0], "--exposures", words[1]).inputs
        assert (inputs.exposures, inputs.estimate_exposures) == (Path("times.csv"), True)
    with pytest.raises(typer.BadParameter, match="once each, not a.csv, b.csv"):
        asked("--exposures", "a.csv", "--exposures", "b.csv")


def test_a_part_of_a_group_leaves_the_rest_as_the_command_has_it(asked):
    part = Part(but=("max_groups",), fixed={"by": By.TIME})
    assert asked("--min-frames", 3, part=part).inputs == InputOptions(by=By.TIME, min_frames=3)
    for words in (("--by", "folder"), ("--max-groups", 3)):
        with pytest.raises(Exception, match="No such option"):
            asked(*words, part=part)


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--estimator", "magic"), "'magic' is none of inverse-variance, poisson"),
        (("--weight", "magic"), "'magic' is none of triangle, sine"),
        (("--clip", "5"), "'5' is not two codes"),
        (("--clip", "250,5"), "must rise within"),
        (("--max-memory", "much"), "'much' is not a size"),
        (("--range", "wide"), "neither two numbers"),
        (("--format", "gif"), "'gif' is not one of exr, hdr"),
        (("--half", "--format", "hdr"), "only .exr holds half floats"),
        (("--min-frames", "1"), "2"),
    ],
)
def test_values_that_make_no_sense(asked, words, saying):
    with pytest.raises(Exception, match=saying) as told:
        asked(*words)
    assert told.value.exit_code == 2


CONFIG = {
    "toml": """
[inputs]
exposures = "lists/times.csv"
min_frames = 4
max_groups = 9
[merging]
estimator = "poisson"
clip = [2, 251]
deghost = "off"
[alignment]
max_shift = 0.1
[output]
response = "/curves/camera.npz"
max_memory = "2G"
preview = true
[rendering]
range_ln = "auto"
[ranking]
max_rank = 5
""",
    "yaml": """
inputs: {exposures: lists/times.csv, min_frames: 4, max_groups: 9}
merging: {estimator: poisson, clip: [2, 251], deghost: off}
alignment: {max_shift: 0.1}
output: {response: /curves/camera.npz, max_memory: 2G, preview: true}
rendering: {range_ln: auto}
ranking: {max_rank: 5}
""",
    "json": """{"inputs": {"exposures": "lists/times.csv", "min_frames": 4, "max_groups": 9},
"merging": {"estimator": "poisson", "clip": [2, 251], "deghost": "off"}, "alignment": {"max_shift": 0.1},
"output": {"response": "/curves/camera.npz", "max_memory": "2G", "preview": true}, "rendering": {"range_ln": "auto"},
"ranking": {"max_rank": 5}}""",
}


@pytest.mark.parametrize("kind", CONFIG)
def test_a_configuration_fills_in_what_is_not_given(asked, tmp_path, kind):
    config = tmp_path / f"hdrkit.{kind}"
    config.write_text(CONFIG[kind])
    read = asked("--config", config, part=Part(but=("max_groups",)))
    assert read.inputs == InputOptions(exposures=tmp_path / "lists" / "times.csv", min_frames=4)
    assert (read.merging.estimator, read.merging.clip, read.merging.deghost) == (Estimator.POISSON, (2.0, 251.0), "off")
    assert (read.alignment.max_shift, read.response, read.preview) == (0.1, Path("/curves/camera.npz"), True)
    assert (read.files, read.range_of_all) == (OutputOptions(max_memory=2 << 30), True)
    won = asked("-c", config, "--estimator", "debevec", "--exposures", "estimate", "--min-frames", 2, "--range", "none")
    assert (won.merging.estimator, won.merging.clip) == (Estimator.DEBEVEC, (2.0, 251.0))
    assert won.inputs == InputOptions(estimate_exposures=True, max_groups=9)
    assert not won.range_of_all


def test_every_group_of_options_has_a_section_and_every_section_a_command():
    groups = [kind for kinds in sections().values() for kind in kinds]
    assert len(groups) == len(set(groups))
    taken = set()
    for module in (path.stem for path in Path(hdrkit.cli.__file__).parent.glob("[!_]*.py")):
        for command in vars(import_module(f"hdrkit.cli.{module}")).values():
            taken |= getattr(command, "option_groups", set())
    assert taken == set(groups)


@pytest.mark.parametrize("name", sections())
def test_a_value_of_no_kind_is_refused_for_every_setting(name):
    for kind in sections()[name]:
        for one in fields(kind):
            if kind_of(kind, one):
                with pytest.raises(InputError, match=rf"{name}\.{one.name} must be"):
                    read_settings({name: {one.name: {"no": "value"}}}, sections())


def test_exposures_in_ev_are_a_list_in_a_file(asked, tmp_path):
    (tmp_path / "a.toml").write_text("[inputs]\nev = [-2, 0, 2.5]\n")
    assert asked("--config", tmp_path / "a.toml").inputs.ev == (-2.0, 0.0, 2.5)


def test_a_flag_of_a_field_that_is_on_switches_it_off():
    @dataclass(frozen=True)
    class Reading:
        cache: bool = field(default=True, metadata={"flag": "--no-cache", "help": "keep what was read"})

    taken = []

    @takes
    def command(reading: Reading) -> None:
        taken.append(reading.cache)

    alone = typer.Typer()
    alone.command()(command)
    for words in ([], ["--no-cache"]):
        typer.main.get_command(alone)(words, standalone_mode=False)
    assert taken == [True, False]


def test_a_word_in_a_configuration_counts_for_nothing_where_it_means_nothing(asked, tmp_path):
    (tmp_path / "c.yaml").write_text("inputs: {exposures: estimate}\nrendering: {range_ln: auto, operator: aces}")
    request = asked("-c", tmp_path / "c.yaml", part=Part(but=("estimate_exposures", "range_of_all")))
    assert (request.inputs, request.rendering) == (InputOptions(), RenderOptions("aces"))


def test_a_switch_that_a_file_sets_is_taken_back_on_the_command_line(hdrkit, room, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text("[output]\npreview = true\n")
    words = ("merge", room, "--align", "none", "--config", settings)
    assert hdrkit(*words, "-o", tmp_path / "a.exr").code == 0
    assert hdrkit(*words, "-o", tmp_path / "b.exr", "--no-preview").code == 0
    assert (tmp_path / "a_preview.jpg").exists()
    assert not (tmp_path / "b_preview.jpg").exists()
