"""The rows of the table: each function measures one kind of work, rubric and its peers in turn, and adds its lines."""
import contextlib
import csv

from inputs import SHAPES, arithmetic, text_bytes
from processes import Peer, helper, in_turn, rubric

ROWS = {}


def row(function):
    ROWS[function.__name__.replace("_", "-")] = function
    return function


@contextlib.contextmanager
def peer(bench, needs, work, **settings):
    """The peer, ready; None where one of its modules is missing."""
    if bench.lacks(needs):
        yield None
        return
    one = Peer(work, **settings)
    try:
        yield one
    finally:
        one.close()


def with_peers(rounds, ours, **peers):
    return in_turn(rounds, **ours, **{name: one.run for name, one in peers.items() if one})


# ---- fit ----

def fit_once(bench, shape, pool, stream, threads):
    """Seconds of the epoch by fit's own clock, of the whole process, and peak MiB."""
    path = bench.inputs.directory / "fitted"
    usage = rubric("fit", "-m", bench.inputs.start(shape), "--pool", pool, "--loss", "ce", "--epochs", 1, "--select", "none",
                   "--threads", threads, "-f", "-o", path, stream)
    with open(path / "epochs.csv", newline="", encoding="utf-8") as file:
        epoch = float(list(csv.DictReader(file))[-1]["seconds"])
    return epoch, usage.wall, usage.peak


def fit_row(bench, name, shape, pool, essays, targets):
    inputs = bench.inputs
    stream = inputs.stream(inputs.essays(essays))
    work = arithmetic(inputs.lengths(stream), shape, pool == "cls", training=True)
    settings = {"tokens": inputs.lines(stream), "shape": ",".join(map(str, SHAPES[shape])),
                "vocabulary": inputs.vocabulary_size, "pool": pool}
    needs = ("torch", "transformers")
    with peer(bench, needs, "train", **settings) as best:
        got = with_peers(bench.rounds(2), {"rubric": lambda: fit_once(bench, shape, pool, stream, 2)}, best=best)
    mine = got["rubric"]
    title = f"fit {name}, {essays} essays"
    bench.line(title, f"{mine[0]:.2f} s", "PyTorch, buckets", got.get("best") and f"{got['best'].wall:.2f} s",
               got.get("best") and got["best"].wall / mine[0], targets[0], bench.share(work / mine[0], 2))
    if len(targets) > 1:
        with peer(bench, needs, "train", recipe="tutorial", **settings) as tutorial:
            usual = tutorial and tutorial.run()
        bench.line("", "", "PyTorch, tutorial", usual and f"{usual.wall:.2f} s", usual and usual.wall / mine[0], targets[1])
    bench.line("  as a process", f"{mine[1]:.2f} s", "", None, got.get("best") and got["best"].wall / mine[1], None)
    return mine, got.get("best")


@row
def fit_cls(bench):
    mine, _ = fit_row(bench, "bert-tiny [CLS]", "tiny", "cls", bench.size(1372, 64), (3, 5))
    bench.line("  peak memory", f"{mine[2]:.0f} MiB", "at most 200 MiB", None, 200 / mine[2], 1)


@row
def fit_mean(bench):
    fit_row(bench, "bert-tiny mean", "tiny", "mean", bench.size(1372, 64), (2,))


@row
def fit_minilm(bench):
    mine, best = fit_row(bench, "MiniLM [CLS]", "MiniLM", "cls", bench.size(32, 16), (3,))
    bench.line("  peak memory", f"{mine[2]:.0f} MiB", "PyTorch", best and f"{best.peak:.0f} MiB", best and best.peak / mine[2],
               10)


# ---- predict and embed ----

def infer_row(bench, title, shape, pool, stream, threads, target, command, sizes="1,4,16"):
    inputs = bench.inputs
    lengths = inputs.lengths(stream)
    needs = ("torch", "transformers", "onnxruntime", "onnx")
    with peer(bench, needs, "infer", tokens=inputs.lines(stream), shape=",".join(map(str, SHAPES[shape])),
              vocabulary=inputs.vocabulary_size, pool=pool, threads=threads, sizes=sizes) as graph:
        got = with_peers(bench.rounds(3), {"rubric": lambda: rubric(*command, "--threads", threads, stream)}, graph=graph)
        name = graph.name if graph else "ONNX Runtime"
    mine, theirs, count = got["rubric"], got.get("graph"), len(lengths)
    bench.line(title, f"{count / mine.wall:.1f} texts/s", name, theirs and f"{count / theirs.wall:.1f} texts/s",
               theirs and theirs.wall / mine.wall, target,
               bench.share(arithmetic(lengths, shape, pool == "cls") / mine.wall, threads))
    return mine, theirs


@row
def predict(bench):
    stream = bench.inputs.stream(bench.inputs.essays(bench.size(1372, 64)))
    command = "predict", "-m", bench.inputs.model("tiny", "cls")
    seconds = {}
    for threads in (2, 1):
        mine, _ = infer_row(bench, f"predict bert-tiny [CLS], {threads} threads", "tiny", "cls", stream, threads, 1.7, command)
        seconds[threads] = mine.wall
        if threads == 2:
            bench.line("  peak memory", f"{mine.peak:.0f} MiB", "at most 60 MiB", None, 60 / mine.peak, 1)
    bench.line("  2 threads for 1", "", "", None, seconds[1] / seconds[2], 1.7)


@row
def embed(bench):
    stream = bench.inputs.stream(bench.inputs.essays(bench.size(64, 16)))
    command = "embed", "-m", bench.inputs.model("MiniLM", "mean")
    full, theirs = infer_row(bench, "embed MiniLM, full depth, mean", "MiniLM", "mean", stream, 2, 1, command)
    got = in_turn(bench.rounds(3), half=lambda: rubric(*command, "--layer", 3, stream),
                  one=lambda: rubric(*command, "--threads", 1, stream))
    count = len(bench.inputs.lengths(stream))
    bench.line("embed MiniLM, --layer 3", f"{count / got['half'].wall:.1f} texts/s", "the same, full depth",
               theirs and f"{count / theirs.wall:.1f} texts/s", theirs and theirs.wall / got["half"].wall, 2,
               bench.share(arithmetic(bench.inputs.lengths(stream), "MiniLM", False, layers=3) / got["half"].wall, 2))
    bench.line("  2 threads for 1", "", "", None, got["one"].wall / full.wall, 1.7)


@row
def short(bench):
    stream = bench.inputs.stream(bench.inputs.sentences(bench.size(50000, 2000)))
    infer_row(bench, "predict bert-tiny, short texts", "tiny", "cls", stream, 2, 1.5,
              ("predict", "-m", bench.inputs.model("tiny", "cls")), sizes="1,8,32,64,128")


# ---- tok ----

@row
def tok(bench):
    inputs = bench.inputs
    table = inputs.essays(bench.size(8 * 1716, 1716))
    megabytes = text_bytes(table) / 1e6
    few = inputs.essays(1716)
    command = "tok", "--vocab", inputs.vocabulary, "--placeholders", "keep"
    with peer(bench, ("tokenizers",), "tokenizers", csv=few, vocabulary_file=inputs.vocabulary) as real:
        got = with_peers(bench.rounds(5), {"one": lambda: rubric(*command, "--threads", 1, table),
                                           "two": lambda: rubric(*command, "--threads", 2, table)}, real=real)
    one, two = megabytes / got["one"].wall, megabytes / got["two"].wall
    theirs = got.get("real") and text_bytes(few) / 1e6 / got["real"].wall
    bench.line("tok, a process, 1 thread", f"{one:.1f} MB/s", "HF tokenizers", theirs and f"{theirs:.1f} MB/s",
               theirs and one / theirs, 25)
    bench.line("  2 threads", f"{two:.1f} MB/s", "1 thread", f"{one:.1f} MB/s", two / one, None)
    bench.line("  peak memory", f"{got['two'].peak:.0f} MiB", "", None, None, None)


@row
def wordpiece(bench):
    inputs = bench.inputs
    table = inputs.essays(1716)
    megabytes = text_bytes(table) / 1e6
    packed = inputs.once("packed", lambda path: pack_texts(table, path))

    def ours():
        with open(packed, "rb") as file:
            return tuple(megabytes / rate for rate in helper("tokenize", inputs.vocabulary, 1, stdin=file)[:2])

    for index, pace in enumerate(("first", "again")):
        with peer(bench, ("nanotoken",), "nanotoken", csv=table, vocabulary_file=inputs.vocabulary,
                  again="yes" if index else "no") as nano:
            got = with_peers(bench.rounds(9), {"rubric": ours}, nano=nano)
        mine, theirs = got["rubric"][index], got.get("nano")
        bench.line(f"WordPiece in process, {pace}", f"{megabytes / mine:.1f} MB/s", "nanotoken",
                   theirs and f"{megabytes / theirs.wall:.1f} MB/s", theirs and theirs.wall / mine, 1)


def pack_texts(table, path):
    with open(table, newline="", encoding="utf-8") as source, open(path, "wb") as file:
        for line in csv.DictReader(source):
            data = line["content"].encode()
            file.write(len(data).to_bytes(4, "little") + data)


# ---- Start-up and size ----

@row
def start(bench):
    inputs = bench.inputs
    stream, model = inputs.stream(inputs.sentences(1)), inputs.model("tiny", "cls")
    got = in_turn(bench.rounds(41), predict=lambda: rubric("predict", "-m", model, stream), help=lambda: rubric("tok", "-h"))
    wall = 1000 * got["predict"].wall
    bench.line("start: predict one short text", f"{wall:.1f} ms", "at most 20 ms", None, 20 / wall, 1)
    bench.line("  peak memory", f"{got['predict'].peak:.1f} MiB", "at most 40 MiB", None, 40 / got["predict"].peak, 1)
    wall = 1000 * got["help"].wall
    bench.line("start: tok -h", f"{wall:.1f} ms", "at most 5 ms", None, 5 / wall, 1)


@row
def size(bench):
    """Time per text where there are many, with a shape so small that everything around the network shows."""
    inputs = bench.inputs
    few, fewer = 1000, bench.size(100000, 10000)  # for fit, which is slower
    many = 10 * fewer
    tables = {count: inputs.sentences(count) for count in (few, fewer, many)}
    streams = {count: inputs.stream(table) for count, table in tables.items()}
    model = inputs.model("small", "cls")
    works = {"tok": lambda count: rubric("tok", "-m", inputs.start("tiny"), tables[count]),
             "predict": lambda count: rubric("predict", "-m", model, streams[count]),
             "fit": lambda count: rubric("fit", "-m", inputs.start("small"), "--pool", "cls", "--loss", "ce", "--epochs", 1,
                                         "--select", "none", "-f", "-o", inputs.directory / "fitted", streams[count])}
    for name, work in works.items():
        count = fewer if name == "fit" else many
        got = in_turn(bench.rounds(5), few=lambda: work(few))
        big = work(count)
        each, of_few = big.wall / count, got["few"].wall / few
        bench.line(f"{name}, each of {count} short texts", f"{1e6 * each:.1f} us", f"each of {few}",
                   f"{1e6 * of_few:.1f} us", of_few / each, 0.95)
        bench.line("  peak memory", f"{big.peak:.0f} MiB", f"{few} texts", f"{got['few'].peak:.0f} MiB", None, None)


@row
def threads(bench):
    stream = bench.inputs.stream(bench.inputs.essays(bench.size(320, 32)))
    got = in_turn(bench.rounds(3), one=lambda: fit_once(bench, "tiny", "cls", stream, 1),
                  two=lambda: fit_once(bench, "tiny", "cls", stream, 2))
    bench.line("fit bert-tiny, 2 threads for 1", f"{got['two'][0]:.2f} s", "1 thread", f"{got['one'][0]:.2f} s",
               got["one"][0] / got["two"][0], 1.7)
