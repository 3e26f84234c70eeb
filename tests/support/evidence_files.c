#include "support/evidence_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "attest/accusation.h"
#include "attest/container.h"
#include "base/file.h"

bool cs_evidence_find(const cs_tiny *t, int rank, char *path) {
    DIR *folder = opendir(t->out);
    char name[32];
    bool found = false;
    snprintf(name, sizeof name, "tiny.rank%d.", rank);
    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;)
        if (strncmp(e->d_name, name, strlen(name)) == 0) {
            snprintf(path, 512, "%s/%s", t->out, e->d_name);
            found = true;
        }
    if (folder != NULL)
        closedir(folder);
    return found;
}

void cs_evidence_change(const cs_tiny *t, const char *path) {
    static const cs_section SECTIONS[] = {CS_SECTION_DOUBT, CS_SECTION_WORDS, CS_SECTION_SENT, CS_SECTION_PROOF,
                                          CS_SECTION_TOLD};
    enum { TRIES = 10 };
    char changed[512];
    cs_buffer file = {0};
    cs_container parts;
    assert_int_equal(cs_file_read(path, 1 << 24, &file), CS_OK);
    assert_int_equal(cs_container_decode_evidence(&parts, "evidence", file.data, file.size), CS_OK);
    snprintf(changed, sizeof changed, "%s/changed", t->out);
    for (size_t s = 0; s < sizeof SECTIONS / sizeof *SECTIONS; s++) {
        cs_buffer *b = &parts.section[SECTIONS[s]];
        for (size_t k = 0; k < TRIES && b->size > 0; k++) {
            const size_t at = k < TRIES / 2 ? 29 * k % b->size : b->size * k / TRIES;
            cs_accusation_report report;
            b->data[at] ^= (uint8_t)(1u << k % 8);
            cs_buffer_clear(&file);
            assert_int_equal(cs_container_encode(&file, &parts), CS_OK);
            assert_int_equal(cs_file_write(changed, file.data, file.size, 0644), CS_OK);
            const cs_status status = cs_accusation_verify(&report, changed);
            if (status != CS_REJECT && status != CS_ERR_INPUT)
                fail_msg("section %d changed at %zu: %s", (int)SECTIONS[s], at, cs_status_name(status));
            b->data[at] ^= (uint8_t)(1u << k % 8);
        }
    }
    cs_container_free(&parts);
    cs_buffer_free(&file);
}
