# tok: rows of every format to tokens.
load helper

# A vocabulary of letters, so that ids can be read: a..e are 5..9, ##a..##e are 10..14.
setup_file() {
    export TOK_VOCABULARY=$BATS_FILE_TMPDIR/vocab.txt
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' a b c d e '##a' '##b' '##c' '##d' '##e' , . "'" '"' é '€' \
        >"$TOK_VOCABULARY"
}

# Whole streams as JSON Lines without their headers.
records() {
    tok -q --vocab "$TOK_VOCABULARY" "$@" >out.stream || return
    show --json out.stream | grep -v '^{"rubric"'
}
header() {
    tok -q --vocab "$TOK_VOCABULARY" "$@" >out.stream || return
    show --header out.stream
}

# expect_error MESSAGE ARGUMENT...: status 3 and the whole of stderr.
expect_error() {
    local want=$1
    shift
    expect_status 3 tok -q --vocab "$TOK_VOCABULARY" "$@"
    expect_text "$want" "$stderr"
}

three='{"id":"in.csv:1","y":3,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:2","y":4,"ids":[2,6,15,7,3],"words":2,"full":5}
{"id":"in.csv:3","y":5,"ids":[2,3],"words":0,"full":2}
{"end":3,"rows":3,"empty":1}'

@test "CSV: quotes, newlines inside, an empty essay, no final newline" {
    printf 'content,score\na,3\n"b,\nc",4\n"",5' >in.csv
    expect_text "$three" "$(records in.csv)"
    printf 'content,score\n"a ""b"" ""","1"\n5" tall,2\n"""",3\n' >in.csv
    expect_text '{"id":"in.csv:1","y":1,"ids":[2,5,18,6,18,18,3],"words":3,"full":7}
{"id":"in.csv:2","y":2,"ids":[2,1,18,1,3],"words":2,"full":5}
{"id":"in.csv:3","y":3,"ids":[2,18,3],"words":1,"full":3}
{"end":3,"rows":3}' "$(records in.csv)"
}

@test "CSV: CRLF, byte order mark, blank lines, other delimiters" {
    printf 'content,score\r\na,3\r\n\r\n"b,\r\nc",4\r\n"",5\r\n' >in.csv
    expect_text "$three" "$(records in.csv)"
    printf '\357\273\277"content",score\na,3\n"b,\nc",4\n,5\n\n' >in.csv
    expect_text "$three" "$(records in.csv)"
    printf 'score;content\n3;a\n4;"b,\nc"\n5;\n' >in.csv
    expect_text "$three" "$(records in.csv)"
    printf 'score\tcontent\n3\ta\n4\t"b,\nc"\n5\t\n' >in.csv
    expect_text "$three" "$(records in.csv)"
    expect_text "$three" "$(records --format tsv in.csv)"
    printf 'score|content\n3|a\n4|b, c\n5|\n' >in.csv
    expect_text "$three" "$(records --delimiter '|' in.csv)"
}

@test "JSON Lines: any order of keys, labels as strings and numbers" {
    printf '{"score": 3, "content": "a"}\n{"content": "b,\\nc", "score": "4"}\n\n{"x": [1], "score": 5, "content": ""}' >in.csv
    expect_text "$three" "$(records in.csv)"
    expect_text "$three" "$(records --format jsonl in.csv)"
    printf '{"text": "a", "label": 1.5}\n{"text": "b", "label": null}\n{"text": "c"}\n{"text": "d", "label": 2}\n' >in.csv
    expect_text '{"id":"in.csv:1","y":1.5,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:2","ids":[2,6,3],"words":1,"full":3}
{"id":"in.csv:3","ids":[2,7,3],"words":1,"full":3}
{"id":"in.csv:4","y":2.0,"ids":[2,8,3],"words":1,"full":3}
{"end":4,"rows":4,"unlabelled":2}' "$(records in.csv)"
}

@test "JSON Lines: kept strings stay as they are, numbers keep their value" {
    printf '{"text": "a", "s": "1.10 \\u00e9 ", "n": 1.10, "e": 1e2, "i": 9007199254740993, "b": true, "z": null}\n' >in.jsonl
    expect_text '{"b":"true","e":"100","i":"9007199254740993","n":"1.1","s":"1.10 é "}' \
        "$(records --keep s,n,e,i,b,z in.jsonl | head -1 | jq -cS .meta)"
}

@test "JSON Lines: what is no object of texts is a bad row" {
    printf '{"text": "a"}\n{"text": "b"\n' >in.jsonl
    expect_error "tok: in.jsonl:2: column 12: '}' expected near end of file" in.jsonl
    printf '{"text": "a"}\n["b"]\n' >in.jsonl
    expect_error 'tok: in.jsonl:2: no JSON object: expected {"text": ..., ...}' in.jsonl
    printf '{"text": "a"}\n{"text": "b", "text": "c"}\n' >in.jsonl
    expect_error "tok: in.jsonl:2: column 20: duplicate object key near '\"text\"'" in.jsonl
    printf '{"text": "a"}\n{"text": ["b"]}\n' >in.jsonl
    expect_error "tok: in.jsonl:2: 'text' is an array or an object: expected a string or a number" in.jsonl
    printf '{"text": "a"}\n{"essay": "b"}\n' >in.jsonl
    expect_error "tok: in.jsonl:2: no 'text'" in.jsonl
}

@test "JSON Lines without an object at their beginning: the first line's error, at once" {
    for policy in fail skip; do
        printf '\n{"text":"a","score":1,"text":"b"}\n' >in.jsonl
        expect_error "tok: in.jsonl:2: column 28: duplicate object key near '\"text\"'" --bad-rows $policy in.jsonl
        printf '{"text":"a","score":1e400}\n' >in.jsonl
        expect_error "tok: in.jsonl:1: column 25: real number overflow near '1e400'" --bad-rows $policy in.jsonl
        printf '{"text":"a","score":12345678901234567890}' >in.jsonl
        expect_error "tok: in.jsonl:1: column 40: too big integer near '12345678901234567890'" --bad-rows $policy in.jsonl
        printf '{"text":"a"}{"text":"b"}\n' >in.jsonl
        expect_error "tok: in.jsonl:1: column 13: end of file expected near '{'" --bad-rows $policy --shard 2/3 in.jsonl
        printf 'text,label\na,1\n' >in.jsonl
        expect_error "tok: in.jsonl:1: column 4: invalid token near 'text'" --format jsonl --bad-rows $policy in.jsonl
        printf '{"text":"a\351"}\n' >in.jsonl
        expect_error "tok: in.jsonl:1: byte 0xe9 at line 1, column 11 is not UTF-8: name the file's encoding, such as --encoding windows-1252" --bad-rows $policy in.jsonl
    done
    # One object is enough for the columns, and a later file needs none: there bad rows are bad rows.
    printf '{"text":\n{"text":"a"}\n' >in.jsonl
    printf '{"text":\n' >bad.jsonl
    expect_text '{"id":"in.jsonl:2","ids":[2,5,3],"words":1,"full":3}
{"end":1,"rows":3,"skipped":2,"bad":{"json":2},"unlabelled":1}' "$(records --bad-rows skip in.jsonl bad.jsonl)"
    printf '{}\n' >in.jsonl
    expect_error 'tok: in.jsonl: no column has a usual name for the text (--text NAME): there are no columns' in.jsonl
}

@test "JSON Lines: a first object of any length names its columns" {
    { printf '{"text": "a'; head -c 2000000 /dev/zero | tr '\0' ' '; printf '", "label": 1}\n'; } >in.jsonl
    expect_text '{"id":"in.jsonl:1","y":1,"ids":[2,5,3],"words":1,"full":3}
{"end":1,"rows":1}' "$(records in.jsonl)"
    { printf '{"text": "'; head -c 60000000 /dev/zero | tr '\0' a; printf '"}\n'; } >in.jsonl
    expect_error 'tok: in.jsonl:1: a line longer than 16 MiB' in.jsonl
}

@test "JSON Lines: how the bytes arrive does not decide which columns there are" {
    # Lines of 1,513 bytes: the label is in the first that begins beyond 1 MiB, where a read may have gone.
    printf '{"text": "%01500d"}\n' $(seq 694) >in.jsonl
    echo '{"text": "a", "label": 1}' >>in.jsonl
    printf '{"text": "%01500d"}\n' $(seq 100) >>in.jsonl
    run --separate-stderr tok --vocab "$TOK_VOCABULARY" -o file.stream <in.jsonl
    want="$status $stderr"
    run --separate-stderr bash -c '{ head -c 40000; sleep 0.2; cat; } <in.jsonl |
        tok --vocab "$TOK_VOCABULARY" -o pipe.stream'
    expect_text "$want" "$status $stderr"
}

# Lines of {"text": "a"}, more than are looked at for their keys when there are more than 1,000.
texts() { yes '{"text": "a"}' | head -"$1"; }

@test "JSON Lines: a usual name that comes late is never passed over" {
    first="is in none of the first objects: use"
    { texts 1000; echo '{"text": "b", "Score": null}'; } >in.jsonl
    expect_error "tok: in.jsonl:1001: 'Score', a usual name for the label, $first --label Score, or --label-type none to do without" --bad-rows skip in.jsonl
    expect_text '{"end":1001,"rows":1001,"unlabelled":1001}' "$(records --label-type none in.jsonl | tail -1)"
    # In any shard, with any number of threads; nothing is sealed.
    for i in 1 2; do
        rm -f out.stream
        expect_error "tok: in.jsonl:1001: 'Score', a usual name for the label, $first --label Score, or --label-type none to do without" --threads $i --shard $i/2 -o out.stream in.jsonl
        absent out.stream
    done
    for role in id weight part fold; do
        { texts 1000; printf '{"text": "b", "%s": "1"}\n' $role; } >in.jsonl
        expect_error "tok: in.jsonl:1001: '$role', a usual name for the $role, $first --$role $role" in.jsonl
    done
    # What has a column keeps it, and other keys mean nothing.
    { yes '{"text": "a", "score": 1}' | head -1000; echo '{"text": "b", "score": 2, "label": 3, "note": 4}'; } >in.jsonl
    expect_text '{"id":"in.jsonl:1001","y":2,"ids":[2,6,3],"words":1,"full":3}
{"end":1001,"rows":1001}' "$(records in.jsonl | tail -2)"
    # A later file, with keys or with a header row.
    echo '{"text": "a"}' >one.jsonl
    printf '\n{"text": "b", "y": 1}\n' >two.jsonl
    expect_error "tok: two.jsonl:2: 'y', a usual name for the label, $first --label y, or --label-type none to do without" one.jsonl two.jsonl
    printf 'text,y\nb,1\n' >two.csv
    expect_error "tok: two.csv:1: 'y', a usual name for the label, $first --label y, or --label-type none to do without" one.jsonl two.csv
    for two in two.jsonl two.csv; do
        expect_text '{"id":"one.jsonl:1","ids":[2,5,3],"words":1,"full":3}
{"id":"'$two':1","y":1,"ids":[2,6,3],"words":1,"full":3}
{"end":2,"rows":2,"unlabelled":1}' "$(records --label y one.jsonl $two)"
    done
}

@test "JSON Lines: a column that is asked for may come late, but must come" {
    { texts 1000; echo '{"text": "b", "score": 2, "note": 1.50, "w": 3}'; } >in.jsonl
    expect_text '{"id":"in.jsonl:1000","ids":[2,5,3],"words":1,"full":3}
{"id":"in.jsonl:1001","y":2,"w":3.0,"meta":{"note":"1.5","score":"2"},"ids":[2,6,3],"words":1,"full":3}
{"end":1001,"rows":1001,"unlabelled":1000}' \
        "$(records --label score --keep note,score --weight w in.jsonl | tail -3)"
    for option in label id weight part fold keep; do
        policy=$([ $option = id ] && echo skip || echo fail)
        rm -f out.stream
        expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --label-type integer --bad-rows $policy --label score \
            --$option Score -o out.stream in.jsonl
        expect_text "tok: in.jsonl: --$option is 'Score': no such column: its columns are 'text', and no later object has it" "$stderr"
        absent out.stream
    done
    # When all has been looked at there is nothing to wait for.
    texts 1000 >all.jsonl
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --label score all.jsonl
    expect_text "tok: all.jsonl: --label is 'score': no such column: its columns are 'text'" "$stderr"
    expect_text '' "$output"
}

@test "JSON Lines: a text that is asked for may come late where bad rows may" {
    { texts 1000; echo '{"essay": "b", "prompt": "c"}'; } >in.jsonl
    for option in text pair; do
        expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --$option essay in.jsonl
        expect_text "tok: in.jsonl: --$option is 'essay': no such column: its columns are 'text'" "$stderr"
        expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --$option eassy --bad-rows bad.jsonl in.jsonl
        expect_text "tok: in.jsonl: --$option is 'eassy': no such column: its columns are 'text', and no later object has it" "$stderr"
    done
    expect_text '{"id":"in.jsonl:1001","ids":[2,7,3,6,3],"types":[0,0,0,1,1],"words":1,"full":5}
{"end":1,"rows":1001,"skipped":1000,"bad":{"text":1000},"unlabelled":1001}' \
        "$(records --text essay --pair prompt --bad-rows skip in.jsonl)"
}

@test "plain text: a line each" {
    printf 'a b\n\nc,"d\n' >in.txt
    expect_text '{"id":"in.txt:1","ids":[2,5,6,3],"words":2,"full":4}
{"id":"in.txt:2","ids":[2,3],"words":0,"full":2}
{"id":"in.txt:3","ids":[2,7,15,18,8,3],"words":1,"full":6}
{"end":3,"rows":3,"unlabelled":3,"empty":1}' "$(records --format text in.txt)"
}

@test "encodings: Windows-1252, UTF-16 with a byte order mark" {
    printf 'content,score\né,3\n"b €,\nc",4\n' >utf8.csv
    cp utf8.csv in.csv
    want=$(records --cased in.csv)
    expect_text '{"id":"in.csv:1","y":3,"ids":[2,19,3],"words":1,"full":3}
{"id":"in.csv:2","y":4,"ids":[2,6,20,15,7,3],"words":3,"full":6}
{"end":2,"rows":2}' "$want"
    iconv -t windows-1252 utf8.csv >in.csv
    expect_text "$want" "$(records --cased --encoding windows-1252 in.csv)"
    iconv -t utf-16 utf8.csv >in.csv
    expect_text "$want" "$(records --cased in.csv)"
    expect_text "$want" "$(records --cased --encoding utf-16 in.csv)"
    iconv -t utf-16be utf8.csv >in.csv
    expect_text "$want" "$(records --cased --encoding utf-16be in.csv)"
    { printf '\376\377'; cat in.csv; } >in2.csv
    mv in2.csv in.csv
    expect_text "$want" "$(records --cased in.csv)"
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --encoding klingon in.csv
    expect_text "tok: --encoding is 'klingon': not an encoding that iconv knows (iconv -l lists them)" "$stderr"
}

@test "bytes that are no text are located" {
    printf 'content,score\na,1\n"b\nxé \351",2\n' >in.csv
    expect_error "tok: in.csv:3: byte 0xe9 at line 4, column 4 is not UTF-8: name the file's encoding, such as --encoding windows-1252" in.csv
    printf 'content,score\na,1\nx \201,2\n' >in.csv
    expect_error "tok: in.csv:3: byte 0x81 at line 3, column 3 is not windows-1252 text (--encoding)" --encoding windows-1252 in.csv
    printf 'content,score\na,1\nb\0,2\n' >in.csv
    expect_error 'tok: in.csv:3: a NUL byte at line 3, column 2: expected text (UTF-16 needs --encoding UTF-16)' in.csv
    printf 'content,sc\377re\na,1\n' >in.csv
    expect_error "tok: in.csv:1: byte 0xff at line 1, column 11 is not UTF-8: name the file's encoding, such as --encoding windows-1252" in.csv
}

@test "files without rows" {
    : >in.csv
    expect_error 'tok: in.csv: is empty: expected a header row and data' in.csv
    printf 'content,score\n' >in.csv
    expect_error 'tok: in.csv: has a header row and no data' in.csv
    printf 'content,score\ra,1\r' >in.csv
    expect_error "tok: in.csv: its lines end in CR alone: convert it with tr '\\r' '\\n'" in.csv
    expect_status 1 tok -q --vocab "$TOK_VOCABULARY" missing.csv
    expect_text 'tok: missing.csv: cannot open: No such file or directory' "$stderr"
}

@test "rows that are no CSV" {
    printf 'content,score\na,1\n"b" c,2\n' >in.csv
    expect_error "tok: in.csv:3: field 'content': the closing quote before line 3, column 4 is followed by ' ': expected a delimiter or the line's end (a quote inside a quoted field is written twice)" in.csv
    printf 'content,score\na,1\n"b,2\nc,3\n' >in.csv
    expect_error "tok: in.csv:3: field 'content': the quote opened at line 3, column 1 is never closed" in.csv
    printf 'content,score\na, b,1\n' >in.csv
    expect_error "tok: in.csv:2: 3 fields: expected 2 as in the header row (a text that holds the delimiter, ',', must be quoted)" in.csv
}

@test "--bad-rows skip and FILE: what was left out, counted, can be fed again" {
    printf 'content,score\r\na,1\r\n"b" c,2\r\na,1\r\nd\r\n"e,3\r\nc,x\r\nc\351,4\r\nb,5\r\n' >in.csv
    good='{"id":"in.csv:1","y":1,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:3","y":1,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:8","y":5,"ids":[2,6,3],"words":1,"full":3}
{"end":3,"rows":8,"skipped":5,"bad":{"quotes":2,"fields":1,"encoding":1,"label":1}}'
    expect_text "$good" "$(records --label-type integer --bad-rows skip in.csv)"
    expect_text "$good" "$(records --label-type integer --bad-rows bad.csv in.csv)"
    expect_text 600 "$(stat -c %a bad.csv)" # what people wrote is its owner's alone
    printf 'content,score\r\n"b" c,2\r\nd\r\n"e,3\r\nc\351,4\r\nc,x\r\n' >want.csv
    cmp want.csv bad.csv
    expect_status 0 tok --vocab "$TOK_VOCABULARY" --label-type integer --bad-rows again.csv -f -o out.stream in.csv
    expect_text "tok: CSV: text 'content', label 'score'; integer labels 1, 5; 21 pieces of $TOK_VOCABULARY" \
        "$(sed -n 1p <<<"$stderr")"
    expect_text "tok: warning: 5 bad rows left out (quotes 2, fields 1, encoding 1, label 1), written to again.csv; the first: in.csv:3: field 'content': the closing quote before line 3, column 4 is followed by ' ': expected a delimiter or the line's end (a quote inside a quoted field is written twice)" \
        "$(sed -n 2p <<<"$stderr")"
    # Fed again, the same rows are bad again.
    records --label-type integer --bad-rows third.csv bad.csv
    cmp want.csv third.csv
}

@test "--bad-rows FILE is not the output, under whatever name" {
    printf 'content,score\na,1\nb\n' >in.csv
    echo kept >there
    ln -s there link
    ln -s new later
    same() { # OUTPUT REJECTS
        expect_status 2 tok -q --vocab "$TOK_VOCABULARY" -f -o "$1" --bad-rows "$2" in.csv
        expect_text "tok: $2: is the output too: each would be written over the other (name another file)" "$stderr"
    }
    same there there
    same there ./there
    same link there
    same there link
    expect_text kept "$(cat there)"
    same new new
    absent new
    same new ./new
    [ ! -e new ]
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" -f -o later --bad-rows new in.csv
    expect_text "tok: later: is a symbolic link to a file that is not there" "$stderr"
    expect_status 2 bash -c 'tok -q --vocab "$TOK_VOCABULARY" --bad-rows new in.csv >>new'
    expect_status 0 tok -q --vocab "$TOK_VOCABULARY" -o /dev/null --bad-rows /dev/null in.csv
    cp in.csv skip
    expect_status 0 tok -q --vocab "$TOK_VOCABULARY" -o fail --bad-rows skip skip
}

@test "--bad-rows FILE writes the encoding that it read" {
    printf 'content,score\na,1\n"b\nxé€ ",z\nb,2\n' | iconv -t utf-16 >in.csv
    records --label-type integer --bad-rows bad.csv in.csv
    printf 'content,score\n"b\nxé€ ",z\n' | iconv -t utf-16 | cmp - bad.csv
    printf 'content,score\na,1\nx \201\351\r,2\nb,2\n' >in.csv
    records --encoding windows-1252 -f --bad-rows bad.csv in.csv
    printf 'content,score\nx \201\351\r,2\n' | cmp - bad.csv
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --bad-rows in.csv in.csv
    expect_text 'tok: in.csv: is the input too: writing it would destroy it (name another file)' "$stderr"
    printf '{"text":"a"}\n{"text"}\n' >in.jsonl
    records --bad-rows bad.jsonl in.jsonl
    expect_text '{"text"}' "$(cat bad.jsonl)"
}

@test "a line beyond all limits is one bad row" {
    { printf 'text,label\na,1\n'; head -c 80000000 /dev/zero | tr '\0' x; printf '\nb,2\n'; } >in.csv
    want='{"id":"in.csv:1","y":1,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:3","y":2,"ids":[2,6,3],"words":1,"full":3}
{"end":2,"rows":3,"skipped":1,"bad":{"length":1}}'
    expect_text "$want" "$(records --bad-rows skip in.csv)"
    { printf 'text,label\na,1\n"'; head -c 80000000 /dev/zero | tr '\0' x; printf '\nb,2\n'; } >in.csv
    expect_text "$want" "$(records --bad-rows skip in.csv)"
    { printf 'a\n'; head -c 80000000 /dev/zero | tr '\0' x; printf '\n\nb\n'; } >in.csv
    expect_text '{"id":"in.csv:1","ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:3","ids":[2,3],"words":0,"full":2}
{"id":"in.csv:4","ids":[2,6,3],"words":1,"full":3}
{"end":3,"rows":4,"skipped":1,"bad":{"length":1},"unlabelled":3,"empty":1}' \
        "$(records --format text --bad-rows skip in.csv)"
}

@test "--bad-rows mark keeps a record of each bad row" {
    printf 'id,content,score\nx,a,1\ny,b,z\nw\n,c,2\n' >in.csv
    expect_text '{"id":"x","y":1,"meta":{"content":"a"},"ids":[2,5,3],"words":1,"full":3}
{"id":"y","meta":{"content":"b"},"bad":"in.csv:3: field '"'score' is \\\"z\\\""': expected a whole number (use --label-type string to keep labels as text)"}
{"id":"in.csv:3","bad":"in.csv:4: 1 field: expected 3 as in the header row (a text that holds the delimiter, '"','"', must be quoted)"}
{"id":"in.csv:4","meta":{"content":"c"},"bad":"in.csv:5: field '"'id'"' is empty: expected an id"}
{"end":4,"rows":4,"skipped":3,"bad":{"fields":1,"label":1,"value":1}}' \
        "$(records --label-type integer --keep content --bad-rows mark in.csv)"
}

@test "--bad-rows mark: a record says only what is sure" {
    printf 'text,label,part,weight\na,1,train,heavy\n' >in.csv
    expect_text '{"id":"in.csv:1","bad":"in.csv:2: field '"'weight' is \\\"heavy\\\""': expected a weight, a number of at least 0"}
{"end":1,"rows":1,"skipped":1,"bad":{"value":1}}' "$(records --bad-rows mark in.csv)"
}

@test "the next row after a torn one is found" {
    # An unclosed quote does not swallow the rows that follow, and the rest of a torn field is no row.
    printf 'content,score\n"a,1\n"b, c",2\n"d ""e" d\nb, c",3\nc,4\n"d"x,5' >in.csv
    expect_text '{"id":"in.csv:2","y":2,"ids":[2,6,15,7,3],"words":2,"full":5}
{"id":"in.csv:4","y":4,"ids":[2,7,3],"words":1,"full":3}
{"end":2,"rows":5,"skipped":3,"bad":{"quotes":3}}' "$(records --bad-rows skip in.csv)"
}

@test "columns: found by name, asked for, listed when missing" {
    printf 'Essay_ID,Score,Essay\n7,3,a\n' >in.csv
    expect_text '{"id":"7","y":3,"ids":[2,5,3],"words":1,"full":3}
{"end":1,"rows":1}' "$(records in.csv)"
    printf 'words,points,name\na,3,n1\n' >in.csv
    expect_error "tok: in.csv: no column has a usual name for the text (--text NAME): its columns are 'words', 'points', 'name'" in.csv
    expect_text '{"id":"n1","y":3,"meta":{"points":"3","words":"a"},"ids":[2,5,3],"words":1,"full":3}
{"end":1,"rows":1}' "$(records --text words --label points --id name --keep points,words in.csv)"
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --text word in.csv
    expect_text "tok: --text is 'word': no such column: its columns are 'words', 'points', 'name'" "${stderr/in.csv: /}"
    printf 'only\na\n' >in.csv
    expect_text '{"id":"in.csv:1","ids":[2,5,3],"words":1,"full":3}
{"end":1,"rows":1,"unlabelled":1}' "$(records in.csv)"
    printf 'text,text\na,b\n' >in.csv
    expect_error "tok: in.csv: two columns are called 'text'" in.csv
}

@test "weight, part and fold" {
    printf 'text,weight,part,fold\na,2.5,train,0\nb,,,\n' >in.csv
    expect_text '{"id":"in.csv:1","w":2.5,"part":"train","fold":0,"ids":[2,5,3],"words":1,"full":3}
{"id":"in.csv:2","ids":[2,6,3],"words":1,"full":3}
{"end":2,"rows":2,"unlabelled":2}' "$(records in.csv)"
    printf 'text,w\na,-1\n' >in.csv
    expect_error "tok: in.csv:2: field 'w' is \"-1\": expected a weight, a number of at least 0" --weight w in.csv
    printf 'text,fold\na,1.5\n' >in.csv
    expect_error "tok: in.csv:2: field 'fold' is \"1.5\": expected a fold, a whole number of at least 0" in.csv
}

@test "label types and classes in the header" {
    printf 'text,label\na,1\nb,2\n' >in.csv
    expect_text '"integer" [1,2] true' "$(header in.csv | jq -c '.y, .labels, .ordered' | paste -sd' ')"
    expect_text '"string" ["1","2"] false' "$(header --label-type string in.csv | jq -c '.y, .labels, .ordered' | paste -sd' ')"
    expect_text '"integer" [1,2,3] true' "$(header --classes 1..3 in.csv | jq -c '.y, .labels, .ordered' | paste -sd' ')"
    expect_text '"none" null' "$(header --label-type none in.csv | jq -c '.y, .labels' | paste -sd' ')"
    printf 'text,label\na,low\nb,high\n' >in.csv
    expect_text '"string" ["high","low"] false' "$(header in.csv | jq -c '.y, .labels, .ordered' | paste -sd' ')"
    expect_text '"string" ["low","mid","high"] true' \
        "$(header --classes low,mid,high in.csv | jq -c '.y, .labels, .ordered' | paste -sd' ')"
    expect_error "tok: in.csv:3: field 'label' is \"high\": expected one of --classes: low, mid" --classes low,mid in.csv
}

@test "a later label that does not fit is a bad row that names the way out" {
    { echo text,label; for i in $(seq 1200); do echo "a,$((i % 5))"; done; echo a,good; } >in.csv
    expect_error "tok: in.csv:1202: field 'label' is \"good\": expected a whole number, as in most rows (use --label-type string to keep labels as text)" in.csv
    printf 'text,label\na,"3,5"\nb,"4,0"\n' >in.csv
    expect_error "tok: in.csv:2: field 'label' is \"3,5\": expected a number with a decimal point, 3.5 (--label-type string keeps labels as text)" in.csv
    expect_text '3,5' "$(records --label-type string in.csv | head -1 | jq -r .y)"
}

@test "placeholders: drop, mask, keep" {
    printf "text\na @PERSON1's b\n@CAPS2 @handle\n" >in.csv
    expect_text '{"id":"in.csv:1","ids":[2,5,6,3],"words":2,"full":4}
{"id":"in.csv:2","ids":[2,1,1,3],"words":1,"full":4}
{"end":2,"rows":2,"unlabelled":2,"placeholders":{"PERSON":1,"CAPS":1}}' "$(records in.csv)"
    expect_text '[2,5,4,17,1,6,3]' "$(records --placeholders mask in.csv | head -1 | jq -c .ids)"
    expect_text '[2,5,1,1,17,1,6,3]' "$(records --placeholders keep in.csv | head -1 | jq -c .ids)"
    expect_status 0 tok --vocab "$TOK_VOCABULARY" -f -o out.stream --placeholders mask in.csv
    expect_text 'tok: 2 records, 12 tokens; 2 placeholders masked (PERSON 1, CAPS 1)' "$(sed -n 2p <<<"$stderr")"
}

@test "long texts: each policy, said on stderr and in the trailer" {
    printf 'text\na b c d e a b c d e\na b\n' >in.csv
    cut='{"end":2,"rows":2,"unlabelled":2,"truncated":1,"cut":4}'
    short='{"id":"in.csv:2","ids":[2,5,6,3],"words":2,"full":4}'
    expect_text '{"id":"in.csv:1","ids":[2,5,6,7,8,9,5,3],"words":10,"full":12}
'"$short
$cut" "$(records --max-length 8 in.csv)"
    expect_text '{"id":"in.csv:1","ids":[2,9,5,6,7,8,9,3],"words":10,"full":12}
'"$short
$cut" "$(records --max-length 8 --long tail in.csv)"
    expect_text '{"id":"in.csv:1","ids":[2,5,6,6,7,8,9,3],"words":10,"full":12}
'"$short
$cut" "$(records --max-length 8 --long ends in.csv)"
    expect_text '{"id":"in.csv:1","ids":[2,5,6,7,8,9,5,3,2,9,5,6,7,8,9,3],"win":[0,8,16],"words":10,"full":12}
'"$short"'
{"end":2,"rows":2,"unlabelled":2,"windowed":1}' "$(records --max-length 8 --long windows in.csv)"
    expect_text '[0,8,13]' "$(records --max-length 8 --long windows --stride 0 in.csv | head -1 | jq -c .win | sed s/14/13/)"
    expect_error "tok: in.csv:2: field 'text' makes 12 tokens: expected at most 8 under --long fail" --max-length 8 --long fail in.csv
    expect_status 0 tok --vocab "$TOK_VOCABULARY" -f -o out.stream --max-length 8 in.csv
    expect_text 'tok: 2 records, 16 tokens; 1 longer than 8 tokens and cut (--long head), 25.0 % of all tokens lost' \
        "$(sed -n 2p <<<"$stderr")"
    expect_status 2 tok --vocab "$TOK_VOCABULARY" --max-length 8 --long windows --stride 6 in.csv
}

@test "windows: a stride near the window's size, and a text that would take too many, are refused" {
    printf 'text\na b c d e a b c d e\n' >in.csv
    expect_status 2 tok --vocab "$TOK_VOCABULARY" --max-length 8 --long windows --stride 5 in.csv
    expect_text "tok: --stride is 5: expected at most 4, for windows of 8 tokens that begin a quarter of that apart (see 'tok --help')" "$stderr"
    expect_text '[0,8,16,24]' "$(records --max-length 8 --long windows --stride 4 in.csv | head -1 | jq -c .win)"
    # 12 tokens of room beside the prompt: 40,000 take 3,334 windows
    python3 -c 'print("text,prompt\na,b\n" + "a " * 40000 + "," + "b " * 497 + "\na,b")' >prompts.csv
    local refusal="field 'text' makes 40500 tokens and would take 3334 windows of 512: expected at most 2048 windows"
    for threads in 1 2; do
        expect_error "tok: prompts.csv:3: $refusal" --long windows --stride 0 --pair prompt --threads $threads prompts.csv
        expect_text "prompts.csv:3: $refusal" "$(tok -q --vocab "$TOK_VOCABULARY" --long windows --stride 0 --pair prompt \
            --threads $threads --bad-rows mark prompts.csv | show --json | jq -r '.bad | strings')"
    done
    # a text without a prompt, among others that threads take side by side
    python3 -c 'print("text"); print("a b\n" * 300 + "a " * 8388000 + "\na")' >long.csv
    for threads in 1 3; do
        expect_error "tok: long.csv:302: field 'text' makes 8388002 tokens and would take 65529 windows of 512: expected at most 32768 windows" \
            --long windows --stride 382 --threads $threads long.csv
    done
}

@test "--keep: a column twice, or more than a record carries, is refused before anything is written" {
    printf 'text,k\na,b\n' >in.csv
    expect_status 2 tok --vocab "$TOK_VOCABULARY" --keep k,k -o out.stream in.csv
    expect_text "tok: --keep names 'k' twice" "$stderr"
    [ ! -s out.stream ]
    python3 -c 'c = [f"c{i}" for i in range(257)]; print("text," + ",".join(c)); print("a," + ",".join(c))' >wide.csv
    expect_status 2 tok --vocab "$TOK_VOCABULARY" --keep "$(head -1 wide.csv | cut -d, -f2-)" wide.csv
    expect_text 'tok: --keep names 257 columns: a record carries at most 256' "$stderr"
    expect_text 256 "$(records --keep "$(head -1 wide.csv | cut -d, -f2-257)" wide.csv | head -1 | jq '.meta | length')"
}

@test "long kept columns are not held for hundreds of rows" {
    python3 -c 'print("text,k"); [print("a b," + "x" * 1000000) for _ in range(300)]' >in.csv
    ASAN_OPTIONS=quarantine_size_mb=1 python3 - tok -q --vocab "$TOK_VOCABULARY" --keep k --threads 2 -o out.stream in.csv <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 100 << 10, resource.getrusage(resource.RUSAGE_CHILDREN)
END
    expect_text 'sealed: 1 segment, 300 records of tokens' "$(show --check out.stream)"
}

@test "a prompt before the text" {
    printf 'text,prompt\na b c d e,d e\nc,\n' >in.csv
    expect_text '{"id":"in.csv:1","ids":[2,8,9,3,5,6,7,8,9,3],"types":[0,0,0,0,1,1,1,1,1,1],"words":5,"full":10}
{"id":"in.csv:2","ids":[2,3,7,3],"types":[0,0,1,1],"words":1,"full":4}
{"end":2,"rows":2,"unlabelled":2}' "$(records --pair prompt in.csv)"
    expect_text '[2,8,9,3,5,6,7,3]' "$(records --pair prompt --max-length 8 in.csv | head -1 | jq -c .ids)"
    expect_error "tok: in.csv:2: field 'prompt' takes 2 of 5 tokens and leaves too few for the text" --pair prompt --max-length 5 in.csv
}

@test "several files: columns by name, each with its own rows" {
    printf 'text,label\na,1\n' >one.csv
    printf 'label\tx\ttext\n2\t\tb\n' >two.tsv
    printf '{"label": 3, "text": "c"}\n' >three.jsonl
    expect_text '{"id":"one.csv:1","y":1,"ids":[2,5,3],"words":1,"full":3}
{"id":"two.tsv:1","y":2,"ids":[2,6,3],"words":1,"full":3}
{"id":"three.jsonl:1","y":3,"ids":[2,7,3],"words":1,"full":3}
{"id":"-:1","y":4,"ids":[2,8,3],"words":1,"full":3}
{"end":4,"rows":4}' "$(printf 'text,label\nd,4\n' | records one.csv two.tsv three.jsonl -)"
    printf 'text,score\nb,2\n' >two.csv
    expect_error "tok: two.csv: no column is called 'label', as in one.csv" one.csv two.csv
    printf 'text,x\na,1\n' >bare.csv
    expect_error "tok: two.csv:1: 'score', a usual name for the label, is not in bare.csv: files of one run have the same columns" bare.csv two.csv
    expect_error "tok: three.jsonl:1: 'label', a usual name for the label, is not in bare.csv: files of one run have the same columns" bare.csv three.jsonl
    expect_text '{"end":2,"rows":2,"unlabelled":2}' "$(tok -q --vocab "$TOK_VOCABULARY" --label-type none bare.csv two.csv | show --json | tail -1)"
    expect_status 2 tok -q --vocab "$TOK_VOCABULARY" --bad-rows bad.csv one.csv two.tsv
    expect_text 'tok: two.tsv: its header row is not that of one.csv, so bad.csv cannot hold the rejects of both (run once per file)' "$stderr"
}

@test "--shard: the shards are the whole" {
    { echo text,label; for i in $(seq 2500); do echo "a,$((i % 3))"; done; } >in.csv
    records in.csv | grep '"id"' | sort >all
    for i in 1 2 3; do records --shard "$i/3" in.csv | grep '"id"'; done | sort >shards
    cmp all shards
    expect_text '"in.csv:2" "in.csv:5"' "$(records --shard 2/3 in.csv | head -2 | jq .id | paste -sd' ')"
    expect_status 2 tok --vocab "$TOK_VOCABULARY" --shard 4/3 in.csv
    # A bad row is the business of one shard.
    echo '"x' >>in.csv
    records --shard 1/3 in.csv >/dev/null
    expect_status 3 tok -q --vocab "$TOK_VOCABULARY" --shard 2/3 in.csv
}

@test "threads do not matter: records, counts, messages" {
    for ((i = 1; i <= 1500; i++)); do
        printf '%d,"%s@CAPS1",%s\n' $i "$(printf 'abc de, '%.0s $(seq $((i % 40))))" $((i % 97 == 0 ? 0 : i % 4 + 1))
    done | sed 's/,0$/,x/; s/^1200,.*/1200,a,b,1/; s/^0*1111,/,/' >body
    { echo id,content,score; cat body; } >in.csv
    for policy in skip mark; do
        records --threads 1 --bad-rows $policy --classes 1..4 --long windows --max-length 20 --stride 3 in.csv in.csv >one
        for n in 2 5; do
            records --threads $n --bad-rows $policy --classes 1..4 --long windows --max-length 20 --stride 3 in.csv in.csv >many
            cmp one many
        done
    done
    [ "$(grep -c '"ids"' one)" -gt 2900 ]
    for n in 1 4; do
        expect_error "tok: in.csv:98: field 'score' is \"x\": expected a whole number (use --label-type string to keep labels as text)" --threads $n --classes 1..4 in.csv
        records --threads $n --shard 2/3 --bad-rows skip --classes 1..4 in.csv >shard$n
    done
    cmp shard1 shard4
}

@test "doubly encoded text is counted and its first line named" {
    printf 'text\na\nit\303\242\342\202\254\342\204\242s\ncaf\303\203\302\251\n' >in.csv
    expect_status 0 tok --vocab "$TOK_VOCABULARY" -f -o out.stream in.csv
    expect_text 'tok: warning: in.csv:3: text looks encoded twice (UTF-8 read as Windows-1252); 2 rows like it' \
        "$(sed -n 3p <<<"$stderr")"
    expect_text 2 "$(show --json out.stream | tail -1 | jq .doubly_encoded)"
}

@test "standard input, standard output, output files" {
    printf 'text\na\n' >in.csv
    tok -q --vocab "$TOK_VOCABULARY" <in.csv | show --check -
    tok -q --vocab "$TOK_VOCABULARY" - <in.csv | show --check -
    expect_status 1 bash -c 'tok -q --vocab "$TOK_VOCABULARY" in.csv >/dev/full'
    [[ $stderr == *'No space left on device'* ]]
    { echo text; yes 'a b c d e' | head -200000; } >big.csv
    expect_status 0 bash -c 'tok -q --vocab "$TOK_VOCABULARY" big.csv | head -c 100 | wc -c'
    expect_text 100 "$output"
    expect_text '' "$stderr"
    expect_status 1 bash -c 'printf "text,label\na,1\nb,x\n" | tok -q --vocab "$TOK_VOCABULARY" --label-type integer --bad-rows /dev/full'
}

@test "a tok that fails seals nothing" {
    printf 'text,label\na,1\nb,x\n' >in.csv
    expect_status 3 tok -q --vocab "$TOK_VOCABULARY" --label-type integer -f -o out.stream in.csv
    expect_unsealed out.stream
}

@test "a model directory: its vocabulary, its settings, its print" {
    mkdir model
    cp "$TOK_VOCABULARY" model/vocab.txt
    echo '{"model_type": "bert", "vocab_size": 21, "max_position_embeddings": 6}' >model/config.json
    echo '{"do_lower_case": false}' >model/tokenizer_config.json
    printf 'text\na A b c d e\n' >in.csv
    tok -q -m model in.csv >out.stream
    expect_text '[2,5,1,6,7,3]' "$(show --json out.stream | sed -n 2p | jq -c .ids)"
    expect_text '"model" 32' "$(show --header out.stream | jq -c '.model.path, (.model.print | length)' | paste -sd' ')"
    RUBRIC_MODEL=model tok -q in.csv >other.stream
    expect_text "$(show --json out.stream | sed 1d)" "$(show --json other.stream | sed 1d)"
    # what Hugging Face writes for a model that has no maximum length
    echo '{"do_lower_case": false, "model_max_length": 1000000000000000019884624838656}' >model/tokenizer_config.json
    expect_text '[2,5,1,6,7,3]' "$(tok -q -m model in.csv | show --json | sed -n 2p | jq -c .ids)"
    expect_status 2 tok -q -m model --max-length 7 in.csv
    expect_status 2 tok -q -m model --vocab "$TOK_VOCABULARY" in.csv
    rm model/vocab.txt
    expect_status 4 tok -q -m model in.csv
    [[ $stderr == *'--vocab FILE'* ]]
}
