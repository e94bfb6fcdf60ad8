"""The networks' published weights, put into the form in which ONNX Runtime runs them best.

`python -m function.recogniser.faces.conversion` does it for all of them, which the function's
image has done when it is built: the image needs neither this module nor what it stands on.

The detector is YuNet (Wu and others, 2023, doi:10.1007/s11633-023-1423-y) as the OpenCV zoo
publishes it, with its weights in 8 bits by blocks. ONNX Runtime does not run that form, and
takes pictures of one size only. So the weights are written out as the numbers they stand for, and
the picture may have any height and width that 32 divides.

The descriptor is the `anet_type` of dlib's examples/dnn_face_recognition_ex.cpp: a ResNet of 29
convolutions, each with a scale and shift after it that is the same as other weights. The tests
hold its descriptors to dlib's within 1e-5.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from function.recogniser.faces.descriptor import CHIP_SIZE, ENCODING_LENGTH
from function.recogniser.faces.detector import STRIDES
from function.recogniser.faces.dlib_file import Layer, ModelFileError, read_network
from function.recogniser.faces.models import DESCRIPTOR, DETECTOR, model_file, network_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_DETECTOR_SOURCE = "face_detection_yunet_2023mar_int8bq.onnx"
_DESCRIPTOR_SOURCE = "dlib_face_recognition_resnet_model_v1.dat"

_OPSET = 21
_IR_VERSION = 10  # the one that came with that operator set

_DESCRIPTOR_INPUT = "input_rgb_image_sized"
# dlib/dnn/input.h: the means that its input layer subtracts, before it divides by 256.
_MEAN_RGB = (122.782, 117.001, 104.298)
_SCALE = 1 / 256

# The descriptor's residual blocks from the input on: how many channels come out, and whether the
# block halves the picture (`ares_down`) or keeps it (`ares`).
_BLOCKS = (
    *((32, False),) * 3,
    (64, True),
    *((64, False),) * 3,
    (128, True),
    *((128, False),) * 2,
    (256, True),
    *((256, False),) * 2,
    (256, True),
)


def convert(name: str, path: Path) -> Path:
    """Write the network of that name to a path, whole or not at all, and return the path.

    Raises:
        function.recogniser.faces.models.ModelsNotInstalledError: its weights are not there.
        OSError: it cannot be written.

    """
    model = _NETWORKS[name]()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_path = path.with_suffix(f".{os.getpid()}")
    try:
        onnx.save(model, str(partial_path))
        partial_path.replace(path)
    finally:
        partial_path.unlink(missing_ok=True)
    return path


def detector_model() -> onnx.ModelProto:
    """Return YuNet: `picture` (1, height, width, 3), 8-bit RGB, to `score`, `box` and `landmarks`.

    These have a row for each place, by stride, row and column: (1, places, 1), the likelihood of a
    face from 0 to 1; (1, places, 4) and (1, places, 10), in units of the stride, from the place.
    """
    graph = onnx.load(str(model_file(_DETECTOR_SOURCE))).graph
    weights = {it.name: numpy_helper.to_array(it) for it in graph.initializer}
    nodes = []
    for node in graph.node:
        if not all(name in weights for name in node.input):
            nodes.append(node)
        elif node.op_type == "DequantizeLinear":
            weights[node.output[0]] = _dequantised(node, [weights[name] for name in node.input])
        else:  # a Reshape of what was dequantised
            values, shape = (weights[name] for name in node.input)
            weights[node.output[0]] = values.reshape(shape.tolist())
    (first,) = (node for node in nodes if graph.input[0].name in node.input)
    first.input[0] = "channels"
    # It was trained on pictures in the order blue, green, red.
    weights[first.input[1]] = np.ascontiguousarray(weights[first.input[1]][:, ::-1])
    before = [
        helper.make_node("Transpose", ["picture"], ["transposed"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["transposed"], ["channels"], to=onnx.TensorProto.FLOAT),
    ]
    after = [
        helper.make_node("Concat", [f"{name}_{stride}" for stride in STRIDES], [output], axis=1)
        for name, output in (
            ("cls", "class"),
            ("obj", "object"),
            ("bbox", "box"),
            ("kps", "landmarks"),
        )
    ]
    after += [
        helper.make_node("Mul", ["class", "object"], ["product"]),
        helper.make_node("Sqrt", ["product"], ["score"]),
    ]
    nodes = [*before, *nodes, *after]
    used = {name for node in nodes for name in node.input}
    return _model(
        DETECTOR,
        nodes,
        {name: array for name, array in weights.items() if name in used},
        given=("picture", [1, "height", "width", 3]),
        made={
            "score": [1, "places", 1],
            "box": [1, "places", 4],
            "landmarks": [1, "places", 10],
        },
    )


def _dequantised(
    node: onnx.NodeProto, inputs: list[NDArray[np.int8] | NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return (quantised - zero point) * scale, where both are given by block along an axis."""
    quantised, scale, zero = (np.asarray(array, np.float32) for array in inputs)
    attributes = {it.name: helper.get_attribute_value(it) for it in node.attribute}
    if quantised.ndim and (block := attributes.get("block_size")):
        axis = attributes["axis"]
        every = range(quantised.shape[axis])
        scale, zero = (
            np.repeat(array, block, axis=axis).take(every, axis=axis) for array in (scale, zero)
        )
    return np.asarray((quantised - zero) * scale, np.float32)


def descriptor_model(path: Path | None = None) -> onnx.ModelProto:
    """Return dlib's network: `chips` (n, 150, 150, 3), 8-bit RGB, to `encoding` (n, 128).

    Raises:
        function.recogniser.faces.dlib_file.ModelFileError: the file has another network.

    """
    layers = read_network(path or model_file(_DESCRIPTOR_SOURCE), input_name=_DESCRIPTOR_INPUT)
    return _Descriptor(layer for layer in layers if layer.parameters.size).model()


class _Descriptor:
    """The descriptor as it is put together, layer by layer; each names what comes out of it."""

    def __init__(self, learned: Iterator[Layer]) -> None:
        self._learned = learned
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {}

    def model(self) -> onnx.ModelProto:
        images = self._node("Transpose", "chips", perm=[0, 3, 1, 2])
        images = self._node("Cast", images, to=onnx.TensorProto.FLOAT)
        mean = self._constant(np.array(_MEAN_RGB, np.float32).reshape(3, 1, 1))
        images = self._node("Sub", images, mean)
        images = self._node("Mul", images, self._constant(np.array(_SCALE, np.float32)))
        images = self._convolution(images, channels=3, size=7, stride=2, padding=0)
        images = self._node("Relu", images)
        images = self._node("MaxPool", images, kernel_shape=[3, 3], strides=[2, 2])
        side = ((CHIP_SIZE - 7) // 2 + 1 - 3) // 2 + 1
        channels = 32
        for filters, halves in _BLOCKS:
            images, side = self._block(images, side, channels, filters, halves=halves)
            channels = filters
        images = self._node("Flatten", self._node("GlobalAveragePool", images))
        (last,) = self._learned
        projection = self._constant(last.parameters.reshape(channels, ENCODING_LENGTH))
        self._nodes.append(helper.make_node("MatMul", [images, projection], ["encoding"]))
        return _model(
            DESCRIPTOR,
            self._nodes,
            self._weights,
            given=("chips", ["n", CHIP_SIZE, CHIP_SIZE, 3]),
            made={"encoding": ["n", ENCODING_LENGTH]},
        )

    def _block(
        self, images: str, side: int, channels: int, filters: int, *, halves: bool
    ) -> tuple[str, int]:
        """Add two convolutions to what came in (He and others, 2015, arXiv:1512.03385).

        A halving block's convolution can come out a pixel smaller than its average, and has more
        channels: the smaller one is extended with zeros (dlib/dnn/layers.h, `add_prev_`).
        """
        made = self._convolution(
            images, channels, size=3, stride=2 if halves else 1, padding=0 if halves else 1
        )
        made = self._convolution(self._node("Relu", made), filters, size=3, stride=1, padding=1)
        if halves:
            convolved, averaged = (side - 3) // 2 + 1, side // 2
            side = max(convolved, averaged)
            images = self._node("AveragePool", images, kernel_shape=[2, 2], strides=[2, 2])
            images = self._extended(images, filters - channels, side - averaged)
            made = self._extended(made, 0, side - convolved)
        return self._node("Relu", self._node("Add", made, images)), side

    def _convolution(
        self, images: str, channels: int, *, size: int, stride: int, padding: int
    ) -> str:
        """Add a convolution and the per-channel scale and shift after it, as one."""
        convolution, affine = next(self._learned), next(self._learned)
        filters = convolution.integers[0]
        expected = (filters, size, size, stride, stride, padding, padding)
        count = filters * channels * size * size
        if (
            convolution.integers != expected
            or convolution.parameters.size != count + filters
            or affine.parameters.size != 2 * filters
        ):
            raise ModelFileError(
                f"the network has a convolution {convolution.integers} where {expected} of "
                f"{channels} channels belongs"
            )
        weights, bias = np.split(convolution.parameters, [count])
        scale, shift = np.split(affine.parameters, 2)
        shape = (filters, channels, size, size)
        return self._node(
            "Conv",
            images,
            self._constant(weights.reshape(shape) * scale[:, None, None, None]),
            self._constant(bias * scale + shift),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[padding] * 4,
        )

    def _extended(self, images: str, channels: int, pixels: int) -> str:
        if not channels and not pixels:
            return images
        after = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
        return self._node("Pad", images, self._constant(after))

    def _constant(self, array: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"constant{len(self._weights)}"
        self._weights[name] = array
        return name

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's
        name = f"made{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name


def _model(
    name: str,
    nodes: list[onnx.NodeProto],
    weights: Mapping[str, NDArray[np.float32] | NDArray[np.int64]],
    *,
    given: tuple[str, list[int | str]],
    made: Mapping[str, list[int | str]],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(given[0], onnx.TensorProto.UINT8, given[1])],
        [
            helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, shape)
            for output, shape in made.items()
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in weights.items()
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model)
    return model


_NETWORKS: Mapping[str, Callable[[], onnx.ModelProto]] = {
    DETECTOR: detector_model,
    DESCRIPTOR: partial(descriptor_model, None),
}


if __name__ == "__main__":
    for network_name in _NETWORKS:
        convert(network_name, network_file(network_name))
