#!/usr/bin/env python3
"""Makes the seeds that are best made by the filters themselves: streams, and an interrupted run of fit.

    tests/fuzz/seeds.py BUILD OUT

OUT/NAME.seeds/ gets inputs for the harness NAME, of the form that filter.h tells; OUT/run/ the interrupted run.
Streams have no hash in their trailer (rubric-stream(5) leaves it to the writer): changed bytes would end there.
"""
import base64
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD, OUT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
MODEL = ROOT / "tests/fixtures/model/trained"
ROWS = """id,text,label,school,second,prompt,part
1,a short essay about dogs,1,A,1,why,train
2,"another, longer essay about dogs and cats and the people who feed them every day",2,B,2,why,train
3,cats,3,A,2,how,val
4,one more about cats,3,B,,how,train
5,and the last of them all,1,A,1,how,train
6,dogs again,2,B,2,why,val
"""


def run(*command, bytes_in=b"", **options):
    """The filter's standard output."""
    path = BUILD / "libexec/rubric" / command[0]
    return subprocess.run([path, *command[1:]], input=bytes_in, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **options).stdout


def unsealed(stream):
    """Without the hash, the trailer's last key."""
    cut = stream.rindex(b"\xa4hash")
    trailer = stream.rindex(b"\xa3end", 0, cut) - 1
    return stream[:trailer] + bytes([stream[trailer] - 1]) + stream[trailer + 1:cut]


def seed(harness, number, *files):
    """An input: a number, each file but the last behind its size, the last one."""
    place = OUT / f"{harness}.seeds"
    place.mkdir(exist_ok=True)
    parts = [bytes([number])]
    for file in files[:-1]:
        parts += [len(file).to_bytes(2, "little"), file]
    (place / f"{number}-{len(os.listdir(place))}").write_bytes(b"".join([*parts, files[-1]]))


def archive(method):
    """A model in a wheel, as get takes it."""
    bytes_out, record = io.BytesIO(), ""
    with zipfile.ZipFile(bytes_out, "w", method) as out:
        for path in sorted((ROOT / "tests/fixtures/model/half").iterdir()):
            digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")
            record += f"half/{path.name},sha256={digest},{path.stat().st_size}\n"
            out.write(path, f"half/{path.name}")
        out.writestr("half-1.dist-info/RECORD", record)
    return bytes_out.getvalue()


def interrupted_run(parts):
    """OUT/run: a fit that failed when it renamed its third checkpoint, as a file system may."""
    place = OUT / "run"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "parts").write_bytes(parts)
    command = ("fit -q --threads 1 --scratch --shape 1,4,1 --epochs 2 --batch 4 --keep best --select val "
               "--checkpoint 0 --resume -o m parts").split()
    environment = dict(os.environ, LD_PRELOAD=str(BUILD / "tests/faults.so"), FAULT_KIND="rename", FAULT_AT="3",
                       FAULT_LASTS="1")
    subprocess.run([BUILD / "libexec/rubric/fit", *command[1:]], cwd=place, env=environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (place / "m.partial/checkpoint").read_bytes()


def main():
    for old in OUT.glob("*.seeds"):
        shutil.rmtree(old)
    rows = ROWS.encode()
    keep = ["--keep", "school,second"]
    tokens = run("tok", "-q", "-m", MODEL, *keep, bytes_in=rows)
    bare = run("tok", "-q", "-m", MODEL, *keep, bytes_in=rows.replace(b",part", b",other"))
    windows = run("tok", "-q", "-m", MODEL, "--long", "windows", "--max-length", "8", "--stride", "2", bytes_in=rows)
    measured = run("tok", "-q", "-m", MODEL, bytes_in=rows.replace(b",1,", b",1.25,"))
    words = run("tok", "-q", "-m", MODEL, "--label-type", "string", bytes_in=rows)
    vectors = run("embed", "-q", "-m", MODEL, bytes_in=tokens)
    predictions = run("predict", "-q", "-m", MODEL, bytes_in=tokens)

    for number in range(10):
        for stream in (tokens, windows, vectors, predictions)[number % 2::2]:
            seed("show", number, unsealed(stream))
    for number in range(8):
        seed("evalm", number, unsealed(predictions), unsealed(predictions))
    parts = b"id,part\n1,train\n2,val\n3,train\n4,test\n5,train\n6,val\n"
    folds = b'id,fold\r\n1,0\r\n"2",1\r\n3,2\r\n4,1\r\n5,0\r\n6,1\r\n'
    for number in range(9):
        seed("split", number, folds if number == 1 else parts, unsealed(bare))
    seed("split", 4, parts, unsealed(measured))
    for number in range(4):
        for stream in (tokens, vectors, predictions, words):
            seed("tally", number, unsealed(stream))
    for number in range(6):
        for stream in (tokens, windows) + ((vectors,) if number < 4 else ()):
            seed("predict", number, unsealed(stream))
    for number in range(7):
        for stream in (tokens, windows, measured, words) if number < 4 else (vectors,):
            seed("fit", number, b"1 2\n3\t0.5\n", unsealed(stream))
    for number in range(8):
        seed("tok", number, b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n", rows)
    seed("tok", 6, b"", b'{"text": "dogs", "label": 1, "id": "a"}\n{"text": "cats", "label": "x"}\n')
    seed("tok", 2, b"", b"id,text,label\n1,\x01,1\n")  # a text of no tokens
    for number in range(3):
        seed("vocab", number, rows)

    place = OUT / "get.seeds"
    place.mkdir()
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        (place / str(method)).write_bytes(archive(method))
    checkpoint = interrupted_run(tokens)
    size = int.from_bytes(checkpoint[20:28], "little")
    seed("resume", 0, checkpoint[:-8])
    seed("resume", 1, checkpoint[28:28 + size])


main()
