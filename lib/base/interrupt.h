/* Signals that ask a command to stop, noted so that it can save its work first. */
#ifndef RUBRIC_BASE_INTERRUPT_H
#define RUBRIC_BASE_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are only noted.  A second one of a kind ends the process at once. */
void interrupt_watch(void);

/* The signal that was noted, or 0.  Any thread may ask. */
int interrupt_pending(void);

/* The signals have their default actions again; one that was noted ends the process now. */
void interrupt_end(void);

#endif
