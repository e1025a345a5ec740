# The directory that fit writes, and DIR.partial where it writes first: nothing that is not fit's own is lost, and a
# model that has been trained is not lost either.
load helper

prepare() {
    tok -q "$root/examples/essays.csv" | split -q --stratify > parts.rubric
    small=(-q --scratch --shape 1,16,2 --max-steps 1 --threads 1)
}

# fit_into DIRECTORY OPTION...: a short training.
fit_into() { fit "${small[@]}" -o "$@" parts.rubric > passed; }

# refused COMMAND...: status 2, and all that is here stays as it is, to the times of the files (a lock comes and goes).
refused() {
    listed > before
    expect_status 2 "$@"
    listed | diff before -
}
listed() {
    find . -path './before' -prune -o -path './separate-stderr*' -prune -o -mindepth 1 ! -name passed \( -type d -printf '%P %i %m\n' -o -printf '%P %y %i %m %T@ %l\n' \) | sort
}

@test "a DIR.partial that fit did not make is left alone, whatever it is and however fit ends" {
    prepare
    mkdir notes
    echo three years > notes/notes.txt
    echo lock > notes/lock
    local make
    for make in "cp -r notes m.partial" "ln -s notes m.partial" "ln -s nothing m.partial" "touch m.partial" "mkfifo m.partial" \
        "mkdir m.partial; mkdir m.partial/deeper" "mkdir m.partial; echo mine > m.partial/config.json" \
        "mkdir m.partial; cp notes/lock m.partial" "mkdir m.partial; ln -s ../notes/lock m.partial/lock" \
        "mkdir m.partial; mkfifo m.partial/lock" "mkdir m.partial; touch m.partial/vocab.txt" \
        "mkdir m.partial; echo '{\"rubric\": {}}' > m.partial/config.json"; do
        eval "$make"
        for options in "" -f --resume "-f --resume"; do
            refused timeout 20 fit "${small[@]}" $options -o m parts.rubric
            [[ $stderr == "fit: m.partial: was not made by fit, "* ]]
            refused timeout 20 fit "${small[@]}" $options -o m nothing.rubric
        done
        rm -rf m.partial
    done
}

@test "files of others in a DIR.partial of fit's are left, and named" {
    prepare
    fit "${small[@]}" --epochs 40 --max-steps 1000 --checkpoint 0 -o m parts.rubric > passed & local job=$!
    until [ -s m.partial/checkpoint ]; do sleep 0.05; done
    kill -9 $job && wait $job || true
    echo mine > m.partial/notes.txt
    expect_status 2 fit_into m -f
    [[ $stderr == "fit: m.partial: has 'notes.txt' in it, which fit did not write"* ]]
    [ -s m.partial/checkpoint ]
    expect_text mine "$(cat m.partial/notes.txt)"
}

@test "-f replaces only models that fit made, with nothing else in them" {
    prepare
    fit_into model
    mkdir project
    echo '{"compilerOptions":{}}' > project/config.json
    echo essays > project/essays.csv
    cp -r project twin
    rm twin/essays.csv
    cp -r "$fixtures/model/classifier" foreign
    cp -r model noted
    echo mine > noted/predictions.csv
    cp -r model deeper
    mkdir deeper/vocab.d
    cp -r model linked
    mv linked/model.safetensors .
    ln -s ../model.safetensors linked
    cp -r model configured
    mv configured/config.json .
    ln -s ../config.json configured
    mkdir logs
    echo mine > logs/log.csv
    ln -s model link
    for place in project twin foreign noted deeper linked configured logs link; do
        refused fit "${small[@]}" -f -o $place parts.rubric
        [[ $stderr == "fit: $place: "* ]]
        refused fit "${small[@]}" -o $place parts.rubric
    done
    mkdir empty
    fit_into empty -f
    expect_text "$(ls model)" "$(ls empty)"
    fit_into model -f --seed 1
    run ! cmp -s model/model.safetensors empty/model.safetensors
    absent model.partial empty.partial
}

@test "a fit that fails before training leaves the state of an interrupted one, also with -f" {
    prepare
    fit_into m
    fit "${small[@]}" --max-steps 1000 --checkpoint 0 -f -o m parts.rubric > passed & local job=$!
    until [ -s m.partial/checkpoint ]; do sleep 0.05; done
    kill -9 $job && wait $job || true
    head -c 900 parts.rubric > cut
    listed > before
    expect_status 4 fit "${small[@]}" -f -o m cut
    expect_status 1 fit "${small[@]}" -f -o m nothing.rubric
    expect_status 1 fit "${small[@]}" --resume -o m nothing.rubric
    expect_status 4 fit "${small[@]}" -f -o m -m nothing parts.rubric
    # Interrupted while it reads.
    mkfifo never
    fit "${small[@]}" -f -o m never 2> said & job=$!
    exec 9> never
    sleep 0.3
    kill -TERM $job
    wait $job || true
    exec 9>&-
    rm never said
    listed | grep -v '^cut ' | diff <(grep -v '^cut ' before) -
    fit "${small[@]}" --max-steps 1000 --resume -o m parts.rubric > passed
    absent m.partial
    # An empty one that somebody made is still there afterwards.
    mkdir n.partial
    expect_status 4 fit "${small[@]}" -o n cut
    [ -d n.partial ]
    absent n n.partial/lock
    fit_into n
    absent n.partial
}

@test "a model that cannot be renamed is not lost: --resume ends that, -f starts anew" {
    prepare
    fit_into whole
    mkfifo feed
    for end in resume force; do
        fit "${small[@]}" -o m < feed > passed 2> said & local job=$!
        exec 9> feed
        until [ -d m.partial ]; do sleep 0.05; done
        mkdir m
        touch m/x
        cat parts.rubric >&9
        exec 9>&-
        local status=0
        wait $job || status=$?
        [ $status -eq 1 ]
        grep -q '^fit: m: cannot rename to it: Directory not empty: the model is in m.partial$' said
        diff -r -x trail.json -x '*.csv' -x config.json m.partial whole
        predict -q -m m.partial parts.rubric | show -q --check
        rm -r m
        refused fit "${small[@]}" -o m parts.rubric
        [[ $stderr == "fit: m.partial: holds a model that never became m "* ]]
        expect_status 2 fit "${small[@]}" --seed 5 --resume -o m parts.rubric
        [[ $stderr == "fit: m.partial: "*"'seed' was 0 and is 5 now"* ]]
        absent m.partial/lock
        if [ $end = resume ]; then
            inode=$(stat -c %i m.partial/model.safetensors)
            fit_into m --resume
            expect_text "$inode" "$(stat -c %i m/model.safetensors)"
        else
            fit_into m -f --seed 1
            run ! cmp -s m/model.safetensors whole/model.safetensors
        fi
        absent m.partial
        expect_text "$(ls whole)" "$(ls m)"
        rm -r m
    done
}

# by_turns NUMBER COMMAND...: on a file system that cannot exchange two names; that plain rename fails.
by_turns() {
    LD_PRELOAD=$build/tests/faults.so ASAN_OPTIONS=verify_asan_link_order=0 FAULT_KIND=turns FAULT_AT=$1 "${@:2}"
}

@test "where names cannot be exchanged the old model is moved aside, and back when the new one cannot take its place" {
    prepare
    fit_into m
    fit_into want --seed 1
    cp -r m old
    by_turns 0 fit_into m -f --seed 1
    cmp m/model.safetensors want/model.safetensors
    absent m.partial m.replaced
    for failing in 1 2; do
        rm -rf m m.partial
        cp -r old m
        expect_status 1 by_turns $failing fit_into m -f --seed 1
        [[ $stderr == "fit: m: cannot "*": Input/output error: the model is in m.partial" ]]
        cmp m/model.safetensors old/model.safetensors
        cmp m.partial/model.safetensors want/model.safetensors
        absent m.replaced m.partial/lock
    done
    # Something of that name is not written over.
    rm -r m.partial
    mkdir m.replaced
    echo mine > m.replaced/notes.txt
    expect_status 1 by_turns 0 fit_into m -f --seed 1
    [[ $stderr == *"the model is in m.partial" ]]
    expect_text mine "$(cat m.replaced/notes.txt)"
    cmp m/model.safetensors old/model.safetensors
}

@test "what has come to the place of a replaced model meanwhile is left" {
    prepare
    fit_into m
    mkfifo feed
    fit "${small[@]}" -f -o m < feed > passed 2> said & local job=$!
    exec 9> feed
    until [ -d m.partial ]; do sleep 0.05; done
    mv m away
    mkdir m
    echo '{}' > m/config.json
    echo mine > m/essays.csv
    cat parts.rubric >&9
    exec 9>&-
    wait $job
    grep -q '^fit: warning: m.partial: is what was replaced' said
    expect_text mine "$(cat m.partial/essays.csv)"
    expect_text '{}' "$(cat m.partial/config.json)"
    [ -s m/model.safetensors ]
}

@test "without locks fit warns and trains" {
    prepare
    LD_PRELOAD=$build/tests/faults.so ASAN_OPTIONS=verify_asan_link_order=0 FAULT_KIND=lock FAULT_AT=1 \
        fit "${small[@]}" -o m parts.rubric > passed 2> said
    grep -q '^fit: warning: m.partial/lock: cannot lock: No locks available: ' said
    [ -s m/model.safetensors ]
    absent m.partial
}

@test "--resume of a run that has finished leaves nothing but the model" {
    prepare
    fit_into m
    sha256sum m/* > before
    show --json passed | tail -n +2 > first
    fit_into m --resume
    absent m.partial
    sha256sum m/* | cmp - before
    show --json passed | tail -n +2 | cmp - first
    # Whatever else the user keeps in it.
    echo mine > m/predictions.csv
    fit_into m --resume
    expect_text mine "$(cat m/predictions.csv)"
}

@test "what fit writes on the way is its owner's alone; the finished model follows the umask" {
    prepare
    (umask 022 && exec fit "${small[@]}" --max-steps 1000 --keep best --select slice --checkpoint 0 -o m parts.rubric > passed) & local job=$!
    until [ -s m.partial/checkpoint ]; do sleep 0.05; done
    expect_text 700 "$(stat -c %a m.partial)"
    expect_text 600 "$(stat -c %a m.partial/checkpoint)"
    kill $job && wait $job || true
    for mask in 022 027 077; do
        (umask $mask && fit_into n$mask)
        expect_text "$(printf '%o' $((0777 & ~mask)))" "$(stat -c %a n$mask)"
        expect_text "$(printf '%o' $((0666 & ~mask)))" "$(stat -c %a n$mask/* | sort -u)"
    done
}
