#include "base/harden.h"

#include <signal.h>
#include <sys/resource.h>

void cs_harden_process(void) {
    /* core(5): a file needs more than one byte, and a pipe, which ignores every other limit, is not opened at exactly one */
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 1, .rlim_max = 1});
    (void)signal(SIGXFSZ, SIG_IGN);
}
