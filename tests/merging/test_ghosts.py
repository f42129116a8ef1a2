"""Ghosts: things planted in motion are found, kept once, and nothing else is touched."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrkit import write_curve
from hdrkit.errors import InputError
from hdrkit.merging.blocks import block_side, plane
from hdrkit.merging.consistency import disagreement, tied
from hdrkit.merging.ghosts import Ghosts, find_ghosts
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.simulate import SimulatedCamera, handheld_transforms, moving_object, room, simulate_bracket
from hdrkit.simulate.bracket import warp
from hdrkit.types import Frame, NoiseModel, ResponseCurve, Validity

TIMES = (1 / 16, 1 / 4, 1.0)
OPTIONS = MergeOptions(noise=NoiseModel())
MARGIN = 40  # pixels around the true motion within which trust has returned


def textured(height=240, width=360, seed=0, channels=3):
    """A scene of smooth patches over four stops: what its middle frame shows well."""
    rng = np.random.default_rng(seed)
    ln = cv2.resize(rng.uniform(-3.5, -1, (12, 18, channels)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.exp(ln.reshape(height, width, channels))


def photographed(scenes, camera, seed=1, times=TIMES):
    return [simulate_bracket(scene, camera, [t], seed + k)[0] for k, (scene, t) in enumerate(zip(scenes, times, strict=True))]


def refused(ghosts: Ghosts, k, shape):
    trust = ghosts.trust[k]
    return np.zeros(shape, bool) if trust is None else np.asarray(trust) < 255


def around(mask, margin=MARGIN):
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0


def rms(pixels, truth, where):
    return float(np.sqrt(np.mean((pixels[where] / truth[where] - 1) ** 2)))


def merged(frames, curve, trust=None, times=TIMES):
    return merge_frames(frames, times, curve, OPTIONS, trust).radiance.pixels


class TestMovingObject:
    @pytest.mark.parametrize(("seed", "brightness", "size"), [(3, 0.2, 0.3), (5, 0.75, 0.4), (7, 3.0, 0.25), (11, 0.4, 0.2)])
    def test_error_inside_the_motion_is_that_of_the_frames_that_show_the_same(self, seed, brightness, size):
        camera = SimulatedCamera()
        curve = camera.response_curve()
        scenes, masks = moving_object(textured(seed=seed), 3, seed, size, brightness, step=0.2)
        frames = photographed(scenes, camera)
        found = find_ghosts(frames, TIMES, curve, OPTIONS)
        kept, truth, moved = found.reference, scenes[found.reference], masks.any(axis=0)
        oracle = [np.where((masks[k] | masks[kept]) & (k != kept), 0, 255).astype(np.uint8) for k in range(3)]
        scale = np.median(truth / merged(photographed([truth] * 3, camera), curve))
        errors = [rms(merged(frames, curve, trust) * scale, truth, moved) for trust in (None, found.trust, oracle)]
        assert errors[1] <= 1.5 * errors[2]
        assert errors[0] > 3 * errors[1]

    @pytest.mark.parametrize("seed", [3, 11])
    @pytest.mark.parametrize(
        ("colour", "red"), [((6, 0.3, 0.05), 0), ((6, 0.12, 0.12), 0), ((4.5, 0.2, 0.2), 0), ((5, 2, 0.1), 0), ((6, 0.7, 0.7), 5)]
    )
    def test_an_object_is_whole_although_the_frame_that_shows_it_clips_some_of_its_channels(self, colour, red, seed):
        """Not some of it as the named frame shows it, and the rest as the others do; also in light that clips red everywhere."""
        camera = SimulatedCamera()
        scene = textured(seed=seed) + np.float32([red, 0, 0])
        _, masks = moving_object(scene, 3, seed, 0.35, 1.0, step=0.2)
        stripes = 1 + 0.1 * np.sin(np.arange(360) / 5)[None, :, None]
        scenes = [np.where(mask[..., None], np.array(colour) * stripes, scene).astype(np.float32) for mask in masks]
        frames = photographed(scenes, camera, seed)
        assert (frames[1].pixels[masks[1]] > 250).any(axis=1).mean() > 0.9
        found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS, reference=1)
        other = masks[1] & ~masks[0] & ~masks[2]
        assert refused(found, 0, other.shape)[other].mean() > 0.98
        assert refused(found, 2, other.shape)[other].mean() > 0.98
        assert found.share < 0.3

    @pytest.mark.parametrize("seed", [3, 11])
    def test_what_the_named_frame_shows_clipped_is_counted(self, seed):
        """It alone shows the object where it is, but as white: other frames would only say what is behind."""
        camera = SimulatedCamera()
        curve = camera.response_curve()
        scene = textured(seed=seed)
        _, masks = moving_object(scene, 3, seed, 0.35, 1.0, step=0.2)
        scenes = [np.where(mask[..., None], np.float32([1.6, 1.2, 2.5]), scene).astype(np.float32) for mask in masks]
        frames = photographed(scenes, camera, seed)
        named, chosen = (find_ghosts(frames, TIMES, curve, OPTIONS, reference) for reference in (2, None))
        result = merge_frames(frames, TIMES, curve, OPTIONS, named.trust).radiance
        saturated = (result.validity & Validity.SATURATED) > 0
        assert saturated[masks[2]].mean() > 0.99
        assert 0.8 * saturated.mean() < named.clipped < 1.2 * saturated.mean()
        assert chosen.clipped == 0

    def test_nothing_changes_away_from_the_motion(self):
        camera = SimulatedCamera()
        scenes, masks = moving_object(textured(), 3, 2, 0.3, 0.3, step=0.2)
        frames = photographed(scenes, camera)
        found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS)
        far = ~around(masks.any(axis=0))
        plain, deghosted = (merged(frames, camera.response_curve(), trust) for trust in (None, found.trust))
        assert far.mean() > 0.2
        assert np.array_equal(plain[far], deghosted[far])
        assert not np.array_equal(plain, deghosted)

    def test_trust_is_soft_at_the_edge_and_none_inside(self):
        camera = SimulatedCamera()
        scenes, masks = moving_object(textured(), 3, 2, 0.3, 0.3, step=0.2)
        found = find_ghosts(photographed(scenes, camera), TIMES, camera.response_curve(), OPTIONS, reference=1)
        assert found.trust[1] is None
        for k in (0, 2):
            trust = np.asarray(found.trust[k]).astype(int)
            assert trust[masks[k] ^ masks[1]].mean() < 5
            assert np.abs(np.diff(trust, axis=0)).max() < 64
            assert np.abs(np.diff(trust, axis=1)).max() < 64

    def test_the_named_frame_keeps_its_content(self):
        camera = SimulatedCamera()
        scenes, masks = moving_object(textured(), 3, 2, 0.3, 0.3, step=0.25)
        frames = photographed(scenes, camera)
        for reference in range(3):
            found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS, reference)
            assert found.reference == reference
            assert found.refused[reference] == 0
            assert found.trust[reference] is None
            others = [found.refused[k] for k in range(3) if k != reference]
            assert min(others) > 0.01
            assert max(others) <= found.share

    def test_the_best_exposed_frame_is_chosen_where_the_motion_is(self):
        """Dark motion in a picture whose middle frame serves the rest best: the long frame alone shows it well."""
        scene = textured()
        scene[:, :180] /= 60
        camera = SimulatedCamera()
        scenes = []
        for k in range(3):
            moved = scene.copy()
            moved[60:140, 20 + 50 * k : 60 + 50 * k] *= 3
            scenes.append(moved)
        assert find_ghosts(photographed(scenes, camera), TIMES, camera.response_curve(), OPTIONS).reference == 2

    def test_each_region_keeps_the_frame_that_is_best_exposed_there(self):
        """Motion in the dark and motion in bright light: no frame shows both well, and none need show both."""
        scene = textured()
        scene[:, :180] /= 20
        scene[:, 180:] *= 12
        scenes = [scene.copy() for _ in range(3)]
        for k, one in enumerate(scenes):
            one[60:140, 20 + 40 * k : 50 + 40 * k] *= 3
            one[60:140, 220 + 40 * k : 250 + 40 * k] *= 3
        camera = SimulatedCamera()
        found = find_ghosts(photographed(scenes, camera), TIMES, camera.response_curve(), OPTIONS)
        dark, bright = np.s_[70:130, 30:140], np.s_[70:130, 230:340]
        in_dark, in_bright = ([refused(found, k, (240, 360))[part].any() for k in range(3)] for part in (dark, bright))
        assert in_dark == [False, True, False]  # the shortest frame sees nothing in the dark
        assert in_bright == [False, True, False]  # the longest is clipped
        assert found.clipped == 0

    def test_people_far_away_are_found_in_large_pictures(self):
        """27 pixels of a picture that is 4608 wide: three blocks, and nine in all."""
        scene = textured(864, 4608)[:72]
        scenes = [scene.copy() for _ in range(3)]
        for k, one in enumerate(scenes):
            one[27:54, 1000 + 100 * k : 1027 + 100 * k] *= 0.15
        camera = SimulatedCamera()
        found = find_ghosts(photographed(scenes, camera), TIMES, camera.response_curve(), OPTIONS, reference=1)
        for k in (0, 2):
            assert refused(found, k, (72, 4608))[32:49, 1005 + 100 * k : 1022 + 100 * k].all()
        assert found.share < 0.1

    def test_a_clipped_reference_is_spoken_for_by_one_frame(self):
        """Things move before a window that is clipped in the reference: what is shown there comes from a single other frame."""
        scene = np.full((240, 360, 3), 0.1, np.float32)
        scene[40:200, 60:300] = 3.0
        camera = SimulatedCamera()
        times = (1 / 64, 1 / 16, 1.0)
        scenes, masks = moving_object(scene, 3, 4, 0.3, 8.0, step=0.2)
        scenes = [np.where(mask[..., None] & (scene > 1), 1.6, scene).astype(np.float32) for mask in masks]
        frames = photographed(scenes, camera, times=times)
        found = find_ghosts(frames, times, camera.response_curve(), OPTIONS, reference=2)
        curve = camera.response_curve()
        pixels = merged(frames, curve, found.trust, times)
        scale = np.median(scene / merged(photographed([scene] * 3, camera, times=times), curve, None, times))
        window = np.zeros((240, 360), bool)
        window[50:190, 70:290] = True
        differs = [np.abs(pixels * scale / one - 1).max(axis=2)[window] > 0.2 for one in scenes[:2]]
        assert min(differ.mean() for differ in differs) < 0.002


class TestStill:
    @pytest.mark.parametrize("bits", [8, 12])
    @pytest.mark.parametrize("seed", [3, 23])
    def test_a_still_scene_loses_nothing(self, bits, seed):
        camera = SimulatedCamera(bits=bits)
        frames = photographed([textured(seed=seed)] * 3, camera, seed)
        found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS)
        assert found.share < 0.001
        assert max(found.refused) < 0.001

    def test_a_room_with_a_window_loses_nothing(self):
        scene = room(0, 240, 160)
        camera = SimulatedCamera()
        times = tuple(float(t) for t in np.array([1 / 64, 1 / 8, 1]) * 0.5 / np.median(scene))
        frames = photographed([scene] * 3, camera, times=times)
        assert find_ghosts(frames, times, camera.response_curve(), OPTIONS).share < 0.001

    def test_wrong_times_and_flare_are_no_motion(self):
        camera = SimulatedCamera()
        scene = textured()
        frames = photographed([scene, scene + 0.003, scene], camera)
        assert find_ghosts(frames, (TIMES[0] * 1.08, TIMES[1], TIMES[2] * 0.93), camera.response_curve(), OPTIONS).share < 0.001

    def test_colours_and_brightness_that_differ_from_frame_to_frame_are_no_motion(self):
        """A camera that treats saturated colours in its own way in each frame, with corners darker in one of them."""
        camera = SimulatedCamera()
        scene = textured()
        scene[80:180, 100:260] *= np.float32([4, 1, 0.15])  # orange
        y, x = np.mgrid[-1:1:240j, -1:1:360j]
        corners = 1 - 0.2 * (x**2 + y**2)[..., None]
        mixed = scene @ np.array([[0.9, 0.0, 0.06], [0.1, 1.0, 0.12], [0.0, 0.0, 0.82]])
        frames = photographed([mixed, scene, scene * corners], camera)
        found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS)
        assert found.share == 0

    def test_compression_is_no_motion(self):
        camera = SimulatedCamera()
        frames = [replace(frame, pixels=jpeg(frame.pixels)) for frame in photographed([textured()] * 3, camera)]
        assert find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS).share < 0.001


def jpeg(pixels, quality=90):
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])


class TestKindsOfFrames:
    @pytest.mark.parametrize("kind", ["gray", "deep", "float", "two", "shuffled"])
    def test_motion_is_found_in(self, kind):
        channels = 1 if kind == "gray" else 3
        camera = SimulatedCamera(bits=14 if kind == "deep" else 8)
        scenes, masks = moving_object(textured(channels=channels), 3, 2, 0.35, 0.3, step=0.25)
        order = {"two": [1, 2], "shuffled": [2, 0, 1]}.get(kind, [0, 1, 2])
        frames = [photographed(scenes, camera)[k] for k in order]
        times = [TIMES[k] for k in order]
        curve = camera.response_curve()
        if kind == "float":
            frames, curve = [Frame((scene * t).astype(np.float32)) for scene, t in zip(scenes, TIMES, strict=True)], None
        reference = order.index(1)
        found = find_ghosts(frames, times, curve, OPTIONS, reference)
        for index, k in enumerate(order):
            if index != reference:
                mask = refused(found, index, masks[0].shape)
                assert mask[masks[k] ^ masks[1]].mean() > 0.95
                assert mask[~around(masks[k] | masks[1])].mean() == 0

    def test_moved_frames_are_compared_where_they_lie(self):
        """Hand-held, with the motion known as alignment leaves it; what a frame does not show is not refused."""
        camera = SimulatedCamera()
        scene = textured()
        transforms = handheld_transforms(3, 360, 240, seed=5, shift=0.03, rotation_deg=1.0)
        scenes, masks = moving_object(scene, 3, 2, 0.3, 0.3, step=0.25)
        for content, ghosts in ((scenes, True), ([scene] * 3, False)):
            frames = photographed([warp(one, motion) for one, motion in zip(content, transforms, strict=True)], camera)
            frames = [
                frame if np.array_equal(motion, np.eye(3)) else replace(frame, motion=motion)
                for frame, motion in zip(frames, transforms, strict=True)
            ]
            found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS, reference=1)
            if ghosts:
                both = masks[0] ^ masks[1]
                both[:12], both[-12:], both[:, :12], both[:, -12:] = False, False, False, False
                assert refused(found, 0, both.shape)[both].mean() > 0.95
            else:
                assert found.share < 0.001

    def test_what_a_single_frame_shows_is_shown_whatever_moves_beside_it(self):
        """The border that the reference does not show lies right beside motion: it is not left black."""
        camera = SimulatedCamera()
        scenes = [textured() for _ in range(3)]
        for k, scene in enumerate(scenes):
            scene[60:160, 40:120] *= (1, 4, 0.3)[k]
        frames = photographed(scenes, camera)
        valid = np.ones((240, 360), bool)
        valid[:, :40] = False
        frames[0], frames[1] = replace(frames[0], valid=valid), replace(frames[1], valid=valid)
        found = find_ghosts(frames, TIMES, camera.response_curve(), OPTIONS, reference=1)
        assert refused(found, 2, valid.shape)[60:160, 45:120].all()
        assert merged(frames, camera.response_curve(), found.trust).min() > 0

    def test_coded_frames_need_a_response(self):
        frames = photographed([textured()] * 3, SimulatedCamera())
        with pytest.raises(InputError, match="response"):
            find_ghosts(frames, TIMES, None, OPTIONS)


class TestBlocks:
    @pytest.mark.parametrize("shape", [(50, 70), (1601, 900)])
    def test_means_are_those_of_the_linear_pixels(self, shape):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
        curve = SimulatedCamera().response_curve()
        side = block_side(shape)
        found = plane(Frame(pixels), 0.5, curve, NoiseModel(), 255)
        light = curve.linearize(pixels) / 0.5
        for i, j in ((0, 0), (3, 5), (shape[0] // side - 1, 2), (-(-shape[0] // side) - 1, -(-shape[1] // side) - 1)):
            block = light[i * side : (i + 1) * side, j * side : (j + 1) * side]
            assert found.radiance[i, j] == pytest.approx(block.mean(axis=(0, 1)), rel=1e-5)
        assert found.measured.all()

    def test_a_clipped_pixel_bounds_its_block_in_its_channel(self):
        pixels = np.full((20, 20, 3), 100, np.uint8)
        pixels[5, 7, 1] = 255
        found = plane(Frame(pixels), 1.0, ResponseCurve.identity(256), NoiseModel(), 250)
        assert found.bounded.sum() == 1
        assert found.bounded[2, 3, 1]
        assert (found.measured ^ found.bounded).all()

    def test_invalid_pixels_say_nothing(self):
        valid = np.ones((20, 20), bool)
        valid[:, :5] = False
        dark, bright = (Frame(np.full((20, 20, 3), code, np.uint8), valid=valid) for code in (50, 200))
        planes = [plane(frame, 1.0, ResponseCurve.identity(256), NoiseModel(), 250) for frame in (dark, bright)]
        apart = disagreement(*planes)
        assert not planes[0].known[:, :3].any()
        assert planes[0].known[:, 3:].all()
        assert apart[:, 8:].min() > 5

    def test_a_bound_is_broken_from_below_only(self):
        curve = ResponseCurve.identity(256)
        clipped = plane(Frame(np.full((40, 40, 3), 255, np.uint8)), 1.0, curve, NoiseModel(), 250)
        brighter = plane(Frame(np.full((40, 40, 3), 200, np.uint8)), 0.5, curve, NoiseModel(), 250)
        darker = plane(Frame(np.full((40, 40, 3), 50, np.uint8)), 0.5, curve, NoiseModel(), 250)
        assert disagreement(brighter, clipped).max() == 0
        assert disagreement(darker, clipped).min() > 5
        assert disagreement(clipped, darker).min() > 5

    def test_tied_planes_agree(self):
        camera = SimulatedCamera()
        scene = textured()
        frames = photographed([scene] * 3, camera)
        planes = [plane(frame, 1.0, camera.response_curve(), NoiseModel(), 250) for frame in frames[1:]]
        both = planes[0].measured & planes[1].measured
        ratio = tied(planes[1], planes[0]).radiance[both] / planes[0].radiance[both]
        assert np.median(planes[1].radiance[both] / planes[0].radiance[both]) == pytest.approx(4, rel=0.05)
        assert np.median(ratio) == pytest.approx(1, rel=0.01)


class TestCommand:
    @pytest.fixture
    def bracket(self, tmp_path):
        """Three pictures of something on the move, with the times in their names, and the curve of their camera."""
        camera = SimulatedCamera()
        scenes, masks = moving_object(textured(), 3, 2, 0.3, 0.3, step=0.25)
        folder = tmp_path / "moving"
        folder.mkdir()
        for frame, t in zip(photographed(scenes, camera), TIMES, strict=True):
            cv2.imwrite(str(folder / f"frame_{round(1e4 * t)}.png"), frame.pixels[..., ::-1])
        write_curve(camera.response_curve(), tmp_path / "curve.npz")
        return folder, tmp_path / "curve.npz", masks

    def test_the_reference_is_named_and_the_refused_share_told(self, hdrkit, bracket, tmp_path):
        folder, curve, masks = bracket
        command = ("merge", folder, "--response", curve, "--align", "none", "--by", "folder")
        plain = json.loads(hdrkit(*command, "-o", tmp_path / "plain.exr", "--deghost", "off", "--json").out)["brackets"][0][
            "report"
        ]
        assert plain["ghosts"] is None
        code, out, _ = hdrkit(*command, "-o", tmp_path / "one.exr", "--deghost", "frame_2500.png")
        assert code == 0
        assert "as in frame_2500.png" in " ".join(out.split())
        code, out, _ = hdrkit(*command, "-o", tmp_path / "auto.exr", "--json")
        ghosts = json.loads(out)["brackets"][0]["report"]["ghosts"]
        reference = Path(ghosts["reference"]).name
        warnings = " ".join(json.loads(out)["brackets"][0]["report"]["warnings"])
        assert f"something moved in {100 * ghosts['share']:.0f} % of the picture" in warnings
        assert reference in [path.name for path in folder.iterdir()]
        assert max(ghosts["refused"]) <= ghosts["share"] < 1
        assert masks.any(axis=0).mean() / 2 < ghosts["share"]
        assert sorted(ghosts["refused"])[0] == 0

    def test_a_frame_that_is_not_there_is_told(self, hdrkit, bracket, tmp_path):
        folder, curve, _ = bracket
        code, _, err = hdrkit("merge", folder, "--response", curve, "-o", tmp_path / "x.exr", "--deghost", "other.png")
        assert code == 1
        assert "other.png" in err

    def test_a_named_frame_that_is_clipped_where_things_moved_is_warned_of(self, hdrkit, tmp_path):
        camera = SimulatedCamera()
        scenes, masks = moving_object(textured(), 3, 2, 0.3, 0.3, step=0.25)
        scenes = [np.where(mask[..., None], np.float32(2), scene) for mask, scene in zip(masks, scenes, strict=True)]
        folder = tmp_path / "lamp"
        folder.mkdir()
        for frame, t in zip(photographed(scenes, camera), TIMES, strict=True):
            cv2.imwrite(str(folder / f"frame_{round(1e4 * t)}.png"), frame.pixels[..., ::-1])
        write_curve(camera.response_curve(), tmp_path / "curve.npz")
        command = ("merge", folder, "--response", tmp_path / "curve.npz", "--align", "none", "--by", "folder", "--deghost")
        assert "clipped in frame_10000.png" in " ".join(hdrkit(*command, "frame_10000.png", "-o", tmp_path / "a.exr").err.split())
        assert "clipped in" not in hdrkit(*command, "auto", "-o", tmp_path / "b.exr").err

    def test_fusion_takes_it_too(self, hdrkit, bracket, tmp_path):
        command = ("merge", bracket[0], "--estimator", "mertens", "--align", "none", "-o", tmp_path / "x.png", "--deghost")
        assert hdrkit(*command, "auto").code == 0
        code, _, err = hdrkit(*command, "nothing.png")
        assert code == 1
        assert "not a frame of this bracket" in " ".join(err.split())
