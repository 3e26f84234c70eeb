#include "comm/comm.h"

void cs_comm_self(cs_comm *c) {
    *c = (cs_comm){.rank = 0, .size = 1};
}
