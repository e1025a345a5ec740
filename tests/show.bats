# show: every form of output, selections, verification, and the way to JSON Lines and back.
load helper

# A stream of tokens with every kind of field, made from JSON Lines.
make_stream() {
    cat >lines.json <<'EOF'
{"rubric":1,"kind":"tokens","y":"integer","labels":[1,2,3],"ordered":true,"tokenizer":{"vocab":"abc","size":100000},"trail":[{"cmd":"tok","version":"0.1.0","args":["--text","my text","it's.csv"],"operands":1},{"cmd":"split","version":"0.1.0","args":["--stratify","-o","s.rs","t.rs"],"seed":3,"operands":1}]}
{"id":"a.csv:2","y":3,"part":"train","meta":{"prompt":"p1","note":"tab\there"},"ids":[101,2023,70000,102],"types":[0,0,1,1],"words":1,"full":4}
{"id":"a.csv:3","w":0.5,"part":"test","meta":{"prompt":"p,2"},"ids":[101,102],"words":0,"full":2,"extra":{"$bin":"00ff"},"more":[1.0,0.1,{"$ext":[3,"616263"]},{"$float":"nan"}]}
{"id":"escape\u001b[31m","y":1,"part":"test","fold":2,"ids":[101,5,102,101,6,102],"win":[0,3,6]}
{"end":3,"truncated":0}
EOF
    show --pack lines.json >tokens.rs
}

make_predictions() {
    cat >predicted.json <<'EOF'
{"rubric":1,"kind":"predictions","y":"number","labels":[1.0,1.5],"ordered":true,"loss":"ce"}
{"id":"x","y":1.5,"pred":1.0,"score":1.2345678901234567,"prob":[0.75,0.25]}
{"id":"y","pred":1.5,"score":1.5,"prob":[0.1,0.9]}
{"end":2}
EOF
    show --pack <predicted.json >predictions.rs
}

@test "JSON Lines to a stream and back is the same, and so is a stream to JSON Lines and back" {
    make_stream
    show --json tokens.rs | diff - lines.json
    show --json <tokens.rs | show --pack | cmp - tokens.rs
    make_predictions
    show --json predictions.rs | diff - predicted.json
    cat tokens.rs tokens.rs >twice.rs
    show --json twice.rs | show --pack -o again.rs
    cmp twice.rs again.rs
}

@test "vec is float32, everything else float64" {
    printf '%s\n' '{"rubric":1,"kind":"vectors","y":"none","dim":3}' \
        '{"id":"a","vec":[0.1,-3.0,1e+30],"other":[0.1]}' '{"end":1}' >lines.json
    show --pack lines.json >vectors.rs
    # fixarray 3, float32 0.1; fixarray 1, float64 0.1
    LC_ALL=C grep -qaP '\x93\xca\x3d\xcc\xcc\xcd\xca\xc0\x40\x00\x00\xca' vectors.rs
    LC_ALL=C grep -qaP '\x91\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a' vectors.rs
    show --json vectors.rs | diff - lines.json
}

@test "text: a paragraph a record, control characters escaped, numbers where there is no vocabulary" {
    make_stream
    expect_status 0 show -q tokens.rs
    expect_text 'a.csv:2  label 3  part train
  prompt: p1
  note: tab\x09here
  4 tokens, 1 words
  101 2023 70000 102

a.csv:3  weight 0.5  part test  no label
  prompt: p,2
  2 tokens, 0 words
  101 102
  extra: {"$bin":"00ff"}
  more: [1.0,0.1,{"$ext":[3,"616263"]},{"$float":"nan"}]

escape\x1b[31m  label 1  part test  fold 2
  6 tokens, 2 windows
  101 5 102
  101 6 102' "$output"
    expect_status 0 show tokens.rs
    [[ $stderr == *"no vocabulary with this stream's hash"* ]]
}

# Right-to-left override, zero width space, a tag: what a terminal would act on or hide.
@test "characters that deceive are escaped in the id, the columns, the label, the header and the trail" {
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"string","labels":["a\u202eb"],"trail":[{"cmd":"tok","args":["x\u202ey"]}]}' \
        '{"id":"i\u200b","y":"a\u202eb","meta":{"k\u2066":"v\udb40\udc41"},"ids":[1]}' '{"end":1}' | show --pack >odd.rs
    expect_text 'i\u200b  label a\u202eb
  k\u2066: v\U000e0041
  1 tokens
  1' "$(show -q odd.rs)"
    expect_text "tok \$'x\342\200\256y'" "$(show --trail odd.rs)"
    show --header odd.rs >said
    show --json odd.rs >>said
    show --check odd.rs >>said
    expect_status 3 show --id $'no\u202e' odd.rs
    echo "$stderr" >>said
    tally odd.rs >>said
    tally --json odd.rs >>said
    show --json odd.rs | sed '1s/tokens/predictions/; 2s/"ids"/"pred":"a\\u202eb","ids"/' | show --pack >scored.rs
    evalm -q scored.rs >>said
    evalm -q --json scored.rs >>said
    grep -q 'u202e' said
    run ! grep -qP '[\x{200b}\x{202e}\x{2066}\x{e0041}]' said
    show --json odd.rs | show --pack | cmp - odd.rs
}

@test "text of predictions and vectors" {
    make_predictions
    expect_status 0 show predictions.rs
    expect_text 'x  label 1.5
  predicted 1  score 1.235  prob 1:0.750 1.5:0.250

y  no label
  predicted 1.5  score 1.5  prob 1:0.100 1.5:0.900' "$output"
    printf '%s\n' '{"rubric":1,"kind":"vectors","y":"none","dim":2}' '{"id":"a","vec":[3.0,4.0]}' '{"end":1}' |
        show --pack >vectors.rs
    expect_status 0 show vectors.rs
    expect_text 'a  no label
  2 numbers, length 5: 3 4' "$output"
}

@test "tokens are turned back into pieces when a vocabulary is at hand" {
    mkdir model
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' hello wor '##ld' >model/vocab.txt
    echo '{"model_type":"bert","max_position_embeddings":512}' >model/config.json
    hash=$(sha256sum <model/vocab.txt | cut -d ' ' -f 1)
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"none","tokenizer":{"vocab":"'"$hash"'","size":8}}' \
        '{"id":"a","ids":[2,5,6,7,3]}' '{"end":1}' | show --pack >tokens.rs
    expect_status 0 show -m model tokens.rs
    expect_text 'a  no label
  5 tokens
  [CLS] hello world [SEP]' "$output"
    RUBRIC_MODEL=$PWD/model expect_status 0 show tokens.rs
    [[ $output == *"hello world"* ]]
    expect_status 0 show tokens.rs
    [[ $output == *"2 5 6 7 3"* ]]
}

@test "CSV: columns from what is there, quoting, a column for each class" {
    make_stream
    expect_status 0 show --csv tokens.rs
    expect_text 'id,y,w,part,fold,prompt,note,ids,types,win,words,full,extra,more
a.csv:2,3,,train,,p1,tab	here,101 2023 70000 102,0 0 1 1,,1,4,,
a.csv:3,,0.5,test,,"p,2",,101 102,,,0,2,"{""$bin"":""00ff""}","1.0 0.1 {""$ext"":[3,""616263""]} {""$float"":""nan""}"
'$'escape\e[31m,1,,test,2,,,101 5 102 101 6 102,,0 3 6,,,,' "$output"
    make_predictions
    expect_status 0 show --csv predictions.rs
    expect_text 'id,y,pred,score,prob_1,prob_1.5
x,1.5,1,1.2345678901234567,0.75,0.25
y,,1.5,1.5,0.1,0.9' "$output"
}

@test "CSV: a kept column that is called as a field is titled meta.NAME, and read back by it" {
    printf '%s\n' '{"rubric":1,"kind":"predictions","y":"integer","labels":[1,2],"ordered":true}' \
        '{"id":"x","meta":{"id":"7","part":"north","prob_1":"p","prob":"q","part2":"z"},"pred":1,"score":1.5,"prob":[0.5,0.5]}' \
        '{"id":"y","y":2,"part":"val","meta":{"score":"3","y":"4"},"pred":2,"score":2.5,"prob":[0.5,0.5]}' \
        '{"end":2}' | show --pack >kept.rs
    expect_status 0 show --csv kept.rs
    expect_text 'id,y,part,meta.id,meta.part,meta.prob_1,prob,part2,meta.score,meta.y,pred,score,prob_1,prob_2
x,,,7,north,p,q,z,,,1,1.5,0.5,0.5
y,2,val,,,,,,3,4,2,2.5,0.5,0.5' "$output"
    for column in id=7 score=3; do
        [ "$(show --csv --where "meta.$column" kept.rs | wc -l)" -eq 2 ]
    done
    # no field of that name, no need for another title
    expect_text 'id,score,ids' "$(printf '%s\n' '{"rubric":1,"kind":"tokens","y":"none"}' \
        '{"id":"x","meta":{"score":"3"},"ids":[1]}' '{"end":1}' | show --pack | show --csv | head -1)"
}

@test "CSV: what appears only after 1,000 records is counted, not lost in silence" {
    {
        echo '{"rubric":1,"kind":"tokens","y":"none"}'
        for i in $(seq 1000); do echo '{"id":"'"$i"'","ids":[1]}'; done
        echo '{"id":"late","ids":[1],"extra":7}'
        echo '{"end":1001}'
    } | show --pack >many.rs
    expect_status 0 show --csv many.rs
    [ "$(wc -l <<<"$output")" = 1002 ]
    [[ $stderr == *"1 values have no column"* ]]
}

@test "--csv warns of formulas, --spreadsheet disarms them, arrays are none" {
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"string","labels":["-a","b"],"trail":[]}' \
        '{"id":"@x","y":"-a","w":0.25,"meta":{"=t":"-1"},"ids":[1,2]}' '{"id":"-:2","meta":{"=t":"=1"},"ids":[-1,2]}' '{"end":2}' |
        show --pack >odd.rs
    expect_status 0 show --csv odd.rs
    expect_text 'id,y,w,=t,ids
@x,-a,0.25,-1,1 2
-:2,,,=1,-1 2' "$output"
    expect_text 'show: warning: 4 fields begin like a formula: do not open this file in a spreadsheet (--spreadsheet writes one for it)' "$stderr"
    expect_status 0 show -q --spreadsheet --decimal , odd.rs
    expect_text $'\xef\xbb\xbf"id";"y";"w";"\'=t";"ids"
"\'@x";"\'-a";0,25;"-1";1 2
"-:2";;;"\'=1";-1 2' "$output"
    expect_text '' "$stderr"
    expect_status 2 show --spreadsheet --json odd.rs
    expect_status 2 show --delimiter ';' --csv odd.rs
}

@test "header and trail" {
    make_stream
    expect_status 0 show --header tokens.rs
    [ "$(sed -n 4p <<<"$output")" = '  "y": "integer",' ]
    /usr/bin/python3 -c 'import json, sys; assert json.load(sys.stdin)["labels"] == [1, 2, 3]' <<<"$output"
    expect_status 0 show --trail tokens.rs
    expect_text "tok --text 'my text' 'it'\\''s.csv' | split --stratify -o s.rs" "$output"
    cat tokens.rs tokens.rs | show --trail | wc -l | grep -qx 1
}

@test "selections: by place, id, field, kept column, number" {
    make_stream
    ids() { grep -o '"id":"[^"]*"' <<<"$output" | tr '\n' ' '; }
    expect_status 0 show --json --at 2 tokens.rs
    [ "$(ids)" = '"id":"a.csv:3" ' ]
    expect_status 0 show --json --id a.csv:2 tokens.rs
    [ "$(ids)" = '"id":"a.csv:2" ' ]
    expect_status 0 show --json --where part=test tokens.rs
    [ "$(ids)" = '"id":"a.csv:3" "id":"escape\u001b[31m" ' ]
    expect_status 0 show --json --where part=test -n 1 tokens.rs
    [ "$(ids)" = '"id":"a.csv:3" ' ]
    expect_status 0 show --json --where prompt=p1 tokens.rs
    [ "$(ids)" = '"id":"a.csv:2" ' ]
    expect_status 0 show --json --where part=test --where prompt=p1 tokens.rs # the last one counts
    [ "$(ids)" = '"id":"a.csv:2" ' ]
    expect_status 0 show --json --where y= tokens.rs
    [ "$(ids)" = '"id":"a.csv:3" ' ]
    expect_status 0 show --json --where y=3 tokens.rs
    [ "$(ids)" = '"id":"a.csv:2" ' ]
    expect_status 0 show -q --where part=nowhere tokens.rs
    [ -z "$output" ]
    expect_status 3 show -q --id nobody tokens.rs
    [ "$stderr" = "show: no record has the id 'nobody'" ]
    expect_status 3 show -q --at 4 tokens.rs
    [ "$stderr" = "show: there is no record 4: the stream has 3" ]
}

@test "--stream selects to a sealed stream that says so" {
    make_stream
    show -q --where part=test --stream tokens.rs >test.rs
    show --check test.rs | grep -qx 'sealed: 1 segment, 2 records of tokens'
    show --json test.rs | tail -n 1 | grep -qx '{"end":2,"left_out":1}'
    show --trail test.rs | grep -q 'split --stratify | show -q --where part=test --stream$'
    # every record is as it was
    diff <(sed -n 3,4p lines.json) <(show --json test.rs | sed -n 2,3p)
    # all of a broken stream is read before anything is sealed
    head -c -1 tokens.rs >broken.rs
    expect_status 4 show --stream -n 1 broken.rs
}

@test "--check: sealed, unsealed, segments, records" {
    make_stream
    expect_status 0 show --check tokens.rs
    [ "$output" = "sealed: 1 segment, 3 records of tokens" ]
    cat tokens.rs tokens.rs >two.rs
    expect_status 0 show --check two.rs tokens.rs
    [ "$output" = "sealed: 3 segments, 9 records of tokens" ]
    # {"rubric": 1, "kind": "tokens", "y": "none"} {"id": "a", "ids": []} {"end": 1}
    printf '\x83\xa6rubric\x01\xa4kind\xa6tokens\xa1y\xa4none\x82\xa2id\xa1a\xa3ids\x90\x81\xa3end\x01' >unsealed.rs
    expect_status 0 show --check unsealed.rs
    [ "$output" = "unsealed: 1 segment, 1 records of tokens" ]
    cat unsealed.rs tokens.rs >mixed.rs
    expect_status 4 show --check mixed.rs # other labels, other vocabulary
    expect_status 0 show --check --records 3 tokens.rs
    expect_status 4 show --check --records 4 tokens.rs
    [[ $stderr == *"tokens.rs: 3 records: expected 4" ]]
}

@test "--check: broken streams are named with their last good record" {
    make_stream
    head -c -20 tokens.rs >cut.rs
    expect_status 4 show --check cut.rs
    [ "$stderr" = 'show: cut.rs: broken stream: it ends before its trailer; the last good record is number 3, escape\x1b[31m' ]
    # counted as --at counts, over all segments
    cat tokens.rs cut.rs >second.rs
    expect_status 4 show --check second.rs
    [ "$stderr" = 'show: second.rs: broken stream: it ends before its trailer; the last good record is number 6, escape\x1b[31m' ]
    head -c 20 tokens.rs | cat tokens.rs - >second.rs
    expect_status 4 show --check second.rs
    [ "$stderr" = 'show: second.rs: broken stream: it ends before its trailer; the last good record is number 3, escape\x1b[31m' ]
    head -c 20 tokens.rs >second.rs
    expect_status 4 show --check tokens.rs second.rs
    [[ $stderr == 'show: second.rs: '*'the last good record is number 3, '* ]]
    expect_status 4 show --check second.rs
    [[ $stderr == *'it has no good record before that' ]]
    sed 's/p1/p2/' tokens.rs >changed.rs
    expect_status 4 show --check changed.rs
    [[ $stderr == *"its hash differs from the trailer's"* ]]
    expect_status 4 show --check /dev/null
    [[ $stderr == *"it is empty: the command before it wrote nothing"* ]]
    printf 'content,score\nA,1\n' >essays.csv
    expect_status 4 show essays.csv
    [ "$stderr" = "show: essays.csv: this is not a rubric stream: it begins with 'content,score' (tok makes one from CSV)" ]
    expect_status 1 show no-such-file
}

@test "--check: payloads that do not keep what their header promises" {
    try() {
        printf '%s\n' "$1" "$2" '{"end":1}' | show --pack >odd.rs
        expect_status 4 show --check odd.rs
        [[ $stderr == *"$3"* ]] || { echo "$stderr"; return 1; }
    }
    tokens='{"rubric":1,"kind":"tokens","y":"none","tokenizer":{"size":10}}'
    try "$tokens" '{"id":"a"}' "record a: no 'ids'"
    try "$tokens" '{"id":"a","ids":[3,10]}' "item 2 is 10: expected 0 to 9"
    try "$tokens" '{"id":"a","ids":[3,4],"types":[0]}' "1 'types' for 2 'ids'"
    try "$tokens" '{"id":"a","ids":[3,4],"win":[0,1]}' "'win' does not ascend from 0 to the 2 ids"
    try "$tokens" '{"id":"a","ids":[3,4],"meta":{"a":"b","k":1}}' "'meta.k' is an integer: expected a string"
    expect_status 3 show --pack <(printf '%s\n' "$tokens" '{"id":"a","ids":[3,4],"meta":[]}' '{"end":1}')
    [[ $stderr == *":2: 'meta' is an array: expected a map" ]]
    try "$tokens" '{"id":"a","bad":1}' "'bad' is an integer: expected a string"
    try '{"rubric":1,"kind":"vectors","y":"none"}' '{"id":"a","ids":[3]}' "no 'vec'"
    try '{"rubric":1,"kind":"predictions","y":"none","labels":[1,2]}' '{"id":"a"}' "no 'pred'"
    try '{"rubric":1,"kind":"predictions","y":"none","labels":[1,2]}' '{"id":"a","pred":1,"prob":[1.0]}' "1 'prob' for 2 labels"
}

@test "--check: records that say why they have no payload are good" {
    printf 'text,score\na,1\nb\n' | tok -q --bad-rows mark 2>/dev/null >marked.rs
    show --json marked.rs | grep -q '"bad":'
    expect_status 0 show --check marked.rs
    [ "$output" = "sealed: 1 segment, 2 records of tokens" ]
    for kind in vectors predictions; do
        printf '%s\n' '{"rubric":1,"kind":"'$kind'","y":"none"}' '{"id":"a","bad":"fields"}' '{"end":1}' |
            show --pack >excused.rs
        expect_status 0 show --check excused.rs
    done
}

@test "--trail: commands that are not rubric's are left out, with a warning" {
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"none","trail":[{"cmd":"tok","args":[]},{"cmd":"rm","args":["-r","/"]}]}' '{"end":0}' |
        show --pack >evil.rs
    expect_status 0 show --trail evil.rs
    expect_text tok "$output"
    expect_text "show: warning: commands of the trail that are not rubric's are left out: 1 (--header shows them)" "$stderr"
}

@test "a model directory: how it came to be, and the line that made it" {
    mkdir model
    echo '{"model_type":"bert","hidden_size":128,"num_hidden_layers":2,"rubric":{"loss":"mse","labels":[1,2]}}' >model/config.json
    echo '[{"cmd":"tok","args":["a.csv"],"operands":1},{"cmd":"fit","args":["-o","my model"]}]' >model/trail.json
    expect_status 0 show model
    expect_text 'The encoder
  type: "bert"
  layers: 2
  hidden size: 128

What rubric says of it
  loss: "mse"
  labels: [1,2]

Its trail says that this made it
  tok a.csv | fit -o '"'my model'" "$output"
    # Of several segments only the first's commands are kept.
    echo '{"trail":[{"cmd":"fit","args":[]}],"segments":2}' >model/trail.json
    expect_text 'Its trail says that this made it, of 2 segments of input the first
  fit' "$(show model | tail -2)"
    # What rubric did not write is not offered as a command.
    echo '[{"cmd":"sh","args":["-c","evil"]},{"cmd":"fit","args":["-o","m"]},{"cmd":"/bin/tok","args":[]},7]' >model/trail.json
    expect_text 'Its trail says that this made it
  fit -o m

Its trail has 3 entries of what is not a filter of rubric.' "$(show model | tail -4)"
    mkdir empty
    expect_status 4 show empty
    expect_status 2 show model lines.json
}

# Prints the CPU seconds and the KiB of memory that the rest of the command line takes, whatever its status.
cost_of() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=open("said", "w"))
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int(used.ru_utime), used.ru_maxrss)' "$@"
}

@test "a header or trailer of more than 1 MiB is refused, before it takes a hundred times as much memory" {
    python3 - <<'END'
head = b"\x84\xa6rubric\x01\xa4kind\xa6tokens\xa1y\xa4none\xa1z"
def array(n): return b"\xdd" + n.to_bytes(4, "big") + n * b"\x81\xa1a\x01"
open("most.rs", "wb").write(head + array(262100) + b"\x81\xa3end\x00")
open("large.rs", "wb").write(head + array(1 << 20) + b"\x81\xa3end\x00")
open("trailer.rs", "wb").write(head + b"\x01\x82\xa3end\x00\xa1z" + array(1 << 20))
open("lines.json", "w").write("""{"rubric":1,"kind":"tokens","y":"none","z":[%s]}\n{"end":0}\n""" % ",".join(["{}"] * 3000000))
END
    expect_status 0 show --check most.rs
    expect_status 4 show --check large.rs
    expect_text 'show: large.rs: broken stream: a header of more than 1 MiB; it has no good record before that' "$stderr"
    expect_status 4 show --check trailer.rs
    expect_text 'show: trailer.rs: broken stream: a trailer of more than 1 MiB; it has no good record before that' "$stderr"
    expect_status 3 show --pack lines.json
    expect_text 'show: lines.json:1: a header or trailer of 9000045 bytes: expected at most 8388608' "$stderr"
    for file in large.rs trailer.rs; do
        read -r _ memory < <(cost_of show --check $file)
        [ "$memory" -lt 100000 ]
    done
    # what would be too large is not written either
    printf '{"id":"a","ids":[1]}\n' >record
    { printf '{"rubric":1,"kind":"tokens","y":"none","z":"%s"}\n' "$(head -c 1048600 /dev/zero | tr '\0' z)"; cat record; echo '{"end":1}'; } >lines.json
    expect_status 3 show --pack lines.json
    [[ $stderr == *"the stream's header has 10486"*" bytes: at most 1048576"* ]]
}

@test "--pack: a line of JSON takes a small multiple of its size in memory" {
    python3 -c 'print("""{"rubric":1,"kind":"tokens","y":"none"}\n{"id":"a","x":[%s]}\n{"end":1}""" % ",".join(["{}"] * 3000000))' >lines.json
    read -r _ memory < <(ASAN_OPTIONS=quarantine_size_mb=1 cost_of show --pack lines.json)
    [ ! -s said ]
    [ "$memory" -lt 100000 ]
}

@test "maps of many keys, within maps or with long ones, are read in a time that grows as they do" {
    python3 - <<'END'
def text(s): return b"\xda" + len(s).to_bytes(2, "big") + s
def nested(depth): return b"\xde\x01\x00" + b"".join(keys[:-1]) + keys[-1][:-1] + (nested(depth - 1) if depth else b"\x01")
keys = [text(b"%03d" % i) + b"\x01" for i in range(256)]
one = nested(13)
count = 12000000 // len(one)
record = b"\x82\xa2id\xa1a\xa1x\xdd" + count.to_bytes(4, "big") + one * count
open("maps.rs", "wb").write(b"\x83\xa6rubric\x01\xa4kind\xa6tokens\xa1y\xa4none" + record + b"\x81\xa3end\x01")
END
    for form in --json --csv; do
        read -r seconds _ < <(cost_of show $form maps.rs)
        [ ! -s said ]
        [ "$seconds" -lt 12 ]
    done
}

@test "usage: what excludes each other" {
    make_stream
    expect_status 2 show --json --csv tokens.rs
    expect_status 2 show --check --at 1 tokens.rs
    expect_status 2 show --where part tokens.rs
    expect_status 2 show --records 3 tokens.rs
    expect_status 2 show -o x tokens.rs
    expect_status 2 show --frobnicate
    expect_status 0 show --help
}

@test "a closed pipe ends show quietly, a full disk does not" {
    make_stream
    for i in $(seq 200); do cat tokens.rs; done >many.rs
    for form in --json --csv --header --stream ''; do
        run --separate-stderr bash -c "show -q $form many.rs | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
        [ "$status" = 141 ] || [ "$status" = 0 ]
        [ -z "$stderr" ]
        expect_status 1 bash -c "show -q $form tokens.rs >/dev/full"
        [[ $stderr == *"cannot write to standard output: No space left on device" ]]
    done
    expect_status 1 bash -c 'show --pack lines.json >/dev/full'
    expect_status 1 bash -c 'show --check tokens.rs >/dev/full'
    expect_status 1 bash -c 'show --trail tokens.rs >/dev/full'
}

@test "msgpack never goes to a terminal" {
    make_stream
    run script -qec "show --stream tokens.rs" /dev/null
    [ "$status" -eq 2 ]
    [[ $output == *"not for a terminal"* ]]
    # and an escape sequence in data reaches none
    run script -qec "show -q --csv tokens.rs" /dev/null
    [[ $output == *'escape\x1b[31m'* ]]
}

@test "examples/read_stream.py reads streams with nothing but msgpack" {
    make_stream
    expect_status 0 /usr/bin/python3 "$root/examples/read_stream.py" <tokens.rs
    expect_text '[101, 2023, 70000, 102] [1, 1, 1, 1] 3
[101, 102] [1, 1] None
[101, 5, 102, 101, 6, 102] [1, 1, 1, 1, 1, 1] 1' "$output"
    head -c 300 tokens.rs >cut.rs
    expect_status 1 /usr/bin/python3 "$root/examples/read_stream.py" <cut.rs
    [[ $stderr == *"the stream ends before its trailer"* ]]
}

@test "examples/read_stream.py leaves out bad rows, and refuses what is no whole stream" {
    read_stream() { /usr/bin/python3 "$root/examples/read_stream.py"; }
    printf 'text,score\na,1\nb\nc,2\n' | tok -q --bad-rows mark 2>/dev/null >marked.rs
    read_stream <marked.rs >essays
    [ "$(wc -l <essays)" -eq 2 ]
    refuse() { # MESSAGE, the stream on stdin
        expect_status 1 read_stream
        [[ $stderr == *"ValueError: $1" ]] || { echo "$stderr"; return 1; }
    }
    refuse "the stream is empty: the command before it wrote nothing" </dev/null
    /usr/bin/python3 - <<'EOF'
import msgpack
header, record, trailer = {"rubric": 1, "kind": "tokens", "y": "none"}, {"id": "a", "ids": [1]}, {"end": 1}
for name, entries in {"open": (header, record, header, record, trailer), "headless": (record, trailer)}.items():
    open(name, "wb").write(b"".join(map(msgpack.packb, entries)))
EOF
    refuse "the stream has a header before the trailer of the segment" <open
    refuse "the stream has a segment that begins with no header" <headless
}

@test "a stream written by another language is read" {
    /usr/bin/python3 - >foreign.rs <<'EOF'
import sys, msgpack
for entry in ({"rubric": 1, "kind": "tokens", "y": "string", "mine": [1.5]},
              {"id": "a", "y": "good", "ids": [101, 102], "mine": b"\x00"}, {"end": 1}):
    sys.stdout.buffer.write(msgpack.packb(entry))
EOF
    expect_status 0 show --check foreign.rs
    [ "$output" = "unsealed: 1 segment, 1 records of tokens" ]
    expect_status 0 show --json foreign.rs
    expect_text '{"rubric":1,"kind":"tokens","y":"string","mine":[1.5]}
{"id":"a","y":"good","ids":[101,102],"mine":{"$bin":"00"}}
{"end":1}' "$output"
}
