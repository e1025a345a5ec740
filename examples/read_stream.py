#!/usr/bin/env python3
"""Reads a stream of tokens (rubric-stream(5)) with nothing but msgpack: tok < essays.csv | read_stream.py"""
import sys

import msgpack


def read_stream(file):
    """Yields each essay as the keys that Hugging Face's models take; labels is None where there is none."""
    count = None  # records of the segment; None between segments
    for entry in msgpack.Unpacker(file, raw=False):
        if "rubric" in entry:
            count = 0
        elif "end" in entry:
            if entry["end"] != count:
                raise ValueError(f"the stream has {count} records, its trailer says {entry['end']}")
            count = None
        else:
            count += 1
            yield {"input_ids": entry["ids"], "attention_mask": [1] * len(entry["ids"]), "labels": entry.get("y")}
    if count is not None:
        raise ValueError("the stream ends before its trailer")


if __name__ == "__main__":
    for essay in read_stream(sys.stdin.buffer):
        print(essay["input_ids"], essay["attention_mask"], essay["labels"])
