#!/usr/bin/env python3
"""Reads a stream of tokens (rubric-stream(5)) with nothing but msgpack: tok < essays.csv | read_stream.py"""
import sys

import msgpack


def read_stream(file):
    """Yields each essay as the keys that Hugging Face's models take; labels is None where there is none.
    Rows that tok --bad-rows mark found bad have no ids: they are counted and left out."""
    segments = 0
    count = None  # records of the segment; None between segments
    for entry in msgpack.Unpacker(file, raw=False):
        if "rubric" in entry:
            if count is not None:
                raise ValueError("the stream has a header before the trailer of the segment")
            segments += 1
            count = 0
        elif count is None:
            raise ValueError("the stream has a segment that begins with no header")
        elif "end" in entry:
            if entry["end"] != count:
                raise ValueError(f"the stream has {count} records, its trailer says {entry['end']}")
            count = None
        else:
            count += 1
            if "ids" not in entry and "bad" in entry:
                continue
            yield {"input_ids": entry["ids"], "attention_mask": [1] * len(entry["ids"]), "labels": entry.get("y")}
    if count is not None:
        raise ValueError("the stream ends before its trailer")
    if segments == 0:
        raise ValueError("the stream is empty: the command before it wrote nothing")


if __name__ == "__main__":
    for essay in read_stream(sys.stdin.buffer):
        print(essay["input_ids"], essay["attention_mask"], essay["labels"])
