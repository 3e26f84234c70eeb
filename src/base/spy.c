#include "base/spy.h"

#ifdef CS_TAMPER

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void cs_spy(const char *name, const void *data, size_t size) {
    const char *path = getenv("CONSORT_SPY");
    char own[4096];
    if (path == NULL || size == 0)
        return;
    snprintf(own, sizeof own, "%s.%ld", path, (long)getpid());
    FILE *f = fopen(own, "a");
    if (f == NULL)
        return;
    fprintf(f, "%s ", name);
    for (size_t k = 0; k < size; k++)
        fprintf(f, "%02x", ((const uint8_t *)data)[k]);
    fputc('\n', f);
    (void)fclose(f);
}

#endif
