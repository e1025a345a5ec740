# Whose texts they are: pseudonyms, anonymous streams, trails, and what a model directory tells.
load helper

# Essays whose ids and kept column name pupils, in a directory that names a user; its path goes to $home.
prepare() {
    home=$PWD/home/annabel.lee
    mkdir -p "$home"
    python3 - "$root/examples/essays.csv" "$home/class7b.csv" <<'END'
import csv, sys
with open(sys.argv[1], newline="") as source, open(sys.argv[2], "w", newline="") as to:
    rows = csv.DictReader(source)
    out = csv.writer(to)
    out.writerow(["id", "content", "score", "pupil"])
    for i, row in enumerate(rows):
        if i < 80:
            out.writerow([f"pupil-{i:03}-zx", row["content"], row["score"], f"Ottokar Quendelbaum{i}"])
END
}

small=(--scratch --shape 1,16,2 --max-steps 4 --threads 1)

# hidden DIRECTORY: fails, naming it, where a file of the directory has an id, a name, a path, the user, or five
# words of a text that follow one another.
hidden() {
    python3 - "$1" "$home" "$PWD" <<'END'
import csv, os, re, sys
directory, home, here = sys.argv[1:]
rows = list(csv.DictReader(open(f"{home}/class7b.csv", newline="")))
words = lambda text: re.findall(r"\w+", text.lower())
grams = {tuple(w[i:i + 5]) for row in rows for w in [words(row["content"])] for i in range(len(w) - 4)}
assert len(grams) > 4000
found = []
for name in sorted(os.listdir(directory)):
    data = open(os.path.join(directory, name), "rb").read()
    lower = data.lower()
    for what in [r["id"] for r in rows] + [r["pupil"] for r in rows] + ["quendelbaum", "annabel", "pupil-", here, "/home"]:
        if what.lower().encode() in lower:
            found.append(f"{name}: {what}")
    spoken = words(data.decode("latin-1"))
    found += [f"{name}: {gram}" for i in range(len(spoken) - 4) if (gram := tuple(spoken[i:i + 5])) in grams
              and name != "vocab.txt"]
    if name == "vocab.txt":  # a piece a line: none has a blank, and so none has two words
        found += [f"{name}: {line}" for line in data.decode().split("\n") if " " in line]
print("\n".join(found))
sys.exit(bool(found))
END
}

@test "a model directory holds no id, no kept column, no path, no user, and no five words of a text" {
    prepare
    for k in 1 2 3 4 5; do echo "$k 1.5"; done >"$home/weights.txt"
    tok -q --keep pupil,content "$home/class7b.csv" -o "$home/tokens.rs"
    split -q --stratify "$home/tokens.rs" -o "$home/split.rs"
    fit -q "${small[@]}" --loss ce --class-weight "$home/weights.txt" -o "$home/model" "$home/split.rs" >"$home/rest.rs"
    hidden "$home/model"
    # a start from that model, and a head on vectors, of one pupil left out by id
    show -q --where part=train --stream "$home/split.rs" | fit -q -m "$home/model" --max-steps 2 --keep best -o "$home/second" >/dev/null
    hidden "$home/second"
    show -q --id pupil-003-zx --stream "$home/split.rs" >"$home/one.rs"
    cat "$home/one.rs" "$home/split.rs" | embed -q -m "$home/model" | fit -q --head ridge -o "$home/third" >/dev/null
    hidden "$home/third"
    # what the search finds, where it is
    cp -r "$home/model" leaky
    tail -1 "$home/class7b.csv" >>leaky/log.csv
    run ! hidden leaky
    cp "$home/model/trail.json" leaky/log.csv
    sed -i "s|class7b.csv|$home/class7b.csv|" leaky/trail.json
    run ! hidden leaky
}

@test "trails: file names without directories, no ids, in every filter that writes one" {
    prepare
    tok -q -m "$root/lib/default" --keep pupil "$home/class7b.csv" -o "$home/tokens.rs"
    cut -d, -f1 "$home/class7b.csv" | grep pupil- | sed '1i id,part
s/$/,train/' >"$home/parts.csv"
    split -q --from "$home/parts.csv" -o "$home/split.rs" "$home/tokens.rs"
    fit -q "${small[@]}" -o "$home/model" "$home/split.rs" >"$home/rest.rs"
    embed -q -m"$home/model/" --output="$home/vectors.rs" "$home/rest.rs"
    predict -q --model "$home/model" -o "$home/scores.rs" "$home/rest.rs"
    show -q --where id=pupil-001-zx --stream -o "$home/one.rs" "$home/tokens.rs"
    for stream in tokens split rest vectors scores one; do
        show --header "$home/$stream.rs" | jq -c '.trail[]' >trail
        [ -s trail ]
        run ! grep -e / -e annabel.lee -e 'pupil-' trail
    done
    expect_text 'tok -q -m default --keep pupil class7b.csv -o tokens.rs' \
        "$(show --trail "$home/tokens.rs" | sed 's/ -o tokens.rs class7b.csv/ class7b.csv -o tokens.rs/')"
    expect_text 'tok -q -m default --keep pupil class7b.csv | show -q --where id=... --stream -o one.rs' "$(show --trail "$home/one.rs")"
}

@test "tok --id-hash: HMAC-SHA-256 of the id under a file's key, the same with and without threads" {
    printf 'id,text,score\nAnna,one,1\nÖtzi 7,two,2\n,three,3\n' >in.csv
    printf 'a key of some length\n' >key
    hashes() { show --json "$1" | jq -r 'select(.id) | .id'; }
    want() {
        python3 -c 'import hmac, sys; [print(hmac.new(sys.argv[1].encode(), i.encode(), "sha256").hexdigest()[:32]) for i in sys.argv[2:]]' "$@"
    }
    for threads in 1 3; do
        tok -q --bad-rows skip --threads $threads --id-hash key in.csv 2>/dev/null >out.rs
        expect_text "$(want 'a key of some length' Anna 'Ötzi 7')" "$(hashes out.rs)"
        run ! grep -a -q Anna out.rs
    done
    # a line end at the key's end does not count, anything else does
    printf 'a key of some length' >bare
    tok -q --bad-rows skip --id-hash bare in.csv 2>/dev/null | cmp <(hashes /dev/stdin) <(hashes out.rs)
    printf 'another key, as long' >other
    tok -q --bad-rows skip --id-hash other in.csv 2>/dev/null >other.rs
    run ! cmp <(hashes other.rs) <(hashes out.rs)
    # rows without an id column: file and row are hashed
    printf 'text\none\n' >bare.csv
    expect_text "$(want 'a key of some length' bare.csv:1)" "$(tok -q --id-hash key bare.csv | hashes /dev/stdin)"
    # a bad row that is marked
    printf 'id,text,score\nAnna,one,1\nBert,two\n' >bad.csv
    tok -q --bad-rows mark --id-hash key bad.csv 2>/dev/null | show --json >marked
    run ! grep -e Anna -e Bert marked
}

@test "tok --id-hash: what is no key, and no file to write over" {
    printf 'id,text\nAnna,one\n' >in.csv
    printf '%s\n' 'fifteen bytes..' >short
    expect_status 3 tok --id-hash short in.csv
    expect_text 'tok: short: a key of 15 bytes: expected at least 16 (head -c 32 /dev/urandom makes a good one)' "$stderr"
    expect_status 1 tok --id-hash missing in.csv
    expect_status 2 tok --id-hash - in.csv
    head -c 32 /dev/urandom >key
    cp key kept
    expect_status 2 tok --id-hash key -o key in.csv
    expect_status 2 tok --id-hash key --bad-rows key in.csv
    cmp key kept
    expect_status 0 tok -q --id-hash key --keep id -o out.rs in.csv
    expect_text 'tok: warning: --keep carries the ids along, beside their pseudonyms' "$stderr"
    expect_status 0 tok -q --id-hash key -o plain.rs in.csv
    expect_text '' "$stderr"
    expect_text '["-q","--id-hash","key","-o","plain.rs","in.csv"]' "$(show --header plain.rs | jq -c '.trail[0].args')"
}

@test "show --anonymise: numbers for ids; no texts, kept columns, paths, unknown fields; what evalm needs stays" {
    prepare
    tok -q -m "$root/lib/default" --keep pupil,content "$home/class7b.csv" | split -q --stratify >tokens.rs
    fit -q "${small[@]}" -o "$home/model" tokens.rs >/dev/null
    predict -q -m "$home/model" tokens.rs -o scores.rs
    embed -q -m "$home/model" tokens.rs >vectors.rs
    for kind in tokens vectors scores; do
        for form in --json --csv --spreadsheet --stream ''; do
            show -q --anonymise $form $kind.rs >"$kind$form.out"
        done
        mkdir -p all
        mv $kind*.out all
        show --check all/$kind--stream.out
        run ! grep -e '"vec"' -e '"ids"' -e '"win"' -e '"meta"' all/$kind--json.out
        expect_text "$(seq 80)" "$(show --json all/$kind--stream.out | jq -r 'select(.id) | .id')"
        cmp <(jq -c 'select(.id)' all/$kind--json.out) <(show --json all/$kind--stream.out | jq -c 'select(.id)')
        cmp <(show --json $kind.rs | jq -c 'select(.id) | [.y, .part, .words, .full, .pred, .score, .prob]') \
            <(jq -c 'select(.id) | [.y, .part, .words, .full, .pred, .score, .prob]' all/$kind--json.out)
    done
    hidden all
    cmp <(evalm scores.rs) <(evalm all/scores--stream.out)
    cmp <(tally tokens.rs | head -11) <(tally all/tokens--stream.out | head -11)
    # the numbers are those of the input
    expect_text '"7"' "$(show -q --anonymise --json --id pupil-006-zx tokens.rs | jq -c 'select(.id) | .id')"
    # a stream of others: what is not known goes
    printf '%s\n' '{"rubric":1,"kind":"predictions","y":"string","school":"Anna","model":{"path":"/home/annabel.lee/m","print":"1","by":"Anna"},"trail":[{"cmd":"tok","args":["--shard","1/2","-m","/home/annabel.lee/m","--vocab=a/Anna/v","/x/Anna.csv"],"operands":1,"who":"Anna"}]}' \
        '{"id":"Anna","y":"good","pred":"good","score":1.5,"note":"Anna","meta":{"name":"Anna"}}' '{"id":"Bert","bad":"Anna.csv:3: no"}' '{"end":2,"Anna":1}' |
        show --pack | show --anonymise --json >lines
    expect_text '{"rubric":1,"kind":"predictions","y":"string","model":{"path":"m","print":"1"},"trail":[{"cmd":"tok","args":["--shard","1/2","-m","m","--vocab=v"]}]}
{"id":"1","y":"good","pred":"good","score":1.5}
{"id":"2","bad":"left out by show --anonymise"}
{"end":2}' "$(cat lines)"
    for form in --pack --header --trail --check; do
        expect_status 2 show --anonymise $form tokens.rs
    done
}
