/* A network of a chosen latency and bandwidth in place of the one that is there, for measuring: a transport around another
 * one. Each frame travels with the moment at which it may be seen, and its receiver waits until then; frames to several
 * ranks travel at the same time, and nothing waits for a frame that it does not need. All ranks share one machine, thus one
 * CLOCK_MONOTONIC.
 *
 * Every rank's link carries frames one after the other in each direction: a frame leaves when those before it have left, and
 * has arrived a latency after it has left, but not before those that arrived earlier are through.
 *
 * Each frame also carries clocks, as Lamport's do (Communications of the ACM 21:7, 1978), that only work, trips or bytes
 * advance. They end as the lengths of the longest chains, from which docs/scaling.md predicts the time on any network. */
#ifndef CS_COMM_DELAY_H
#define CS_COMM_DELAY_H

#include "comm/comm.h"

/** A network. */
typedef struct cs_network {
    double latency;   /* seconds, one way */
    double bandwidth; /* bytes a second, each way of each rank's link; 0: no limit */
} cs_network;

/** Reads "LATENCY" or "LATENCY,BANDWIDTH": "0", "10ms", "0.1ms,10Gbit"; units s, ms, us, and bit, kbit, Mbit, Gbit (a
 * second). At most 60 s; 1 kbit to 1000 Gbit. CS_ERR_USAGE. */
cs_status cs_network_parse(cs_network *out, const char *text);

typedef struct cs_delay cs_delay;

/** Puts the network under `c`, before its first exchange; all ranks do, with the same network. A frame from a rank that did
 * not is CS_ERR_RANK. The path is measured from now on. Undo it (cs_delay_remove) before the transport ends. Local;
 * CS_ERR_MEMORY, then nothing has changed. */
cs_status cs_delay_install(cs_delay **out, cs_comm *c, const cs_network *network);

/** The longest chains up to now and here. Returns false, with *out untouched, without an injected network. Local. */
bool cs_delay_path(cs_comm_path *out, const cs_comm *c);

/** Gives `c` its own transport back, and frees; NULL: nothing. Local. */
void cs_delay_remove(cs_delay *delay, cs_comm *c);

#endif
