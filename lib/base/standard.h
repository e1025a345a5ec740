/* Standard input, output and error, and the files that stand in for them. */
#ifndef RUBRIC_BASE_STANDARD_H
#define RUBRIC_BASE_STANDARD_H

#include <stddef.h>
#include <stdnoreturn.h>

/* What every command does first.
 *
 * It may be started with one of its three descriptors closed: then the first file it opens would become its
 * standard output, and data or messages would go there.  Puts /dev/null in each gap, such that what is done
 * with it fails ("Bad file descriptor") as it would have.  Messages to a closed standard error are lost, as
 * asked.
 *
 * A write to a pipe that nobody reads, or beyond the largest size of a file (ulimit -f), would end it without
 * a word: ignores the signals, so that such a write fails as others do, with a message that names the file.
 */
void standard_begin(void);

/* Writes out what printf and the like left in stdout's buffer; dies when any of it could not be written. */
void standard_flush(void);

/* The other end of a pipe is gone: ends the process as SIGPIPE does, also where a parent has it ignored. */
noreturn void standard_pipe_closed(void);

/* Dies (STATUS_USAGE) when the file `output` is also read: one of `inputs` [count], or standard input where
 * there are none.  For a regular file only: opening it for writing would empty it.  `output` may be NULL. */
void standard_spare_inputs(const char *output, char *const *inputs, size_t count);

/* Dies (STATUS_USAGE) when `other` is the file that `output` ("-" or NULL: standard output) is: each would be
 * written over the other.  For regular files, also for one that does not exist yet.  `other` may be NULL. */
void standard_spare_output(const char *output, const char *other);

#endif
