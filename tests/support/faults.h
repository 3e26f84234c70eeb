/* A network between threads that does one wrong thing: to the n-th frame that one rank sends to another. */
#ifndef CS_TESTS_SUPPORT_FAULTS_H
#define CS_TESTS_SUPPORT_FAULTS_H

#include "comm/comm.h"

enum { CS_FAULTS_RANKS = 4 };

typedef enum cs_fault {
    CS_FAULT_NONE,
    CS_FAULT_FLIP,      /* one bit, at `where` of the frame's length */
    CS_FAULT_CUT,       /* only the first `where` of it arrive */
    CS_FAULT_LENGTHEN,  /* a byte more */
    CS_FAULT_DROP,      /* it never arrives */
    CS_FAULT_DUPLICATE, /* it arrives twice */
    CS_FAULT_SWAP,      /* it arrives after the next one of this link */
    CS_FAULT_REPLAY,    /* in its place the first frame of this link that was as long, or just the first */
    CS_FAULT_CROSS,     /* in its place the latest frame that the same rank sent to another one; else as CUT */
    CS_FAULT_FORGE,     /* random bytes, as many */
    CS_FAULT_COUNT
} cs_fault;

/** Zero-initialise, then choose fault, from, to, number and where. */
typedef struct cs_faults {
    cs_fault fault;
    int from, to;
    size_t number;
    double where;                                   /* 0 <= where < 1 */
    size_t count[CS_FAULTS_RANKS][CS_FAULTS_RANKS]; /* frames so far, [from][to] */
    bool done;                                      /* the fault has happened */
    struct cs_fault_rank *ranks[CS_FAULTS_RANKS];
} cs_faults;

/** Puts the network under `comm`, of at most CS_FAULTS_RANKS ranks; each rank does. CS_ERR_MEMORY. */
cs_status cs_faults_install(cs_faults *f, cs_comm *comm);

/** The transport again. */
void cs_faults_remove(cs_faults *f, cs_comm *comm);

#endif
