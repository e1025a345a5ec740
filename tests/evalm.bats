# evalm: whole reports of small streams whose figures can be worked out by hand.
# (That the figures are scikit-learn's: tests/unit/metrics.c and tests/parity/metrics.py.)
load helper

# stream HEADER-KEYS: records as JSON Lines on stdin, to a stream of predictions.
stream() {
    { printf '{"rubric":1,"kind":"predictions",%s,"trail":[]}\n' "$1"; cat; } >lines
    { cat lines; printf '{"end":%d}\n' $(($(wc -l <lines) - 1)); } | show --pack
}

scale='"y":"integer","labels":[1,2,3],"ordered":true'

# ten RECORD...: "true predicted [field...]" lines of stdin to JSON Lines
records() {
    awk -v fields="$1" '{ n = split(fields, name, " ")
        printf "{\"id\":\"r%d\"", NR
        if ($1 != "-") printf ",\"y\":%s", $1
        for (i = 1; i <= n; i++) if (name[i] == "part") printf ",\"part\":\"%s\"", $(i + 2)
        m = ""
        for (i = 1; i <= n; i++) if (name[i] !~ /^(part|score|prob)$/) m = m (m ? "," : "") "\"" name[i] "\":\"" ($(i + 2) == "." ? "" : $(i + 2)) "\""
        if (m) printf ",\"meta\":{%s}", m
        if ($2 != "-") printf ",\"pred\":%s", $2
        for (i = 1; i <= n; i++) if (name[i] ~ /^(score|prob)$/) printf ",\"%s\":%s", name[i], $(i + 2)
        print "}" }'
}

ten() {
    records "" <<'END' | stream "$scale"
1 1
1 2
2 2
2 2
2 2
2 3
3 3
3 2
3 2
3 2
END
}

# kappa: 1 - 10 * 5 / 86, where 86 is the sum of (i-j)^2 times row and column sums
@test "the whole report of ten records" {
    ten >in
    expect_status 0 evalm in
    expect_text 'all: 10 records

        predicted          percent of the row
  true      1    2    3        1    2    3
  1         1    1    0       50   50    0
  2         0    3    1        0   75   25
  3         0    3    1        0   75   25

  class  precision  recall      F1  support  predicted
  1          1.000   0.500   0.667        2          1
  2          0.429   0.750   0.545        4          7
  3          0.500   0.250   0.333        4          2

  accuracy                          0.500
  always the largest class          0.400   (2)
  balanced accuracy                 0.500
  macro F1                          0.515
  weighted F1                       0.485
  quadratic weighted kappa          0.419
  kappa, unweighted                 0.194
  at most one class off             1.000
  mean absolute error               0.500
  Pearson correlation               0.447' "$output"
    expect_text "" "$stderr"
    expect_text "$output" "$(evalm <in)"
    expect_text "$output" "$(evalm - <in)"
}

@test "--json has its keys at the top level; undefined is null" {
    ten >in
    expect_text '{"n":10,"accuracy":0.5,"majority":0.4,"balanced_accuracy":0.5,"macro_f1":0.515151515151515,"weighted_f1":0.48484848484848475,"qwk":0.41860465116279066,"kappa":0.19354838709677424,"adjacent":1.0,"mae":0.5,"pearson":0.4466625002869186,"rmse":null,"pearson_score":null,"smd":null,"log_loss":null,"brier":null,"rps":null,"calibration":null,"classes":[{"label":1,"precision":1.0,"recall":0.5,"f1":0.6666666666666666,"support":2,"predicted":1},{"label":2,"precision":0.42857142857142855,"recall":0.75,"f1":0.5454545454545454,"support":4,"predicted":7},{"label":3,"precision":0.5,"recall":0.25,"f1":0.3333333333333333,"support":4,"predicted":2}],"confusion":[[1,1,0],[0,3,1],[0,3,1]],"without_label":0,"without_prediction":0,"part":null,"ordered":true,"chosen_by":null,"rounding":null}' \
        "$(evalm --json in)"
    records "" <<<"2 2" | stream "$scale" >one
    expect_text 'n 1
accuracy 1
majority 1
balanced_accuracy 1
macro_f1 1
weighted_f1 1
qwk 
kappa 
adjacent 1
mae 0
pearson 
rmse 
pearson_score 
smd 
log_loss 
brier 
rps 
calibration ' "$(evalm --tsv one | tr '\t' ' ')"
    evalm one | grep -qx '  Kappa is undefined: one class is all that occurs, in truth and in prediction.'
    expect_text '[null, {"label": 3, "precision": null, "recall": null, "f1": null, "support": 0, "predicted": 0}]' \
        "$(evalm --json one | python3 -c 'import json, sys; r = json.load(sys.stdin); print(json.dumps([r["qwk"], r["classes"][2]]))')"
}

@test "scores and probabilities" {
    records "score prob" <<'END' | stream "$scale,\"rounding\":\"halfway between the classes\"" >in
1 1 1.5 [0.5,0.25,0.25]
3 2 2.0 [0.25,0.5,0.25]
END
    # rmse sqrt((.25+1)/2); log loss (ln 2 + ln 4)/2; brier ((.25+.125)+(.0625+.25+.5625))/2;
    # rps ((.25+.0625)+(.0625+.5625))/2/2; calibration |(.5+.5) - 1|/2
    expect_text 'rmse 0.790569415042
pearson_score 1
log_loss 1.03972077084
brier 0.625
rps 0.234375
calibration 0' "$(evalm --tsv in | awk '/^(rmse|pearson_score|log_loss|brier|rps|calibration)/ { printf "%s %.12g\n", $1, $2 }')"
    evalm in | grep -qx '  a score becomes a class by this rule: halfway between the classes'
}

@test "in words: no better than the baseline, classes never predicted" {
    records "" <<<$'1 2\n2 2\n2 2\n3 2' | stream "$scale" >in
    expect_text '  Accuracy is no better than always guessing 2.
  Never predicted, though they occur: 1, 3.' "$(evalm in | tail -2)"
    ten | evalm | run ! grep -E 'no better|Never'
}

@test "records without a label or a prediction are counted and left out" {
    records "" <<<$'1 1\n- 2\n2 -\n3 2\n- 1' | stream "$scale" >in
    expect_text 'all: 2 records, 2 without a label left out, 1 without a prediction left out' "$(evalm in | head -1)"
    expect_text '[2, 2, 1]' "$(evalm --json in | python3 -c '
import json, sys; r = json.load(sys.stdin); print([r["n"], r["without_label"], r["without_prediction"]])')"
    records "" <<<$'- 1\n1 -' | stream "$scale" >none
    expect_status 3 evalm none
    expect_text 'evalm: no record has both a label and a prediction (1 have no label, 1 no prediction)' "$stderr"
}

@test "--json writes what JSON has no form for: parts that are not UTF-8, figures that are infinite" {
    records part <<<$'1 1 val\n2 2 FF\n3 2 FF' | sed 's/"FF"/{"$str":"76ff"}/' | stream "$scale" >in
    expect_text '["val","v\\xff"]' "$(evalm --json in | jq -c '.parts | keys_unsorted')"
    records score <<<$'1 1 1e300\n2 2 -1e300\n3 2 1' | stream "$scale" >in
    expect_text null "$(evalm --json in | jq .rmse)"
}

@test "parts stay apart; --part picks one" {
    records part <<<$'1 1 val\n2 2 test\n3 2 test\n2 2 val\n- 1 train' | stream "$scale,\"chosen_by\":\"val\"" >in
    evalm in >out
    expect_text 'val: 2 records
test: 2 records' "$(grep ' records$' out)"
    expect_text '  These records chose the model (fit --select val): the figures are too good.' "$(grep chose out)"
    evalm --part test in >test
    expect_text "$(sed -n '/^test/,$p' out)" "$(cat test)"
    run ! grep chose test
    expect_text '[2, 0.5, "test"] []' "$(evalm --part test --json in | python3 -c '
import json, sys; r = json.load(sys.stdin); print(json.dumps([r["n"], r["accuracy"], r["part"]]), list(r.get("parts", [])))')"
    expect_text '[4, 0.75, null] ["val", 1.0, "test", 0.5] 1' "$(evalm --json in | python3 -c '
import json, sys; r = json.load(sys.stdin); p = r["parts"]
print(json.dumps([r["n"], r["accuracy"], r["part"]]), json.dumps([x for k in p for x in (k, p[k]["accuracy"])]), r["without_label"])')"
    expect_text 'accuracy 0.75
val.accuracy 1
test.accuracy 0.5' "$(evalm --tsv in | grep '^\(.*\.\)*accuracy' | tr '\t' ' ')"
    expect_status 3 evalm --part dev in
    expect_text "evalm: no record is of part 'dev': expected one of val, test, train" "$stderr"
}

@test "records that a model is trained on are said to be" {
    records part <<<$'1 1 train\n2 2 train' | stream "$scale" >in
    evalm in | grep -qx '  A model is trained on the part train: if this one was, the figures are too good.'
}

@test "--by: a row for each value, and the plain mean" {
    records "prompt" <<<$'1 1 p10\n2 2 p2\n3 2 p2\n2 2 p10\n3 1 p10\n1 1 .' | stream "$scale" >in
    expect_text '  prompt        n  accuracy   largest  macro F1     kappa       MAE
  (none)        1     1.000     1.000     1.000         -     0.000
  p2            2     0.500     0.500     0.333     0.000     0.500
  p10           3     0.667     0.333     0.556     0.000     0.667
  mean                0.722     0.611     0.630         -     0.389' "$(evalm --by prompt in | tail -5)"
    expect_text '["prompt", ["", "p2", "p10"], [1, 2, 3], null, 0.722]' "$(evalm --json --by prompt in | python3 -c '
import json, sys; b = json.load(sys.stdin)["by"]
print(json.dumps([b["field"], [r["value"] for r in b["rows"]], [r["n"] for r in b["rows"]], b["mean"]["qwk"], round(b["mean"]["accuracy"], 3)]))')"
    expect_text 'by.p2.accuracy 0.5
mean.mae 0.388889' "$(evalm --tsv --by prompt in | awk '/^(by.p2.accuracy|mean.mae)/ { printf "%s %.6g\n", $1, $2 }')"
    expect_status 3 evalm --by nope in
    expect_text "evalm: no record has a field 'nope' (tok --keep nope keeps an input column)" "$stderr"
}

@test "folds concatenate: segments' classes are joined in order" {
    records "" <<<$'1 1\n3 1' | stream '"y":"integer","labels":[1,3],"ordered":true' >a
    records "" <<<$'2 2\n4 2' | stream '"y":"integer","labels":[2,4],"ordered":true' >b
    expect_text '  true      1    2    3    4' "$(cat a b | evalm | grep '^  true' | cut -c1-28)"
    records "" <<<$'"low" "high"' | stream '"y":"string","labels":["low","high"],"ordered":true' >c
    records "" <<<$'"mid" "high"' | stream '"y":"string","labels":["low","mid","high"],"ordered":true' >d
    expect_text '[["low", "mid", "high"], true]' "$(evalm --json c d | python3 -c '
import json, sys; r = json.load(sys.stdin); print(json.dumps([[c["label"] for c in r["classes"]], r["ordered"]]))')"
    records "" <<<$'"low" "high"' | stream '"y":"string","labels":["high","low"],"ordered":true' >e
    expect_text 'false' "$(evalm --json c e | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["ordered"]))')"
    expect_status 4 evalm a c
}

@test "strings without an order: distances are undefined, and why is said" {
    records "" <<<$'"b" "a"\n"a" "a"\n"c\\u001b[31m" "a"' | stream '"y":"string"' >in
    evalm in >out
    expect_text '  class      precision  recall      F1  support  predicted
  a              0.333   1.000   0.500        1          3
  b                  -   0.000   0.000        1          0
  c\x1b[31m          -   0.000   0.000        1          0' "$(sed -n '/^  class/,/^$/p' out | head -4)"
    run ! grep -q $'\x1b' out
    expect_text '  quadratic weighted kappa        undefined' "$(grep quadratic out | head -1)"
    expect_text '  The classes have no order, so kappa with quadratic weights, distances and correlations are
  undefined: tok --classes low,mid,high declares one.' "$(tail -2 out)"
    expect_text '[null, null, null, null]' "$(evalm --json in | python3 -c '
import json, sys; r = json.load(sys.stdin); print(json.dumps([r[k] for k in ("qwk", "adjacent", "mae", "pearson")]))')"
    records "" <<<$'"mid" "low"\n"high" "high"\n"low" "high"' | stream '"y":"string","labels":["low","mid","high"],"ordered":true' >ordered
    expect_text '[0.6666666666666666, 1.0]' "$(evalm --json ordered | python3 -c '
import json, sys; r = json.load(sys.stdin); print([r["adjacent"], r["mae"]])')"
}

@test "numbers without classes are a measure" {
    records score <<<$'1.25 1.5 1.5\n2.75 2.5 2.5\n3.1 3.4 3.4' | stream '"y":"number"' >in
    expect_text '[3, null, null, null, 0.2666667, 0.951]' "$(evalm --json in | python3 -c '
import json, sys; r = json.load(sys.stdin)
print(json.dumps([r["n"], r["accuracy"], r["classes"], r["confusion"], round(r["mae"], 7), round(r["pearson"], 4)]))')"
    expect_text 'all: 3 records

  quadratic weighted kappa        undefined
  mean absolute error               0.267
  Pearson correlation               0.951
  RMSE of the score                 0.268
  Pearson of the score              0.951
  mean difference, standardised     0.103
  These labels are a measure, not classes: tok --classes declares a scale of classes.' "$(evalm in)"
}

@test "--rater: human against human beside model against human" {
    records "rater2 score" <<<$'1 2 1 1.6\n2 2 2 2.1\n3 2 3 2.4\n3 3 2 2.8\n1 1 . 1' | stream "$scale" >in
    expect_text '  4 records with a second human (rater2), held against the true label
                                      human     model  difference
  accuracy                            0.750     0.500      -0.250
  quadratic weighted kappa            0.800     0.429      -0.371
  at most one class off               1.000     1.000       0.000
  mean absolute error                 0.250     0.500       0.250
  Pearson correlation                 0.853     0.522      -0.331
  mean difference, standardised      -0.281    -0.033       0.248' "$(evalm --rater rater2 in | tail -8)"
    expect_text '["rater2", 4, 0.75, 0.5, -0.25]' "$(evalm --rater rater2 --json in | python3 -c '
import json, sys; r = json.load(sys.stdin)["rater"]
print(json.dumps([r["field"], r["n"], r["human"]["accuracy"], r["model"]["accuracy"], r["difference"]["accuracy"]]))')"
    records "rater2" <<<$'1 2 high' | stream "$scale" >bad
    expect_status 3 evalm --rater rater2 bad
    expect_text "evalm: record r1: field 'rater2' is 'high': expected a number, as the label is" "$stderr"
    expect_status 3 evalm --rater nope in
}

@test "the figures are the same beside a second human and other predictions, whatever labels those bring" {
    records "rater2" <<<$'1 2 1\n2 2 2\n2 3 2.5\n3 2 7\n1 1 1\n3 3 3' | stream "$scale" >in
    records "" <<<$'1 1\n2 3\n2 2\n3 3\n1 1\n3 3' | stream '"y":"integer","labels":[0,1,2,3,4],"ordered":true' >others
    evalm --tsv in >alone
    for also in "--rater rater2" "--against others"; do
        # shellcheck disable=SC2086
        evalm --tsv $also in >beside
        expect_text "$(cat alone)" "$(head -n "$(wc -l <alone)" beside)"
        [ "$(wc -l <beside)" -gt "$(wc -l <alone)" ]
        # shellcheck disable=SC2086
        expect_text "$(evalm in)" "$(evalm $also in | head -n "$(evalm in | wc -l)")"
    done
    evalm --min adjacent=1 --rater rater2 in
}

@test "--errors: the largest disagreements, largest first" {
    records score <<<$'1 2 1.6\n3 1 1.2\n3 2 2.4\n2 3 2.6\n1 1 1' | stream "$scale" >in
    expect_text '  largest disagreements
  id                        true          predicted     score
  r2                        3             1             1.200
  r1                        1             2             1.600
  r3                        3             2             2.400' "$(evalm --errors 3 in | tail -5)"
    expect_text '[["r2", "3", "1", 1.2], ["r1", "1", "2", 1.6], ["r3", "3", "2", 2.4], ["r4", "2", "3", 2.6]]' \
        "$(evalm --errors 100 --json in | python3 -c '
import json, sys; print(json.dumps([[e["id"], e["y"], e["pred"], e["score"]] for e in json.load(sys.stdin)["errors"]]))')"
}

@test "--ci: intervals that hold the figure, the same for one seed" {
    for i in {1..20}; do echo "$((i % 3 + 1)) $((i % 7 == 0 ? 1 : i % 3 + 1))"; done | records "" | stream "$scale" >in
    evalm --ci --json in >first
    expect_text "$(cat first)" "$(evalm --ci --json in)"
    [ "$(evalm --ci --seed 1 --json in)" != "$(cat first)" ]
    python3 - <<'END'
import json
r = json.load(open("first"))
assert r["intervals"]["resamples"] == 1000 and r["intervals"]["seed"] == 0
for name in ("accuracy", "qwk", "macro_f1", "mae"):
    low, high = r["intervals"][name]
    assert low <= r[name] <= high and low < high, (name, low, r[name], high)
assert r["intervals"]["log_loss"] is None
END
    expect_text '  (the middle 95 % of 200 bootstrap resamples, seed 5)' "$(evalm --ci --resamples 200 --seed 5 in | grep resamples)"
    [ "$(evalm --ci --tsv in | grep -cE '^accuracy_(low|high)')" -eq 2 ]
}

@test "--against: two models on the same records" {
    # of seven pairs only these are right in 1, only those in 5
    records "" <<<$'1 1\n2 1\n3 2\n2 3\n1 2\n3 1\n2 2\n3 3' | stream "$scale" >these
    records "" <<<$'1 1\n2 2\n3 3\n2 2\n1 1\n3 3\n2 3' | stream "$scale" >those
    evalm --against those these >out
    expect_text '  7 records are also in those, 1 are not
                                      these     those  difference
  accuracy                            0.286     0.857      -0.571' "$(grep -A2 'also in' out | cut -c1-65)"
    expect_text "  Only these are right: 1; only those: 5; McNemar's exact p = 0.219" "$(grep McNemar out)"
    evalm --against those --json these >json
    python3 - <<'END'
import json
r = json.load(open("json"))
a = r["against"]
assert (r["n"], a["n"], a["without_other"], a["only_these_right"], a["only_those_right"]) == (8, 7, 1, 1, 5), a
assert abs(a["mcnemar"] - 0.21875) < 1e-12                     # scipy.stats.binomtest(1, 6).pvalue
assert abs(a["difference"]["qwk"] - (a["these"]["qwk"] - a["those"]["qwk"])) < 1e-12
low, high = a["intervals"]["accuracy"]
assert low <= a["difference"]["accuracy"] <= high and low < high <= 0.2, a["intervals"]
END
    # a model against itself: every difference is nothing in every resample
    evalm --against these --json these | python3 -c '
import json, sys
a = json.load(sys.stdin)["against"]
assert a["mcnemar"] == 1 and a["intervals"]["qwk"] == [0, 0] and a["difference"]["accuracy"] == 0, a'
    expect_text "mcnemar 0.21875" "$(evalm --against those --tsv these | awk '/^mcnemar/ { printf "%s %.5f\n", $1, $2 }')"
    records "" <<<$'2 1' | stream "$scale" >wrong
    expect_status 3 evalm --against wrong these
    expect_text "evalm: record r1 has another label in wrong" "$stderr"
    cat these these >twice
    expect_status 3 evalm --against twice these
    expect_text "evalm: twice has record r1 twice: records are joined by id" "$stderr"
    sed 's/"id":"r/"id":"s/' lines | { cat; echo '{"end":1}'; } | show --pack >others
    expect_status 3 evalm --against others these
    expect_text "evalm: no record is in others: records are joined by id" "$stderr"
}

@test "--min: gates end with status 5, after the report" {
    ten >in
    expect_status 0 evalm --min qwk=0.3,accuracy=0.5 --min mae=0.5 in
    expect_text "" "$stderr"
    expect_status 5 evalm --min qwk=0.5,mae=0.4,accuracy=0.1 in
    expect_text 'evalm: warning: qwk is 0.4186: expected at least 0.5
evalm: warning: mae is 0.5000: expected at most 0.4' "$stderr"
    expect_text "$(evalm in)" "$output"
    expect_status 5 evalm --min log_loss=9 in
    expect_text 'evalm: warning: log_loss is undefined: expected at most 9' "$stderr"
    expect_status 2 evalm --min kapa=0.4 in
    expect_status 2 evalm --min qwk in
    expect_status 2 evalm --min qwk=high in
    records part <<<$'1 1 val\n2 2 test\n3 2 test' | stream "$scale" >parts
    expect_status 5 evalm --min accuracy=0.9 parts
    expect_text 'evalm: warning: test: accuracy is 0.5000: expected at least 0.9' "$stderr"
}

@test "a wide matrix goes below itself, a huge one into --json only" {
    for i in {1..12}; do echo "$i $i"; done | records "" | stream '"y":"integer","ordered":true' >in
    [ "$(COLUMNS=80 evalm in | grep -c '^  true')" -eq 2 ]
    [ "$(COLUMNS=160 evalm in | grep -c '^  true')" -eq 1 ]
    for i in {1..50}; do echo "$i $i"; done | records "" | stream '"y":"integer","ordered":true' >many
    evalm many | grep -qx '  The confusion matrix of 50 classes is not drawn; --json has it.'
}

@test "on a colour terminal the matrix is shaded; NO_COLOR is honoured" {
    ten >in
    TERM=xterm script -qec 'evalm in' /dev/null </dev/null >shaded
    grep -q $'\x1b\\[48;5;' shaded
    NO_COLOR=1 TERM=xterm script -qec 'evalm in' /dev/null </dev/null | tr -d '\r' >plain
    run ! grep -q $'\x1b' plain
    expect_text "$(evalm in)" "$(cat plain)"
    expect_text "$(cat plain)" "$(tr -d '\r' <shaded | sed 's/\x1b\[[0-9;]*m//g')"
}

@test "other streams, broken ones and bad probabilities are refused; writing is checked" {
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"none","trail":[]}' '{"id":"a","ids":[1]}' '{"end":1}' | show --pack >tokens
    expect_status 4 evalm tokens
    ten >in
    head -c -9 in >cut
    expect_status 4 evalm cut
    [ -z "$output" ]
    records prob <<<'1 1 [0.5,0.5]' | stream "$scale" >bad
    expect_status 4 evalm bad
    expect_text 'evalm: record r1 has 2 probabilities, but its header 3 classes' "$stderr"
    records prob <<<'1 1 [0.5,0.5,0.5]' | stream "$scale" >bad
    expect_status 4 evalm bad
    records prob <<<'1 1 [1.5,-0.5,0]' | stream "$scale" >bad
    expect_status 4 evalm bad
    expect_status 4 bash -c 'evalm </dev/null'
    expect_status 1 bash -c 'evalm in >/dev/full'
    expect_status 1 bash -c 'evalm --json in >/dev/full'
    expect_status 2 evalm --json --tsv in
    expect_status 2 evalm --errors 0 in
}
