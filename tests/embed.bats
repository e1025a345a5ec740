#!/usr/bin/env bats
# embed: against the vectors that PyTorch makes of tests/fixtures/model.
load helper

# Texts whose ids are those of expected.txt.
texts() {
    printf 'id,content,score,prompt\na,the essay is very good .,3,x\nb,good,4,y\n'
}

# same NAME POOL LAYERS: embed's vector of the first text is the reference's (several layers: joined).
same() {
    embed -q -m "$fixtures/model/$1" --pool "$2" --layer "$3" t | show --json | python3 -c '
import json, sys
root, name, pool, layers = sys.argv[1:]
lines = [json.loads(line) for line in sys.stdin]
want = []
for layer in layers.split(","):
    want += next([float(v) for v in w[4].split(",")] for w in map(str.split, open(root + "/model/expected.txt"))
                 if w[:3] == [name, pool, layer])
head, first = lines[0], lines[1]
got = first["vec"]
if pool == "none":
    assert len(got) == 8 and all(len(row) == 8 for row in got), got
    got = sum(got, [])
else:
    assert head["dim"] == len(want), head
assert head["kind"] == "vectors" and head["pool"] == pool and head["layers"] == [int(k) for k in layers.split(",")], head
assert len(got) == len(want) and all(abs(a - b) <= 1e-5 * (1 + abs(b)) for a, b in zip(got, want)), (got, want)
' "$fixtures" "$1" "$2" "$3"
}

@test "every pooling and layer is that of the reference" {
    texts | tok -q -m "$fixtures/model/published-zip" >t
    for pool in cls mean max; do
        for layers in 0 1 2 0,1 0,1,2; do
            same published-zip $pool $layers
        done
    done
    same published-zip pooler 2
    same published-zip none 1
}

@test "the default is the top layer's mean" {
    texts | tok -q -m "$fixtures/model/bfloat" >t
    embed -q -m "$fixtures/model/bfloat" t | show --json | sed -n '2,3s/.*"vec"/vec/p' >default
    embed -q -m "$fixtures/model/bfloat" --layer 2 --pool mean t | show --json | sed -n '2,3s/.*"vec"/vec/p' >asked
    [ "$(wc -l <asked)" -eq 2 ]
    cmp default asked
}

@test "what a record is passes through; its tokens do not" {
    texts | tok -q -m "$fixtures/model/old-names" --keep prompt | split -q --ratio 50:50 | embed -q | show --json |
        python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
head = lines[0]
assert [c["cmd"] for c in head["trail"]] == ["tok", "split", "embed"]
assert head["tokenizer"]["size"] == 64 and head["encoder"]["path"].endswith("old-names") and len(head["encoder"]["print"]) == 32
for r, name, y, prompt in zip(lines[1:], "ab", (3, 4), "xy"):
    assert (r["id"], r["y"], r["meta"]) == (name, y, {"prompt": prompt}) and r["part"] in ("train", "val"), r
    assert "ids" not in r and len(r["vec"]) == 8, r'
}

@test "threads do not matter" {
    python3 -c '
print("content")
for i in range(200): print(" ".join(["good"] * (i * 7 % 23)) or ".")' | tok -q -m "$fixtures/model/trained" >t
    embed -q --threads 1 t | show --json >one
    embed -q --threads 4 t | show --json | sed 's/,"--threads","4"/,"--threads","1"/; s/"--threads","4"/"--threads","1"/' >four
    cmp one four
}

@test "windows are encoded apart and pooled together" {
    printf 'content\n%s\n' "$(printf 'good bad very essay %.0s' {1..12})" | tok -q -m "$fixtures/model/trained" --long windows >t
    show --json t | sed -n 2p | grep -q '"win":\[0,24,'
    embed -q -m "$fixtures/model/trained" --pool none t | show --json | sed -n 2p >every
    embed -q -m "$fixtures/model/trained" --pool mean t | show --json | sed -n 2p >mean
    python3 - <<'END'
import json
rows, mean = json.load(open("every"))["vec"], json.load(open("mean"))["vec"]
assert len(rows) > 24
assert all(abs(sum(c) / len(c) - m) < 1e-5 for c, m in zip(zip(*rows), mean))
END
}

@test "misuse and what cannot be" {
    texts | tok -q -m "$fixtures/model/trained" >t
    expect_status 2 embed --layer 3 -m "$fixtures/model/trained" t
    [[ $stderr == *"from 0"*"to 2"* ]]
    expect_status 2 embed --layer 2,1 -m "$fixtures/model/trained" t
    expect_status 2 embed --pool pooler --layer 1 -m "$fixtures/model/trained" t
    expect_status 4 embed --pool pooler -m "$fixtures/model/trained" -o v t
    [[ $stderr == *"no pooler"* ]]
    embed -q -m "$fixtures/model/trained" t >v
    expect_status 4 embed -m "$fixtures/model/trained" v
    [[ $stderr == *vectors* ]]
    cp -r "$fixtures/model/trained" other
    sed -i 's/good/fine/' other/vocab.txt
    expect_status 4 embed -m other t
    [[ $stderr == *vocabulary* ]]
}

@test "weights that were never pretrained are warned of; a terminal gets no msgpack" {
    printf 'content\nA fine day.\n' | tok -q -m "$build/share/rubric/default" >t
    expect_status 0 embed -m "$build/share/rubric/default" -o v t
    [[ $stderr == *"warning"*"no weights"* ]]
    run script -qec "embed -q t" /dev/null </dev/null
    [ "$status" -eq 2 ]
    [[ $output == *show* ]]
}
