# A small run of each filter, for tests of what they have in common.
# shellcheck disable=SC2034  # the tests read the variables
streams=(tok split embed fit predict)        # those that write a stream
filters=("${streams[@]}" evalm show tally vocab)

prepare() {
    model=$fixtures/model/trained
    head -20 "$root/examples/essays.csv" > essays.csv
    tok -q -m "$model" essays.csv > tokens.rubric
    split -q --stratify tokens.rubric > parts.rubric
    embed -q -m "$model" parts.rubric > vectors.rubric
    predict -q -m "$model" parts.rubric > predictions.rubric
}

# command_of NAME: sets `command` to a small run of a filter that writes to standard output.
command_of() {
    case $1 in
        tok) command=(tok -q -m "$model" essays.csv) ;;
        split) command=(split -q --stratify tokens.rubric) ;;
        embed) command=(embed -q -m "$model" tokens.rubric) ;;
        fit) command=(fit -q -f --scratch --shape 1,16,2 --max-steps 1 -o m parts.rubric) ;;
        predict) command=(predict -q -m "$model" tokens.rubric) ;;
        evalm) command=(evalm -q predictions.rubric) ;;
        show) command=(show --json tokens.rubric) ;;
        tally) command=(tally -q tokens.rubric) ;;
        vocab) command=(vocab -q --size 300 essays.csv) ;;
    esac
}
