# Model directories from elsewhere: what is in them can be refused, but neither hang a filter, nor take memory beyond its
# own size, nor change what a filter computes while it runs.
load helper

prepare() {
    cp -r "$fixtures/model/trained" m
    chmod -R u+w m
    head -30 "$root/examples/essays.csv" > essays.csv
    tok -q -m m essays.csv > tokens.rubric
}

# Two gigabytes and a minute at most; the sanitizers need more than the first.
bounded() {
    if ldd "$build/libexec/rubric/predict" | grep -q 'lib[at]san'; then
        timeout 60 "$@"
    else
        (ulimit -v 2000000; exec timeout 60 "$@")
    fi
}

# refused FILE: every filter that reads the model says so, naming the file.
refused() {
    expect_status 4 bounded predict -q -m m tokens.rubric
    [[ $stderr == "predict: m/$1"* ]]
    expect_status 4 bounded embed -q -m m tokens.rubric
    expect_status 4 bounded fit -q -m m --max-steps 1 -o fitted tokens.rubric
    absent fitted fitted.partial
}

@test "pipes, devices and directories in the place of files are refused at once" {
    prepare
    mkdir place
    mkfifo pipe
    for file in config.json tokenizer_config.json vocab.txt tokenizer.json special_tokens_map.json added_tokens.json \
        model.safetensors; do
        for thing in pipe /dev/zero place; do
            mv m/$file kept 2> /dev/null || true
            ln -s "$(realpath $thing)" m/$file
            refused $file
            expect_status 4 bounded tok -q -m m essays.csv
            [[ $stderr == "tok: m/$file: is not a regular file" ]]
            rm m/$file
            mv kept m/$file 2> /dev/null || true
        done
    done
    rm m/model.safetensors
    ln -s /dev/zero m/pytorch_model.bin
    refused pytorch_model.bin
    mv m trained
    for file in config.json trail.json; do
        cp -r trained m
        ln -sf /dev/zero m/$file
        expect_status 4 bounded show m
        [[ $stderr == "show: m/$file: is not a regular file" ]]
        rm -r m
    done
}

@test "files that are too large are refused before they are read" {
    prepare
    for file in config.json tokenizer_config.json tokenizer.json special_tokens_map.json added_tokens.json; do
        cp m/$file kept 2> /dev/null || true
        truncate -s 20M m/$file
        refused "$file: larger than the 16777216 bytes"
        rm m/$file
        mv kept m/$file 2> /dev/null || true
    done
    truncate -s 3T m/vocab.txt
    refused "vocab.txt: larger than the 67108864 bytes"
    cp "$fixtures/model/trained/vocab.txt" m/vocab.txt
    truncate -s 3T m/model.safetensors
    refused "model.safetensors: larger than the 17179869184 bytes"
    expect_status 4 bounded tok -q -m m essays.csv
}

@test "JSON of a million values is refused before it becomes a hundred times its size" {
    prepare
    { printf '{"a":['; yes '{},' | head -3000000 | tr -d '\n'; printf '0]}'; } > many.json
    for file in config.json tokenizer_config.json; do
        cp m/$file kept
        cp many.json m/$file
        refused "$file: JSON of more than 1048576 values"
        mv kept m/$file
    done
    python3 - <<'EOF'
import struct
header = open("many.json", "rb").read()
open("m/model.safetensors", "wb").write(struct.pack("<Q", len(header)) + header)
EOF
    refused "model.safetensors: JSON of more than 1048576 values"
    cp many.json m/trail.json
    expect_status 4 bounded show m
}

@test "numbers of config.json beyond their range are not taken for others" {
    prepare
    for field in num_hidden_layers hidden_size num_attention_heads intermediate_size vocab_size max_position_embeddings \
        type_vocab_size pad_token_id; do
        for value in 4294967298 18446744073709551618 -1 1.5 2.0 NaN Infinity 1e400 '"2"' '[2]' true; do
            jq -c . "$fixtures/model/trained/config.json" | sed "s/\"$field\":[^,}]*/\"$field\":$value/" > m/config.json
            grep -qF "\"$field\":$value" m/config.json
            expect_status 4 predict -q -m m tokens.rubric
            [[ $stderr == "predict: m/config.json:"* ]]
        done
    done
    for wrong in deviation=-1 'deviation="1"' 'ordered="true"' ordered=1 'layers=[4294967297]' 'layers=[1.5]' \
        'values=[1,null]' 'thresholds="x"' 'labels=7' 'loss=[]' pool=2; do
        jq -c ".rubric.${wrong%%=*} = ${wrong#*=}" "$fixtures/model/trained/config.json" > m/config.json
        expect_status 4 predict -q -m m tokens.rubric
        [[ $stderr =~ ^"predict: m/config.json: field '"(rubric.)?"${wrong%%=*}'" ]] || { echo "$wrong: $stderr"; return 1; }
    done
    # A network that no file could hold.
    jq '.vocab_size = 16777216 | .hidden_size = 65536' "$fixtures/model/trained/config.json" > m/config.json
    rm m/model.safetensors
    expect_status 4 bounded fit -q -m m --max-steps 1 -o fitted tokens.rubric
    [[ $stderr == *"parameters: expected at most 2^31"* ]]
}

# torch_file NAME: what the Python on standard input makes of `entries` and `pickle`, written as m/pytorch_model.bin.
torch_file() {
    rm -f m/model.safetensors m/pytorch_model.bin
    cat - > made.py
    python3 - <<'EOF'
import struct, zipfile, zlib

def text(s): return b"X" + struct.pack("<I", len(s)) + s.encode()
def number(n): return b"\x8a\x08" + struct.pack("<q", n)
def numbers(n): return b"(" + b"".join(map(number, n)) + b"t"
def tensor(key, count, shape, strides):
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") +
            number(count) + b"tQ" + number(0) + numbers(shape) + numbers(strides) + b"\x89NtR")
def dictionary(items): return b"\x80\x02}(" + b"".join(text(k) + v for k, v in items) + b"u."
def stored(entries):
    with zipfile.ZipFile("m/pytorch_model.bin", "w", zipfile.ZIP_STORED) as z:
        for name, data in entries: z.writestr(name, data)
def by_hand(locals_, central):
    """`locals_`: (name, data); `central`: (name, index of the local entry)."""
    out, at = b"", []
    for name, data in locals_:
        at.append(len(out))
        out += struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 0, 0, 0, zlib.crc32(data), len(data), len(data), len(name), 0) + name + data
    directory = b""
    for name, i in central:
        data = locals_[i][1]
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, 0, 0, 0, 0, zlib.crc32(data), len(data), len(data),
                                 len(name), 0, 0, 0, 0, 0, at[i]) + name
    open("m/pytorch_model.bin", "wb").write(out + directory + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, len(central), len(central),
                                                                           len(directory), len(out), 0))
exec(open("made.py").read())
EOF
}

@test "a torch file takes no more memory than its size: copied arguments, overlapping entries, shared storages" {
    prepare
    # 40 GB, were each call to copy its arguments.
    torch_file <<'EOF'
n = 500000
stored([("a/data.pkl", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\0(N" + b"2" * n + b"tq\1" + b"h\0h\1R0" * 20000 + b"}.")])
EOF
    refused "pytorch_model.bin: its pickle makes a tensor of 500001 arguments"
    # A name of two hundred bytes for four: 600 MB.
    torch_file <<'EOF'
name = b"F" * 150 + b"Storage"
stored([("a/data.pkl", b"\x80\x02" + b"X\x05\0\0\0torchq\0X" + struct.pack("<I", len(name)) + name + b"q\1" + b"h\0h\1\x930" * 900000 + b"}.")])
EOF
    refused "pytorch_model.bin: "
    # Values of 56 bytes for one: 900 MB.
    torch_file <<'EOF'
stored([("a/data.pkl", b"\x80\x02" + b"N0" * 8000000 + b"}.")])
EOF
    refused "pytorch_model.bin: its pickle has more than 1048576 values"
    # 4 MB as a thousand entries.
    torch_file <<'EOF'
n = 1000
items = dictionary([("t%d" % i, tensor("k%d" % i, 1 << 20, [1], [1])) for i in range(n)])
by_hand([(b"a/data.pkl", items), (b"a/data/k0", b"\0" * (4 << 20))], [(b"a/data.pkl", 0)] + [(b"a/data/k%d" % i, 1) for i in range(n)])
EOF
    refused "pytorch_model.bin: entry 'a/data/k1': the entries have more bytes than the file"
    # One storage as every layer, and one number as a matrix.
    torch_file <<'EOF'
import json
config = json.load(open("m/config.json"))
h, f, v, p = 256, 1024, config["vocab_size"], config["max_position_embeddings"]
count = f * h
shapes = {"bert.embeddings.word_embeddings.weight": [v, h], "bert.embeddings.position_embeddings.weight": [p, h],
          "bert.embeddings.token_type_embeddings.weight": [2, h], "bert.embeddings.LayerNorm.weight": [h],
          "bert.embeddings.LayerNorm.bias": [h]}
for l in range(1000):
    for name, shape in (("attention.self.query", [h, h]), ("attention.self.key", [h, h]), ("attention.self.value", [h, h]),
                        ("attention.output.dense", [h, h]), ("intermediate.dense", [f, h]), ("output.dense", [h, f]),
                        ("attention.output.LayerNorm", [h]), ("output.LayerNorm", [h])):
        shapes["bert.encoder.layer.%d.%s.weight" % (l, name)] = shape
        shapes["bert.encoder.layer.%d.%s.bias" % (l, name)] = shape[:1]
config.update(num_hidden_layers=1000, hidden_size=h, intermediate_size=f)
json.dump(config, open("m/config.json", "w"))
strides = lambda s: [s[1], 1] if len(s) == 2 else [1]
stored([("a/data.pkl", dictionary([(n, tensor("k", count, s, strides(s))) for n, s in shapes.items()])), ("a/data/k", b"\0" * 4 * count)])
EOF
    expect_status 4 bounded embed -q -m m tokens.rubric
    [[ $stderr == "embed: m/pytorch_model.bin: its tensors would have "*": they overlap" ]]
}

@test "names that are there twice are refused, in a zip file and in weights" {
    prepare
    torch_file <<'EOF'
by_hand([(b"a/data.pkl", dictionary([("w", tensor("k", 1, [1], [1]))])), (b"a/data/k", b"\0" * 4), (b"a/data/k", b"\1" * 4)],
        [(b"a/data.pkl", 0), (b"a/data/k", 1), (b"a/data/k", 2)])
EOF
    refused "pytorch_model.bin: entry 'a/data/k' is there twice"
    torch_file <<'EOF'
p = dictionary([("w", tensor("k", 1, [1], [1]))])
stored([("a/data.pkl", p), ("b/data.pkl", p), ("a/data/k", b"\0" * 4), ("b/data/k", b"\1" * 4)])
EOF
    refused "pytorch_model.bin: entry 'b/data.pkl' is there twice"
    rm m/pytorch_model.bin
    # One parameter under two of its spellings.
    python3 - "$fixtures/model/trained/model.safetensors" <<'EOF'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, data = json.loads(data[8:8 + size]), data[8 + size:]
name = "bert.embeddings.LayerNorm.weight"
begin, end = header[name]["data_offsets"]
header["embeddings.LayerNorm.gamma"] = dict(header[name], data_offsets=[len(data), len(data) + end - begin])
text = json.dumps(header).encode()
open("m/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data + data[begin:end])
EOF
    refused "model.safetensors: tensors 'bert.embeddings.LayerNorm.weight' and 'embeddings.LayerNorm.gamma' are one parameter"
}

# while_running FILTER COMMAND: a filter that waits for its second half, while the command runs; its status in $status.
while_running() {
    rm -f feed out said
    mkfifo feed
    "$1" -q -m m -o out feed 2> said & local job=$!
    exec 9> feed
    head -c 15000 many.rubric >&9
    until grep -qs model.safetensors /proc/$job/maps; do sleep 0.05; done
    eval "$2"
    { tail -c +15001 many.rubric >&9; } 2> /dev/null || true
    exec 9>&-
    status=0
    wait $job || status=$?
}

@test "weights that are written to while a filter runs end it: nothing is sealed" {
    prepare
    rm -r m
    tok -q essays.csv | fit -q --scratch --shape 1,8,2 --max-steps 1 -o m > passed
    for _ in {1..40}; do tail -n +2 essays.csv; done | cat <(head -1 essays.csv) - | tok -q -m m > many.rubric
    cp -r m trained
    python3 - <<'EOF'
data = open("m/model.safetensors", "rb").read()
open("other", "wb").write(data[:-64] + bytes(64))
EOF
    for filter in predict embed; do
        # As cp does it; cut short; cut and restored; with the times of before.
        for change in 'cat other > m/model.safetensors' ': > m/model.safetensors' 'truncate -s 5000 m/model.safetensors' \
            ': > m/model.safetensors; cat other > m/model.safetensors' 'dd if=other of=m/model.safetensors conv=notrunc status=none' \
            'touch -r m/model.safetensors then; cat other > m/model.safetensors; touch -r then m/model.safetensors'; do
            rm -rf m
            cp -rp trained m
            while_running $filter "$change"
            [ $status -eq 4 ] || { echo "$filter, $change: status $status"; cat said; return 1; }
            grep -qE "^$filter: m/model.safetensors: was (changed|cut short) while it was in use$|^$filter: m: was changed while it was being read$" said || { echo "$filter, $change:"; cat said; return 1; }
            [ "$(wc -l < said)" -eq 1 ]
            expect_unsealed out
        done
        # Another model under the name, whose files are other ones: the filter keeps its own.
        for change in 'mv m away; cp -r trained m; cp other m/model.safetensors' \
            'cp other m/new; mv m/new m/model.safetensors' 'rm -r m' 'chmod a-w m/model.safetensors' \
            'ln m/model.safetensors kept'; do
            rm -rf m away out kept
            cp -rp trained m
            "$filter" -q -m m many.rubric | show --json | tail -n +2 > want
            while_running $filter "$change"
            [ $status -eq 0 ] || { echo "$filter, $change: status $status"; cat said; return 1; }
            show --json out | tail -n +2 | cmp - want
        done
    done
}

@test "fit trains on from weights of its own, and notices other ones before that" {
    prepare
    cp -r m trained
    mkfifo feed
    fit -q -m m --max-steps 1 -o fitted feed > passed 2> said & local job=$!
    exec 9> feed
    head -c 1000 tokens.rubric >&9
    sleep 0.5
    sed -i 's/"deviation": 0/"deviation": 1/; s/$/ /' m/config.json
    tail -c +1001 tokens.rubric >&9
    exec 9>&-
    status=0
    wait $job || status=$?
    [ $status -eq 4 ]
    grep -q '^fit: m: was changed while fit was reading the records$' said
    absent fitted fitted.partial
}
