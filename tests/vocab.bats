# vocab: vocabularies from rows of every format.
load helper

# What begins every vocabulary that keeps no case: 5 specials, ASCII, 36 letters and digits inside words.
first=$((5 + 68 + 36))

@test "merges come best first, ties by age, as worked out by hand" {
    # aab 10 times, ab 4 times, xy 3 times.  a##a 10, ##a##b 10, a##b 4, x##y 3: a##a is older than ##a##b.
    { yes aab | head -10; yes ab | head -4; yes xy | head -3; } | vocab -q --format text --min-frequency 3 >vocab.txt
    expect_text 'aa aab ab xy' "$(sed "1,${first}d" vocab.txt | paste -sd' ')"
    expect_text '[PAD] [UNK] [CLS] [SEP] [MASK] ! "' "$(head -7 vocab.txt | paste -sd' ')"
    { yes aab | head -10; yes ab | head -4; yes xy | head -3; } | vocab -q --format text --min-frequency 4 >vocab.txt
    expect_text 'aa aab ab' "$(sed "1,${first}d" vocab.txt | paste -sd' ')"
}

@test "repeated letters are merged from the left" {
    yes aaaa | head -5 | vocab -q --format text >vocab.txt
    # ##a##a occurs twice in each word, a##a once; then a ##aa ##a
    expect_text '##aa aaa aaaa' "$(sed "1,${first}d" vocab.txt | paste -sd' ')"
}

@test "the order of the texts does not matter, nor how they are cut into files" {
    vocab -q --size 1500 "$root/examples/essays.csv" >one
    { head -1 "$root/examples/essays.csv"; python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))[1:]
csv.writer(sys.stdout).writerows(reversed(rows))' "$root/examples/essays.csv"; } | vocab -q --size 1500 - >two
    cmp one two
    [ "$(wc -l <one)" -eq 1500 ]
    expect_text '' "$(sort one | uniq -d)"
}

@test "--min-texts: a word counts where it stands in so many texts, however often in one" {
    { echo 'quendel quendel quendel quendel garten ж'; echo 'garten quark ж'; echo 'quark garten garten'; } >lines
    vocab -q --format text lines >all
    grep -qx quendel all
    vocab -q --format text --min-texts 1 lines | cmp - all
    vocab -q --format text --min-texts 2 lines >two
    expect_text '' "$(grep -e end -e del two)"
    grep -qx quark two
    grep -qx garten two
    grep -qx ж two
    vocab -q --format text --min-texts 3 lines >three
    expect_text 'garten' "$(grep -e quark -e garten -e ж three)"
    expect_text "$(vocab -q --format text <(yes garten | head -4))" "$(cat three)"
}

@test "the same texts in every format" {
    printf 'text,score\n"Hello, hello",1\nhello there,2\n' | vocab -q >csv
    printf 'text\tscore\nHello, hello\t1\nhello there\t2\n' | vocab -q >tsv
    printf '{"text": "Hello, hello"}\n{"text": "hello there"}\n' | vocab -q >jsonl
    printf 'Hello, hello\nhello there\n' | vocab -q --format text >text
    for other in tsv jsonl text; do cmp csv $other; done
    grep -qx hello csv
    run ! grep -q there csv
    printf 'essay,other\nno,banana\nno,banana\n' | vocab -q --text other -o out.txt
    grep -qx banana out.txt
}

@test "only the text is looked for: other columns may come, go and hold what they like" {
    { yes '{"text": "hello", "id": [1]}' | head -1000; echo '{"text": "hello", "score": 1}'; } >one.jsonl
    printf 'text\nhello\n' >two.csv
    vocab -q one.jsonl two.csv >vocab.txt
    grep -qx hello vocab.txt
}

@test "a text that is asked for may come late in JSON Lines, but must come" {
    { yes '{"text": "hello"}' | head -1000; yes '{"essay": "there"}' | head -2; } >in.jsonl
    vocab -q --text essay in.jsonl >vocab.txt
    grep -qx there vocab.txt
    run ! grep -q hello vocab.txt
    expect_status 2 vocab -q --text eassy in.jsonl
    expect_text "vocab: in.jsonl: --text is 'eassy': no such column: its columns are 'text', and no later object has it" "$stderr"
    expect_text '' "$output"
}

@test "case and accents" {
    printf 'Élan ÉLAN élan\n' | vocab -q --format text --min-frequency 1 >lower
    grep -qx elan lower
    expect_text '' "$(sed 1,5d lower | LC_ALL=C grep '[^!-@[-`a-~]')"
    printf 'Élan ÉLAN élan Élan\n' | vocab -q --format text --cased >cased
    grep -qx Élan cased
    grep -qx 'Z' cased
}

@test "rare characters give way: a quarter of the vocabulary, and words with the others are counted" {
    python3 -c '
for i in range(300): print(chr(0x4e00 + i) * (2 if i < 5 else 1))
for i in range(5): print(chr(0x4e00 + i))' | vocab --format text --size 400 2>said >vocab.txt
    expect_text 5 "$(LC_ALL=C grep -c '^[^ -~]' vocab.txt)"
    grep -q '295 words have characters that are no piece' said
}

@test "tok reads it, and everything in it is found" {
    vocab -q --size 600 -o vocab.txt "$root/examples/essays.csv"
    tok -q --vocab vocab.txt "$root/examples/essays.csv" >out.stream
    show --json out.stream >records
    grep -q '"ids":\[2,' records
    run ! grep -q '"ids":[^]]*[[,]1[],]' records
}

@test "its account" {
    printf 'one two\ntwo\n' | vocab --format text 2>said >vocab.txt
    expect_text "vocab: 2 texts, 3 words, 2 different
vocab: $((first + 2)) pieces (the texts give no more); 0 words have characters that are no piece" "$(cat said)"
}

@test "misuse, bad input, writes that fail" {
    expect_status 2 vocab --size 10 /dev/null
    expect_status 2 vocab --bad-rows mark /dev/null
    expect_status 3 vocab - </dev/null
    printf 'text\na\n"b\n' >bad.csv
    expect_status 3 vocab bad.csv
    expect_status 0 vocab -q --bad-rows skip bad.csv
    printf 'text\na\n' >good.csv
    expect_status 1 vocab -q -o /dev/full good.csv
    expect_status 1 vocab -q -o missing/vocab.txt good.csv
    expect_status 1 bash -c 'vocab -q good.csv >/dev/full'
}

@test "--bad-rows FILE is not the output, under whatever name" {
    printf 'text,score\nhello,1\nthere\n' >in.csv
    echo kept >there
    for name in there ./there; do
        expect_status 2 vocab -q -f -o there --bad-rows "$name" in.csv
        expect_text "vocab: $name: is the output too: each would be written over the other (name another file)" "$stderr"
    done
    expect_text kept "$(cat there)"
    expect_status 2 vocab -q -o new --bad-rows ./new in.csv
    [ ! -s new ]
}
