# SPDX-License-Identifier: Apache-2.0
import errno

import keras
import pytest
import tensorflow as tf

from sionna_semcom._errors import in_one_line, reading


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a"),
        TypeError("b"),
        RecursionError("c"),
        MemoryError(),
        AssertionError(),
        OSError("d"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "e"),
        AttributeError("f" * 10**6),
        OverflowError("g\nh"),
    ],
)
def test_whatever_a_file_causes_is_one_line_that_names_it(tmp_path, error):
    path = tmp_path / "some.h5"
    path.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"some\.h5` is damaged or not a result file: .") as caught:
        with reading(path, "result file"):
            raise error
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_what_no_file_causes_passes(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(KeyboardInterrupt), reading(tmp_path / "a", "result file"):
        raise KeyboardInterrupt


def test_files_that_cannot_be_opened_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No study file .*none"):
        with reading(tmp_path / "none", "study file"):
            pass
    with pytest.raises(IsADirectoryError, match="is a folder and not a study file"):
        with reading(tmp_path, "study file"):
            pass


def test_messages_are_short_and_say_what_to_do():
    assert in_one_line(OSError(errno.ENOSPC, "No space left on device", "a.h5")) == (
        "No space left on device: a.h5. Free some space, then repeat the command to resume"
    )
    assert in_one_line(OSError(errno.EACCES, "Permission denied", b"\xff")).endswith(
        "denied: \udcff"
    )
    assert in_one_line(OSError("h5py\nsays this")) == "h5py says this"
    assert in_one_line(ValueError()) == "ValueError"
    line = in_one_line(ValueError("begin " + "x" * 10**6 + " end"))
    assert len(line) < 1600 and line.startswith("begin") and " end (--traceback" in line


class Refusing(keras.layers.Layer):
    def call(self, x):
        raise ValueError("`x` must be\na friend")


@pytest.mark.parametrize("call", [Refusing(), tf.function(Refusing())])
def test_only_the_reason_of_an_error_in_a_layer_is_told(call):
    with pytest.raises(ValueError, match="Exception encountered") as caught:
        call(tf.zeros(2))
    assert in_one_line(caught.value) == "`x` must be a friend"


def test_errors_in_a_graph_outside_layers_are_short():
    @tf.function
    def refuse(x):
        raise ValueError("in the graph: no")

    with pytest.raises(ValueError, match="in user code") as caught:
        refuse(tf.zeros(2))
    assert in_one_line(caught.value) == "in the graph: no"


def test_errors_of_tensorflow_in_a_layer_keep_their_reason():
    class Reshaping(keras.layers.Layer):
        def call(self, x):
            return tf.reshape(x, [3, 5])

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        Reshaping()(tf.zeros(6))
    assert "6 values, but the requested shape has 15" in in_one_line(caught.value)


def test_errors_of_tensorflow_while_a_layer_is_traced_keep_their_reason():
    class Comparing(keras.layers.Layer):
        def call(self, x):
            tf.debugging.assert_equal(tf.constant([1]), tf.constant([2]), "one is not two")
            return x

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.function(Comparing())(tf.zeros(6))
    assert "one is not two" in in_one_line(caught.value)


def test_text_around_the_reason_is_kept():
    with pytest.raises(ValueError, match="Exception encountered") as caught:
        Refusing()(tf.zeros(2))
    told = in_one_line(ValueError(f"`a.keras`, model B: {caught.value}"))
    assert told == "`a.keras`, model B: `x` must be a friend"
    own = ValueError("in user code: this is mine\n    name: value")
    assert in_one_line(own) == "in user code: this is mine name: value"
