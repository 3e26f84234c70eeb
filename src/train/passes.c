#include "train/passes.h"

size_t cs_pass_draws(const cs_passes *passes, size_t p) {
    size_t draws = 0;
    for (size_t k = 0; k < passes->n_pieces; k++)
        draws += passes->counts[p * passes->n_pieces + k];
    return draws;
}

static cs_status check_pieces(const cs_passes *m, size_t rows, size_t member) {
    size_t end = 0;
    if (m->n_pieces == 0)
        return cs_fail(CS_ERR_INPUT, "member %zu has no dataset", member);
    for (size_t k = 0; k < m->n_pieces; k++) {
        const cs_piece *piece = &m->pieces[k];
        if (piece->offset < end || piece->rows > rows || piece->offset > rows - piece->rows)
            return cs_fail(CS_ERR_INPUT, "dataset %zu of member %zu is not within the %zu rows of its shard", k, member,
                           rows);
        end = piece->offset + piece->rows;
    }
    return CS_OK;
}

static cs_status check_counts(const cs_passes *m, const cs_params *p, size_t member) {
    const size_t all = p->steps * p->batch;
    size_t draws = 0;
    if (m->n_passes == 0 || m->n_passes > p->hidden_passes)
        return cs_fail(CS_ERR_INPUT, "member %zu has %zu passes; the parameters allow 1 to %zu", member, m->n_passes,
                       p->hidden_passes);
    for (size_t pass = 0; pass < m->n_passes; pass++)
        for (size_t k = 0; k < m->n_pieces; k++) {
            const size_t count = m->counts[pass * m->n_pieces + k];
            if (count > m->pieces[k].rows || count > all - draws)
                return cs_fail(CS_ERR_INPUT, "pass %zu of member %zu draws %zu records of dataset %zu, which has %zu", pass,
                               member, count, k, m->pieces[k].rows);
            draws += count;
        }
    if (draws != all)
        return cs_fail(CS_ERR_INPUT, "the passes of member %zu have %zu draws; the schedule has %zu", member, draws, all);
    return CS_OK;
}

cs_status cs_passes_check(const cs_passes *passes, const cs_params *p) {
    for (size_t i = 0; i < (size_t)p->n_ranks; i++) {
        CS_TRY(check_pieces(&passes[i], p->rows[i], i));
        CS_TRY(check_counts(&passes[i], p, i));
    }
    return CS_OK;
}
