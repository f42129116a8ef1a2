"""Train the small EDSR that hdrkit ships for pictures with a side under 128 px.

    python tools/train_edsr.py --pictures FOLDER --panoramas FOLDER --minutes 60 --out edsr_x3.onnx

The network is EDSR (Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017) made
small: 16 residual blocks of 32 channels without batch norm, sub-pixel upsampling by three, and a global skip. The skip
carries the bicubic enlargement, so the network learns only what bicubic lacks.
One file in eight (by the hash of its name) is held back: it is never trained on, and measured at each report.
"""

import argparse
import hashlib
import math
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import Tensor, nn

SCALE = 3
CHANNELS, BLOCKS = 32, 16
PATCH, BATCH = 32, 16  # the side of a small patch, patches a step
MARGIN = 8  # a patch is cut out of a larger one, so that JPEG blocks start anywhere and no border is seen
PEAK_RATE, WARM_UP = 8e-4, 300
JPEG_SHARE, PANORAMA_SHARE = 0.4, 0.35
STOPS = (-1.5, 0.0, 1.5)  # exposures at which a panorama is rendered


class Block(nn.Module):
    """A residual block without batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, channels, h, w) to features of the same shape."""
        return x + self.second(torch.relu(self.first(x)))


class Edsr(nn.Module):
    """RGB 0..1 (n, 3, h, w) to (n, 3, 3h, 3w), before clipping."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.body = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.after = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.tail = nn.Conv2d(CHANNELS, 3 * SCALE**2, 3, padding=1)
        self.register_buffer("bicubic", torch.from_numpy(bicubic_kernel()))
        with torch.no_grad():  # start close to bicubic
            for block in self.body:
                block.second.weight *= 0.1
            self.tail.weight *= 0.1
            self.tail.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Small pictures to large ones; in training, with half the digits where processors have them."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            features = self.head(x)
            detail = self.tail(features + self.after(self.body(features)))
        smooth = nn.functional.conv2d(x, self.bicubic, padding=2)
        return nn.functional.pixel_shuffle(smooth + detail.float(), SCALE)


def bicubic_kernel() -> np.ndarray:
    """Bicubic enlargement by three (Keys, a = -0.5) as a convolution before a pixel shuffle: (27, 3, 5, 5)."""
    taps = np.zeros((SCALE, 5), np.float32)
    for phase in range(SCALE):
        distance = np.abs(np.arange(-2, 3) - (phase - 1) / SCALE)
        near = 1.5 * distance**3 - 2.5 * distance**2 + 1
        far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
        taps[phase] = np.where(distance <= 1, near, np.where(distance < 2, far, 0))
    kernel = np.zeros((3, SCALE, SCALE, 3, 5, 5), np.float32)
    for channel in range(3):
        kernel[channel, :, :, channel] = np.einsum("iy,jx->ijyx", taps, taps)
    return kernel.reshape(3 * SCALE**2, 3, 5, 5)


def held_back(path: Path) -> bool:
    """One file in eight, by its name alone."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 8 == 0


def clean_photographs(paths: list[Path]) -> list[np.ndarray]:
    """Photographs reduced by 1.5 and by 2, which hides the noise of their JPEG files."""
    pictures = []
    for path in paths:
        rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        pictures += [cv2.resize(rgb, None, fx=1 / by, fy=1 / by, interpolation=cv2.INTER_AREA) for by in (1.5, 2.0)]
    return [picture for picture in pictures if min(picture.shape[:2]) >= SCALE * (PATCH + MARGIN)]


def rendered_panoramas(paths: list[Path]) -> list[np.ndarray]:
    """Panoramas at several exposures through the sRGB curve, without the stretched rows near the poles."""
    pictures = []
    for path in paths:
        radiance = np.maximum(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], 0)
        radiance = radiance[len(radiance) // 6 : -len(radiance) // 6]
        middle = np.exp(np.log(radiance.mean(axis=2) + 1e-4).mean())
        for stop in STOPS:
            linear = np.clip(radiance * (0.18 / middle * 2.0**stop), 0, 1)
            srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
            pictures.append((srgb * 255 + 0.5).astype(np.uint8))
    return pictures


def reduced(rgb: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A third of the picture's size, as programs make small pictures: averaged areas, or antialiased curves; some JPEG."""
    size = (rgb.shape[1] // SCALE, rgb.shape[0] // SCALE)
    if random.random() < 0.5:
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    else:
        curve = Image.Resampling.BICUBIC if random.random() < 0.7 else Image.Resampling.LANCZOS
        small = np.asarray(Image.fromarray(rgb).resize(size, curve))
    if random.random() < JPEG_SHARE:
        stream = BytesIO()
        Image.fromarray(small).save(stream, "JPEG", quality=int(random.integers(70, 98)))
        small = np.asarray(Image.open(stream))
    return small


def patch(pictures: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """The livelier of two random patches, turned, mirrored, and its colours exchanged."""
    side, found = SCALE * (PATCH + MARGIN), []
    for _ in range(2):
        picture = pictures[random.integers(len(pictures))]
        y, x = (int(random.integers(length - side + 1)) for length in picture.shape[:2])
        found.append(picture[y : y + side, x : x + side])
    large = max(found, key=lambda rgb: float(rgb[::2, ::2, 1].std()))
    large = np.rot90(large, int(random.integers(4)))[:, :: int(random.choice([-1, 1]))]
    return np.ascontiguousarray(large[..., random.permutation(3)])


def batches(photographs: list[np.ndarray], panoramas: list[np.ndarray], seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Pairs of small and large patches, RGB 0..1, without end."""
    random = np.random.default_rng(seed)
    while True:
        small, large = [], []
        for _ in range(BATCH):
            rgb = patch(panoramas if random.random() < PANORAMA_SHARE else photographs, random)
            y, x = random.integers(MARGIN + 1, size=2)
            small.append(reduced(rgb, random)[y : y + PATCH, x : x + PATCH])
            large.append(rgb[SCALE * y : SCALE * (y + PATCH), SCALE * x : SCALE * (x + PATCH)])
        yield as_tensor(small), as_tensor(large)


def as_tensor(pictures: list[np.ndarray]) -> Tensor:
    """Pictures of one size as (n, 3, h, w), 0..1."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return stacked.contiguous(memory_format=torch.channels_last)


def gain_over_bicubic(network: Edsr, pictures: list[np.ndarray]) -> tuple[float, float]:
    """Mean PSNR in dB (RGB, borders left out) on area-averaged pictures: the network's, and bicubic's."""
    network.eval()
    scores = []
    with torch.no_grad():
        for rgb in pictures:
            large = rgb[: len(rgb) // SCALE * SCALE, : rgb.shape[1] // SCALE * SCALE]
            small = cv2.resize(large, None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
            x, truth = as_tensor([small]), as_tensor([large])
            bicubic = nn.functional.pixel_shuffle(nn.functional.conv2d(x, network.bicubic, padding=2), SCALE)
            error = [float(((y.clamp(0, 1) - truth)[..., 9:-9, 9:-9] ** 2).mean()) for y in (network(x), bicubic)]
            scores.append([-10 * math.log10(value + 1e-10) for value in error])
    network.train()
    ours, plain = np.mean(scores, axis=0)
    return float(ours), float(plain)


def rate(done: float, step: int) -> float:
    """Learning rate: a short rise, then half a cosine that ends with the time."""
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def save(weights: dict[str, np.ndarray], path: Path) -> None:
    """The network as ONNX: RGB 0..1 (n, 3, h, w) to (n, 3, 3h, 3w), with weights as half floats under torch's names."""
    nodes, stored = [], [numpy_helper.from_array(bicubic_kernel(), "bicubic")]

    def half(name: str) -> str:
        stored.append(numpy_helper.from_array(weights[name].astype(np.float16), name))
        nodes.append(helper.make_node("Cast", [name], [f"{name}.single"], to=TensorProto.FLOAT))
        return f"{name}.single"

    def step(kind: str, inputs: list[str], output: str, **settings: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **settings))
        return output

    def convolved(value: str, name: str) -> str:
        return step("Conv", [value, half(f"{name}.weight"), half(f"{name}.bias")], name, kernel_shape=[3, 3], pads=[1] * 4)

    head = features = convolved("rgb", "head")
    for i in range(BLOCKS):
        first = step("Relu", [convolved(features, f"body.{i}.first")], f"body.{i}.relu")
        features = step("Add", [features, convolved(first, f"body.{i}.second")], f"body.{i}")
    detail = convolved(step("Add", [head, convolved(features, "after")], "features"), "tail")
    smooth = step("Conv", ["rgb", "bicubic"], "smooth", kernel_shape=[5, 5], pads=[2] * 4)
    step("DepthToSpace", [step("Add", [smooth, detail], "channels")], "large", blocksize=SCALE, mode="CRD")
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
        for name, shape in (("rgb", ["n", 3, "h", "w"]), ("large", ["n", 3, "3h", "3w"]))
    ]
    graph = helper.make_graph(nodes, "edsr_x3", *ends, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    unfinished = path.with_name("unfinished_" + path.name)
    unfinished.write_bytes(model.SerializeToString())
    unfinished.replace(path)


def weights_of(network: Edsr) -> dict[str, np.ndarray]:
    """The weights that were trained, by torch's names."""
    return {name: value.numpy() for name, value in network.state_dict().items()}


def main() -> None:
    """Train for a number of minutes, report each two, and leave the weights in a file."""
    parser = argparse.ArgumentParser(description="Train the small EDSR that hdrkit ships.")
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of JPEG photographs, searched deeply")
    parser.add_argument("--panoramas", type=Path, required=True, help="a folder of .hdr panoramas")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file, written at each report")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    photographs, panoramas = sorted(options.pictures.rglob("*.jpg")), sorted(options.panoramas.glob("*.hdr"))
    training = [[path for path in paths if not held_back(path)] for paths in (photographs, panoramas)]
    stream = batches(clean_photographs(training[0]), rendered_panoramas(training[1]), options.seed)
    checks = clean_photographs([path for path in photographs if held_back(path)])[::3]
    print(f"trained on {len(training[0])} of {len(photographs)} photographs and {len(training[1])} of {len(panoramas)} panoramas")

    network = Edsr().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.parameters(), betas=(0.9, 0.99))
    started, reported, step, losses = time.monotonic(), 0.0, 0, 0.0
    while (done := (time.monotonic() - started) / 60 / options.minutes) < 1:
        optimizer.param_groups[0]["lr"] = rate(done, step)
        small, large = next(stream)
        loss = torch.sqrt((network(small) - large) ** 2 + 1e-6).mean()  # Charbonnier
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
        step, losses = step + 1, 0.999 * losses + 0.001 * loss.item()
        if done * options.minutes - reported >= 2:
            reported = done * options.minutes
            ours, plain = gain_over_bicubic(network, checks)
            save(weights_of(network), options.out)
            spent, loss_now = f"{reported:.0f} min, step {step}, CPU {time.process_time():.0f} s", losses / (1 - 0.999**step)
            print(f"{spent}: loss {loss_now:.5f}, {ours:.2f} dB, bicubic {plain:.2f} dB", flush=True)
    ours, plain = gain_over_bicubic(network, checks)
    save(weights_of(network), options.out)
    print(f"end: step {step}, CPU {time.process_time():.0f} s: {ours:.3f} dB, bicubic {plain:.3f} dB", flush=True)


if __name__ == "__main__":
    main()
