#!/usr/bin/env python3
"""The programs that rubric is measured against, each at its best, timed in process and without their import.

usage: peers.py missing
       peers.py WORK [NAME=VALUE]...

`missing` prints the modules that cannot be imported here.  WORK is one of the functions marked below: it gets ready (import,
input, model, warm-up), prints a line {"ready": what it is}, and then answers each line of its standard input with one pass
over the input, as {"seconds": of the pass, "peak_kib": of this process so far}, until the input ends.

Inputs: tokens=FILE, the lines of `show --json`; or csv=FILE, with its texts in the column `content`."""
import importlib.util
import json
import os
import random
import resource
import sys
import tempfile
import time
import warnings

MODULES = {"torch": "torch", "transformers": "transformers", "tokenizers": "tokenizers", "onnxruntime": "onnxruntime",
           "onnx": "onnx", "nanotoken": "nanotoken"}
WORKS = {}


def work(function):
    WORKS[function.__name__] = function
    return function


def serve(what, one_pass):
    print(json.dumps({"ready": what}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        one_pass()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)


def read_tokens(path):
    """Lists of ids, and the labels as classes from 0."""
    records = [json.loads(line) for line in open(path, encoding="utf-8")]
    records = [record for record in records if "ids" in record]
    classes = sorted({record["y"] for record in records if "y" in record})
    return [record["ids"] for record in records], [classes.index(record["y"]) if "y" in record else 0 for record in records]


def read_texts(path):
    import csv
    csv.field_size_limit(1 << 30)
    with open(path, newline="", encoding="utf-8") as file:
        return [row["content"] for row in csv.DictReader(file)]


def bert_config(shape, vocabulary, classes=4):
    from transformers import BertConfig
    layers, hidden, heads = map(int, shape.split(","))
    return BertConfig(vocab_size=int(vocabulary), hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
                      intermediate_size=4 * hidden, num_labels=classes)


def padded(ids, batch, width, array, one):
    """Token ids and attention mask of the texts numbered in `batch`, as two arrays of that width."""
    tokens, mask = array((len(batch), width)), array((len(batch), width))
    for row, number in enumerate(batch):
        length = len(ids[number])
        tokens[row, :length] = one(ids[number])
        mask[row, :length] = 1
    return tokens, mask


# ---- Training ----

def make_trainee(config, pool):
    import torch
    from transformers import BertForSequenceClassification, BertModel
    if pool == "cls":
        model = BertForSequenceClassification(config)
        return model, lambda tokens, mask: model(input_ids=tokens, attention_mask=mask).logits

    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = BertModel(config, add_pooling_layer=False)
            self.drop = torch.nn.Dropout(0.1)
            self.head = torch.nn.Linear(config.hidden_size, config.num_labels)

        def forward(self, tokens, mask):
            hidden = self.bert(input_ids=tokens, attention_mask=mask).last_hidden_state
            weight = mask[..., None].float()
            return self.head(self.drop((hidden * weight).sum(1) / weight.sum(1)))

    model = Mean()
    return model, model


@work
def train(tokens, shape, vocabulary, pool="cls", recipe="buckets", threads="2", size="16"):
    """One epoch in PyTorch.  recipe=buckets: batches of like length, padded to their longest, fused AdamW;
    recipe=tutorial: shuffled batches padded to 512, AdamW as it comes."""
    import torch
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    random.seed(0)
    ids, labels = read_tokens(tokens)
    model, forward = make_trainee(bert_config(shape, vocabulary, max(labels) + 1), pool)
    model.train()
    buckets = recipe == "buckets"
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, **({"fused": True} if buckets else {}))
    order = sorted(range(len(ids)), key=lambda i: len(ids[i])) if buckets else random.sample(range(len(ids)), len(ids))
    batches = [order[at:at + int(size)] for at in range(0, len(order), int(size))]

    def step(batch):
        width = max(len(ids[i]) for i in batch) if buckets else 512
        inputs, mask = padded(ids, batch, width, lambda s: torch.zeros(s, dtype=torch.long), torch.tensor)
        loss = torch.nn.functional.cross_entropy(forward(inputs, mask), torch.tensor([labels[i] for i in batch]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    def epoch():
        random.shuffle(batches)
        for batch in batches:
            step(batch)

    step(batches[0])
    serve(f"PyTorch, {recipe}", epoch)


# ---- Inference ----

def make_graph(config, pool, sample):
    """An ONNX file of the model, optimised for BERT, and what was fused in it."""
    import torch
    from transformers import BertForSequenceClassification, BertModel
    config._attn_implementation = "eager"

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = BertForSequenceClassification(config) if pool == "cls" else BertModel(config, add_pooling_layer=False)

        def forward(self, ids, mask):
            out = self.model(input_ids=ids, attention_mask=mask)
            if pool == "cls":
                return out.logits
            weight = mask[..., None].float()
            return (out.last_hidden_state * weight).sum(1) / weight.sum(1)

    path = os.path.join(tempfile.mkdtemp(), "graph.onnx")
    dynamic = {"ids": {0: "b", 1: "s"}, "mask": {0: "b", 1: "s"}, "out": {0: "b"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Pooled().eval(), tuple(torch.from_numpy(part) for part in sample), path, input_names=["ids", "mask"],
                          output_names=["out"], dynamic_axes=dynamic, dynamo=False, opset_version=17)
    from onnxruntime.transformers.optimizer import optimize_model
    graph = optimize_model(path, "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size)
    graph.save_model_to_file(path)
    return path, {name: count for name, count in graph.get_fused_operator_statistics().items() if count}


def sorted_batches(ids, size):
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return [order[at:at + size] for at in range(0, len(order), size)]


@work
def infer(tokens, shape, vocabulary, pool="cls", threads="2", sizes="1,4,16"):
    """ONNX Runtime over all texts, sorted by length, with the batch size of `sizes` that a sample finds fastest."""
    import numpy
    import onnxruntime
    import shutil
    ids, labels = read_tokens(tokens)

    def arrays(numbers):
        width = max(len(ids[i]) for i in numbers)
        return padded(ids, numbers, width, lambda s: numpy.zeros(s, numpy.int64), lambda values: values)

    path, fused = make_graph(bert_config(shape, vocabulary, max(labels) + 1), pool, arrays([0, len(ids) - 1]))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    shutil.rmtree(os.path.dirname(path))

    def compute(batches):
        for numbers in batches:
            inputs, mask = arrays(numbers)
            session.run(None, {"ids": inputs, "mask": mask})

    best = None
    for size in map(int, sizes.split(",")):
        batches = sorted_batches(ids, size)
        sample = batches[::max(1, len(batches) * size // max(64, 4 * size))]
        compute(sample[:1])
        start = time.perf_counter()
        compute(sample)
        rate = sum(len(ids[i]) for batch in sample for i in batch) / (time.perf_counter() - start)
        if best is None or rate > best[0]:
            best = rate, size
    batches = sorted_batches(ids, best[1])
    serve(f"ONNX Runtime, batches of {best[1]}, {fused.get('Attention', 0)} attentions fused", lambda: compute(batches))


# ---- Text ----

@work
def tokenizers(csv, vocabulary_file, threads="1"):
    """Hugging Face tokenizers, all texts in one batch."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false" if threads == "1" else "true"
    os.environ["RAYON_NUM_THREADS"] = threads
    from tokenizers import BertWordPieceTokenizer
    texts = read_texts(csv)
    tokenizer = BertWordPieceTokenizer(vocabulary_file, lowercase=True)._tokenizer
    tokenizer.encode_batch_fast(texts[:50])
    serve("Hugging Face tokenizers", lambda: tokenizer.encode_batch_fast(texts))


@work
def nanotoken(csv, vocabulary_file, again="no"):
    """nanotoken on one thread; again=no: with empty caches each time."""
    from nanotoken import Tokenizer
    texts = read_texts(csv)
    tokenizer = Tokenizer(vocabulary_file)
    tokenizer.encode_batch(texts, parallel=False)
    if again == "no":
        fresh = [Tokenizer(vocabulary_file) for _ in range(16)]
        serve("nanotoken, first pass", lambda: fresh.pop().encode_batch(texts, parallel=False))
    else:
        serve("nanotoken, again", lambda: tokenizer.encode_batch(texts, parallel=False))


@work
def sgemm(threads="2"):
    """PyTorch's matrix product, as much arithmetic a pass as 40 products of 1024."""
    import torch
    torch.set_num_threads(int(threads))
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)

    def products():
        for _ in range(40):
            torch.mm(a, b)

    products()
    serve("PyTorch sgemm", products)


def main():
    if sys.argv[1:] == ["missing"]:
        print(*[name for name, module in MODULES.items() if importlib.util.find_spec(module) is None])
        return
    if len(sys.argv) < 2 or sys.argv[1] not in WORKS:
        sys.exit(__doc__)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    WORKS[sys.argv[1]](**dict(argument.split("=", 1) for argument in sys.argv[2:]))


if __name__ == "__main__":
    main()
