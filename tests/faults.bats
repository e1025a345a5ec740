# Every call of the C library that a filter makes fails once: it says so, exits with 1, and leaves nothing that could
# be taken for whole.  FAULTS=all tries each call (`make faults`), otherwise a choice where there are many.
load helper

lasts=

library() { echo "$build/tests/faults.so"; }

prepare() {
    head -9 "$root/examples/essays.csv" > essays.csv
    tok -q essays.csv > tokens.rubric
    split -q --stratify tokens.rubric > parts.rubric
    model=$fixtures/model/trained
    tok -q -m "$model" essays.csv > small.rubric
    embed -q -m "$model" < small.rubric > vectors.rubric
    predict -q -m "$model" < small.rubric > predictions.rubric
}

# run_with KIND NUMBER COMMAND...: runs a filter with that fault; its status in $status, messages in `said`.
run_with() {
    status=0
    timeout 60 env LD_PRELOAD="$(library)" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1 \
        FAULT_KIND="$1" FAULT_AT="$2" FAULT_COUNT=count ${lasts:+FAULT_LASTS=1} "${@:3}" < /dev/null > out 2> said || status=$?
}

# The numbers of the calls to try, of as many as there are.
chosen() {
    local calls=$1 limit=$2
    if [ "${FAULTS-}" = all ] || [ "$calls" -le "$limit" ]; then
        seq "$calls"
    else
        { seq $((limit / 3)); seq 1 $((calls * 3 / (limit * 2) + 1)) "$calls"; echo "$calls"; } | sort -nu
    fi
}

# What a run left: the files that the command writes, or all of a directory but what tells the time.
left() {
    for path in out made m; do
        if [ -d $path ]; then
            (cd $path && find . -type f ! -name log.csv ! -name epochs.csv ! -name trail.json -exec sha256sum {} + | sort)
        elif [ -s $path ]; then
            echo "$path $(sha256sum < $path)"
        fi
    done
}

# The same of what passes for whole: a model directory, a sealed stream.
left_whole() {
    for path in out made; do
        [ ! -s $path ] || [[ $(show --check $path 2>/dev/null) == sealed:* ]] || rm $path
    done
    left
}

complain() {
    echo "call $2 of '$1'${lasts:+ and all after it} failed, and: $3; exit status $status of: ${*:4}"
    cat said
    return 1
}

# faults_of COMMAND...: all kinds of faults in one command, which writes to standard output, `made` or `m`.
faults_of() {
    rm -rf out made m
    run_with none 0 "$@"
    [ $status -eq 0 ]
    local good kind number overlooked tried=0
    good=$(left)
    for kind in ${kinds-memory open read write sync rename close map thread file}; do
        rm -rf made m m.partial
        run_with $kind 0 "$@"
        [ $status -eq 0 ]
        overlooked=0
        for number in $(chosen "$(cat count)" $([ $kind = memory ] && echo 30 || echo 12)); do
            rm -rf made m m.partial
            run_with $kind "$number" "$@"
            tried=$((tried + 1))
            if [ $status -eq 0 ]; then
                [ "$(left)" = "$good" ] || complain $kind "$number" "it went on to something else" "$@"
                overlooked=$((overlooked + 1))
                case $kind in
                    memory) ;; # what the C library wanted for its own comfort
                    read | close | file) # jansson draws a seed; whether an output is there already
                        [ $overlooked -le 2 ] || complain $kind "$number" "it was overlooked" "$@" ;;
                    *) [ -n "$lasts" ] || complain $kind "$number" "it was overlooked" "$@" ;;
                esac
                continue
            fi
            [ $status -eq 1 ] || complain $kind "$number" "not a failure of the system" "$@"
            grep -q "^$1: ." said || complain $kind "$number" "no message" "$@"
            ! left_whole | grep -vxF "$good" || complain $kind "$number" "what it left passes for whole" "$@"
            # A model that stands is never removed: where it is, is said.
            if grep -q ': the model is in m.partial$' said; then
                rm -f m.partial/lock m.partial/checkpoint m.partial/best
                mv m.partial m
                [ "$(left | grep -v '^out ')" = "$(grep -v '^out ' <<< "$good")" ] ||
                    complain $kind "$number" "the model that it names is another one" "$@"
                continue
            fi
            if [ -e m.partial ] && [ ! -e m.partial/checkpoint ] && [ $kind != file ] && [ -z "$lasts" ]; then
                complain $kind "$number" "an m.partial that cannot be resumed was left" "$@"
            fi
        done
    done
    [ $tried -gt 20 ]
}

# Interrupted and cut short all the time: nothing is different.
short_of() {
    rm -rf made m
    run_with none 0 "$@"
    local good
    good=$(left)
    rm -rf made m
    run_with short 0 "$@"
    [ $status -eq 0 ] || complain short all "it gave up" "$@"
    [ "$(cat count)" -gt 10 ]
    [ "$(left)" = "$good" ] || complain short all "it made something else" "$@"
}

small=(-q --scratch --shape 1,16,2 --max-steps 1 --checkpoint 0)

@test "faults in tok" { prepare; faults_of tok -q -o made essays.csv; }
@test "faults in split" { prepare; faults_of split -q --stratify -o made tokens.rubric; }
@test "faults in fit" { prepare; faults_of fit "${small[@]}" --threads 1 -o m parts.rubric; }
@test "faults in fit with threads and a spool on disk" { prepare; faults_of fit "${small[@]}" --threads 3 -o m parts.rubric; }
@test "faults in fit on vectors" { prepare; faults_of fit -q --head ridge --threads 1 -m "$model" -o m vectors.rubric; }
@test "faults in embed" { prepare; faults_of embed -q -m "$model" --threads 2 -o made small.rubric; }
@test "faults in predict" { prepare; faults_of predict -q -m "$model" --threads 2 -o made small.rubric; }
@test "faults in predict --csv" { prepare; faults_of predict -q -m "$model" --csv --threads 1 -o made small.rubric; }
@test "faults in evalm" { prepare; faults_of evalm -q --ci --resamples 20 --errors 2 predictions.rubric; }
@test "faults in show" { prepare; faults_of show -m "$model" small.rubric; }
@test "faults in show --json" { prepare; faults_of show --json predictions.rubric; }
@test "faults in show --pack" { prepare; show --json small.rubric > lines; faults_of show --pack -o made lines; }
@test "faults in tally" { prepare; faults_of tally -q parts.rubric; }
@test "faults in vocab" { prepare; faults_of vocab -q --size 200 -o made essays.csv; }

@test "no memory, no files, no room from some moment on" {
    prepare
    # What cannot even open a directory cannot clean up, but says so.
    kinds="memory open write" lasts=1 faults_of fit "${small[@]}" --threads 1 -o m parts.rubric
}

@test "reads and writes of seven bytes, interrupted by signals" {
    prepare
    short_of tok -q -o made essays.csv
    short_of split -q --stratify -o made tokens.rubric
    short_of fit "${small[@]}" --threads 2 -o m parts.rubric
    short_of embed -q -m "$model" -o made small.rubric
    short_of predict -q -m "$model" -o made small.rubric
    short_of show --json small.rubric
    short_of evalm -q predictions.rubric
    short_of tally -q parts.rubric
    show --json small.rubric > lines
    short_of show --pack -o made lines
    short_of vocab -q --size 200 -o made essays.csv
}
