# fit: what it writes, refuses, outputs; the same bytes whatever happens on the way.
load helper

# A stream of the example essays, split, and the smallest of networks.
small=(--scratch --shape 1,16,2)
streams() {
    tok -q < "$root/examples/essays.csv" > tokens.rubric
    split -q --stratify tokens.rubric > parts.rubric
}

# The records of a stream as JSON, without header and trailer; and a stream with its records changed by jq.
records() {
    show --json "$@" | jq -c 'select(has("rubric") or has("end") | not)'
}
changed() {
    show --json "$2" | jq -c "if has(\"id\") then $1 else . end" | show --pack
}

# Everything of a model directory that "the same bytes" covers.
print_of() {
    (cd "$1" && sha256sum model.safetensors config.json optimizer.safetensors && cut -d, -f1-6 log.csv && cut -d, -f1-10 epochs.csv)
}

@test "a model directory with everything in it, and the validation part as output" {
    streams
    expect_status 0 bash -c "fit ${small[*]} --epochs 2 -o m < parts.rubric > held.rubric"
    expect_text "config.json
epochs.csv
log.csv
model.safetensors
optimizer.safetensors
tokenizer_config.json
trail.json
vocab.txt" "$(ls m)"
    absent m.partial
    expect_text "$(records --where part=val parts.rubric | jq -c '[.id, .y, .part, .ids]')" \
        "$(records held.rubric | jq -c '[.id, .y, .part, .ids]')"
    expect_text train "$(show --header held.rubric | jq -r .chosen_by)"
    expect_text m "$(show --header held.rubric | jq -r .model.path)"
    expect_text '["tok","split","fit"]' "$(show --header held.rubric | jq -c '[.trail[].cmd]')"
    expect_text null "$(jq .segments m/trail.json)"
    cat parts.rubric parts.rubric | fit -q "${small[@]}" --max-steps 1 -o twice > /dev/null
    expect_text 2 "$(jq .segments twice/trail.json)"
    expect_text '["tok","split","fit"]' "$(jq -c '[.trail[].cmd]' m/trail.json)"
    show -q --check held.rubric
    [[ $stderr == *"epoch 2/2 | train: loss "* ]]
    # A line for each step of 204 essays in batches of 16, and one for each epoch.
    expect_text 27 "$(wc -l < m/log.csv)"
    expect_text 3 "$(wc -l < m/epochs.csv)"
}

@test "the pipeline to its end" {
    streams
    fit -q "${small[@]}" --epochs 1 -o m < parts.rubric | predict -q | evalm --json > report.json
    expect_text 51 "$(jq .n report.json)"
}

@test "the same bytes with 1, 2, 3 and 5 threads" {
    streams
    fit -q "${small[@]}" --epochs 2 --keep best --threads 1 -o m1 < parts.rubric > /dev/null
    for threads in 2 3 5; do
        fit -q "${small[@]}" --epochs 2 --keep best --threads $threads -o m$threads < parts.rubric > /dev/null
        expect_text "$(print_of m1)" "$(print_of m$threads)"
    done
    fit -q "${small[@]}" --epochs 2 --keep best --seed 1 -o other < parts.rubric > /dev/null
    run -1 cmp -s m1/model.safetensors other/model.safetensors
}

# On every flavour of OpenBLAS and every kernel path that this machine has, each compared with itself.
@test "the same bytes with 1, 2 and 5 threads on each OpenBLAS and each kernel path" {
    streams
    same() {
        rm -rf one more
        fit -q "${small[@]}" --max-steps 14 --threads 1 -o one < parts.rubric > /dev/null
        for threads in 2 5; do
            fit -q "${small[@]}" --max-steps 14 --threads $threads -f -o more < parts.rubric > /dev/null
            expect_text "$(print_of one)" "$(print_of more)"
        done
    }
    for library in /usr/lib/*/openblas-*/libopenblas.so.0; do
        LD_LIBRARY_PATH=$(dirname "$library") same
    done
    for path in portable avx2 avx512; do
        [ $path = portable ] || grep -qw "${path/avx512/avx512vl}" /proc/cpuinfo || continue
        RUBRIC_KERNELS=$path same
        expect_text $path "$(jq -r .rubric.run.kernels one/config.json)"
    done
}

@test "the same bytes with essays in memory and on disk, within --memory" {
    streams
    for i in {1..25}; do cat parts.rubric; done > many.rubric
    local how=("${small[@]}" --max-steps 12)
    fit -q "${how[@]}" -o memory < many.rubric > a.rubric
    expect_status 2 fit "${how[@]}" --memory 2M -o disk many.rubric
    [[ $stderr =~ 'need '([0-9]+M) ]]
    local least=${BASH_REMATCH[1]}
    fit -q "${how[@]}" --memory "$least" -o disk < many.rubric > b.rubric
    expect_text "$(print_of memory)" "$(print_of disk)"
    expect_text "$(records a.rubric | sha256sum)" "$(records b.rubric | sha256sum)"
    expect_text 1275 "$(records b.rubric | wc -l)"
    # It does go to disk, and a place that cannot take it is named.
    expect_status 1 bash -c "TMPDIR=/nowhere fit ${how[*]} --memory $least -o third < many.rubric"
    [[ $stderr == *"/nowhere: cannot create a temporary file"*"TMPDIR"* ]]
    absent third third.partial
}

# fit keeps to the line that is the first argument, or is at most a tenth over it (a sanitizer's own memory is
# not counted).  It cannot write all of its output before that is read, and the model stands by then.
expect_within() {
    [ -p held ] || mkfifo held
    fit -q --threads 2 -o m --memory "$@" > held & local job=$!
    exec 9< held
    until [ -d m ]; do sleep 0.1; kill -0 $job; done
    local peak
    peak=$(awk '/VmHWM/ { print $2 }' /proc/$job/status)
    cat <&9 > /dev/null
    exec 9<&-
    wait $job
    rm -rf m
    ldd "$build/libexec/rubric/fit" | grep -q 'lib[at]san' || [ "$peak" -le $((${1%M} * 1024 * 11 / 10)) ]
}

@test "--memory with essays in windows: the longest counts, and the line holds" {
    LC_ALL=C awk 'BEGIN {
        print "score,essay"
        for (n = 0; n < 24; n++) {
            printf "%d,", n % 3 + 1
            for (i = 0; i < (n % 4 ? 60 : 9000); i++)
                printf "%s ", substr("tabletsarebetterthanbooks", i * n % 17 + 1, 5)
            print ""
        }
    }' > long.csv
    tok -q --long windows --max-length 64 long.csv | split -q --stratify --ratio 70:30 > long.rubric
    for i in {1..40}; do cat long.rubric; done > many.rubric
    local how=(--scratch --shape 1,16,2 --max-steps 8)
    expect_status 2 fit --threads 2 -o m "${how[@]}" --memory 1M many.rubric
    [[ $stderr =~ 'this model, batch and 2 threads need '([0-9]+M)$ ]]
    expect_status 2 fit --threads 2 -o m "${how[@]}" --memory "${BASH_REMATCH[1]}" many.rubric
    [[ $stderr =~ 'with an essay of '[0-9]+' windows, need '([0-9]+M)$ ]]
    expect_within "${BASH_REMATCH[1]}" "${how[@]}" many.rubric
}

@test "--memory with vectors: all must fit, and the line holds" {
    streams
    embed -q parts.rubric 2> /dev/null > vectors.rubric
    for i in {1..100}; do cat vectors.rubric; done > many.rubric
    for head in ridge logistic ordinal; do
        local how=(--threads 2 -o m --head "$head" --memory)
        expect_status 2 fit "${how[@]}" 1M many.rubric
        [[ $stderr =~ 'a head on vectors of 128 numbers and 2 threads need '([0-9]+M)$ ]]
        expect_status 2 fit "${how[@]}" 20M many.rubric
        [[ $stderr =~ ([0-9]+)' so far and 2 threads need 21M, and every 10000 more about '([0-9]+)M$ ]]
        expect_within $((22 + (20400 - BASH_REMATCH[1]) * BASH_REMATCH[2] / 10000))M --head $head many.rubric
    done
}

@test "a dry run says what a run takes, and leaves nothing" {
    streams
    expect_status 0 fit "${small[@]}" --dry-run -o m parts.rubric
    [[ $stderr =~ "dry run: 104 steps, "[0-9]+" parameters, "[0-9]+" MiB of memory, about "[0-9ms]+"; nothing was saved" ]]
    absent m m.partial
    [ -z "$output" ]
    # Neither a model nor an interrupted run is touched.
    fit -q "${small[@]}" --max-steps 2 -o m parts.rubric > /dev/null
    fit -q "${small[@]}" --epochs 40 --checkpoint 0 -o half parts.rubric > /dev/null & local job=$!
    while [ ! -s half.partial/checkpoint ]; do sleep 0.05; done
    kill -9 $job
    wait $job || true
    sha256sum m/* half.partial/* > before
    fit -q "${small[@]}" --dry-run -o m parts.rubric
    fit -q "${small[@]}" --epochs 40 --dry-run -o half parts.rubric
    fit -q "${small[@]}" --epochs 40 --dry-run --resume -o half parts.rubric
    sha256sum m/* half.partial/* | cmp - before
    embed -q -m m parts.rubric > vectors.rubric
    expect_status 2 fit --dry-run -o m vectors.rubric
    [[ $stderr == *"--dry-run is for tokens"* ]]
    sha256sum m/* half.partial/* | cmp - before
}

@test "killed again and again, resumed, the same bytes" {
    streams
    local how=(-q "${small[@]}" --epochs 30 --keep best --checkpoint 0.05)
    fit "${how[@]}" -o whole < parts.rubric > /dev/null
    local killed=0 tries=0
    while [ ! -d m ]; do
        fit "${how[@]}" --resume -o m < parts.rubric > /dev/null & local job=$!
        # The first as soon as there is something to resume, however fast the machine; then at random moments.
        while [ $tries -eq 0 ] && [ ! -s m.partial/checkpoint ] && [ ! -d m ]; do sleep 0.01; done
        [ $tries -eq 0 ] || sleep "$((tries / 10)).$((RANDOM % 8 + 1))"
        if kill -9 $job 2>/dev/null; then
            killed=$((killed + 1))
        fi
        wait $job || true
        tries=$((tries + 1))
        [ $tries -lt 100 ]
    done
    [ $killed -gt 0 ]
    # It stands, or --resume ends what is left to do.
    fit "${how[@]}" --resume -o m < parts.rubric > held.rubric
    expect_text "$(print_of whole)" "$(print_of m)"
    expect_text 51 "$(records held.rubric | wc -l)"
}

@test "SIGTERM keeps the state, --resume goes on, other options or records are named" {
    streams
    fit "${small[@]}" --epochs 300 -o m < parts.rubric > /dev/null 2> first & local job=$!
    while ! grep -qs 'epoch 2/' first; do sleep 0.05; done
    kill -TERM $job
    local status=0
    wait $job || status=$?
    [ $status -eq 143 ]
    grep -q 'interrupted after step' first
    [ -f m.partial/checkpoint ]
    absent m
    expect_status 2 bash -c "fit ${small[*]} --epochs 300 -o m < parts.rubric"
    [[ $stderr == *"--resume goes on with it, -f starts anew"* ]]
    expect_status 2 bash -c "fit ${small[*]} --epochs 300 --lr 0.5 --resume -o m < parts.rubric"
    [[ $stderr == *"'lr' was 0.0004 and is 0.5 now"* ]]
    printf '1 2\n' > weights
    expect_status 2 bash -c "fit ${small[*]} --epochs 300 --class-weight weights --resume -o m < parts.rubric"
    [[ $stderr == *"'class-weight' was null"* ]]
    expect_status 2 bash -c "split -q --replace --random parts.rubric | fit ${small[*]} --epochs 300 --resume -o m"
    [[ $stderr == *"'data' was "* ]]
    [ -f m.partial/checkpoint ]
    fit -q "${small[@]}" --epochs 3 -f -o m < parts.rubric > /dev/null
    [ -d m ]
    absent m.partial
}

# stop_when TEXT FILE OPTION... STREAM: fit, whose evaluations of these records take a second, gets SIGINT as soon
# as FILE has a line with TEXT.
stop_when() {
    fit "${stopped[@]}" --threads 1 --resume -o m "${@:3}" > /dev/null 2> said & local job=$!
    until grep -qs "$1" "$2"; do sleep 0.01; done
    kill -INT $job
    local status=0
    wait $job || status=$?
    [ $status -eq 130 ]
    grep -q 'interrupted after step 1 of 1; m.partial/ holds its state' said
    [ -s m.partial/checkpoint ]
    absent m
}

@test "SIGINT in an evaluation, of an epoch or after the last, keeps the state at once" {
    streams
    for _ in {1..8}; do cat parts.rubric; done > many.rubric
    stopped=(--scratch --shape 2,64,2 --max-steps 1)
    # stop TEXT FILE OPTION...: stops there, resumes, and compares.
    stop() {
        fit "${stopped[@]}" -f -o whole "${@:3}" many.rubric > /dev/null 2> whole.said
        stop_when "$@" many.rubric
        fit "${stopped[@]}" --resume -o m "${@:3}" many.rubric > /dev/null 2> said
        expect_text "$* $(print_of whole) $(grep 'mean offset' whole.said)" "$* $(print_of m) $(grep 'mean offset' said)"
        rm -r m
    }
    stop ^1, m.partial/log.csv --select val --thresholds round
    stop ^1, m.partial/epochs.csv --select none --thresholds prior --dropout 0
    stop 'mean offset' said --select none --thresholds prior --dropout 0.5
    stop 'mean offset' said --select val --keep best --thresholds prior --ema 0.9
}

@test "an existing directory is refused, with -f replaced, and only if it is a model" {
    streams
    fit -q "${small[@]}" --epochs 1 -o m < parts.rubric > /dev/null
    before=$(print_of m)
    expect_status 2 fit "${small[@]}" -o m parts.rubric
    [[ $stderr == *"m: exists (-f replaces it"* ]]
    expect_text "$before" "$(print_of m)"
    fit -q "${small[@]}" --epochs 1 --seed 5 -f -o m < parts.rubric > /dev/null
    [ "$before" != "$(print_of m)" ]
    absent m.partial
    mkdir notes
    touch notes/thesis.txt
    expect_status 2 fit "${small[@]}" -f -o notes parts.rubric
    [[ $stderr == *"notes: is not a model that fit made: -f replaces only those" ]]
    touch file
    expect_status 2 fit "${small[@]}" -f -o file parts.rubric
    # Before anything is read:
    mkfifo never
    exec 9<> never
    expect_status 2 timeout 20 fit "${small[@]}" -o m < never
    exec 9>&-
    expect_status 1 fit "${small[@]}" -o missing/m parts.rubric
}

@test "two at one place: the second is refused" {
    streams
    mkfifo pipe
    fit -q "${small[@]}" -o m < pipe > /dev/null 2>&1 & local job=$!
    exec 9> pipe
    while [ ! -d m.partial ]; do sleep 0.05; done
    expect_status 1 bash -c "fit ${small[*]} -o m < parts.rubric 9>&-"
    [[ $stderr == *"another fit is writing it"* ]]
    exec 9>&-
    wait $job || true
    absent m.partial
}

@test "upstream killed: exit 4, and nothing is left" {
    streams
    size=$(stat -c %s parts.rubric)
    for part in 1 2 3 4 5 6 7 8 9; do
        expect_status 4 bash -c "head -c $((size * part / 10)) parts.rubric | fit ${small[*]} -o m"
        absent m m.partial
    done
    expect_status 4 bash -c "head -c $((size - 1)) parts.rubric | fit ${small[*]} -o m"
    absent m m.partial
    # tok itself, by SIGKILL, while it waits for more.
    mkfifo pipe
    { cat "$root/examples/essays.csv"; sleep 30; } | { exec tok -q > pipe; } & local feeder=$!
    fit "${small[@]}" -o m < pipe > held.rubric 2> said & local job=$!
    local pid=
    while [ -z "$pid" ]; do pid=$(pgrep -P $$ -x tok || true); done
    sleep 0.3
    kill -9 "$pid"
    local status=0
    wait $job || status=$?
    kill $feeder 2>/dev/null || true
    [ $status -eq 4 ]
    absent m m.partial
    [ ! -s held.rubric ]
}

@test "training records select, or val beside test, and never the output" {
    tok -q < "$root/examples/essays.csv" > tokens.rubric
    split -q --stratify --ratio 60:20:20 tokens.rubric > three.rubric
    fit "${small[@]}" --epochs 1 -o m3 < three.rubric > held.rubric 2> said
    expect_text '"val"' "$(show --header held.rubric | jq -c .chosen_by)"
    expect_text test "$(records held.rubric | jq -r .part | sort -u)"
    expect_text "$(records --where part=test three.rubric | wc -l)" "$(records held.rubric | wc -l)"
    # The held-out records change nothing in the model: other labels, same bytes.
    split -q --stratify tokens.rubric > parts.rubric
    fit -q "${small[@]}" --epochs 3 --keep best --thresholds tuned -o a < parts.rubric > /dev/null
    changed 'if .part == "val" then .y = 6 - .y else . end' parts.rubric > turned.rubric
    fit -q "${small[@]}" --epochs 3 --keep best --thresholds tuned -o b < turned.rubric > /dev/null
    cmp a/model.safetensors b/model.safetensors
    # A tenth of each class selects if there is something to select, else all are trained on and the last epoch stays.
    expect_text '[185,19,"slice"]' "$(jq -c '[.rubric.records.trained, .rubric.records.chose, .rubric.run.options.select]' a/config.json)"
    for choice in "--keep best" "--monitor loss" "--patience 1" "--thresholds tuned" "--select slice"; do
        fit -q "${small[@]}" --epochs 1 $choice -f -o c < parts.rubric > /dev/null
        expect_text "$choice 19" "$choice $(jq .rubric.records.chose c/config.json)"
    done
    for choice in "" "--keep last" "--keep last --monitor loss" "--thresholds prior" "--select none"; do
        fit -q "${small[@]}" --epochs 1 $choice -f -o c < parts.rubric > /dev/null
        expect_text '[204,0,"last"]' "$(jq -c '[.rubric.records.trained, .rubric.records.chose, .rubric.run.options.keep]' c/config.json)"
    done
    # From random weights: enough epochs for 300 steps, between 4 and 8.
    expect_text 8 "$(fit "${small[@]}" --dry-run -o n parts.rubric 2>&1 | sed -n 's/.*, \([0-9]*\) epochs,.*/\1/p')"
    expect_text 6 "$(fit "${small[@]}" --batch 4 --dry-run -o n parts.rubric 2>&1 | sed -n 's/.*, \([0-9]*\) epochs,.*/\1/p')"
    expect_text 4 "$(fit "${small[@]}" --batch 2 --dry-run -o n parts.rubric 2>&1 | sed -n 's/.*, \([0-9]*\) epochs,.*/\1/p')"
    # Asked for, it is said.
    expect_status 0 bash -c "fit ${small[*]} --epochs 1 --select val -o v < parts.rubric > held.rubric"
    [[ $stderr == *"AND are output"* ]]
    expect_text '"val"' "$(show --header held.rubric | jq -c .chosen_by)"
    expect_text '"val"' "$(jq -c .rubric.chosen_by v/config.json)"
    expect_text 51 "$(records held.rubric | wc -l)"
    expect_status 3 fit "${small[@]}" --select val -o n tokens.rubric
}

@test "squared error: the finished model's scores of training records have the right mean" {
    streams
    show -q --stream --where part=train parts.rubric > train.rubric
    # off WEIGHT: the mean of score - y over the records, each weighing 1 or the inverse of its class's number.
    off() {
        predict -q -m m train.rubric | show --json | jq -s --arg how "$1" '[.[] | select(has("score"))] |
            [group_by(.y)[] | length as $n | .[] | {w: (if $how == "balanced" then 1 / $n else 1 end), r: (.score - .y)}] |
            ([.[] | .w * .r] | add) / ([.[].w] | add) | fabs < 1e-5'
    }
    local how=("${small[@]}" --max-steps 6 --dropout 0.5)
    fit "${how[@]}" -o m train.rubric > /dev/null 2> said
    grep -q 'corrected a mean offset of ' said
    expect_text true "$(off plain)"
    fit -q "${how[@]}" --class-weight balanced -f -o m train.rubric > /dev/null
    expect_text "true false" "$(off balanced) $(off plain)"
    # Without anything drawn there is nothing to put right, nor for other losses.
    for other in "--dropout 0" "--loss ce"; do
        fit "${how[@]}" $other -f -o m train.rubric > /dev/null 2> said
        run ! grep 'mean offset' said
    done
}

@test "folds, records without labels, streams without parts" {
    tok -q < "$root/examples/essays.csv" > tokens.rubric
    split -q --folds 5 tokens.rubric > folds.rubric
    fit -q "${small[@]}" --epochs 1 --fold 2 -o m < folds.rubric > held.rubric
    expect_text 2 "$(records held.rubric | jq .fold | sort -u)"
    expect_text 51 "$(records held.rubric | wc -l)"
    expect_status 3 fit "${small[@]}" --fold 7 -o n folds.rubric
    [[ $stderr == *"no record is in fold 7"* ]]
    fit -q "${small[@]}" --epochs 1 -o all < tokens.rubric > none.rubric
    expect_text 0 "$(records none.rubric | wc -l)"
    expect_text 255 "$(jq '.rubric.records | .trained + .chose' all/config.json)"
    changed 'if (.id | endswith("7")) then del(.y) else . end' tokens.rubric > some.rubric
    fit -q "${small[@]}" --epochs 1 -o some < some.rubric > held.rubric
    expect_text "$(records some.rubric | jq -r 'select(.y == null) | .id')" "$(records held.rubric | jq -r .id)"
    changed 'if .y == 3 then .part = "train" else . end' tokens.rubric > mixed.rubric
    expect_status 3 fit "${small[@]}" -o x mixed.rubric
    [[ $stderr == *"have no part"* ]]
    absent x x.partial
}

@test "nothing to train on, one class, another vocabulary, a number too many" {
    streams
    changed 'del(.y)' parts.rubric > bare.rubric
    expect_status 3 fit "${small[@]}" -o m bare.rubric
    [[ $stderr == *"nothing to train on"* ]]
    changed '.part = "val"' parts.rubric > held.rubric
    expect_status 3 fit "${small[@]}" -o m held.rubric
    changed '.y = 3' parts.rubric | show --json | jq -c 'if has("rubric") then del(.labels, .ordered) else . end' | show --pack > one.rubric
    expect_status 3 fit "${small[@]}" -o m one.rubric
    [[ $stderr == *"have the same label"* ]]
    expect_status 4 fit "${small[@]}" --records 254 -o m parts.rubric
    [[ $stderr == *"255 records came"* ]]
    changed '.ids[3] = 99999' parts.rubric > wild.rubric
    expect_status 4 fit "${small[@]}" -o m wild.rubric
    [[ $stderr == *"has the id 99999"* ]]
    absent m m.partial
}

@test "weights of records, and essays of several windows" {
    streams
    fit -q "${small[@]}" --epochs 2 -o plain < parts.rubric > /dev/null
    changed '.w = 4' parts.rubric > heavy.rubric
    fit -q "${small[@]}" --epochs 2 -o heavy < heavy.rubric > /dev/null
    cmp plain/model.safetensors heavy/model.safetensors
    changed 'if .y == 5 then .w = 4 else . end' parts.rubric > some.rubric
    fit -q "${small[@]}" --epochs 2 -o some < some.rubric > /dev/null
    run -1 cmp -s plain/model.safetensors some/model.safetensors

    tok -q --long windows --max-length 64 --stride 16 < "$root/examples/essays.csv" | split -q --stratify > windows.rubric
    [ "$(records windows.rubric | jq -s 'map(select(.win)) | length')" -gt 100 ]
    fit -q "${small[@]}" --epochs 1 --token-dropout 0.1 -o w < windows.rubric > held.rubric
    fit -q "${small[@]}" --epochs 1 --token-dropout 0.1 --threads 3 -o w3 < windows.rubric > /dev/null
    expect_text "$(print_of w)" "$(print_of w3)"
    expect_text '["windows",64,16]' "$(jq -c '[.rubric.long, .model_max_length, .rubric.stride]' w/tokenizer_config.json)"
    expect_text 51 "$(predict -q < held.rubric | evalm --json | jq .n)"
}

@test "a model replaced by what is trained from it" {
    streams
    fit -q "${small[@]}" --epochs 1 -o m < parts.rubric > /dev/null
    cp -r m copy
    fit -q -m copy --epochs 1 -o next < parts.rubric > /dev/null
    fit -q -m m --epochs 1 -f -o m < parts.rubric > /dev/null
    expect_text "$(print_of next)" "$(print_of m)"
}

@test "strings: cross-entropy, and ordered losses refuse" {
    sed -E 's/,1$/,bad/; s/,2$/,poor/; s/,3$/,fair/; s/,4$/,good/; s/,5$/,fine/' "$root/examples/essays.csv" > words.csv
    tok -q words.csv > strings.rubric
    split -q --stratify strings.rubric > parts.rubric
    fit "${small[@]}" --epochs 1 -o m < parts.rubric > /dev/null 2> said
    grep -q '; ce,' said
    expect_text ce "$(jq -r .rubric.loss m/config.json)"
    expect_text null "$(jq -c .rubric.thresholds m/config.json)"
    for option in "--loss mse" "--thresholds prior"; do
        expect_status 2 fit "${small[@]}" $option -o n parts.rubric
        [[ $stderr == *"tok --classes LOW,...,HIGH"* ]]
    done
    tok -q --classes bad,poor,fair,good,fine words.csv | split -q --stratify | fit -q "${small[@]}" --epochs 1 -o o > /dev/null
    expect_text "mse prior 4" "$(jq -r '.rubric | [.loss, .run.options.thresholds, (.thresholds | length)] | join(" ")' o/config.json)"
    expect_text '["bad","poor","fair","good","fine"]' "$(jq -c .rubric.labels o/config.json)"
}

@test "--thresholds prior: predictions of what was trained on have the shares of its classes" {
    tok -q < "$root/examples/essays.csv" > tokens.rubric
    shares() { records scored.rubric | jq ".$1" | sort | uniq -c; }
    for loss in mse ce; do
        expect_status 0 fit "${small[@]}" --loss $loss --max-steps 30 --thresholds prior -f -o m tokens.rubric
        [[ $stderr == *"thresholds between the classes, set on 255 records: "* ]]
        predict -q -m m tokens.rubric > scored.rubric
        expect_text "$(shares y)" "$(shares pred)"
    done
    expect_text true "$(predict -q -m m tokens.rubric | evalm --json | jq '.mae > 0')" # it is not the labels that come back
    expect_status 2 fit "${small[@]}" --thresholds tuned --select none -o n tokens.rubric
    [[ $stderr == *"records to set them on that are not trained on"* ]]
    # Of three records none can be held back.
    printf 'text,score\none two,1\nthree four,2\nfive six,1\n' | tok -q > three.rubric
    expect_status 0 fit "${small[@]}" --epochs 1 --thresholds tuned -o few three.rubric
    [[ $stderr == *"--thresholds tuned: too few records"* ]]
    expect_text null "$(jq -c .rubric.thresholds few/config.json)"
    for choice in "--keep best" "--patience 1" "--select slice"; do
        # shellcheck disable=SC2086
        expect_status 0 fit "${small[@]}" --epochs 2 $choice -f -o few three.rubric
        [[ $stderr == *"too few records of each class to hold out a tenth: nothing selects, the last epoch is kept"* ]]
    done
}

@test "every loss, pooling, sampling, weighting and schedule trains and predicts" {
    streams
    try() {
        rm -rf m
        expect_text "$* 51" "$* $(fit -q "${small[@]}" --max-steps 3 "$@" -o m < parts.rubric | predict -q | evalm --json | jq .n)"
    }
    for loss in ce mse coral corn clm soft qwk; do try --loss $loss; done
    for pool in cls mean max attention first; do try --pool $pool; done
    for sample in balanced sqrt under; do try --sample $sample; done
    for weight in balanced effective; do try --class-weight $weight; done
    for schedule in linear cosine constant; do try --schedule $schedule; done
    for thresholds in prior tuned; do try --thresholds $thresholds; done
    printf '1 2.5\n5 3\n' > weights
    try --class-weight weights
    try --freeze embeddings,0
    try --ema 0.9
    try --token-dropout 0.2 --span-deletion 0.3
    try --keep last
    try --label-smoothing 0.1 --loss ce --monitor macro_f1 --patience 1
    printf '9 2\n' > weights
    expect_status 3 fit "${small[@]}" --class-weight weights -o w parts.rubric
    [[ $stderr == *'weights:1: "9" is not the label of a class'* ]]
}

@test "a loss that is not finite stops at once and names step and records" {
    streams
    expect_status 1 fit "${small[@]}" --lr 10 --clip 0 --head-lr 1e6 --epochs 50 -o m parts.rubric
    [[ $stderr == *"step "*"not finite"*"records: "* ]]
    absent m m.partial
}

@test "overfitting is said in words, and since when" {
    streams
    changed 'if .part == "val" then .y = 6 - .y else . end' parts.rubric > turned.rubric
    for keep in best last; do
        expect_status 0 fit "${small[@]}" --select val --monitor loss --keep $keep --epochs 6 --lr 3e-3 -f -o m turned.rubric
        best=$(grep '(best)' <<< "$stderr" | tail -1 | sed 's,.*epoch \([0-9]*\)/.*,\1,')
        [ "$best" -lt 6 ]
        [[ $stderr == *"overfitting after epoch $best: the training loss went on falling while that of val rose"* ]]
    done
    expect_status 0 fit "${small[@]}" --select val --epochs 2 -f -o m parts.rubric
    [[ $stderr != *"overfitting"* ]]
}

@test "what would do nothing is refused" {
    streams
    fit -q "${small[@]}" --max-steps 1 -o enc parts.rubric > /dev/null
    embed -q -m enc parts.rubric > vectors.rubric
    for option in "--loss mse" "--pool max" "--epochs 2" "--max-steps 3" "--batch 4" "--lr 1" "--head-lr 3" "--layer-decay .5" \
        "--schedule cosine" "--warmup 3" "--weight-decay 3" "--clip 2" "--dropout 0" "--token-dropout .1" "--span-deletion .1" \
        "--label-smoothing .1" "--freeze embeddings" "--ema .9" "--sample balanced" "--select val" "--keep best" "--monitor loss" "--patience 2"; do
        # shellcheck disable=SC2086
        expect_status 2 fit $option -o m vectors.rubric
        [[ $stderr == *"${option%% *} is for tokens"* ]]
    done
    for head in logistic ordinal; do
        expect_status 2 fit --head $head --thresholds tuned -o m vectors.rubric
        [[ $stderr == *"only ridge has them"* ]]
    done
    for option in "--keep best" "--monitor loss" "--patience 2"; do
        # shellcheck disable=SC2086
        expect_status 2 fit "${small[@]}" --select none $option -o m parts.rubric
        [[ $stderr == *"$option needs records to select by"* || $stderr == *"${option%% *} needs records to select by"* ]]
    done
    expect_status 2 fit "${small[@]}" --loss mse --label-smoothing .1 -o m parts.rubric
    [[ $stderr == *"goes with --loss ce, and the loss is mse"* ]]
    expect_status 2 fit --scratch --shape 2,33,2 -o m parts.rubric
    [[ $stderr == *"33 is no multiple of 2 heads"* ]]
    for place in "" . .. m/.. /; do
        expect_status 2 fit "${small[@]}" -f -o "$place" parts.rubric
        [[ $stderr == *"-o is '"*"expected the name of a directory"* ]]
    done
    absent m m.partial .partial
    expect_status 4 fit "${small[@]}" --records 0 -o m parts.rubric
    [[ $stderr == *"--records expects 0"* ]]
}

@test "records that weigh nothing are nothing to learn from" {
    streams
    fit -q "${small[@]}" --max-steps 1 -o enc parts.rubric > /dev/null
    embed -q -m enc parts.rubric > vectors.rubric
    for stream in parts vectors; do
        how=("${small[@]}")
        [ $stream = parts ] || how=()
        printf '%s 0\n' 1 2 3 4 5 > none
        expect_status 3 fit "${how[@]}" --class-weight ./none -o m $stream.rubric
        [[ $stderr == *"records to train on have the weight 0"* ]]
        printf '%s 0\n' 1 2 4 5 > one
        expect_status 3 fit "${how[@]}" --class-weight ./one -o m $stream.rubric
        [[ $stderr == *"have the same label"* ]]
        changed '.w = 0' $stream.rubric > light.rubric
        expect_status 3 fit "${how[@]}" -o m light.rubric
        [[ $stderr == *"records to train on have the weight 0"* ]]
        # Thresholds are set on those that weigh something.
        changed 'if .y < 3 then .w = 0 else . end' $stream.rubric > light.rubric
        count=$(show --json --where part=train light.rubric | jq -c 'select(.w != 0 and has("id"))' | wc -l)
        steps=(--max-steps 2)
        [ $stream = parts ] || steps=()
        fit "${how[@]}" "${steps[@]}" -o $stream.model light.rubric 2>&1 > /dev/null | grep "set on $count records"
    done
    printf '2 2\n\n2 3\n' > twice
    expect_status 3 fit "${small[@]}" --class-weight ./twice -o n parts.rubric
    [[ $stderr == *'./twice:3: "2" has a weight already'* ]]
}

@test "labels that single precision cannot hold are refused" {
    scores() { (echo text,score; for i in {1..12}; do echo "essay $((i % 5)) words,$(eval echo "$1")"; done) | tok -q --label-type "$2"; }
    for score in '$((i % 3 + 1))e200' '$((i % 3 + 1))e-40' '$((1000000000 + i % 3))'; do
        scores "$score" number > far.rubric
        expect_status 3 fit "${small[@]}" -o m far.rubric
        [[ $stderr == *"fit: the labels"*"expected"* || $stderr == *"too near to tell in single precision (subtract 10000000"* ]]
        absent m
    done
    # As classes, whole numbers are told apart beyond what a double holds.
    scores '$((9007199254740992 + i % 3))' integer > far.rubric
    fit -q "${small[@]}" --loss ce --thresholds round --max-steps 1 -o m far.rubric > /dev/null
    expect_text '[9007199254740992,9007199254740993,9007199254740994]' "$(tr -d ' \n' < m/config.json | grep -o '"labels":[^]]*\]' | cut -d: -f2)"
}

@test "training goes on from a model, and from its head" {
    streams
    fit -q "${small[@]}" --epochs 1 -o first < parts.rubric > /dev/null
    fit -m first --epochs 1 -o second < parts.rubric > /dev/null 2> said
    grep -q 'its trained head is trained further' said
    run -1 grep -q 'starting from random weights' said
    # A head fitted on a frozen layer gives its loss, its pooling and its layer, unless others are asked for.
    embed -q -m first --pool max < parts.rubric | fit -q --head ordinal -o probe > /dev/null
    fit -m probe --max-steps 2 -o tuned < parts.rubric > /dev/null 2> said
    grep -q 'its trained head is trained further' said
    expect_text '["clm","max"]' "$(jq -c '[.rubric.loss, .rubric.pool]' tuned/config.json)"
    fit -m first --loss ce --epochs 1 -o third < parts.rubric > /dev/null 2> said
    run -1 grep -q 'its trained head is trained further' said
    fit -m first --pool max --max-steps 1 -o fourth < parts.rubric > /dev/null 2> said
    grep -q 'first: its head was trained for another loss, pooling or other classes, and is drawn anew' said
    embed -q -m first --pool cls < parts.rubric | fit -q --head ridge -o probe -f > /dev/null
    fit -m probe --max-steps 2 -f -o tuned < parts.rubric > /dev/null 2> said
    grep -q 'its trained head is trained further' said
    expect_text '["mse","cls"]' "$(jq -c '[.rubric.loss, .rubric.pool]' tuned/config.json)"
}

@test "heads on vectors: a complete model that scores texts and vectors alike" {
    streams
    fit -q --scratch --shape 2,16,2 --epochs 1 -o enc < parts.rubric > /dev/null
    embed -q -m enc --layer 1 < parts.rubric > vectors.rubric
    for head in ridge logistic ordinal; do
        fit -q --head $head -o $head < vectors.rubric > held.rubric
        expect_text 51 "$(records held.rubric | wc -l)"
        predict -q -m $head < held.rubric > a.rubric
        tok -q -m $head < "$root/examples/essays.csv" | split -q --stratify | show --where part=val --stream | predict -q -m $head > b.rubric
        expect_text "$(records a.rubric | jq -c '[.id, .pred]')" "$(records b.rubric | jq -c '[.id, .pred]')"
        expect_text 1 "$(jq .num_hidden_layers $head/config.json)"
    done
    fit -q --head ridge --threads 1 -o again < vectors.rubric > /dev/null
    cmp again/model.safetensors ridge/model.safetensors
    cmp again/config.json ridge/config.json
    expect_status 2 fit --head ridge -o m parts.rubric
    expect_status 2 fit --loss ce -o m vectors.rubric
    rm -r enc
    expect_status 4 fit -o m vectors.rubric
    [[ $stderr == *"-m DIR says where it is"* ]]
}

@test "a terminal gets an evaluation, /dev/full fails loudly, a closed pipe ends quietly" {
    streams
    script -qec "fit -q ${small[*]} --epochs 1 -o m parts.rubric" /dev/null < /dev/null > screen
    grep -q 'accuracy' screen
    [ -d m ]
    expect_status 1 bash -c "fit -q ${small[*]} --epochs 1 -o n < parts.rubric > /dev/full"
    [[ $stderr == *"cannot write"* ]]
    [ -d n ]
    expect_status 0 bash -c "fit -q ${small[*]} --epochs 1 -o o < parts.rubric | true"
    [ -z "$stderr" ]
}

# A directory of a vocabulary with added tokens in it and behind its end, as Hugging Face's libraries save it.
directory_with() {
    rm -rf from
    mkdir from
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' a b '##a' '##b' z '##z' new line > from/vocab.txt
    echo "$1" > from/tokenizer_config.json
    jq '.vocab_size = 15 | del(.rubric)' "$fixtures/model/trained/config.json" > from/config.json
}
added='{"added_tokens_decoder": {
    "6": {"content": "b", "normalized": true, "single_word": true, "special": false},
    "13": {"content": "zzq", "normalized": true, "special": false},
    "14": {"content": "<P>", "special": true}}}'
ids_of() {
    printf '%s\n' 'ZZQ zzqa azzq a<P>b b abba new<p>line' 'ababab zzzzzzz abababa' |
        tok -q --format text -m "$1" | show --json | jq -c 'select(.ids) | .ids'
}
fit_from() {
    rm -rf saved again
    printf 'text,label\nab zzq b,1\n<P> a,2\n' | tok -q -m from > t
    fit -q "${small[@]}" -m from --max-steps 1 -o saved < t > held
    printf 'text,label\nab zzq b,1\n<P> a,2\n' | tok -q -m saved | fit -q -m saved --max-steps 1 -o again > held
}

@test "added tokens are saved with their flags, and a stream made with others is refused" {
    directory_with "$added"
    fit_from
    expect_text "[2,13,13,5,5,13,5,14,6,6,5,8,8,7,11,1,1,1,12,3]" "$(ids_of from | head -n 1)"
    expect_text "$(ids_of from)" "$(ids_of saved)"
    expect_text "$(ids_of from)" "$(ids_of again)"
    cmp from/vocab.txt saved/vocab.txt
    cmp saved/tokenizer_config.json again/tokenizer_config.json
    expect_status 0 predict -q -m saved -o p t

    # The same pieces, all of them in vocab.txt: only the added tokens differ.
    cp -r saved other
    printf 'zzq\n<P>\n' >> other/vocab.txt
    jq 'del(.added_tokens_decoder)' saved/tokenizer_config.json > other/tokenizer_config.json
    for filter in "predict -m other" "embed -m other" "fit -m other --max-steps 1 -o none"; do
        expect_status 4 $filter t
        [[ $stderr == *"another set of added tokens (\""*"than the model other has (none): "*"'tok -m other'"* ]]
    done
    tok -q -m other from/vocab.txt --format text > u
    expect_status 4 predict -m saved u
    [[ $stderr == *"another set of added tokens (none) than the model saved has (\""* ]]
}

@test "a tokenizer's limit of a word is saved, and a stream made with another is refused" {
    directory_with '{"rubric": {"word_limit": 6}}'
    fit_from
    expect_text "[2,5,8,7,8,7,8,1,1,3]" "$(ids_of from | tail -n 1)"
    expect_text "$(ids_of from)" "$(ids_of saved)"

    # The same as tokenizer.json has it.
    cp -r saved other
    jq 'del(.rubric.word_limit)' saved/tokenizer_config.json > from/tokenizer_config.json
    mv other/tokenizer.json from
    fit_from
    expect_text "[2,5,8,7,8,7,8,1,1,3]" "$(ids_of from | tail -n 1)"
    expect_text "$(ids_of from)" "$(ids_of saved)"
    expect_text 6 "$(show --header t | jq .tokenizer.word_limit)"
    cmp other/tokenizer_config.json saved/tokenizer_config.json

    jq '.rubric.word_limit = 100' saved/tokenizer_config.json > other/tokenizer_config.json
    for filter in "predict -m other" "embed -m other" "fit -m other --max-steps 1 -o none"; do
        expect_status 4 $filter t
        [[ $stderr == *"another limit of characters in a word (6) than the model other has (100): "* ]]
    done
}

@test "a directory without added tokens and with BERT's limit says nothing of them" {
    directory_with '{}'
    fit_from
    expect_text '["vocab","size","lower_case","strip_accents","split_chinese","placeholders","long","max_length","stride"]' \
        "$(show --header t | jq -c '.tokenizer | keys_unsorted')"
    expect_text '["long","max_length","placeholders","stride"] null' \
        "$(jq -rj '(.rubric | keys | tojson), " ", .added_tokens_decoder' saved/tokenizer_config.json)"
    absent saved/tokenizer.json
}
