# Classes: one list and one limit from tok to evalm, for scales of any length.
load helper

# essays CLASSES COUNT: so many essays, their scores spread over the scale 0 .. CLASSES-1.
essays() {
    awk -v k="$1" -v n="$2" 'BEGIN { print "id,text,score"
        for (i = 0; i < n; i++) printf "e%d,essay number %d of %d words,%d\n", i, i, i * i % 97, i * 7919 % k }'
}

small=(--scratch --shape 1,8,2 --threads 1)

@test "a scale of 1,201 points, from tok to evalm" {
    essays 1201 150 | awk -F, -v OFS=, 'NR > 1 { $3 += 400 } 1' > essays.csv
    tok -q --classes 400..1600 essays.csv | split -q > parts.rubric
    fit -q "${small[@]}" --max-steps 2 -o encoder parts.rubric > held.rubric
    embed -q -m encoder parts.rubric > vectors.rubric
    for head in ridge logistic ordinal; do
        fit -q --head $head --threads 1 -o $head vectors.rubric > held.vectors
        predict -q -m $head held.vectors > predicted.rubric
        evalm --json predicted.rubric > report.json
        expect_text '[30,true,1201,null,30]' \
            "$(jq -c '[.n, .ordered, (.classes | length), .confusion, ([.cells[][2]] | add)]' report.json)"
        [ "$(jq '[.qwk, .kappa, .adjacent, .accuracy, .rps] | map(type) | unique == ["number"]' report.json)" = true ]
    done
    for loss in ce coral corn clm soft qwk; do
        fit -q "${small[@]}" --loss $loss --max-steps 2 -o $loss parts.rubric > held.rubric
        predict -q -m $loss held.rubric | evalm --json > report.json
        expect_text '[30,1201,"number"]' "$(jq -c '[.n, (.classes | length), (.qwk | type)]' report.json)"
    done
    predict -q -m ce held.rubric > predicted.rubric
    evalm predicted.rubric > report
    run ! grep measure report
    grep -q '^  quadratic weighted kappa  *-*[0-9]' report
    grep -qx '  The confusion matrix of 1201 classes is not drawn; --json has it.' report
    # The table has the classes that occur, and no others.
    expect_text "$(evalm --json predicted.rubric | jq -c '[.classes[] | select(.support + .predicted > 0) | .label]')" \
        "$(awk '/^  class  / { in_table = 1; next } !NF { in_table = 0 } in_table { print $1 }' report | jq -sc .)"
    tally parts.rubric | grep -qx '  ... and 1141 more classes (--csv has all)'
    show -q --check predicted.rubric
    show --csv predicted.rubric > predicted.csv
    expect_text 1201 "$(head -1 predicted.csv | tr ',' '\n' | grep -c '^prob_')"
    expect_text "$(predict --csv -q -m ce held.rubric | python3 -c '
import csv, sys; print([[r[k] for k in r if k.startswith("prob_")] for r in csv.DictReader(sys.stdin)])')" \
        "$(python3 -c '
import csv; print([[r[k] for k in r if k.startswith("prob_")] for r in csv.DictReader(open("predicted.csv"))])')"
}

@test "a scale of 10,000 points in little memory" {
    essays 10000 100 | tok -q --classes 0..9999 | split -q > parts.rubric
    # 10,000 x 10,000 counts would be 800 MB.  (The sanitizers' own memory has no such limit.)
    limit='ulimit -v 400000;'
    case $build in *-asan | *-tsan) limit= ;; esac
    bash -c "$limit fit -q ${small[*]} --loss ce --max-steps 2 -o m parts.rubric > held.rubric"
    bash -c "$limit predict -q -m m held.rubric > predicted.rubric"
    bash -c "$limit evalm --ci --json predicted.rubric > report.json"
    expect_text '[20,10000,"number"]' "$(jq -c '[.n, (.classes | length), (.qwk | type)]' report.json)"
    bash -c "$limit tally --json parts.rubric" | jq -e '.classes | length == 10000'
    bash -c "$limit show --csv predicted.rubric" | head -1 | grep -q ',prob_9999$'
    bash -c "$limit predict -q --csv -m m held.rubric" | head -1 | grep -q ',prob_9999,reason$'
}

@test "no list is longer than 10,000" {
    expect_status 2 bash -c 'tok -q --classes 0..10000 < /dev/null'
    expect_text "tok: --classes is '0..10000': expected a range upwards, of at most 10000 classes" "$stderr"
    expect_status 4 bash -c '{ jq -nc "{rubric: 1, kind: \"predictions\", y: \"integer\", labels: [range(10001)]}"
        echo "{\"end\": 0}"; } | show --pack | evalm'
    [[ $stderr == *"header: 10001 labels: at most 10000 are read"* ]]
    echo 'text,score
a word,3' | tok -q -m "$fixtures/model/classifier" > parts.rubric
    cp -r "$fixtures/model/classifier" m
    chmod -R u+w m
    jq '.num_labels = 65536' "$fixtures/model/classifier/config.json" > m/config.json
    expect_status 4 predict -m m parts.rubric
    expect_text "predict: m/config.json: field 'num_labels': expected a whole number from 1 to 10000" "$stderr"
}

@test "whole numbers beyond 2^53 are told apart everywhere" {
    cat > large.csv <<'END'
id,text,score
a,one two,9007199254740992
b,three four,9007199254740993
c,five six,9007199254740992
d,seven eight,9007199254740994
END
    tok -q large.csv > tokens.rubric
    expect_text '[9007199254740992,9007199254740993,9007199254740994]' "$(show --header tokens.rubric | tr -d ' \n' | grep -o '"labels":[^]]*\]' | cut -d: -f2)"
    expect_status 0 tok -q -o list.rubric --classes 9007199254740992,9007199254740993,9007199254740994 large.csv
    expect_status 3 tok -q -f -o list.rubric --classes 9007199254740992,9007199254740994 large.csv
    [[ $stderr == *"large.csv:3: field 'score' is \"9007199254740993\": expected one of --classes"* ]]
    expect_text '9007199254740992 2
9007199254740993 1
9007199254740994 1' "$(tally --csv tokens.rubric | awk -F, '$1 == "class" { print $3, $4 }')"
    show --json tokens.rubric | sed 's/"kind": *"tokens"/"kind":"predictions"/; s/"ids": *\[[^]]*\]/"pred":9007199254740993/' | show --pack > predicted.rubric
    expect_text '[2,1,1] [0,4,0] 0.25' "$(evalm --json predicted.rubric | jq -r '"\([.classes[].support]) \([.classes[].predicted]) \(.accuracy)"')"
    evalm --json predicted.rubric | tr -d ' ' | grep -q '"label":9007199254740993'
}

@test "labels that no list has: numbers by value, strings behind the others" {
    pack() { { echo "{\"rubric\":1,\"kind\":\"predictions\",$1,\"trail\":[]}"; cat; echo "{\"end\":$2}"; } | show --pack; }
    both='{"id":"a","y":"low","pred":"high"}
{"id":"b","y":"odd","pred":"best"}'
    pack '"y":"string","labels":["low","mid","high"],"ordered":true' 2 <<< "$both" > strings.rubric
    expect_text '[["low","mid","high","best","odd"],false]' "$(evalm --json strings.rubric | jq -c '[[.classes[].label], .ordered]')"
    pack '"y":"integer","labels":[1,3],"ordered":true' 2 <<< '{"id":"a","y":4,"pred":2}
{"id":"b","y":3,"pred":3.0}' > numbers.rubric
    expect_text '[[1,2,3,4],true,0.5]' "$(evalm --json numbers.rubric | jq -c '[[.classes[].label], .ordered, .accuracy]')"
    # A number is no string, and a string no number.
    pack '"y":"string"' 1 <<< '{"id":"a","y":"3","pred":3}' > mixed.rubric
    expect_status 4 evalm mixed.rubric
    expect_text 'evalm: record a is predicted 3: expected a string, as its label is' "$stderr"
}

@test "--against: the labels of two streams meet in one list, though one of them has too many numbers" {
    # shellcheck disable=SC2034  # read as ${!name}
    few=$(for i in {1..3}; do echo "{\"id\":\"r$i\",\"y\":$i,\"pred\":$i}"; done)
    # shellcheck disable=SC2034
    many=$(for i in {1..300}; do echo "{\"id\":\"r$i\",\"y\":$i,\"pred\":$((i * 7))}"; done)
    for name in few many; do
        { echo '{"rubric":1,"kind":"predictions","y":"integer","trail":[]}'; echo "${!name}"
            echo "{\"end\":$(wc -l <<< "${!name}")}"; } | show --pack > $name.rubric
    done
    expect_status 0 evalm --json --against many.rubric few.rubric
    expect_text '[3,3,0]' "$(jq -c '.against | [.n, .only_these_right, .only_those_right]' <<< "$output")"
}
