/* Runs a piece of code that may die(): what it died of, instead of the end of the process. */
#ifndef RUBRIC_TESTS_CAUGHT_H
#define RUBRIC_TESTS_CAUGHT_H

#include <setjmp.h>
#include <stdio.h>

#include "base/error.h"

static jmp_buf caught_jump;
static char caught_message[2048];
static enum status caught_status;

static void caught_hook(enum status status, const char *message)
{
    caught_status = status;
    snprintf(caught_message, sizeof caught_message, "%s", message);
    longjmp(caught_jump, 1);
}

/* The status that run(context) dies with; STATUS_GOOD when it returns. */
static inline enum status caught(void (*run)(void *context), void *context)
{
    caught_message[0] = '\0';
    caught_status = STATUS_GOOD;
    error_set_hook(caught_hook);
    if (setjmp(caught_jump) == 0)
        run(context);
    error_set_hook(NULL);
    return caught_status;
}

#endif
