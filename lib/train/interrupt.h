/* Signals that ask a run to stop: noticed between steps. */
#ifndef RUBRIC_TRAIN_INTERRUPT_H
#define RUBRIC_TRAIN_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are only noted.  A second one ends the process at once. */
void interrupt_watch(void);

/* The signal that came, or 0. */
int interrupt_pending(void);

/* The default actions again. */
void interrupt_unwatch(void);

#endif
