/* All ranks train together (6.6): gradients are summed under pairwise pads keyed by each rank's view; each rank
 * adds up a part of them (cs_comm_sum) and learns the sum only. Entries travel mod 2^(8 width), where width follows from
 * their public bound. */
#ifndef CS_TRAIN_LOOP_H
#define CS_TRAIN_LOOP_H

#include "base/progress.h"
#include "comm/comm.h"
#include "session/pads.h"
#include "train/kept_sums.h"
#include "train/sent_sums.h"
#include "train/sgd.h"

/** What interrupts training. All ranks have one, or none has. */
typedef struct cs_train_control {
    bool (*due)(void *context);       /* this rank wants that all save */
    bool (*stop)(void *context);      /* this rank wants that all save and stop */
    cs_status (*save)(void *context); /* local, after an update; a failure is a failure of the rank */
    void *context;
} cs_train_control;

/** Collective: one sum per step and one exchange without content at the end. Runs all steps. `digest`: of the statement
 * without the final model. Begins after the steps that the trainer has made. With `control` two numbers more are summed: how
 * many ranks want to save, and to stop; if any does all save after that step, and stop with CS_ERR_STOPPED. `sums`
 * (all ranks have one, or none has): keeps what a wrong gradient can be found by, parts are then summed directly, and ranks
 * compare what they kept in one exchange more. `kept`, if not NULL: gets the sums of this rank's steps; the trainer has made
 * none before. The sum is shown masked with the common stream and enters the pads' history.
 * Any rank's failure ends all: its own status there, CS_ERR_RANK elsewhere. */
cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_train_control *control, cs_sent_sums *sums, cs_kept_sums *kept, const cs_progress *progress);

#endif
