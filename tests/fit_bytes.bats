# The same bytes from fit, on every kernel path, whatever the number of threads and whichever OpenBLAS does the
# portable path's products.
load helper

streams() {
    tok -q -m "$fixtures/model/trained" "$root/examples/essays.csv" | show --stream -q -n 40 | split -q --stratify > parts.rubric
    embed -q -m "$fixtures/model/trained" parts.rubric > vectors.rubric
}

# The kernel paths that this machine has.
paths() {
    echo portable
    ! grep -qw avx2 /proc/cpuinfo || echo avx2
    ! grep -qw avx512bw /proc/cpuinfo || echo avx512
}

flavours() { ls -d /usr/lib/*/openblas-{pthread,openmp,serial} 2> /dev/null; }

# bytes_of DIRECTORY: what "the same bytes" covers.
bytes_of() {
    (cd "$1" && cat model.safetensors config.json ./*optimizer.safetensors <(cut -d, -f1-6 log.csv) | sha256sum)
}

records() { show --json "$1" | jq -c 'select(has("id"))'; }

train() { # DIRECTORY [OPTION]...
    rm -rf "$1"
    fit -q --scratch --shape 2,32,2 --batch 7 --epochs 2 --keep best -o "$1" "${@:2}" parts.rubric > "$1.held"
}

@test "the same model with 1, 2, 3, 5 and 8 threads, on each kernel path" {
    streams
    for RUBRIC_KERNELS in $(paths); do
        export RUBRIC_KERNELS
        train one --threads 1
        for threads in 2 3 5 8; do
            train more --threads $threads
            expect_text "$RUBRIC_KERNELS $(bytes_of one)" "$RUBRIC_KERNELS $(bytes_of more)"
        done
        # The scores too, whatever the threads and the records beside them.
        predict -q -m one --threads 1 one.held | show --json | sed '1d;$d' > alone
        [ "$(wc -l < alone)" -gt 3 ]
        for threads in 2 5; do
            predict -q -m one --threads $threads one.held | show --json | sed '1d;$d' | cmp - alone
        done
        tac alone | head -1 > last
        id=$(jq -r .id last)
        show --stream -q --id "$id" one.held | predict -q -m one | show --json | sed '1d;$d' | cmp - last
    done
}

@test "each OpenBLAS: the same model with 1, 2 and 5 threads on the portable path" {
    streams
    export RUBRIC_KERNELS=portable
    [ "$(flavours | wc -l)" -eq 3 ]
    for flavour in $(flavours); do
        export LD_LIBRARY_PATH=$flavour
        train one --threads 1
        for threads in 2 5; do
            train more --threads $threads
            expect_text "$flavour $(bytes_of one)" "$flavour $(bytes_of more)"
        done
        for head in ridge logistic ordinal; do
            rm -rf h1 h5
            fit -q --head $head --threads 1 -o h1 -m "$fixtures/model/trained" vectors.rubric > /dev/null
            fit -q --head $head --threads 5 -o h5 -m "$fixtures/model/trained" vectors.rubric > /dev/null
            cmp h1/model.safetensors h5/model.safetensors
            cmp h1/config.json h5/config.json
        done
    done
}

# What only a rare moment would show as other bytes: two threads in a part of OpenBLAS that has room for one.
@test "each OpenBLAS: threads take turns where it has no locks" {
    streams
    export RUBRIC_KERNELS=portable
    [ "$(flavours | wc -l)" -eq 3 ]
    for flavour in $(flavours); do
        export LD_LIBRARY_PATH=$flavour
        for command in "fit -q --scratch --shape 2,32,2 --batch 7 --max-steps 2 -o one parts.rubric" \
            "predict -q -m $fixtures/model/trained parts.rubric" "embed -q -m $fixtures/model/trained parts.rubric"; do
            rm -rf one
            # shellcheck disable=SC2086
            ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$build/tests/turns.so $command --threads 5 > taken
        done
    done
}

# Killed KILLS times (more by `make kills`), at random moments and with other threads after each, essays on disk.
@test "each OpenBLAS: killed at random moments and resumed, the same bytes" {
    streams
    for _ in {1..25}; do cat parts.rubric; done > many.rubric
    export RUBRIC_KERNELS=portable
    [ "$(flavours | wc -l)" -eq 3 ]
    local how=(-q --scratch --shape 2,32,2 --batch 7 --max-steps 60 --ema 0.9 --token-dropout 0.1
               --sample balanced --select slice --checkpoint 0.01)
    for flavour in $(flavours); do
        export LD_LIBRARY_PATH=$flavour
        rm -rf whole whole.held
        fit "${how[@]}" --threads 2 -o whole many.rubric > whole.held
        run --separate-stderr fit "${how[@]}" --threads 8 --memory 1M -o refused many.rubric
        [[ $stderr =~ 'need '([0-9]+M) ]]
        local least=${BASH_REMATCH[1]} killed=0 runs=0
        while [ $killed -lt "${KILLS:-6}" ]; do
            rm -rf m
            for threads in 1 2 3 8 1 2 3 8 2 2 2 2; do
                fit "${how[@]}" --threads $threads --memory "$least" --resume -o m many.rubric > held & local job=$!
                sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
                if kill -9 $job 2> /dev/null; then
                    killed=$((killed + 1))
                fi
                if wait $job; then
                    break
                fi
            done
            fit "${how[@]}" --memory "$least" --resume -o m many.rubric > held
            expect_text "$flavour $(bytes_of whole)" "$flavour $(bytes_of m)"
            cmp <(records held) <(records whole.held)
            runs=$((runs + 1))
            [ $runs -lt 1000 ]
        done
    done
}

@test "an unknown kernel path is refused by name" {
    streams
    RUBRIC_KERNELS=abacus expect_status 2 fit --scratch --shape 2,32,2 -o m parts.rubric
    [[ $stderr == *RUBRIC_KERNELS*abacus* ]]
}
