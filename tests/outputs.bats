# Files that options name: made with their first byte, and nothing that is there is lost without -f.
load helper

prepare() {
    model=$fixtures/model/trained
    head -20 "$root/examples/essays.csv" > essays.csv
    printf 'text,score\nhello,1\n"there\n' > bad.csv
    tok -q -m "$model" essays.csv > tokens.rubric
    show --json tokens.rubric > lines
}

# writer NUMBER: sets `command` to a run that writes the file `made`, 1 to 8 by -o.
writer() {
    case $1 in
        1) command=(tok -q -m "$model" -o made essays.csv) ;;
        2) command=(split -q --stratify -o made tokens.rubric) ;;
        3) command=(embed -q -m "$model" -o made tokens.rubric) ;;
        4) command=(predict -q -m "$model" -o made tokens.rubric) ;;
        5) command=(predict -q -m "$model" --csv -o made tokens.rubric) ;;
        6) command=(show -q --stream -o made tokens.rubric) ;;
        7) command=(show -q --pack -o made lines) ;;
        8) command=(vocab -q --size 300 -o made essays.csv) ;;
        9) command=(tok -q -m "$model" --bad-rows made bad.csv) ;;
        10) command=(vocab -q --size 300 --bad-rows made bad.csv) ;;
    esac
}

@test "a file that is there is refused, and kept as it was; -f writes over it" {
    prepare
    for number in {1..10}; do
        writer $number
        rm -f made
        "${command[@]}" > /dev/null
        cp made want
        for there in mine ''; do
            printf '%s' "$there" > made
            touch -d '2001-02-03' made
            stat -c '%i %y' made > before
            expect_status 2 "${command[@]}"
            expect_text "${command[0]}: made: exists (-f writes over it)" "$stderr"
            expect_text "$there" "$(cat made)"
            stat -c '%i %y' made | cmp - before
        done
        echo much longer than what will be there afterwards, or not, but other bytes > made
        "${command[@]}" -f > /dev/null
        # The trail of a stream has the -f.
        case $(head -c 1 made) in
            [[:print:]]) cmp made want ;;
            *) expect_text "$(show --json want | tail -n +2)" "$(show --json made | tail -n +2)" ;;
        esac
    done
}

@test "through a link nothing is lost either; a dangling one and a directory are refused" {
    prepare
    mkdir place
    for number in {1..10}; do
        writer $number
        rm -f made
        echo mine > mine
        ln -s mine made
        expect_status 2 "${command[@]}"
        expect_text mine "$(cat mine)"
        rm made
        ln -s nothing made
        for force in -q -f; do
            expect_status 2 "${command[@]}" $force
            absent nothing
        done
        rm made
        ln -s place made
        for force in -q -f; do
            expect_status 2 "${command[@]}" $force
            [[ $stderr == *"made: is a directory" ]]
        done
    done
}

@test "a command that fails before its first byte makes no file, and empties none" {
    prepare
    head -c 300 tokens.rubric > cut
    echo '{"id"' > broken
    echo mine > made
    for force in '' -f; do
        [ -n "$force" ] || rm made
        expect_status 4 split -q $force --stratify -o made cut
        expect_status 4 embed -q $force -m "$model" -o made cut
        expect_status 4 predict -q $force -m "$model" -o made cut
        expect_status 4 predict -q $force -m "$model" --csv -o made cut
        expect_status 4 show -q $force --stream -o made cut
        expect_status 3 show -q $force --pack -o made broken
        expect_status 3 tok -q $force -m "$model" -o made bad.csv
        expect_status 2 tok -q $force -m "$model" --text none --bad-rows made bad.csv
        expect_status 1 vocab -q $force -o made missing.csv
        [ -n "$force" ] || absent made
        [ -n "$force" ] || echo mine > made
        expect_text mine "$(cat made)"
    done
}

@test "pipes, devices and other names of standard output are written to" {
    prepare
    mkfifo pipe
    for number in {1..8}; do
        writer $number
        rm -f made
        "${command[@]}"
        for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
            sized() { # what it writes, but for the name of the output in the trail
                "${command[@]/made/$name}" | wc -c
            }
            [ "$(sized)" -gt 100 ]
            # Into a file, behind what the file has already.
            { echo first; "${command[@]/made/$name}"; } > both
            expect_text first "$(head -1 both | tr -d '\0')"
            [ "$(wc -c < both)" -eq $(($(sized) + 6)) ]
        done
        "${command[@]/made//dev/null}"
        cat pipe > got & local reader=$!
        "${command[@]/made/pipe}"
        wait $reader
        [ "$(wc -c < got)" -gt 100 ]
    done
}

@test "a file that appears while a command runs is not written over" {
    prepare
    mkfifo feed
    split -q -f --stratify -o made feed 2> said & local job=$!
    exec 9> feed
    sleep 0.3
    echo mine > made
    cat tokens.rubric >&9
    exec 9>&-
    local status=0
    wait $job || status=$?
    [ $status -eq 1 ]
    grep -q '^split: made: cannot create: File exists' said
    expect_text mine "$(cat made)"
}

@test "a place that cannot be written is said at once" {
    prepare
    mkdir locked
    for number in {1..10}; do
        writer $number
        expect_status 1 "${command[@]/made/nowhere/out}"
        [[ $stderr == *"nowhere/out: cannot create: No such file or directory" ]]
    done
    mkfifo never
    exec 9<> never
    expect_status 1 timeout 20 split -q -o nowhere/out never
    expect_status 2 timeout 20 split -q -o lines never
    expect_status 1 timeout 20 tok -q --bad-rows nowhere/out never
    exec 9>&-
}

@test "files follow the umask" {
    prepare
    for mask in 022 077; do
        for number in {1..8}; do
            writer $number
            rm -f made
            (umask $mask && "${command[@]}" > /dev/null)
            expect_text "$(printf '%o' $((0666 & ~mask)))" "$(stat -c %a made)"
        done
    done
}
