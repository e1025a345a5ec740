#!/usr/bin/env python3
"""Names the checks of bats files that cannot fail.

    tests/lint/bats.py FILE...

bats runs a test under `set -e`, which looks away from every command of an && list but the last, and from every command
after `!`.  In the middle of a test, `[ a ] && [ b ]` and `! grep x file` therefore check nothing.  Written instead:

    [ a ]                      run -1 grep x file         if [ a ]; then
    [ b ]                      absent file                    b
                                                          fi

A list that ends in `|| something` is left alone, and so are conditions and what stands in ( ), $( ), [[ ]] and quotes.
A `run` without the status it expects, after which nobody looks at $status, $output, $stderr or $lines, is named too.
"""
import re
import sys


class Scanner:
    """Blanks out of a shell script what holds no commands of the test's own; places and lines stay as they are."""

    def __init__(self, text):
        self.text, self.out, self.at, self.documents = text, list(text), 0, []

    def blank(self, start):
        for i in range(start, self.at):
            if self.out[i] != "\n":
                self.out[i] = "_"

    def skip_past(self, end, escapes=True):
        while self.at < len(self.text) and not self.text.startswith(end, self.at):
            self.at += 2 if escapes and self.text[self.at] == "\\" else 1
        self.at += len(end)

    def skip_double_quotes(self):
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text.startswith("$(", self.at):
                self.at += 2
                self.skip_parentheses()
            else:
                self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1

    def skip_parentheses(self):
        """From behind a ( to behind its )."""
        while self.at < len(self.text) and self.text[self.at] != ")":
            if not self.skip_one():
                self.at += 1
        self.at += 1

    def skip_documents(self):
        """At the end of a line: the here-documents that begin there."""
        for word in self.documents:
            end = re.compile(r"^\t*" + re.escape(word) + "$", re.M).search(self.text, self.at + 1)
            self.at = end.end() if end else len(self.text)
        self.documents = []

    def skip_one(self):
        """Skips a quoted word, a comment, a group in parentheses or a here-document; False if none begins here."""
        text, start = self.text, self.at
        starts_word = start == 0 or text[start - 1] in " \t\n;(|&"
        if text[start] == "\\":
            self.at += 2
        elif text.startswith("$'", start):
            self.at += 2
            self.skip_past("'")
        elif text[start] == "'":
            self.at += 1
            self.skip_past("'", escapes=False)
        elif text[start] == '"':
            self.skip_double_quotes()
        elif text[start] == "#" and starts_word:
            self.at = text.find("\n", start)
        elif text.startswith("[[ ", start) and starts_word:
            self.skip_past(" ]]")
        elif text.startswith("${", start):
            self.skip_past("}")
        elif text[start] == "(":
            self.at += 1
            self.skip_parentheses()
        elif match := re.compile(r"<<-?\s*['\"]?(\w+)['\"]?").match(text, start):
            if text[start - 1] == "<":
                return False
            self.documents.append(match[1])
            self.at = match.end()
        elif text[start] == "\n" and self.documents:
            self.skip_documents()
        else:
            return False
        self.blank(start)
        return True

    def skeleton(self):
        while self.at < len(self.text):
            if not self.skip_one():
                self.at += 1
        return "".join(self.out)


SEPARATOR = re.compile(r"\n|;|\)|(?<![&<>])&(?![&>\d-])|(?<!\S)(?:\{|\}|do|then|else)(?!\S)")


def statements(skeleton):
    """(place, statement) for each; a line that ends in a pipe, && or || goes on with the next."""
    joined = re.sub(r"(&&|\|)[ ]*\n", lambda match: match[0][:-1] + " ", skeleton)
    start = 0
    for match in [*SEPARATOR.finditer(joined), None]:
        end = match.start() if match else len(joined)
        statement = joined[start:end]
        yield start + len(statement) - len(statement.lstrip()), statement.strip()
        start = match.end() if match else end


LOOKS = re.compile(r"\b(status|output|stderr|lines)\b")
RUN = re.compile(r"(?:\w+=\S* )*run (?!-\d|!|(?:--\S+ )+(?:-\d|!))")
NEXT_RUN = re.compile(r"^\s*(?:run|expect_status)\b|^\}", re.M)


def complaints(text):
    skeleton = Scanner(text).skeleton()
    for place, statement in statements(skeleton):
        if re.match(r"(if|elif|while|until)\b", statement):
            continue
        if re.match(r"!\s", statement) and "||" not in statement:
            yield place, "'!' lets nothing fail here (run -1 COMMAND, or absent FILE)"
        elif "&&" in statement and "||" not in statement.rsplit("&&", 1)[1]:
            yield place, "only the last command of an '&&' list can fail here (one check on a line)"
        elif RUN.match(statement):
            end = NEXT_RUN.search(text, place + len(statement))
            if not LOOKS.search(text, place + len(statement), end.start() if end else len(text)):
                yield place, "nobody looks at what this 'run' gave"


def main():
    found = 0
    for path in sys.argv[1:]:
        text = open(path, encoding="utf-8").read()
        for place, message in complaints(text):
            found += 1
            print(f"{path}:{text.count(chr(10), 0, place) + 1}: {message}")
    return 1 if found else 0


sys.exit(main())
