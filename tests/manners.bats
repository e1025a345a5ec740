# How every filter behaves among others: terminals, pipes, full disks, odd descriptors, odd locales.
load helper
load filters

# on_terminal COMMAND...: with a terminal for standard input, output and error; what it shows in `screen`.
on_terminal() {
    status=0
    TERM=xterm script -qec "$(printf '%q ' "$@")" /dev/null < /dev/null > screen || status=$?
}

@test "no msgpack on a terminal: what writes a stream names show, fit and predict print" {
    prepare
    for name in tok split embed; do
        command_of $name
        on_terminal "${command[@]}"
        [ $status -eq 2 ]
        grep -q "^$name: the output is a stream of msgpack.*'show'" screen
        [ "$(wc -l < screen)" -eq 1 ]
    done
    show --json tokens.rubric > lines
    for form in "--stream tokens.rubric" "--pack lines"; do
        on_terminal show $form
        [ $status -eq 2 ]
    done
    on_terminal predict -q -m "$model" tokens.rubric
    [ $status -eq 0 ]
    [ "$(wc -l < screen)" -ge 11 ]
    on_terminal fit -q --scratch --shape 1,16,2 --max-steps 1 -o m parts.rubric
    [ $status -eq 0 ]
    grep -q accuracy screen
    # msgpack has these where text has none
    LC_ALL=C run -1 grep -qP '[\x80-\x9f](?<![\xc2-\xf4].)(?<![\xe0-\xf4]..)|\x00' screen
}

@test "with a terminal to read from and no file named, a filter prints its usage" {
    for name in "${filters[@]}"; do
        on_terminal "$name"
        [ $status -eq 0 ]
        head -1 screen | grep -q "^usage: $name "
    done
    absent model model.partial
}

# closed_pipe COMMAND...: standard output is a pipe that no one reads any more.
closed_pipe() {
    status=0
    exec 9> >(:)
    wait $!
    "$@" >&9 2> said || status=$?
    exec 9>&-
}

@test "a closed pipe ends a filter quietly, by SIGPIPE, even where that is ignored" {
    prepare
    for name in "${filters[@]}"; do
        command_of $name
        closed_pipe "${command[@]}"
        [ $status -eq 141 ] && [ ! -s said ] || { echo "$name: $status"; cat said; return 1; }
        closed_pipe env --ignore-signal=PIPE "${command[@]}"
        [ $status -eq 141 ] && [ ! -s said ] || { echo "$name, ignoring: $status"; cat said; return 1; }
        if [ "$name" = fit ]; then
            [ -e m/model.safetensors ]
            absent m.partial
        fi
    done
    # More than a pipe holds, of which one byte is taken.
    for _ in $(seq 40); do cat tokens.rubric; done > long.rubric
    line 'show --json long.rubric 2> said | head -c 1 > /dev/null' || [ $? -eq 141 ]
    [ ! -s said ]
}

@test "an output that is too large, or a named pipe that nobody reads any more, is a failure with a message" {
    prepare
    for _ in $(seq 200); do tail -n +2 "$root/examples/essays.csv"; done | cat <(head -1 "$root/examples/essays.csv") - > long.csv
    mkfifo pipe
    for command in "tok -q -f -o" "vocab -q -f --size 2000 -o"; do
        status=0
        (ulimit -f 2; exec $command made long.csv) 2> said || status=$?
        [ $status -eq 1 ]
        expect_text "${command%% *}: cannot write to made: File too large" "$(cat said)"
    done
    : < pipe &
    expect_status 1 tok -q -o pipe long.csv
    expect_text "tok: cannot write to pipe: Broken pipe" "$stderr"
    (ulimit -f 2; show --json <(tok -q long.csv) > lines 2> said) || status=$?
    expect_text "show: cannot write to standard output: File too large" "$(cat said)"
}

@test "an empty name of an output is named" {
    prepare
    for name in tok split embed predict vocab; do
        command_of $name
        expect_status 1 "${command[@]}" -o ''
        [[ $stderr == "$name: '': cannot create: No such file or directory" ]]
        [ -z "$output" ]
    done
    command_of predict
    expect_status 1 "${command[@]}" --csv -o ''
    [[ $stderr == "predict: '': cannot create: No such file or directory" ]]
    [ -z "$output" ]
}

@test "a full disk is a failure with a message: standard output and -o" {
    prepare
    for name in "${filters[@]}"; do
        command_of $name
        status=0
        "${command[@]}" > /dev/full 2> said || status=$?
        [ $status -eq 1 ] || { echo "$name: $status"; cat said; return 1; }
        grep -q "^$name: cannot write to standard output: No space left on device$" said
        [ "$(wc -l < said)" -eq 1 ]
    done
    show --json tokens.rubric > lines
    for name in tok split embed predict vocab; do
        command_of $name
        expect_status 1 "${command[@]}" -o /dev/full
        [[ $stderr == "$name: cannot write to /dev/full: No space left on device" ]]
    done
    expect_status 1 predict -q --csv -m "$model" -o /dev/full tokens.rubric
    expect_status 1 show --stream -o /dev/full tokens.rubric
    expect_status 1 show --pack -o /dev/full lines
    for form in --csv --header --trail --check --json; do
        run bash -c "show $form tokens.rubric > /dev/full"
        [ "$status" -eq 1 ]
    done
    for form in --json --tsv; do
        run bash -c "evalm $form predictions.rubric > /dev/full"
        [ "$status" -eq 1 ]
    done
    for form in --json --csv; do
        run bash -c "tally $form tokens.rubric > /dev/full"
        [ "$status" -eq 1 ]
    done
    # Rejects are data as well.
    printf 'text,label\na,1\nb\n' > bad.csv
    expect_status 1 bash -c "tok -q --bad-rows /dev/full bad.csv > /dev/null"
}

@test "- is standard input in any position, and -o - standard output" {
    prepare
    for name in "${filters[@]}"; do
        command_of $name
        last=$((${#command[@]} - 1))
        input=${command[$last]} options=("${command[@]:1:last-1}")
        rm -rf m
        "${command[@]}" > named
        for arguments in first last none; do
            rm -rf m
            case $arguments in
                first) "$name" - "${options[@]}" < "$input" > got ;;
                last) "$name" "${options[@]}" -- - < "$input" > got ;;
                none) "$name" "${options[@]}" < "$input" > got ;;
            esac
            # What a stream tells of its command line differs; its records do not.
            case $name in
                tok | split | embed | fit | predict)
                    cmp <(show --json named | sed '1d;$d') <(show --json got | sed '1d;$d') ;;
                *) cmp named got ;;
            esac
        done
    done
    expect_text "sealed: 3 segments, 33 records of tokens" "$(show --check tokens.rubric - tokens.rubric < tokens.rubric)"
    for name in tok split embed predict vocab; do
        command_of $name
        [ "$("${command[@]}" -o - | wc -c)" -gt 100 ]
        absent ./-
    done
}

@test "what is not an option is refused with status 2 and nothing is touched" {
    prepare
    for name in "${filters[@]}"; do
        for wrong in --no-such-option -Z --hel --quiet=1; do
            expect_status 2 "$name" "$wrong" < /dev/null
            [[ $stderr == "$name: "* && $stderr == *"--help"* ]]
            [ -z "$output" ]
        done
    done
    for name in tok split embed predict vocab; do
        expect_status 2 "$name" essays.csv -o
        [[ $stderr == *"'-o' needs a value"* ]]
    done
    absent model model.partial
}

@test "a file that is not there, a directory, an unreadable place" {
    prepare
    mkdir place
    for name in "${filters[@]}"; do
        command_of $name
        unset 'command[-1]'
        rm -rf m
        expect_status 1 "${command[@]}" missing
        [[ $stderr == *"missing: cannot open: No such file or directory" ]]
        [ -z "$output" ]
        [ "$name" != show ] || continue # a directory is a model there
        expect_status 1 "${command[@]}" place
        [[ $stderr == *"place: cannot read: Is a directory" ]]
        absent m m.partial
    done
    for name in tok split embed predict vocab; do
        command_of $name
        expect_status 1 "${command[@]}" -o nowhere/out
        [[ $stderr == *"nowhere/out: cannot create"* ]]
    done
}

@test "a stream cut short is refused by every filter, which seals nothing" {
    prepare
    for pair in split:tokens embed:tokens predict:tokens predict:vectors evalm:predictions show:tokens show:vectors tally:tokens fit:parts; do
        name=${pair%:*} input=${pair#*:}.rubric
        command_of $name
        unset 'command[-1]'
        size=$(stat -c %s "$input")
        for keep in 0 1 100 $((size / 2)) $((size - 10)) $((size - 1)); do
            rm -rf m got
            status=0
            head -c "$keep" "$input" | "${command[@]}" > got 2> said || status=$?
            [ $status -eq 4 ] || { echo "$pair cut at $keep: $status"; cat said; return 1; }
            grep -q "^$name: " said
            absent m m.partial
            run bash -c "show --check got 2> /dev/null | grep '^sealed'"
            [ "$status" -eq 1 ]
        done
        # And a segment with rubbish behind it.
        status=0
        { cat "$input"; echo rubbish; } | "${command[@]}" > got 2> said || status=$?
        [ $status -eq 4 ]
        absent m m.partial
    done
}

@test "a killed tok in the middle of a pipeline: fit stops with 4 and leaves nothing" {
    prepare
    mkfifo feed rows
    { cat essays.csv; sleep 30; } > feed & local feeder=$!
    tok -q -m "$model" < feed > rows & local victim=$!
    split -q --stratify < rows | fit -q --scratch --shape 1,16,2 -o m > held 2> said & local job=$!
    sleep 0.3
    kill -9 $victim
    local status=0
    wait $job || status=$?
    kill $feeder 2> /dev/null || true
    [ $status -eq 4 ]
    absent m m.partial
    [ ! -s held ]
}

@test "the same bytes whatever the locale" {
    prepare
    pipeline() {
        rm -rf m
        tok -q -m "$model" essays.csv | split -q --stratify | fit -q --scratch --shape 1,16,2 --max-steps 2 -o m > held
        predict -q -m m --csv held > table
        predict -q -m m held | evalm > report
        vocab -q --size 300 essays.csv > vocabulary
        show --json held | sed 1d > records
        tally held > counts
        cat m/config.json m/model.safetensors table report vocabulary records counts | sha256sum
    }
    LC_ALL=C.UTF-8 pipeline > want
    for locale in C POSIX de_DE.UTF-8 tr_TR.UTF-8; do
        LC_ALL=$locale LANG=$locale pipeline > got
        cmp want got
    done
}

@test "control characters from data do nothing on a terminal" {
    prepare
    local evil=$'\e]0;owned\a\u009b31m'
    printf 'id,text,label,%s\n%s,the essay %s good,%s,%s\nb,bad,y,z\n' "$evil" "$evil" "$evil" "$evil" "$evil" > evil.csv
    tok -q -m "$model" --keep "$evil" evil.csv > evil.rubric
    changed='if has("id") then .pred = .y | .score = 0 | .prob = [1, 0] | del(.ids, .full, .words) elif has("rubric") then .kind = "predictions" | .labels = [.labels[]] | .loss = "ce" else . end'
    show --json evil.rubric | jq -c "$changed" | show --pack > said.rubric
    for view in "show evil.rubric" "show --csv evil.rubric" "show --json evil.rubric" "show --trail evil.rubric" \
        "show --header evil.rubric" "tally evil.rubric" "evalm --errors 2 said.rubric" "evalm --by id said.rubric"; do
        on_terminal $view
        [ $status -eq 0 ] || { cat screen; return 1; }
        grep -q 'owned' screen || [[ $view == tally* ]]
        ! LC_ALL=C grep -qP '\x1b[^\[]|\x07|\xc2\x9b' screen || { echo "$view"; cat -v screen; return 1; }
    done
    # In messages wherever they go: a file's name, a column's, an option's.
    expect_status 1 tok "$evil.csv"
    [[ $stderr != *$'\e'* ]]
    expect_status 2 tok --text nothing evil.csv
    [[ $stderr != *$'\e'* ]]
    expect_status 2 tok "--$evil"
    [[ $stderr != *$'\e'* ]]
}

@test "colour is for terminals, and not with NO_COLOR" {
    prepare
    on_terminal evalm predictions.rubric
    grep -q $'\e\\[' screen
    NO_COLOR=1 on_terminal evalm predictions.rubric
    run -1 grep -q $'\e' screen
    for name in "${filters[@]}"; do
        command_of $name
        "${command[@]/-q/--quiet}" > got 2> said
        run -1 grep -q $'\e' said
        case $name in evalm | tally | vocab) run -1 grep -q $'\e' got ;; esac
    done
}

@test "closed descriptors: no file takes their place" {
    prepare
    for name in "${filters[@]}"; do
        command_of $name
        rm -rf m
        "${command[@]}" > want
        rm -rf m
        "${command[@]}" 2>&- <&- > got
        cmp want got
        run bash -c "$(printf '%q ' "${command[@]}") >&-"
        [ "$status" -eq 1 ]
        [[ $output == "$name: cannot write to standard output: Bad file descriptor" ]]
    done
    # An output that would take the place of standard error, and the messages that would go into it.
    for name in tok split embed predict vocab; do
        command_of $name
        "$name" "${command[@]:2}" -f -o spoken 2> said
        "$name" "${command[@]:2}" -f -o silent 2>&-
        [ "$name" = embed ] || [ -s said ]
        [ "$name" = vocab ] || [[ $(show --check silent) == sealed:* ]]
        expect_text "$(wc -c < spoken)" "$(wc -c < silent)"
    done
    # The log and the model of a fit that would write its messages into them.
    rm -rf m
    fit --scratch --shape 1,16,2 --max-steps 2 -o m parts.rubric > /dev/null 2>&-
    fit --scratch --shape 1,16,2 --max-steps 2 -o n parts.rubric > /dev/null 2> said
    cmp m/model.safetensors n/model.safetensors
    cmp <(cut -d, -f1-5 m/log.csv) <(cut -d, -f1-5 n/log.csv)
}

@test "an output that is an input is refused before it is emptied" {
    prepare
    show --json tokens.rubric > lines
    cp tokens.rubric kept
    ln -s tokens.rubric link
    for name in split embed predict; do
        command_of $name
        expect_status 2 "${command[@]}" -f -o tokens.rubric
        expect_status 2 "${command[@]}" -f -o link
        expect_status 2 bash -c "$name -q -f -o tokens.rubric < tokens.rubric"
        cmp tokens.rubric kept
    done
    expect_status 2 show --stream -f -o tokens.rubric tokens.rubric
    expect_status 2 show --pack -f -o lines lines
    expect_status 2 tok -q -m "$model" -f -o essays.csv essays.csv
    expect_status 2 vocab -q -f -o essays.csv essays.csv
    expect_status 2 tok -q -m "$model" -f --bad-rows essays.csv essays.csv
    cmp tokens.rubric kept
    [ "$(wc -l < essays.csv)" -eq 20 ]
}

@test "descriptors that do not block are waited for" {
    prepare
    local nonblocking='use Fcntl; fcntl(STDIN, F_SETFL, fcntl(STDIN, F_GETFL, 0) | O_NONBLOCK);
        fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK); exec @ARGV'
    for _ in $(seq 40); do cat tokens.rubric; done > long.rubric
    show --json long.rubric > want
    { head -c 1000 long.rubric; sleep 0.2; tail -c +1001 long.rubric; } | perl -e "$nonblocking" show --json | { sleep 0.2; cat; } > got
    cmp want got
}
