/* All ranks train together (6.6): gradients are summed under pairwise pads keyed by each rank's view; each rank
 * adds up a part of them (cs_comm_sum) and learns the sum only. Entries travel mod 2^(8 width), where width follows from
 * their public bound. */
#ifndef CS_TRAIN_LOOP_H
#define CS_TRAIN_LOOP_H

#include "base/progress.h"
#include "comm/comm.h"
#include "session/pads.h"
#include "train/sgd.h"

/** Collective: one sum per step and one exchange without content at the end. Runs all steps. `digest`: of the statement
 * without the final model. The sum is shown masked with the common stream and enters the pads' history. Any rank's failure
 * ends all: its own status there, CS_ERR_RANK elsewhere. */
cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_progress *progress);

#endif
