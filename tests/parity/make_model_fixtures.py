"""Makes tests/fixtures/model: model directories in every form that is read, with what PyTorch computes from them, and
pickles that must be refused.

    python tests/parity/make_model_fixtures.py [DIRECTORY]     prints the files whose bytes changed

The encoder is tiny (L 2, H 8, A 2, F 12, V 64, P 24); names, heads and shared storage are those of the published files.
"""
import hashlib
import json
import os
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict

import safetensors.torch
import torch
from transformers import BertConfig, BertForPreTraining, BertForSequenceClassification, BertModel

WORDS = ["the", "essay", "is", "good", "bad", "very", "."]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS + list(LETTERS) + ["##" + c for c in LETTERS]
IDS = [2, 5, 6, 7, 10, 8, 11, 3]
LONG = [2] + list(range(5, 27)) + [3]


def config(**more):
    return BertConfig(vocab_size=len(PIECES), hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                      max_position_embeddings=24, **more)


def randomise(model, seed):
    """Numbers far from the fresh 0 and 1, so that no term hides."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            scale = 0.5 if p.dim() == 1 else 1.5 * p.shape[-1] ** -0.5
            p.copy_(torch.randn(p.shape, generator=generator) * scale + (1.0 if name.endswith("LayerNorm.weight") else 0.0))
    return model.eval()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    before = open(path, "rb").read() if os.path.exists(path) else None
    if before != data:
        print("changed" if before is not None else "new", path)
        with open(path, "wb") as out:
            out.write(data)


def directory(root, name, config_json, **tokenizer):
    path = os.path.join(root, name)
    write(path + "/config.json", (json.dumps(config_json, indent=2) + "\n").encode())
    write(path + "/vocab.txt", "".join(p + "\n" for p in PIECES).encode())
    if tokenizer:
        write(path + "/tokenizer_config.json", (json.dumps(tokenizer, indent=2) + "\n").encode())
    return path


def same_state(path, state):
    if not os.path.exists(path):
        return False
    old = torch.load(path, weights_only=True)
    return list(old) == list(state) and all(torch.equal(old[k], v) and old[k].stride() == v.stride() for k, v in state.items())


def torch_file(path, state, new):
    """The older form names storages by their address in memory: such a file is kept while it holds the same."""
    if not new and same_state(path, state):
        return
    temporary = path + ".new"
    torch.save(state, temporary, _use_new_zipfile_serialization=new)
    data = open(temporary, "rb").read()
    os.remove(temporary)
    write(path, data)


def safe_file(path, tensors):
    write(path, safetensors.torch.save(tensors, metadata={"format": "pt"}))


# ---- Expected numbers: "DIRECTORY POOL LAYER ids values", one text a line ----

class Expected:
    def __init__(self):
        self.lines = []

    def add(self, name, pool, layer, ids, values):
        self.lines.append(" ".join([name, pool, str(layer), ",".join(map(str, ids)),
                                    ",".join(f"{v:.9g}" for v in values.detach().reshape(-1).tolist())]))

    def embeddings(self, name, bert):
        for ids in (IDS, LONG):
            with torch.no_grad():
                out = bert(input_ids=torch.tensor([ids]), output_hidden_states=True)
            for layer, hidden in enumerate(out.hidden_states):
                self.add(name, "cls", layer, ids, hidden[0, 0])
                self.add(name, "mean", layer, ids, hidden[0].mean(0))
                self.add(name, "max", layer, ids, hidden[0].max(0).values)
            self.add(name, "none", 1, ids, out.hidden_states[1][0])
            if out.pooler_output is not None:
                self.add(name, "pooler", 2, ids, out.pooler_output[0])

    def logits(self, name, model):
        for ids in (IDS, LONG):
            with torch.no_grad():
                self.add(name, "logits", 2, ids, model(input_ids=torch.tensor([ids])).logits[0])


def published(root, expected):
    """All names, heads and the tied decoder of the published bert-tiny, whose state also holds position_ids."""
    model = randomise(BertForPreTraining(config()), 1)
    state = OrderedDict()
    for name, tensor in model.state_dict().items():
        if name == "bert.embeddings.word_embeddings.weight":
            state["bert.embeddings.position_ids"] = torch.arange(24)[None]
        state[name] = tensor
    state["cls.predictions.decoder.weight"] = state["bert.embeddings.word_embeddings.weight"]
    state["cls.predictions.decoder.bias"] = state["cls.predictions.bias"]
    assert state["cls.predictions.decoder.weight"].data_ptr() == state["bert.embeddings.word_embeddings.weight"].data_ptr()
    plain = {"hidden_size": 8, "hidden_act": "gelu", "initializer_range": 0.02, "vocab_size": len(PIECES),
             "hidden_dropout_prob": 0.1, "num_attention_heads": 2, "type_vocab_size": 2, "max_position_embeddings": 24,
             "num_hidden_layers": 2, "intermediate_size": 12, "attention_probs_dropout_prob": 0.1}
    for name, new in (("published-zip", True), ("published-legacy", False)):
        torch_file(directory(root, name, plain) + "/pytorch_model.bin", state, new)
        expected.embeddings(name, model.bert)
    return plain, model


def spellings(root, expected, plain, model):
    """No prefix, gamma and beta; views into one storage: transposed, at an offset."""
    state = OrderedDict()
    for name, tensor in model.bert.state_dict().items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        state[old] = tensor.clone()
    torch_file(directory(root, "old-names", plain) + "/pytorch_model.bin", state, False)
    expected.embeddings("old-names", model.bert)

    weight = "encoder.layer.1.intermediate.dense.weight"
    rows, cols = state[weight].shape
    block = torch.zeros(5 + 2 * rows * cols)
    view = block[5:].view(cols, 2 * rows).t()[::2]
    view.copy_(state[weight])
    assert not view.is_contiguous() and view.storage_offset() == 5
    state[weight] = view
    bias = "encoder.layer.0.output.dense.bias"
    state[bias] = torch.cat([torch.zeros(3), state[bias]])[3:]
    for name, new in (("views-zip", True), ("views-legacy", False)):
        torch_file(directory(root, name, plain) + "/pytorch_model.bin", state, new)
        expected.embeddings(name, model.bert)


def narrow(root, expected, plain, model):
    """16-bit floats: what is computed is the 32-bit arithmetic of the rounded numbers."""
    for name, kind in (("half", torch.float16), ("bfloat", torch.bfloat16)):
        rounded = OrderedDict((k, v.to(kind)) for k, v in model.bert.state_dict().items())
        path = directory(root, name, dict(plain, torch_dtype=str(kind)[6:]))
        if name == "half":
            safe_file(path + "/model.safetensors", {"bert." + k: v.clone() for k, v in rounded.items()})
        else:
            rounded["embeddings.position_ids"] = torch.arange(24)[None]
            safe_file(path + "/model.safetensors", {k: v.clone() for k, v in rounded.items()})
            torch_file(directory(root, "bfloat-zip", plain) + "/pytorch_model.bin", rounded, True)
        copy = BertModel(config())
        copy.load_state_dict({k: v.float() for k, v in rounded.items() if "position_ids" not in k})
        expected.embeddings(name, copy.eval())
        if name == "bfloat":
            expected.embeddings("bfloat-zip", copy)


def heads(root, expected):
    """Hugging Face's classifier over labels 1 .. 5, its regressor, and what is rubric's own."""
    five = config(id2label={i: str(i + 1) for i in range(5)}, label2id={str(i + 1): i for i in range(5)}, hidden_act="gelu_new")
    tokenizer = {"do_lower_case": True, "tokenizer_class": "BertTokenizer", "model_max_length": 24}
    model = randomise(BertForSequenceClassification(five), 2)
    path = directory(root, "classifier", json.loads(five.to_json_string()), **tokenizer)
    safe_file(path + "/model.safetensors", {k: v.clone() for k, v in model.state_dict().items()})
    expected.logits("classifier", model)
    one = config(num_labels=1, problem_type="regression", hidden_act="relu")
    model = randomise(BertForSequenceClassification(one), 3)
    path = directory(root, "regression", json.loads(one.to_json_string()), **tokenizer)
    safe_file(path + "/model.safetensors", {k: v.clone() for k, v in model.state_dict().items()})
    expected.logits("regression", model)

    own = config(num_labels=1)
    bert = randomise(BertModel(own, add_pooling_layer=False), 4)
    generator = torch.Generator().manual_seed(5)
    weight, bias = torch.randn(1, 16, generator=generator), torch.tensor([3.0])
    vocabulary = hashlib.sha256("".join(p + "\n" for p in PIECES).encode()).hexdigest()
    about = {"trained": True, "vocabulary": vocabulary, "head": "rubric.head", "pool": "mean", "layers": [1, 2], "loss": "mse",
             "y": "integer", "labels": [1, 2, 3, 4, 5], "ordered": True, "values": [1, 2, 3, 4, 5],
             "thresholds": [1.4, 2.5, 3.5, 4.25], "deviation": 0.5, "chosen_by": "train"}
    trained = dict(json.loads(own.to_json_string()), rubric=about, architectures=["BertModel"])
    path = directory(root, "trained", trained, **tokenizer,
                     rubric={"placeholders": "drop", "long": "head", "max_length": 24, "stride": 8})
    tensors = {"bert." + k: v.clone() for k, v in bert.state_dict().items()}
    safe_file(path + "/model.safetensors", {**tensors, "rubric.head.weight": weight, "rubric.head.bias": bias})
    for ids in (IDS, LONG):
        with torch.no_grad():
            hidden = bert(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        vector = torch.cat([hidden[k][0].mean(0) for k in (1, 2)])
        expected.add("trained", "logits", 2, ids, weight @ vector + bias)


# ---- Pickles that must be refused ----

class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def as_zip(data):
    """What torch.save writes, with this pickle."""
    path = "/tmp/rubric-fixture.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for name, content in (("archive/data.pkl", data), ("archive/version", b"3\n")):
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    data = open(path, "rb").read()
    os.remove(path)
    return data


def as_legacy(data):
    return b"".join([pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2),
                     pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2), data, pickle.dumps([], 2)])


def tensor_pickle(numel, offset, size, stride, storage=b"ctorch\nFloatStorage\n", function=b"_rebuild_tensor_v2"):
    """A dictionary with one tensor, its numbers as given."""
    def integers(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", v) for v in values) + b"t"
    return (b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n" + function + b"\n((X\x07\x00\x00\x00storage" + storage +
            b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu\x8a\x08" + struct.pack("<q", numel) + b"tQ\x8a\x08" +
            struct.pack("<q", offset) + integers(size) + integers(stride) + b"\x89N" + b"tRs.")


def two_tensors(first, second, name=b"w"):
    """The dictionary of tensor_pickle twice, the second tensor under a name of its own or the same one."""
    one, two = (part[3:-2] for part in (first, second))  # without the empty dictionary, SETITEM and STOP
    return b"\x80\x02}(" + one + two.replace(b"X\x01\x00\x00\x00w", b"X\x01\x00\x00\x00" + name, 1) + b"u."


def refused(root):
    one = tensor_pickle(4, 0, [4], [1])
    evil = {
        "twice": two_tensors(one, one),
        "two-ways": two_tensors(one, tensor_pickle(4, 0, [4], [1], b"ctorch\nHalfStorage\n"), b"v"),
        "two-sizes": two_tensors(one, tensor_pickle(8, 0, [8], [1]), b"v"),
        "spread": tensor_pickle(4, 0, [8], [0]),
        "arguments": one.replace(b"\x89NtR", b"\x89" + b"N" * 9 + b"tR"),
        "state": one.replace(b"tRs.", b"tR}bs."),
        "decimal": b"\x80\x02}X\x01\x00\x00\x00wI99999999999999999999\ns.",
        "storage-kind": tensor_pickle(4, 0, [4], [1], b"ccollections\nOrderedDict\n"),
        "nul": two_tensors(one, one, b"w").replace(b"X\x01\x00\x00\x00w", b"X\x03\x00\x00\x00w\x00w", 1),
        "system": pickle.dumps({"w": Call(os.system, "touch owned")}, 2),
        "system-4": pickle.dumps({"w": Call(os.system, "touch owned")}, 4),
        "eval": pickle.dumps({"w": Call(eval, "open('owned', 'w')")}, 2),
        "getattr": pickle.dumps({"w": Call(getattr, "x", "upper")}, 2),
        "load": pickle.dumps({"w": Call(torch.load, "x")}, 2),
        "storage-name": b"\x80\x02}X\x01\x00\x00\x00wctorch\nos.system.Storage\n)Rs.",
        "storage-call": b"\x80\x02}X\x01\x00\x00\x00wctorch\nFloatStorage\n)Rs.",
        "object": b"\x80\x02}X\x01\x00\x00\x00wccollections\nOrderedDict\n)\x81s.",
        "instance": b"(ios\nsystem\n.",
        "extension": b"\x80\x02\x82\x01.",
        "not-tensors": pickle.dumps({"epoch": 3}, 2),
        "list": pickle.dumps([1, 2], 2),
        "beyond": tensor_pickle(4, 0, [5], [1]),
        "offset": tensor_pickle(4, 3, [2], [1]),
        "overflow": tensor_pickle(4, 0, [2, 2], [2**62, 2**62]),
        "huge": tensor_pickle(2**60, 0, [2**60], [1]),
        "negative": tensor_pickle(4, 3, [2], [-1]),
        "negative-size": tensor_pickle(4, 0, [-2], [1]),
        "rank": tensor_pickle(4, 0, [1] * 9, [1] * 9),
        "unknown-storage": tensor_pickle(4, 0, [1], [1], b"ctorch\nQInt8Storage\n"),
        "unknown-rebuild": tensor_pickle(4, 0, [1], [1], function=b"_rebuild_sparse_tensor"),
        "stack": b"\x80\x02R.", "mark": b"\x80\x02t.", "memo": b"\x80\x02h\x07.", "memo-far": b"\x80\x02Nr\xff\xff\xff\xff.",
        "cut": b"\x80\x02X\xff\xff\xff\x7fabc", "empty": b"", "odd": b"\x80\x02}(Nu.", "no-container": b"\x80\x02NNa.",
    }
    for name, data in evil.items():
        write(f"{root}/refused/{name}.zip.bin", as_zip(data))
        write(f"{root}/refused/{name}.legacy.bin", as_legacy(data))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../fixtures/model")
    expected = Expected()
    plain, model = published(root, expected)
    spellings(root, expected, plain, model)
    narrow(root, expected, plain, model)
    heads(root, expected)
    refused(root)
    write(root + "/expected.txt", ("\n".join(expected.lines) + "\n").encode())


main()
