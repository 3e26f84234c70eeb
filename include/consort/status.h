/* Status codes of the whole library; also the exit codes of its programs. */
#ifndef CONSORT_STATUS_H
#define CONSORT_STATUS_H

/** CS_OK from a verification means accepted; CS_REJECT means well formed but false. Everything else is a failure to decide.
 */
typedef enum cs_status {
    CS_OK = 0,
    CS_REJECT = 1,       /* the statement is not proved */
    CS_ERR_USAGE = 2,    /* wrong command line */
    CS_ERR_INPUT = 3,    /* a file or field is malformed, inconsistent or out of its range */
    CS_ERR_IO = 4,       /* a file cannot be read or written */
    CS_ERR_MEMORY = 5,   /* memory did not suffice */
    CS_ERR_RANGE = 6,    /* an integer left its declared range while training */
    CS_ERR_RANK = 7,     /* another rank failed or was lost */
    CS_ERR_ABORT = 8,    /* this rank refuses to go on: one of its own checks failed */
    CS_ERR_INTERNAL = 9, /* a defect of the program */
    CS_ERR_STOPPED = 10  /* stopped on request, with a checkpoint to go on from */
} cs_status;

/** A short English name ("rejected", "input error", …). Local; static storage. */
const char *cs_status_name(cs_status status);

/** Text of the last failure on this thread, "" if none: what, where (file, line, field), what to do. Static storage. */
const char *cs_error_text(void);

#endif
