import json

import pytest

from hdrkit.errors import InputError
from hdrkit.grouping.configuration import read_configuration
from hdrkit.grouping.options import (
    ClusteringOptions,
    Embedding,
    EmbeddingOptions,
    GroupingOptions,
    IngestOptions,
    Linkage,
    Reduction,
)

# The example of the source document that the grouping is specified by.
EXAMPLE = """{
  "ingest": {
    "target_size": [512, 512],
    "max_workers": 4
  },
  "embedding": {
    "model_name": "facebook/dinov2-small",
    "use_gpu": true,
    "dimensionality_reduction": "pca",
    "target_dims": 128
  },
  "clustering": {
    "min_cluster_size": 2,
    "cluster_selection_epsilon": 0.1
  }
}"""
WANTED = GroupingOptions(
    IngestOptions((512, 512), 4), EmbeddingOptions(model_name="facebook/dinov2-small"), ClusteringOptions(min_cluster_size=2)
)


def test_the_example_of_the_source_document_is_accepted_as_it_is(tmp_path):
    (tmp_path / "config.json").write_text(EXAMPLE)
    read = read_configuration(tmp_path / "config.json")
    assert read == WANTED
    assert read.notes == ("model_name 'facebook/dinov2-small' is not used: the embedding is gradient, which needs no model",)
    assert read_configuration(json.loads(EXAMPLE)) == read


def test_toml_says_the_same(tmp_path):
    text = "[ingest]\ntarget_size = [512, 512]\nmax_workers = 4\n[embedding]\nkind = 'clip'\nmodel_name = 'some/clip'\n"
    text += "use_gpu = false\ndimensionality_reduction = 'none'\n[clustering]\nmethod='hdbscan'\ncluster_selection_epsilon = 1\n"
    (tmp_path / "config.TOML").write_text(text)
    read = read_configuration(str(tmp_path / "config.TOML"))
    assert read.ingest == WANTED.ingest
    assert read.embedding == EmbeddingOptions(Embedding.CLIP, "some/clip", False, Reduction.NONE)
    assert read.clustering == ClusteringOptions(Linkage.HDBSCAN, cluster_selection_epsilon=1.0)
    assert read.notes == ()


@pytest.mark.parametrize("given", [None, {}, {"ingest": {}}, GroupingOptions()])
def test_what_is_left_out_has_its_default(given):
    assert read_configuration(given) == GroupingOptions()


def test_one_setting_leaves_the_others(tmp_path):
    (tmp_path / "partial.json").write_text('\ufeff{"ingest": {"metadata": false}}')
    assert read_configuration(tmp_path / "partial.json") == GroupingOptions(IngestOptions(metadata=False))


def test_paths_are_relative_to_the_file(tmp_path):
    (tmp_path / "c.json").write_text('{"clustering": {"must_link": "pairs.csv", "cannot_link": "/far.csv"}}')
    clustering = read_configuration(tmp_path / "c.json").clustering
    assert (clustering.must_link, str(clustering.cannot_link)) == (tmp_path / "pairs.csv", "/far.csv")
    assert read_configuration({"clustering": {"must_link": None}}).clustering.must_link is None


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ('{"ingests": {}}', "'ingests' is not a section; the nearest is 'ingest', of ingest, embedding, clustering"),
        (
            '{"ingest": {"size": 1}}',
            "ingest.size is not a setting; the nearest is 'target_size', of target_size, max_workers",
        ),
        ('{"ingest": 3}', "ingest must hold named settings, not 3"),
        ("[1]", "it must hold named settings"),
        ("{", "not valid JSON"),
        ("\udcff", "not valid JSON"),
        ('{"ingest": {"max_workers": true}}', "ingest.max_workers must be a whole number, not True"),
        ('{"ingest": {"max_workers": 0}}', "ingest: max_workers must be at least 1"),
        ('{"ingest": {"target_size": [512]}}', "ingest.target_size must be two whole numbers"),
        ('{"ingest": {"target_size": [512, 100000]}}', "target_size must be two numbers of 64 to 4096 pixels"),
        ('{"ingest": {"target_size": "512"}}', "ingest.target_size must be two whole numbers"),
        ('{"ingest": {"metadata": 1}}', "ingest.metadata must be true or false"),
        ('{"embedding": {"kind": "resnet"}}', "embedding.kind must be one of gradient, dinov2, clip, not 'resnet'"),
        ('{"embedding": {"kind": null}}', "embedding.kind must be one of gradient, dinov2, clip, not None"),
        ('{"embedding": {"model_name": 7}}', "embedding.model_name must be text"),
        ('{"embedding": {"target_dims": 1.5}}', "embedding.target_dims must be a whole number"),
        ('{"clustering": {"cluster_selection_epsilon": "a"}}', "clustering.cluster_selection_epsilon must be a number"),
        ('{"clustering": {"cluster_selection_epsilon": NaN}}', "clustering: cluster_selection_epsilon must not be negative"),
        ('{"clustering": {"must_link": 5}}', "clustering.must_link must be a path"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path, text, saying):
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError) as told:
        read_configuration(path)
    assert str(told.value).startswith(f"{path}: ")
    assert saying in str(told.value)
    assert "\n" not in str(told.value)


def test_files_that_are_not_there_or_no_toml(tmp_path):
    with pytest.raises(InputError, match=r"gone\.json: cannot be read: there is no such file"):
        read_configuration(tmp_path / "gone.json")
    (tmp_path / "bad.toml").write_text("[ingest")
    with pytest.raises(InputError, match=r"bad\.toml: not valid TOML"):
        read_configuration(tmp_path / "bad.toml")
