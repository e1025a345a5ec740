/* CSV as it is written: quoting, formulas, numbers, both kinds. */
#include "base/csv_writer.h"
#include "base/options.h"
#include "check.h"

static struct csv_writer writer(bool spreadsheet, enum csv_decimal decimal, const char *delimiter)
{
    struct csv_options options = {
        .csv = !spreadsheet, .spreadsheet = spreadsheet, .delimiter = delimiter, .decimal = (int)decimal};
    CHECK(csv_options_check(&options));
    return csv_writer_new(&options, false);
}

/* A text as one of two fields. */
static const char *field(struct csv_writer *w, const char *bytes, size_t size)
{
    static struct buffer out;
    out.size = 0;
    w->columns = 2;
    w->column = 0;
    csv_text(w, (struct slice){bytes, size}, &out);
    out.at[out.size - 1] = '\0';
    return out.at;
}

static void test_quotes(void)
{
    static const char *const cases[][3] = {
        {"", "", ""},
        {"a", "a", "\"a\""},
        {"a,b", "\"a,b\"", "\"a,b\""},
        {"a;b", "a;b", "\"a;b\""},
        {"say \"x\"", "\"say \"\"x\"\"\"", "\"say \"\"x\"\"\""},
        {"\"\"", "\"\"\"\"\"\"", "\"\"\"\"\"\""},
        {" a", "\" a\"", "\" a\""},
        {"a\t", "\"a\t\"", "\"a\t\""},
        {"a\nb", "\"a\nb\"", "\"a\nb\""},
        {"a\rb", "\"a\rb\"", "\"a\rb\""},
        {"\xc3\xa9", "\xc3\xa9", "\"\xc3\xa9\""},
    };
    struct csv_writer plain = writer(false, CSV_POINT, NULL), sheet = writer(true, CSV_POINT, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_TEXT(field(&plain, cases[i][0], strlen(cases[i][0])), cases[i][1]);
        CHECK_TEXT(field(&sheet, cases[i][0], strlen(cases[i][0])), cases[i][2]);
    }
    CHECK(plain.formulas == 0 && sheet.formulas == 0);
    csv_writer_free(&plain);
    csv_writer_free(&sheet);
}

static void test_formulas(void)
{
    static const char *const formulas[] = {
        "=1+1", "+1+1", "-1+2", "@SUM(A1)", "-",      "+",   "=",    "-x", "\t=1",   "\r=1", "\n=1", "＝1+1",
        "＋1",  "－1",  "＠",   "- a list", "+49 17", "-1e", "-1e+", "-.", "-1,2,3", "-:1a", "-:",   "+-1"};
    static const char *const others[] = {"-5",    "+49",  "-3.5", "-3,5",     "+.5",     "-5.",
                                         "-1e-9", "+2E8", "5-1",  "a=1",      " =1",     "'=1+1",
                                         "",      "-:12", "$A1",  "\xef\xbc", "\xc3\xa9"};
    struct csv_writer plain = writer(false, CSV_POINT, NULL), sheet = writer(true, CSV_POINT, NULL);
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        const char *text = formulas[i];
        char *want = memory_format("\"'%s\"", text);
        CHECK_TEXT(field(&sheet, text, strlen(text)), want);
        const char *kept = field(&plain, text, strlen(text));
        CHECK(strstr(kept, text) && !strchr(kept, '\''));
        CHECK(plain.formulas == i + 1 && sheet.formulas == i + 1);
        free(want);
    }
    size_t before = plain.formulas;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *want = *others[i] ? memory_format("\"%s\"", others[i]) : memory_string("");
        CHECK_TEXT(field(&sheet, others[i], strlen(others[i])), want);
        field(&plain, others[i], strlen(others[i]));
        free(want);
    }
    field(&plain, "\0=", 2);
    field(&plain, "-1\0", 3);
    CHECK(plain.formulas == before + 1 && sheet.formulas == before);
    csv_writer_free(&plain);
    csv_writer_free(&sheet);
}

static void put_rows(struct csv_writer *w, struct buffer *out)
{
    csv_begin(w, 5, out);
    for (int i = 0; i < 5; i++)
        csv_text(w, (struct slice){&"abcde"[i], 1}, out);
    csv_integer(w, -7, out);
    csv_number(w, 2.75, out);
    csv_score(w, 3.0612401962280273, out);
    csv_score(w, -0.0004, out);
    csv_plain(w, (struct slice){"-1 2.5", 6}, out);
    csv_plain(w, (struct slice){0}, out);
    csv_number(w, 1e22, out);
    csv_score(w, -12, out);
    csv_text(w, (struct slice){"-2.5", 4}, out);
    csv_plain(w, (struct slice){0}, out);
    CHECK(w->column == 0 && w->formulas == 0);
    csv_writer_free(w);
}

static void test_rows(void)
{
    struct buffer out = {0};
    struct csv_writer w = writer(false, CSV_POINT, NULL);
    put_rows(&w, &out);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, "a,b,c,d,e\n-7,2.75,3.0612401962280273,-0.0004,-1 2.5\n,1e+22,-12,-2.5,\n");
    out.size = 0;
    w = writer(true, CSV_COMMA, NULL);
    put_rows(&w, &out);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, "\xef\xbb\xbf\"a\";\"b\";\"c\";\"d\";\"e\"\n-7;2,75;3,061;0,000;-1 2.5\n"
                       ";1e+22;-12,000;\"-2.5\";\n");
    out.size = 0;
    w = writer(true, CSV_COMMA, ",");
    put_rows(&w, &out);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, "\xef\xbb\xbf\"a\",\"b\",\"c\",\"d\",\"e\"\n-7,\"2,75\",\"3,061\",\"0,000\",-1 2.5\n"
                       ",1e+22,\"-12,000\",\"-2.5\",\n");
    out.size = 0;
    w = writer(true, CSV_POINT, "tab");
    csv_begin(&w, 1, &out);
    csv_text(&w, (struct slice){"x", 1}, &out);
    csv_text(&w, (struct slice){0}, &out);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, "\xef\xbb\xbf\"x\"\n\"\"\n");
    csv_writer_free(&w);
    buffer_free(&out);
}

int main(void)
{
    test_quotes();
    test_formulas();
    test_rows();
    return check_report("csv_writer");
}
