# SPDX-License-Identifier: Apache-2.0
"""Invalid study files and changes raise one-line errors."""

import pytest

from sionna_semcom.simulation import load_study

from .tiny_study import ALONG_TTI, COMM, DOCUMENT, PRETRAINED
from .tiny_study import write as write


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["curves.0.model=[main]"], "'AWGN' lists models or links, .*axis other than 'snr_db'"),
        (["evaluation.axis=tti"], "one SNR if the axis is 'tti'. Received: 0.0, inf"),
        (["figure.log_x=true"], "figure.log_x needs an evaluation.axis other than 'snr_db'"),
        ([*ALONG_TTI, "curves.0.link=[]"], r"curves\.0\.link: .*List should have at least 1"),
        ([*ALONG_TTI, "curves.0.link=[awgn, x]"], "curve 'AWGN' names the link 'x'"),
        ([*ALONG_TTI, "curves.0.model=[main, judge]"], "'judge' is a classifier"),
        (
            [*ALONG_TTI, "curves.0={label: a, model: [main, main], link: [awgn]}"],
            "curve 'a' must list equally many links and models. Received: 2 models, 1 links",
        ),
    ],
)
def test_impossible_axes_are_refused_in_one_line(write, changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_study(write(), changes)
    assert "\n" not in str(caught.value)


def test_a_model_that_sends_nothing_is_no_curve(write):
    system = "{kind: image_classifier, network: plain, latent_dim: 4}"
    with pytest.raises(ValueError, match="needs a model that transmits"):
        load_study(write(), [f"models.main.system={system}"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("evaluation.snr=3", r"unknown key evaluation\.snr; known are max_mc_iter, .*snr_db"),
        ("models.main.foo=x", r"unknown key models\.main\.foo; known are system, link, snr_db"),
        (
            "models.main.system.foo=x",
            r"models\.main\.system\.foo; known are kind, transmitters, mode, lat",
        ),
        ("models.main.training.foo=x", r"models\.main\.training\.foo; known are epochs, steps"),
        (
            "models.main.link.foo=x",
            r"unknown key models\.main\.link\.foo; known are kind, precision$",
        ),
        (
            "links.tdl.modle=x",
            r"unknown key links\.tdl\.modle; known are kind, precision, estimator, model",
        ),
        ("links.tdl.modle=x", r"\. Did you mean model\?$"),
        ("links.tdl.kind=odfm", r"links\.tdl: kind must be one of awgn, .*ofdm.* Received: 'odfm'"),
        ("evaluation.snr_db=10", r"valid list in brackets, such as \[a, b\]\. Received: 10"),
        ("links.tdl.kind=odfm", r"Received: 'odfm'\. Did you mean ofdm\?$"),
        ("links.tdl.model=umi", r"Received: 'umi'\. Did you mean UMi\?$"),
        ("curves.0.model=mian", r"but there are only main.*\. Did you mean main\?$"),
        ("links.tdl.model=TDL-Z", r"links\.tdl\.model: .*'TDL-A'.* Received: 'TDL-Z'"),
        ("models.main.training.epochs=many", r"training\.epochs: .*integer.* Received: 'many'"),
        ("models.main.training.epochs=0", r"training\.epochs: .*greater than 0\. Received: 0"),
        ("models.main.snr_db=[1, 2, 3]", r"snr_db: .*number, or List .*at most 2"),
        ("models.main.snr_db=[25, 0]", r"models\.main\.snr_db: .*\(low, high\).* \(25.0, 0.0\)"),
        ("models.main.snr_db=.nan", r"models\.main\.snr_db: .*number of dB.* Received: nan"),
        ("models.main.training.warmup_steps=2", r"main\.training: warmup_steps .* 2 of 2"),
        ("evaluation.snr_db=[0, .nan]", r"evaluation\.snr_db: SNRs must be .* Received: 0.0, nan"),
        ("evaluation.snr_db=[-.inf]", r"evaluation\.snr_db: SNRs must be .* Received: -inf"),
        ("evaluation.snr_db=[]", r"evaluation\.snr_db: List should have at least 1"),
        ("evaluation.max_mc_iter=1", r"max_mc_iter: .*greater than or equal to 2"),
        ("evaluation.seeds=[1, 1]", "seeds must differ. Received: 1, 1"),
        ("curves.1.label=AWGN", "curve labels must differ. Received: AWGN, AWGN"),
        ("curves.0.label=a/b", r"curves\.0\.label: .*pattern.* Received: 'a/b'"),
        ("curves.0.model=mian", "curve 'AWGN' names the model 'mian', .* only main, judge"),
        ("curves.0.link=cdl", "curve 'AWGN' names the link 'cdl', .* only awgn, tdl"),
        ("curves.0.model=judge", "curve 'AWGN' needs a model that transmits"),
        ("figure.curves=[TDL, CDL]", "figure 'tiny' names the curve 'CDL', .* only AWGN, TDL"),
        ("figure.curves=[]", r"figure\.curves: List should have at least 1"),
        ("curves.0.present=[]", r"curves\.0\.present: List should have at least 1"),
        ("judges.image=main", "judge 'main' is not a classifier of modality 'image'"),
        ("name=../escape", "name: .*letters, digits, _, . and -, without spaces"),
        ("name=my study", "name: .*letters, digits, .*Received: 'my study'"),
        ("evaluation.snr_db=[0, 1, 0]", "snr_db must differ. Received: 0.0, 1.0, 0.0"),
        (
            "evaluation.metrics=[{kind: psnr}, {kind: psnr, max_val: 2}]",
            "evaluation.metrics must differ. Received: psnr, psnr",
        ),
        ("name=", r"name: .*valid string\. Received: None"),
        ("curves.7.label=x", "'curves.7.label=x' does not match the keys of the study"),
        ("name.first=x", "'name.first=x' does not match the keys of the study"),
        ("name=[1", r"'name=\[1' does not match"),
        ("seed=18446744073709551616", r"seed: an integer must be less than 2\^64"),
        ("seed=!!bool x", "'seed=!!bool x' does not match"),
        ("seed=true", "seed: it must not be true or false"),
        ("evaluation.seeds=[false]", r"evaluation\.seeds: it must not be true or false"),
        ("evaluation.seeds=[18446744073709551616]", r"evaluation\.seeds: an integer"),
        ("evaluation.batch_size=2147483648", r"batch_size: .*less than"),
        ("evaluation.confidence=.nan", r"evaluation\.confidence: .*finite"),
        ("models.main.training.learning_rate=.inf", r"learning_rate: .*finite"),
        (
            "evaluation.target_half_width={image_mse: .nan}",
            r"target_half_width\.image_mse: .*finit",
        ),
        ("links.tdl.interleaver_seed=-1", r"interleaver_seed: .*greater than or equal to 0"),
        ("curves.0.label=..", r"curves\.0\.label: .*must not consist of dots only"),
        ('curves.0.label="a\\0"', r"curves\.0\.label: .*control characters"),
        ("curves.0.label=$\\frac{$", r"curves\.0\.label: .*mathtext"),
        ("title=$\\nosuch$", r"title: .*mathtext"),
        ('title="\\e[31m"', r"title: .*control characters"),
        (f"name={'a' * 245}", r"name: .*at most 200 bytes.*245 bytes"),
        (f"name={'é' * 101}", r"name: .*at most 200 bytes.*202 bytes"),
        (f"models.{'b' * 245}={{system: {{kind: centroid}}}}", r"'models\.bb.*at most 200 bytes"),
        (
            "models.a={system: {kind: centroid}, pretrained: {name: ../x, model: {}}}",
            "name: .*letters, digits",
        ),
        (
            f"links.tdl.kind={'x' * 100_000}",
            r"links\.tdl: kind must be one of .*ofdm.* Received: 'xx",
        ),
        (f"curves.0.model={'x' * 100_000}", r"names the model 'xx.*only main, judge"),
        (f"curves.0.{'x' * 100_000}=1", r"unknown key 'curves\.0\.xx.*known are label, model"),
        (f"evaluation.snr_db=[{', '.join('a' * 10_000)}]", r"evaluation\.snr_db\.0: .*also wrong"),
        ("name", "must have the form key=value. Received: 'name'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(write, change, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_study(write(), [change])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1200


def test_long_chains_of_models_are_refused(write):
    models = {f"m{i}": {"system": COMM, "pretrained": f"m{i + 1}"} for i in range(3000)}
    with pytest.raises(ValueError, match="at most 8 models can form a chain") as caught:
        load_study(write(**{**PRETRAINED, "models": {**models, "m3000": {"system": COMM}}}))
    assert len(str(caught.value)) < 300


def test_fields_of_further_mistakes_are_named(write):
    message = r"unknown key evaluation\.a; known are .*; also wrong: evaluation\.b$"
    with pytest.raises(ValueError, match=message):
        load_study(write(), ["evaluation.a=1", "evaluation.b=2"])


def test_a_missing_setting_is_named(write):
    document = {key: value for key, value in DOCUMENT.items() if key != "links"}
    with pytest.raises(ValueError, match=r"tiny\.yaml: links is missing"):
        load_study(write(document))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [tiny", r"wrong\.yaml is not YAML: .*line 1"),
        (b"\xff\xfe\xfa", r"wrong\.yaml is not YAML"),
        (b"", r"wrong\.yaml: Input should be a valid dictionary"),
        (b"- 1", r"wrong\.yaml: Input should be a valid dictionary"),
        (b"name: a\nname: b\n", r"wrong\.yaml is not YAML: .*'name'.* repeated"),
        (b"seed: !!bool maybe", r"wrong\.yaml is not YAML"),
        (b"seed: !!timestamp abc", r"wrong\.yaml is not YAML"),
        (b"seed: !!int ''", r"wrong\.yaml is not YAML"),
        (b"seed: " + b"[" * 1000 + b"]" * 1000, r"wrong\.yaml is not YAML"),
        (b"seed: " + b"{a: " * 1000 + b"}" * 1000, r"wrong\.yaml is not YAML"),
        (b"seed: " + b"9" * 5000, r"wrong\.yaml is not YAML"),
        (b"a: [" + b"x, " * 2_000_000 + b"]", r"wrong\.yaml is not YAML"),
    ],
)
def test_a_file_that_is_no_study(tmp_path, content, message):
    path = tmp_path / "wrong.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_study(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No study file .*none\.yaml"):
        load_study(tmp_path / "none.yaml")
    with pytest.raises(IsADirectoryError, match="is a folder and not a study file"):
        load_study(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["models.few.pretrained=none"], "model 'few' can start from one of comm, tuned"),
        (["models.few.pretrained=few"], "pretrained .few."),
        (["models.comm.pretrained=tuned"], "without cycles"),
        (["models.few.system.sender.width=12"], "`width` must be a multiple of `num_heads`"),
        (["models.tuned.system.targets=[]"], "needs at least one"),
        (["models.few.system.num_symbols=0"], "num_symbols"),
    ],
)
def test_models_that_cannot_start_are_refused(write, changes, message):
    with pytest.raises(ValueError, match=message):
        load_study(write(**PRETRAINED), changes)


def test_weights_start_only_where_they_fit(write):
    changed = ["models.few.system.sender={kind: comm, temperature: 0.2}"]
    with pytest.raises(ValueError, match="compressed_comm cannot start from 'comm'"):
        load_study(write(**PRETRAINED), changed)
    with pytest.raises(ValueError, match="compressed_comm needs pretrained"):
        load_study(write(**PRETRAINED), ["models.few.pretrained=null"])
    wider = ["models.tuned.system.encoders={kind: tokens, width: 32}"]
    with pytest.raises(ValueError, match="starts from a comm of the same encoders"):
        load_study(write(**PRETRAINED), wider)
