# split: every way of marking records, exactness counted from what came out.
load helper

# stream TYPE ORDERED LABELS-AS-JSON LABEL...: a stream of tokens, one record for each label ("-": none),
# with the column "school" A, B, C, A, ... and the ids r1, r2, ...
stream() {
    local type=$1 ordered=$2 labels=$3
    shift 3
    local n=0 y
    {
        printf '{"rubric":1,"kind":"tokens","y":"%s","labels":%s,"ordered":%s,"trail":[]}\n' "$type" "$labels" "$ordered"
        for label in "$@"; do
            n=$((n + 1))
            y="\"y\":$label,"
            [ "$label" != - ] || y=
            printf '{"id":"r%d",%s"meta":{"school":"%s"},"ids":[2,%d,3]}\n' $n "$y" \
                "$(cut -c$(((n - 1) % 3 + 1)) <<<ABC)" $n
        done
        printf '{"end":%d,"rows":%d}\n' $n $n
    } | sed 's/"labels":null,//' | show --pack
}

# 100 records: 60 of class 3, 30 of class 2, 9 of class 1, one of class 5, mixed.
hundred() {
    stream integer true '[1,2,3,4,5]' $(for i in {1..100}; do
        if [ "$i" = 41 ]; then echo 5; elif ((i % 11 == 3)); then echo 1; elif ((i % 3 == 0)); then echo 2; else echo 3; fi
    done)
}

# What each record was marked with, in order: "label part" a line.
marks() { show --json "$@" | python3 -c '
import json, sys
for line in sys.stdin:
    record = json.loads(line)
    if "id" in record:
        print(record.get("y", "-"), record.get("part", ""), record.get("fold", ""), sep=" ")'; }

# For each stratum (a column of the marks) and each moment: part p holds n r_p, rounded down or up.
exact() { python3 -c '
import sys
from collections import Counter
shares = dict(pair.split("=") for pair in sys.argv[2].split(","))
total = sum(map(int, shares.values()))
seen, got = Counter(), Counter()
for line in sys.stdin:
    label, part, fold = line.rstrip("\n").split(" ")
    stratum = label if sys.argv[1] == "label" else "all"
    seen[stratum] += 1
    got[stratum, part or fold] += 1
    for name, share in shares.items():
        product = seen[stratum] * int(share)
        assert product // total <= got[stratum, name] <= -(-product // total), (stratum, name, seen, got)
    assert set(name for _, name in got) <= set(shares), got
assert sum(seen.values()) >= 90' "$@"; }

@test "with no options: 80:20, exact after every record" {
    hundred >in
    split in >out 2>said
    marks out | exact all train=80,val=20
    grep -qx 'split: train 80, val 20' said
    expect_text "$(show --json in | grep '"id"')" "$(show --json out | grep '"id"' | sed 's/"part":"[a-z]*",//')"
    grep -qx '{"end":100,"rows":100}' <(show --json out)
}

@test "--stratify: every class exact after every record; a class of one is said" {
    hundred >in
    for seed in 1 2 3; do
        split --stratify --seed $seed in >out 2>said
        marks out | exact label train=80,val=20
        grep -q '^split:   5: .* (fewer than there are parts)$' said
        [ "$(grep -c 'fewer than' said)" -eq 1 ]
    done
    split -q --stratify --ratio 70:15:15 in | marks | exact label train=70,val=15,test=15
    expect_text "$(split -q --stratify --seed 3 in | marks)" "$(marks out)"
    [ "$(split -q --stratify --seed 4 in | marks)" != "$(marks out)" ]
}

@test "the account: parts and classes in their order" {
    stream string true '["low","high"]' '"high"' '"low"' '"high"' '"low"' '"high"' - >in
    expect_status 0 split --stratify --ratio 1:1 -o out in
    marks out | sort | uniq -c | sed 's/ *//' >counted
    of() { sed -n "s/^\([0-9]*\) $1 $2 \$/\1/p" counted; }
    expect_text "split: train $((0 + $(of low train) + $(of high train) + 0$(of - train))), val $((0 + $(of low val) + $(of high val) + 0$(of - val)))
split:   low: train 1, val 1
split:   high: train $(of high train), val $(of high val)
split:   no label: train $((0$(of - train))), val $((0$(of - val)))" "$stderr"
}

@test "--random draws each record by itself" {
    hundred >in
    split -q --random --seed 7 in | marks >first
    expect_text "$(cat first)" "$(split -q --random --seed 7 in | marks)"
    [ "$(split -q --random --seed 8 in | marks)" != "$(cat first)" ]
    n=$(cat in{,,,,,} | split -q --random | marks | grep -c val)
    [ "$n" -gt 70 ]
    [ "$n" -lt 170 ]
    run ! exact all train=80,val=20 <first
}

@test "--by id: adding and moving rows moves no one" {
    stream integer true '[1]' $(yes 1 | head -200) >in
    split -q --by id in | show --csv | cut -d, -f1,3 | sort >all
    stream integer true '[1]' $(yes 1 | head -120) | split -q --by id | show --csv | cut -d, -f1,3 | sort >some
    [ "$(comm -13 all some | wc -l)" -eq 0 ]
    n=$(split -q --by id in | marks | grep -c val)
    [ "$n" -gt 20 ]
    [ "$n" -lt 65 ]
    expect_status 2 split --by school in
}

@test "--group: all that share a value are on one side" {
    hundred >in
    for seed in 1 2 3 4 5 6; do
        split -q --group school --ratio 1:1 --seed $seed in >out
        [ "$(show --csv out | python3 -c '
import csv, sys
print(len({(r["school"], r["part"]) for r in csv.DictReader(sys.stdin)}))')" -eq 3 ]
        marks out
    done | cut -d' ' -f2 | sort -u >parts
    expect_text "train
val" "$(cat parts)"
    expect_status 3 split --group nope in
    expect_text "split: record r1 has no field 'nope' to split by (tok --keep nope keeps an input column)" "$stderr"
}

@test "--hold-out: these are test, the others train or divided" {
    hundred >in
    parts() { show --csv "$1" | python3 -c '
import csv, sys
from collections import Counter
for key, n in sorted(Counter((r["school"], r["part"]) for r in csv.DictReader(sys.stdin)).items()): print(*key, n)'; }
    split -q --hold-out school=B in >out
    expect_text "A train 34
B test 33
C train 33" "$(parts out)"
    split -q --hold-out school=B --ratio 50:50 in >out
    [ "$(parts out | grep '^B')" = "B test 33" ]
    [ "$(marks out | grep -c train)" -ge 33 ]
    [ "$(marks out | grep -c val)" -ge 33 ]
    rm out
    expect_status 3 split --hold-out school=Z -o out in
    expect_unsealed out
}

@test "--folds: equal, exact, as numbers" {
    hundred >in
    split -q --folds 5 --stratify in >out
    marks out | exact label 0=1,1=1,2=1,3=1,4=1
    split -q --folds 10 in | marks | exact all 0=1,1=1,2=1,3=1,4=1,5=1,6=1,7=1,8=1,9=1
    expect_status 2 split --folds 5 --ratio 80:20 in
    expect_status 2 split --folds 1 in
    expect_status 2 split --folds 65 in
}

@test "--from: parts by id, in any order, other columns ignored" {
    stream integer true '[1,2]' 1 2 1 2 >in
    printf 'name,part,id\nx,dev,r3\n"y, z",train,r1\n,"te""st",r4\n,train,r2\n' >parts.csv
    expect_text '1 train 
2 train 
1 dev 
2 te"st ' "$(split -q --from parts.csv in | marks)"
    printf '\xef\xbb\xbfid,part\nr1,a\nr2,a\nr3,b\nr4,a\n' >marked.csv
    expect_text '1 a 
2 a 
1 b 
2 a ' "$(split -q --from marked.csv in | marks)"
    printf 'id\tfold\nr1\t0\nr2\t7\nr3\t1\nr4\t0\n' >folds.tsv
    expect_text '1  0
2  7
1  1
2  0' "$(split -q --folds 8 --from folds.tsv in | marks)"
}

@test "--from: unknown, missing, repeated ids and bad files are errors" {
    stream integer true '[1,2]' 1 2 1 >in
    from() { # MESSAGE, the file on stdin
        cat >parts.csv
        expect_status 3 split -q --from parts.csv -f -o out in
        expect_text "split: $1" "$stderr"
    }
    printf 'id,part\nr1,a\nr2,b\n' | from "record r3 is not in parts.csv"
    printf 'id,part\nr1,a\nr2,b\nr3,a\nr4,a\nr5,a\n' | from "parts.csv names 2 ids that never came, the first is 'r4'"
    expect_unsealed out
    printf 'id,part\nr1,a\nr2,b\nr1,a\n' | from "parts.csv:4: id 'r1' stands there twice"
    printf 'id,share\nr1,a\n' | from "parts.csv:1: no column 'part': expected a header line with the columns id and part"
    printf 'name,part\nr1,a\n' | from "parts.csv:1: no column 'id': expected a header line with the columns id and part"
    printf 'id,part\nr1,a\nr2,\n' | from "parts.csv:3: id 'r2' has no part"
    printf 'id,part\nr1\n' | from "parts.csv:2: 1 columns, fewer than the header"
    printf 'id,part\n"r1,a\n' | from "parts.csv:2: a quoted field does not end as it should"
    printf 'name,part\nr1,a\n' >folds.csv
    expect_status 3 split --folds 2 --from folds.csv in
    expect_text "split: folds.csv:1: no column 'id': expected a header line with the columns id and fold" "$stderr"
    printf 'id,fold\nr1,x\n' >folds.csv
    expect_status 3 split --folds 2 --from folds.csv in
    expect_text "split: folds.csv:2: fold 'x': expected a whole number from 0 to 1" "$stderr"
    printf 'id,fold\nr1,0\nr2,1\nr3,2\n' >folds.csv
    expect_status 3 split --folds 2 --from folds.csv in
    expect_text "split: folds.csv:4: fold '2': expected a whole number from 0 to 1" "$stderr"
    cat in in >twice
    printf 'id,part\nr1,a\nr2,b\nr3,a\n' >parts.csv
    expect_status 3 split --from parts.csv twice
    expect_status 1 split --from none.csv in
}

@test "--from --keep: records that keep their mark may be in the file or not" {
    stream integer true '[1,2]' 1 2 1 2 >in
    printf 'id,part\nr1,dev\nr2,dev\nr3,dev\nr4,dev\n' >all.csv
    split -q --from all.csv in | show --json | sed '4,5s/"part":"dev",//' | show --pack >some
    printf 'id,part\nr2,x\nr3,y\nr4,z\n' >rest.csv
    expect_text '1 dev 
2 dev 
1 y 
2 z ' "$(split -q --keep --from rest.csv some | marks)"
    printf 'id,part\nr3,y\nr4,z\nr5,z\n' >rest.csv
    expect_status 3 split -q --keep --from rest.csv -o out some
    expect_text "split: rest.csv names 1 id that never came, the first is 'r5'" "$stderr"
}

@test "--from: the account shows 64 parts apart, and the others together" {
    stream integer true '[1,2]' $(for i in {1..70}; do echo $((i % 2 + 1)); done) 1 >in
    for n in 64 65 70; do
        { echo id,part; for i in {1..71}; do echo r$i,p$((i > n ? n : i)); done; } >parts.csv
        split --from parts.csv -f -o out in 2>said
        python3 - $n <<'EOF' | diff - said
import sys
n = int(sys.argv[1])
records = [(i % 2 + 1 if i < 71 else 1, min(i, n)) for i in range(1, 72)]
for begin, wanted in ("", (1, 2)), ("  1: ", (1,)), ("  2: ", (2,)):
    counts = [sum(y in wanted and part == p for y, part in records) for p in range(1, n + 1)]
    others = f", {sum(counts[64:])} in others" if n > 64 else ""
    print("split: " + begin + ", ".join(f"p{p} {count}" for p, count in enumerate(counts[:64], 1)) + others)
EOF
    done
}

@test "numbers are divided in bins: of the first 1,000, or given" {
    stream number true null $(for i in {1..1200}; do echo "$((i * 7919 % 1000)).5"; done) >in
    split --stratify in >out 2>said
    expect_text 'split: train 960, val 240' "$(head -1 said)"
    expect_text 'split:   below 200.5
split:   200.5 to 400.5
split:   400.5 to 600.5
split:   600.5 to 800.5
split:   800.5 and above' "$(grep '^split:   ' said | sed 's/: train.*//')"
    bins() { marks out | awk -v edges="$1" '{ n = split(edges, e, ","); b = 0
        for (i = 1; i <= n; i++) b += $1 >= e[i]
        printf "%d %s \n", b, $2 }'; }
    bins 200.5,400.5,600.5,800.5 | exact label train=80,val=20
    split --stratify --edges 10,500.5 in 2>said >out
    expect_text 'split:   below 10
split:   10 to 500.5
split:   500.5 and above' "$(grep '^split:   ' said | sed 's/: train.*//')"
    bins 10,500.5 | exact label train=80,val=20
    hundred | split --stratify --bins 2 2>said >out
    [ "$(grep -c '^split:   ' said)" -eq 2 ]
    expect_status 2 split --bins 3 in
    expect_status 2 split --stratify --edges 2,1 in
    expect_status 2 split --stratify --bins 1 in
    expect_status 2 split --stratify --bins 2 --edges 10 in
    [[ $stderr == *"--bins and --edges both say where bins end"* ]]
}

@test "bins are of numbers, not of strings" {
    stream string true '["low","high"]' '"high"' '"low"' '"high"' '"low"' >in
    for bins in '--bins 2' '--edges 1.5'; do
        expect_status 3 split --stratify $bins -o out in
        expect_text "split: the labels are strings: --bins and --edges go with numbers (--stratify alone divides each class)" "$stderr"
    done
    expect_unsealed out
}

@test "marked streams are refused, kept or replaced" {
    hundred | split -q >marked
    expect_status 3 split marked
    [[ $stderr =~ ^"split: record r1 is already marked "(train|val)" (--keep keeps such marks, --replace makes new ones)"$ ]]
    expect_text "$(marks marked)" "$(split -q --keep --seed 9 marked | marks)"
    split -q --replace --ratio 1:1 marked | marks | exact all train=1,val=1
    cat marked <(hundred) | split --keep 2>said | marks >out
    expect_text "$(marks marked)" "$(head -100 out)"
    tail -100 out | exact all train=80,val=20
    expect_text 'split: train 80, val 20, 100 kept their mark' "$(head -1 said)"
    hundred | split -q --folds 3 >folded
    expect_status 3 split --folds 2 folded
    [[ $stderr =~ "already marked fold "[012]" " ]]
    expect_status 2 split --keep --replace marked
}

@test "segments stay segments, and the division goes on across them" {
    hundred >in
    cat in in in | split -q --stratify >out
    [ "$(show --json out | grep -c '^{"rubric"')" -eq 3 ]
    marks out | exact label train=80,val=20
    expect_text 'sealed: 3 segments, 300 records of tokens' "$(show --check out 2>&1)"
}

@test "the command goes into the trail; broken input is not sealed" {
    hundred >in
    expect_text '"split","-q","--seed","5","in"' \
        "$(split -q --seed 5 in | show --json | head -1 | sed 's/.*"cmd":"split","version":"[^"]*","args":\[\([^]]*\)\].*/"split",\1/')"
    head -c -30 in >cut
    expect_status 4 split -q -o out cut
    expect_unsealed out
    expect_status 1 bash -c 'split -q in >/dev/full'
    split in 2>/dev/null | head -c 10 >/dev/null
}

@test "misuse is refused" {
    hundred >in
    expect_status 2 split --stratify --random in
    expect_status 2 split --ratio 80 in
    expect_status 2 split --ratio 80:0 in
    expect_status 2 split --ratio 80:x in
    expect_status 2 split --ratio 1:2:3:4 in
    expect_status 2 split --ratio 1:1000 in
    expect_status 2 split --hold-out school in
    expect_status 2 split --folds 2 --hold-out school=A in
    show --csv in | cut -d, -f1 | sed '1s/$/,part/; 2,$s/$/,a/' >parts.csv
    split -q --from parts.csv in >out
    for option in --ratio=80:20 --hold-out=school=A; do
        expect_status 2 split --from parts.csv $option in
        [[ $stderr == *"--from says where each record goes: it goes with neither --ratio nor --hold-out"* ]]
    done
    for way in --stratify --random --by=id --group=school; do
        expect_status 2 split $way --hold-out school=A in
        [[ $stderr == *"the others are all train unless --ratio divides them"* ]]
        split -q $way --ratio 1:1 --hold-out school=A in >out
    done
}
