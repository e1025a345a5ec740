/* Rows: the CSV scan against libcsv, torn and bad rows, encodings, validation. */
#include <csv.h>
#include <setjmp.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "check.h"
#include "text/csv.h"
#include "text/row_lookahead.h"
#include "text/rows.h"
#include "text/validate.h"

/* ---- libcsv as the oracle ---- */

/* Rows as text: fields joined by 0x1f, rows ended by 0x1e. */
static void on_field(void *text, size_t size, void *out)
{
    buffer_append(out, text, size);
    buffer_byte(out, 0x1f);
}
static void on_row(int end, void *out)
{
    (void)end;
    buffer_byte(out, 0x1e);
}
static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void read_with_libcsv(struct slice text, struct buffer *out)
{
    struct csv_parser parser;
    if (csv_init(&parser, 0) != 0)
        exit(1);
    csv_set_space_func(&parser, no_space); /* blanks are data here */
    CHECK(csv_parse(&parser, text.at, text.size, on_field, on_row, out) == text.size);
    csv_fini(&parser, on_field, on_row, out);
    csv_free(&parser);
}

static void read_with_scan(struct slice text, struct buffer *out)
{
    struct csv_row row = {0};
    for (const char *at = text.at, *end = at + text.size; at < end; at = row.next) {
        if (*at == '\n' || (*at == '\r' && at[1] == '\n')) { /* both pass over empty lines */
            row.next = at + (*at == '\r' ? 2 : 1);
            continue;
        }
        if (csv_scan(&row, at, end, true, ',', CSV_FIELD_LIMIT) != CSV_FOUND) {
            CHECK(false); /* a good row is found */
            break;
        }
        for (size_t i = 0; i < row.count; i++) {
            if (row.fields[i].doubled)
                csv_unquote(out, row.fields[i].text);
            else
                buffer_append(out, row.fields[i].text.at, row.fields[i].text.size);
            buffer_byte(out, 0x1f);
        }
        buffer_byte(out, 0x1e);
    }
    free(row.fields);
}

static uint64_t draws;
static uint64_t draw(uint64_t bound) { return random_below(bound, 7, RANDOM_SAMPLE, draws++, 0); }

/* A field as some writer might have written it: in quotes where it must be, and sometimes where it need
 * not. */
static void random_field(struct buffer *out)
{
    static const char *const pieces[] = {"a", "word", " ", ",", "\n", "\r\n", "\"", "\xc3\xa9", "x y", ""};
    struct buffer text = {0};
    for (uint64_t n = draw(6); n > 0; n--)
        buffer_text(&text, pieces[draw(sizeof pieces / sizeof *pieces)]);
    bool quoted = draw(3) == 0;
    for (size_t i = 0; i < text.size; i++)
        quoted |= strchr(",\n\r\"", text.at[i]) != NULL;
    if (quoted)
        buffer_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, text.at[i]);
    }
    if (quoted)
        buffer_byte(out, '"');
    buffer_free(&text);
}

static void test_against_libcsv(void)
{
    for (int round = 0; round < 400; round++) {
        struct buffer text = {0}, want = {0}, got = {0};
        uint64_t lines = 1 + draw(12);
        for (uint64_t line = 0; line < lines; line++) {
            for (uint64_t fields = 1 + draw(4); fields > 0; fields--) {
                random_field(&text);
                buffer_text(&text, fields > 1 ? "," : "");
            }
            if (line + 1 < lines || draw(2))
                buffer_text(&text, draw(2) ? "\n" : "\r\n");
        }
        read_with_libcsv((struct slice){text.at, text.size}, &want);
        read_with_scan((struct slice){text.at, text.size}, &got);
        CHECK(want.size == got.size && (got.size == 0 || memcmp(want.at, got.at, got.size) == 0));
        buffer_free(&text);
        buffer_free(&want);
        buffer_free(&got);
    }
}

/* However a row is cut, the scan asks for more; with the next row's first byte it is found. */
static void test_every_cut(void)
{
    static const char text[] = "\"a \"\"b\"\"\r\nc\",d\"e,\"\",,f\r\n";
    struct csv_row row = {0};
    size_t size = sizeof text - 1;
    for (size_t cut = 0; cut < size; cut++)
        CHECK(csv_scan(&row, text, text + cut, false, ',', CSV_FIELD_LIMIT) == CSV_MORE);
    CHECK(csv_scan(&row, text, text + size, false, ',', CSV_FIELD_LIMIT) == CSV_FOUND);
    CHECK(row.count == 5 && row.next == text + size && row.end == text + size - 2);
    CHECK(row.fields[0].doubled && row.fields[0].quoted && !row.fields[1].quoted);
    CHECK(slice_is(row.fields[1].text, "d\"e") && slice_is(row.fields[4].text, "f"));
    free(row.fields);
}

static void test_bad_rows_of_csv(void)
{
    struct csv_row row = {0};
    const char *stray = "\"a\"b,1\nx,2\n", *open = "\"a,1\nx,2\ny,3\n",
               *torn = "\"he said \"hi\" and\nleft\", 3\nx,2\n";
    CHECK(csv_scan(&row, stray, stray + strlen(stray), true, ',', 100) == CSV_STRAY && row.stop == stray + 3);
    CHECK(csv_resume(&row, stray, stray + strlen(stray), true, ',', 2) == stray + 7);
    CHECK(csv_scan(&row, open, open + strlen(open), true, ',', 100) == CSV_OPEN && row.stop == open);
    CHECK(csv_resume(&row, open, open + strlen(open), true, ',', 2) == open + 5);
    CHECK(csv_scan(&row, open, open + strlen(open), true, ',', 5) == CSV_LONG);
    /* The rest of the torn field is no row, though it has two fields: it holds a quote. */
    CHECK(csv_scan(&row, torn, torn + strlen(torn), true, ',', 100) == CSV_STRAY);
    CHECK(csv_resume(&row, torn, torn + strlen(torn), true, ',', 2) == strstr(torn, "x,2"));
    CHECK(csv_resume(&row, torn, torn + 12, false, ',', 2) == NULL);
    CHECK(csv_resume(&row, torn, torn + 12, true, ',', 2) == torn + 12);
    free(row.fields);
}

static char find_delimiter(const char *text) { return csv_find_delimiter(text, text + strlen(text)); }

static void test_delimiters(void)
{
    CHECK(find_delimiter("a,b\n;;;") == ',');
    CHECK(find_delimiter("a;b\n") == ';');
    CHECK(find_delimiter("a\tb\tc,d\n") == '\t');
    CHECK(find_delimiter("\"a,b,c\";d\n") == ';');
    CHECK(find_delimiter("alone") == ',');
}

/* ---- Bytes ---- */

static void test_facts(void)
{
    for (size_t size = 0; size < 40; size++) {
        for (size_t at = 0; at < size; at++) {
            char text[40];
            memset(text, 'x', sizeof text);
            text[at] = '\n';
            struct text_facts facts = text_facts((struct slice){text, size});
            CHECK(facts.newlines == 1 && facts.ascii && !facts.nul);
            text[at] = 0;
            CHECK(text_facts((struct slice){text, size}).nul);
            text[at] = (char)0x8a; /* a newline but for its high bit */
            facts = text_facts((struct slice){text, size});
            CHECK(facts.newlines == 0 && !facts.ascii && !facts.nul);
        }
    }
}

static void test_doubly_encoded(void)
{
    CHECK(text_doubly_encoded(slice_of("it\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s"))); /* right quotation mark */
    CHECK(text_doubly_encoded(slice_of("caf\xc3\x83\xc2\xa9")));                 /* e acute */
    CHECK(text_doubly_encoded(slice_of("\xc3\x82\xc2\xa3")));                    /* pound sign */
    CHECK(text_doubly_encoded(slice_of("\xc3\x83\xe2\x80\xb0"))); /* E acute, as Windows-1252 */
    CHECK(!text_doubly_encoded(slice_of("caf\xc3\xa9 \xe2\x80\x99 \xe2\x82\xac")));
    CHECK(!text_doubly_encoded(slice_of("N\xc3\x83O CH\xc3\x82TEAU r\xc3\xa2pe")));
    CHECK(!text_doubly_encoded(slice_of("\xc3\x83")));
    CHECK(!text_doubly_encoded(slice_of("")));
}

/* ---- Whole files ---- */

static jmp_buf died;
static char death[2048];
static enum status death_status;
static void on_death(enum status status, const char *message)
{
    death_status = status;
    snprintf(death, sizeof death, "%s", message);
    longjmp(died, 1);
}

static char path[] = "rows-unit.tmp";
static void write_input(const char *bytes, size_t size) { file_save(path, bytes, size); }

/* Reads columns a and b of the file into "line:a|b;" pieces. */
static void read_all(const struct rows_options *options, struct buffer *out)
{
    char *paths[] = {path}, name_a[] = "a", name_b[] = "b", *names[] = {name_a, name_b};
    struct rows *rows = rows_open(paths, 1, options);
    rows_select(rows, names, 2);
    for (struct row row; rows_next(rows, &row);) {
        buffer_format(out, "%d:", (int)row.line);
        buffer_append(out, row.fields[0].at, row.fields[0].size);
        buffer_byte(out, '|');
        buffer_append(out, row.fields[1].at, row.fields[1].size);
        buffer_byte(out, ';');
    }
    buffer_byte(out, '\0');
    rows_close(rows);
}

static void check_rows(const char *text, size_t size, const struct rows_options *options, const char *want)
{
    struct buffer out = {0};
    write_input(text, size);
    if (setjmp(died)) {
        CHECK_TEXT(death, want);
        CHECK(death_status == STATUS_INPUT);
    } else {
        read_all(options, &out);
        CHECK_TEXT(out.at, want);
    }
    buffer_free(&out);
}
#define CHECK_ROWS(text, options, want) check_rows((text), sizeof(text) - 1, (options), (want))

static void test_files(void)
{
    struct rows_options plain = {0}, skip = {.bad_rows = "skip"}, marked = {.bad_rows = "mark"};
    struct rows_options windows = {.encoding = "windows-1252"};
    CHECK_ROWS("a,b\n1,2\n\"x\ny\",\"q\"\"q\"\n3,4", &plain, "2:1|2;3:x\ny|q\"q;5:3|4;");
    CHECK_ROWS("\xef\xbb\xbf"
               "b;a\r\n1;2\r\n\r\n3;4\r\n",
               &plain, "2:2|1;4:4|3;");
    CHECK_ROWS("{\"b\": 1, \"a\": \"x\"}\n\n{\"a\": null, \"b\": 2.5}\n", &plain, "1:x|1;3:|2.5;");
    CHECK_ROWS("\xff\xfe"
               "a\0,\0b\0\n\0\xe9\0,\0,\x26\n\0",
               &plain, "2:\xc3\xa9|\xe2\x98\xac;");
    CHECK_ROWS("a,b\n\x93q\x94,\xe9\n", &windows, "2:\xe2\x80\x9cq\xe2\x80\x9d|\xc3\xa9;");
    CHECK_ROWS("a,b\n1,2\n3\n\"4\" ,5\n6,7\n\"8,9\n", &skip, "2:1|2;5:6|7;");
    CHECK_ROWS("a,b\n1,2\n3\n4,5\n", &marked, "2:1|2;3:|;4:4|5;");
    CHECK_ROWS(
        "a,b\n1,2\n3\n", &plain,
        "rows-unit.tmp:3: 1 field: expected 2 as in the header row (a text that holds the delimiter, ',', "
        "must be quoted)");
    CHECK_ROWS("a,b\n", &plain, "rows-unit.tmp: has a header row and no data");
    CHECK_ROWS("", &plain, "rows-unit.tmp: is empty: expected a header row and data");
    CHECK_ROWS("\n\n", &plain, "rows-unit.tmp: is empty: expected a header row and data");
}

static void note_name(void *out, const char *file, uint64_t line, const char *name)
{
    buffer_format(out, "%s:%d %s;", file, (int)line, name);
}

/* The first objects name the columns; what stands in others, and in later header rows, is told. */
static void test_names(void)
{
    struct rows_options plain = {0};
    struct buffer text = {0}, told = {0};
    char other[] = "two.tmp", *paths[] = {path, other};
    for (int lines = 999; lines <= 1001; lines++) {
        text.size = 0;
        for (int i = 1; i < lines; i++)
            buffer_text(&text, "{\"a\": 1}\n");
        buffer_text(&text, "{\"b\": 1}\n");
        write_input(text.at, text.size);
        struct rows *rows = rows_open(paths, 1, &plain);
        size_t count;
        rows_columns(rows, &count);
        CHECK(count == (lines <= 1000 ? 2 : 1));
        CHECK(rows_more_columns(rows) == (lines > 1000));
        rows_close(rows);
    }
    write_input("{\"a\": 1, \"b\": 2}\n\n{\"c\": 3}\n", 27);
    file_save(other, "d,a\n1,2\n", 8);
    struct rows *rows = rows_open(paths, 2, &plain);
    CHECK(rows_more_columns(rows));
    rows_tell_names(rows, note_name, &told);
    for (struct row row; rows_next(rows, &row);)
        continue;
    rows_close(rows);
    buffer_byte(&told, '\0');
    CHECK_TEXT(told.at, "rows-unit.tmp:1 a;rows-unit.tmp:1 b;rows-unit.tmp:3 c;two.tmp:1 d;two.tmp:1 a;");
    rows = rows_open(&paths[1], 1, &plain);
    CHECK(!rows_more_columns(rows)); /* a header row is all there is */
    rows_close(rows);
    unlink(other);
    buffer_free(&text);
    buffer_free(&told);
}

/* Rows that lie across the ends of reads come out as they are in one piece. */
static void test_long_file(void)
{
    struct buffer text = {0}, want = {0}, got = {0};
    struct rows_options plain = {0};
    buffer_text(&text, "a,b\n");
    uint64_t line = 2;
    for (int i = 0; i < 3000; i++) {
        uint64_t size = i == 1500 ? 1 << 20 : draw(900);
        buffer_format(&want, "%d:", (int)line);
        buffer_byte(&text, '"');
        for (uint64_t k = 0; k < size; k++) {
            char c = "ab \n\""[draw(5)];
            line += c == '\n';
            buffer_byte(&want, c);
            buffer_text(&text, c == '"' ? "\"\"" : (char[]){c, '\0'});
        }
        line++;
        buffer_format(&text, "\",%d\r\n", i);
        buffer_format(&want, "|%d;", i);
    }
    buffer_byte(&want, '\0');
    write_input(text.at, text.size);
    read_all(&plain, &got);
    CHECK(want.size == got.size && memcmp(want.at, got.at, want.size) == 0);
    buffer_free(&text);
    buffer_free(&want);
    buffer_free(&got);
}

int main(void)
{
    char directory[] = "/tmp/rubric-rows-XXXXXX";
    if (!mkdtemp(directory) || chdir(directory) != 0)
        return EXIT_FAILURE;
    error_set_hook(on_death);
    test_against_libcsv();
    test_every_cut();
    test_bad_rows_of_csv();
    test_delimiters();
    test_facts();
    test_doubly_encoded();
    test_files();
    test_names();
    test_long_file();
    if (unlink(path) != 0 || rmdir(directory) != 0)
        return EXIT_FAILURE;
    return check_report("rows");
}
