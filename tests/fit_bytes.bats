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
    [ -n "$(flavours)" ]
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

@test "an unknown kernel path is refused by name" {
    streams
    RUBRIC_KERNELS=abacus expect_status 2 fit --scratch --shape 2,32,2 -o m parts.rubric
    [[ $stderr == *RUBRIC_KERNELS*abacus* ]]
}
