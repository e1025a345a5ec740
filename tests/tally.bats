# tally: whole reports of a small stream whose counts can be made by hand.
load helper

# Eight records in two parts: a repeat within a part, a leak, a conflict of labels, an empty text, one without a label,
# one longer than the maximum length of 6, one with an unknown token (id 1 of the vocabulary made here).
eight() {
    mkdir -p model
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' a b c d >model/vocab.txt
    hash=$(sha256sum <model/vocab.txt | cut -d' ' -f1)
    show --pack <<END
{"rubric":1,"kind":"tokens","y":"integer","labels":[1,2,3],"ordered":true,"tokenizer":{"vocab":"$hash","size":9,"long":"head","max_length":6,"stride":2},"trail":[]}
{"id":"r1","y":2,"part":"train","ids":[2,5,6,3],"words":1,"full":4}
{"id":"r2","y":2,"part":"train","ids":[2,5,6,3],"words":1,"full":4}
{"id":"r3","y":1,"part":"val","ids":[2,5,6,3],"words":1,"full":4}
{"id":"r4","y":2,"part":"train","ids":[2,3],"words":0,"full":2}
{"id":"r5","part":"train","ids":[2,3],"words":0,"full":2}
{"id":"r6","y":1,"part":"val","ids":[2,5,5,5,5,3],"words":9,"full":11}
{"id":"r7","y":2,"part":"train","ids":[2,1,7,3],"words":2,"full":4}
{"id":"r8","y":2,"part":"train","ids":[2,8,3],"words":1,"full":3}
{"end":8}
END
}

@test "the whole report" {
    eight >in
    expect_status 0 tally -m model in
    expect_text '8 records of tokens, labels: integer

  class          train       val       all   share
  1                  0         2         2  28.6 %  ###########
  2                  5         0         5  71.4 %  ###########################
  3                  0         0         0   0.0 %  
  no label           1         0         1
  records            6         2         8
  baseline     100.0 %   100.0 %    71.4 %   accuracy of always guessing the largest class

  length         words    tokens
  least              0         2
  5 %                0         2
  25 %               0         2
  median             1         4
  75 %               1         4
  95 %               9        11
  most               9        11
  mean             1.9       4.2

  histogram         words                         tokens
  0                     2  ##########                  0  
  1                     4  ###################         0  
  2                     1  #####                       2  ##########
  3                     0                              1  #####
  4                     0                              4  ###################
  5                     0                              0  
  6                     0                              0  
  7                     0                              0  
  8                     0                              0  
  9                     1  #####                       0  
  10                    0                              0  
  11                    0                              1  #####

  longer than 6 tokens: 1 of 8 records (12.5 %)
  cut by --long head: 5 of 34 tokens (14.7 %)
  [UNK]: 1 of 29 tokens (3.448 %)
  empty: 2 records
  duplicates: 2 records repeat an earlier text
  LEAK: 1 texts stand in more than one part
  conflicts: 1 texts stand there with different labels
  (duplicates were looked for in 32.0 KiB of memory)' "$output"
    expect_text "" "$stderr"
}

@test "--json" {
    eight >in
    expect_text '{"n":8,"kind":"tokens","y":"integer","unlabelled":1,"majority":0.7142857142857143,"parts":[{"part":"train","n":6,"unlabelled":1,"majority":1.0},{"part":"val","n":2,"unlabelled":0,"majority":1.0}],"classes":[{"label":1,"n":2,"share":0.2857142857142857,"parts":[0,2]},{"label":2,"n":5,"share":0.7142857142857143,"parts":[5,0]},{"label":3,"n":0,"share":0.0,"parts":[0,0]}],"values":null,"words":{"n":8,"least":0,"p5":0,"p25":0,"median":1,"p75":1,"p95":9,"most":9,"mean":1.875},"tokens":{"n":8,"least":2,"p5":2,"p25":2,"median":4,"p75":4,"p95":11,"most":11,"mean":4.25},"histogram":[{"from":0,"words":2,"tokens":0},{"from":1,"words":4,"tokens":0},{"from":2,"words":1,"tokens":2},{"from":3,"words":0,"tokens":1},{"from":4,"words":0,"tokens":4},{"from":5,"words":0,"tokens":0},{"from":6,"words":0,"tokens":0},{"from":7,"words":0,"tokens":0},{"from":8,"words":0,"tokens":0},{"from":9,"words":1,"tokens":0},{"from":10,"words":0,"tokens":0},{"from":11,"words":0,"tokens":1}],"truncation":{"positions":6,"over":1,"kept":29,"cut":5,"unknown":1,"empty":2},"duplicates":{"records":2,"across_parts":1,"conflicting_labels":1,"memory":32768}}' \
        "$(tally --json -m model in)"
}

@test "--csv" {
    eight >in
    expect_text 'what,part,name,value
class,train,1,0
class,train,2,5
class,train,3,0
records,train,unlabelled,1
records,train,all,6
class,val,1,2
class,val,2,0
class,val,3,0
records,val,unlabelled,0
records,val,all,2
words,,least,0
words,,p5,0
words,,p25,0
words,,median,1
words,,p75,1
words,,p95,9
words,,most,9
tokens,,least,2
tokens,,p5,2
tokens,,p25,2
tokens,,median,4
tokens,,p75,4
tokens,,p95,11
tokens,,most,11
truncation,,over,1
truncation,,kept,29
truncation,,cut,5
truncation,,empty,2
truncation,,unknown,1
duplicates,,records,2
duplicates,,across_parts,1
duplicates,,conflicting_labels,1' "$(tally --csv -m model in)"
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"string","trail":[]}' '{"id":"a","y":"so, \"la\"","ids":[1]}' '{"end":1}' |
        show --pack | tally --csv | grep -qxF 'class,,"so, ""la""",1'
    printf '%s\n' '{"rubric":1,"kind":"tokens","y":"string","trail":[]}' '{"id":"a","y":"=1;2","ids":[1]}' '{"end":1}' | show --pack >odd
    expect_status 0 tally -q --csv odd
    expect_text 'class,,=1;2,1' "$(sed -n 2p <<<"$output")"
    expect_text 'tally: warning: 1 field begins like a formula: do not open this file in a spreadsheet (--spreadsheet writes one for it)' "$stderr"
    expect_text $'\xef\xbb\xbf"what";"part";"name";"value"
"class";;"\'=1;2";1' "$(tally -q --spreadsheet --decimal , odd | head -2)"
    expect_status 2 tally --spreadsheet --json odd
}

@test "--part, --no-duplicates, an unknown vocabulary" {
    eight >in
    expect_text '2 records of tokens, labels: integer' "$(tally --part val in | head -1)"
    expect_status 3 tally --part dev in
    expect_text "tally: no record is of part 'dev'" "$stderr"
    run ! grep -E 'duplicates|LEAK|conflict' <(tally --no-duplicates in)
    tally in | grep -qxF "  [UNK]: not counted, no vocabulary with this stream's hash is at hand (-m DIR names one)"
    expect_text 'null' "$(tally --json in | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["truncation"]["unknown"]))')"
}

@test "folds are parts; windows cut nothing; many numbers are a measure" {
    {
        echo '{"rubric":1,"kind":"tokens","y":"number","tokenizer":{"long":"windows","max_length":3},"trail":[]}'
        for i in {1..300}; do
            echo "{\"id\":\"$i\",\"y\":$i.5,\"fold\":$((i % 2)),\"ids\":[2,$i,3,2,8,3],\"win\":[0,3,6],\"words\":2,\"full\":4}"
        done
        echo '{"end":300}'
    } | show --pack >in
    tally in >out
    expect_text '  labels: a measure, 1.5 to 300.5, mean 151, standard deviation 86.75; 0 records have none' "$(sed -n 3p out)"
    grep -qx '  longer than 3 tokens: 300 of 300 records (100.0 %)' out
    grep -qx '  cut: nothing' out
    grep -qx '  no text stands in more than one part' out
    expect_text '["fold 1", "fold 0"]' "$(tally --json in | python3 -c '
import json, sys; print(json.dumps([p["part"] for p in json.load(sys.stdin)["parts"]]))')"
}

@test "vectors and predictions" {
    printf '%s\n' '{"rubric":1,"kind":"vectors","y":"string","dim":2,"layers":[1],"pool":"mean","trail":[]}' \
        '{"id":"a","y":"x","vec":[1.0,2.0]}' '{"id":"b","y":"x","vec":[1.0,2.0]}' '{"id":"c","vec":[1.0,2.5]}' '{"end":3}' |
        show --pack | tally >out
    expect_text '3 records of vectors, labels: string

  class            all   share
  x                  2 100.0 %  ###############################################
  no label           1
  records            3
  baseline     100.0 %   accuracy of always guessing x

  duplicates: 1 records repeat an earlier text
  (duplicates were looked for in 32.0 KiB of memory)' "$(cat out)"
    printf '%s\n' '{"rubric":1,"kind":"predictions","y":"integer","trail":[]}' '{"id":"a","y":1,"pred":2}' '{"end":1}' |
        show --pack | tally | run ! grep duplicates
}

@test "broken streams and failed writes are loud; bars on a terminal" {
    eight >in
    head -c -5 in >cut
    expect_status 4 tally cut
    [ -z "$output" ]
    expect_status 1 bash -c 'tally in >/dev/full'
    expect_status 1 bash -c 'tally --json in >/dev/full'
    expect_status 2 tally --json --csv in
    TERM=xterm script -qec 'tally in' /dev/null </dev/null | grep -q $'\x1b\\[34m█'
}
