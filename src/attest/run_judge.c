#include <stdio.h>
#include <string.h>

#include "attest/accusation_told.h"
#include "attest/accusation_words.h"
#include "attest/run_state.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/json.h"
#include "witness/ipa.h"

enum { TAG_JUDGE = 0x10030 };

/* What the root tells all ranks: a word that says whether the proof verifies, then three words for each rank that cheated.
 */
enum { VERIFIED, REFUSED, DOUBTED }; /* the last: nobody is found, so a gradient may be wrong */
enum { FINDING_SIZE = 12 };

typedef struct finding {
    uint32_t rank, offence, stage;
} finding;

static void append_finding(cs_buffer *out, const cs_judged *r, int rank) {
    cs_buffer_append_u32(out, (uint32_t)rank);
    cs_buffer_append_u32(out, (uint32_t)r->offence);
    cs_buffer_append_u32(out, (uint32_t)r->stage);
}

static bool read_finding(finding *out, const cs_run_state *r, const uint8_t *data) {
    *out = (finding){cs_load_u32(data), cs_load_u32(data + 4), cs_load_u32(data + 8)};
    return out->rank < (uint32_t)r->comm->size && out->offence != CS_OFFENCE_NONE && out->offence < CS_OFFENCE_COUNT &&
           out->stage < (out->offence == CS_OFFENCE_PADS ? (uint32_t)r->comm->size : CS_LABEL_COUNT);
}

/* "rank 2 (gamma) cheated at lookup/lambda: its answer …" for each of them. */
static cs_status findings_to_text(cs_buffer *out, const cs_run_state *r, const cs_buffer *findings) {
    if (findings->size == 4)
        cs_text_append(out, "; nobody can be named: the cheat has no owner (docs/security.md)");
    for (size_t at = 4; at + FINDING_SIZE <= findings->size; at += FINDING_SIZE) {
        finding f;
        if (!read_finding(&f, r, findings->data + at))
            return cs_fail(CS_ERR_ABORT, "the root's findings make no sense");
        if (f.offence == CS_OFFENCE_PADS) {
            cs_text_append(out, "; rank %u (%s) or rank %u (%s) cheated at %s: %s", (unsigned)f.rank,
                           cs_run_name(r, (int)f.rank), (unsigned)f.stage, cs_run_name(r, (int)f.stage),
                           cs_label_text(CS_LABEL_GRADIENT), cs_offence_text(CS_OFFENCE_PADS));
            continue;
        }
        cs_text_append(out, "; rank %u (%s) cheated at %s: %s", (unsigned)f.rank, cs_run_name(r, (int)f.rank),
                       cs_label_text((cs_label)f.stage), cs_offence_text((cs_offence)f.offence));
    }
    return CS_OK;
}

/* ------------------------------------------------------------ the root */

/* <out>/<job>.rank<i>.<session>.evidence: a name of its own for each session, so that nothing is overwritten. NULL without
 * memory. */
static char *evidence_path(const cs_run_state *r, int rank, const uint8_t nonce[32]) {
    char session[65];
    cs_hex32(session, nonce);
    return cs_string_format("%s/%s.rank%d.%.16s.evidence", r->options->out, r->job.name, rank, session);
}

static cs_status write_evidence(const cs_run_state *r, const cs_trial *t, size_t k, cs_buffer *text) {
    char *path = evidence_path(r, r->job.members[t->judge->ranks[k].rank].rank, t->judge->nonce);
    if (path == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_accusation_write(path, t, k);
    if (status == CS_OK)
        cs_text_append(text, "; evidence: %s", path);
    cs_free(path);
    return status;
}

/* Of what a rank signed while it trained. */
static cs_status write_words(const cs_run_state *r, int rank, const cs_buffer *section, cs_buffer *text) {
    char *path = evidence_path(r, rank, r->sums.speaker.nonce);
    if (path == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_words_write(path, section);
    if (status == CS_OK)
        cs_text_append(text, "; evidence: %s", path);
    cs_free(path);
    return status;
}

static bool is_identified(const cs_run_state *r) {
    return r->statement.members[0].signer.identified;
}

static cs_trial trial_of(const cs_run_state *r, const cs_judge *j) {
    return (cs_trial){.statement = &r->statement,
                      .initial = r->initial_given ? &r->initial : NULL,
                      .final = r->statement.params.final_public ? cs_trainer_model(r->trainer) : NULL,
                      .proof = r->proof.data,
                      .judge = j};
}

/* Nobody's shares are wrong: was anybody's help? Ranks without data help, too. */
static cs_status judge_help(cs_run_state *r, cs_buffer *findings) {
    cs_judge j;
    CS_TRY(cs_judge_new(&j, (size_t)r->comm->size));
    for (size_t k = 0; k < j.n; k++)
        j.ranks[k].rank = (int)k;
    const cs_status status = cs_ipa_judge(&r->record, &j);
    for (size_t k = 0; status == CS_OK && k < j.n; k++)
        if (j.ranks[k].offence != CS_OFFENCE_NONE)
            append_finding(findings, &j.ranks[k], (int)k);
    cs_judge_free(&j);
    return status;
}

/* The judge knows ranks with data only, by their numbers in the proof. */
static cs_status judge_all(cs_run_state *r, cs_judge *j, cs_buffer *findings, cs_buffer *evidence) {
    const bool identified = is_identified(r);
    cs_trial t = trial_of(r, j);
    j->nonce = r->record.nonce;
    for (size_t k = 0; k < j->n; k++) {
        j->ranks[k].rank = (int)k;
        j->ranks[k].sent = &r->record.ranks[k];
        j->ranks[k].key = identified ? r->statement.members[k].signer.ed25519 : NULL;
    }
    CS_TRY(cs_train_judge(&r->derived.instance, r->proof.data, r->proof.size, j, &t.used));
    for (size_t k = 0; k < j->n; k++) {
        if (j->ranks[k].offence == CS_OFFENCE_NONE)
            continue;
        append_finding(findings, &j->ranks[k], r->job.members[k].rank);
        if (j->ranks[k].is_signed && j->ranks[k].offence < CS_OFFENCE_SIGNATURE)
            CS_TRY(write_evidence(r, &t, k, evidence));
    }
    if (findings->size == 4)
        CS_TRY(judge_help(r, findings));
    return cs_buffer_status(findings);
}

/* The proof does not verify: who is it? Whatever becomes of that, the run has failed. */
static void name(cs_run_state *r, cs_buffer *findings, cs_buffer *evidence) {
    cs_judge j;
    cs_status status = cs_judge_new(&j, (size_t)r->job.params.n_ranks);
    if (status == CS_OK)
        status = judge_all(r, &j, findings, evidence);
    cs_judge_free(&j);
    if (status != CS_OK)
        cs_text_append(evidence, "; who cheated is not known in full, or without evidence: %s", cs_error_text());
}

/* Weight tables hold for all steps but the last one, at most: else the proof would not have been finished. */
static bool may_doubt(const cs_run_state *r) {
    return r->attributable && r->sums.made > 0;
}

static cs_status verify_and_name(cs_run_state *r, cs_buffer *findings, cs_buffer *text) {
    cs_buffer evidence = {0};
    const cs_status status = cs_run_verify(r);
    cs_buffer_append_u32(findings, status == CS_OK ? VERIFIED : REFUSED);
    if (status == CS_REJECT || status == CS_ERR_INPUT) {
        cs_text_append(text, "%s", cs_error_text());
        name(r, findings, &evidence);
        if (findings->size == 4 && may_doubt(r)) {
            cs_buffer_clear(findings);
            cs_buffer_append_u32(findings, DOUBTED);
        }
        CS_TRY(findings_to_text(text, r, findings));
        cs_buffer_append(text, evidence.data, evidence.size);
    }
    cs_buffer_free(&evidence);
    cs_buffer_append(text, "", 1);
    return status == CS_REJECT || status == CS_ERR_INPUT ? cs_buffer_status(text) : status;
}

/* ------------------------------------------------------------ all ranks */

static cs_status conclude(cs_run_state *r, const cs_buffer *findings, cs_buffer *text) {
    if (findings->size < 4 || (findings->size - 4) % FINDING_SIZE != 0)
        return cs_fail(CS_ERR_ABORT, "the root's findings make no sense");
    if (cs_load_u32(findings->data) == VERIFIED)
        return CS_OK;
    if (cs_load_u32(findings->data) == DOUBTED && may_doubt(r)) {
        r->doubts = (cs_doubts){.n = 1, .steps = {r->statement.params.steps - 1}};
        return cs_run_attribute(r);
    }
    if (r->comm->rank == 0)
        return cs_fail(CS_REJECT, "%s", (const char *)text->data);
    cs_text_append(text, "rank 0 says that the proof does not verify, so nothing is published");
    CS_TRY(findings_to_text(text, r, findings));
    cs_buffer_append(text, "", 1);
    CS_TRY(cs_buffer_status(text));
    return cs_fail(CS_ERR_RANK, "%s", (const char *)text->data);
}

cs_status cs_run_judge(cs_run_state *r) {
    cs_buffer findings = {0}, text = {0};
    cs_status status = cs_comm_gather(r->comm, TAG_JUDGE, NULL, 0, NULL);
    if (status == CS_OK && r->comm->rank == 0)
        status = verify_and_name(r, &findings, &text);
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_JUDGE, &findings);
    if (status == CS_OK)
        status = conclude(r, &findings, &text);
    cs_buffer_free(&findings);
    cs_buffer_free(&text);
    return status;
}

/* ------------------------------------------------------------ wrong gradients and tables */

static cs_words_of words_of(const cs_run_state *r, int rank, uint64_t step) {
    cs_words_of accused = {.who = r->sums.speaker, .step = step};
    accused.who.rank = rank;
    memcpy(accused.key, r->sums.who.keys[rank], sizeof accused.key);
    return accused;
}

/* Whatever becomes of evidence, the run has failed, and that is what is said. */
static cs_status without_evidence(cs_status status, cs_buffer *text) {
    if (status != CS_OK)
        cs_text_append(text, "; there is no evidence: %s", cs_error_text());
    return cs_buffer_status(text);
}

cs_status cs_run_accuse_liars(const cs_run_state *r, const cs_sent_sums *sums, cs_status status) {
    cs_buffer text = {0};
    if (status != CS_ERR_ABORT || r->comm->rank != 0 || !is_identified(r) || sums->n_liars == 0)
        return status;
    cs_text_append(&text, "%s", cs_error_text());
    for (size_t k = 0; k < sums->n_liars; k++) {
        const cs_sums_liar *liar = &sums->liars[k];
        const cs_words_of accused = words_of(r, liar->rank, sums->before + sums->made);
        cs_buffer section = {0};
        cs_status made = liar->twice ? cs_words_twice(&section, &accused, liar) : CS_OK;
        if (made == CS_OK && liar->twice)
            made = write_words(r, liar->rank, &section, &text);
        (void)without_evidence(made, &text);
        cs_buffer_free(&section);
    }
    cs_buffer_append(&text, "", 1);
    if (cs_buffer_status(&text) == CS_OK)
        status = cs_fail(status, "%s", (const char *)text.data);
    cs_buffer_free(&text);
    return status;
}

static cs_status accuse_of_sum(const cs_run_state *r, const cs_doubted *about, const cs_attributed *seen, int rank,
                               cs_buffer *text) {
    const size_t x = seen->wrong_sum[rank] - 1;
    const cs_words_of accused = words_of(r, rank, cs_doubted_number(about, &r->statement.params, x));
    cs_buffer section = {0};
    cs_status status = cs_words_sum(&section, &accused, about, seen, x);
    if (status == CS_OK)
        status = write_words(r, rank, &section, text);
    cs_buffer_free(&section);
    return status;
}

/* By what it told and signed, without a proof. */
static cs_status accuse_of_told(const cs_run_state *r, const cs_doubted *about, const cs_attributed *seen, int rank,
                                cs_offence offence, cs_buffer *text) {
    const cs_told_trial t = {.statement = &r->statement,
                             .initial_digest = r->derived.initial_digest,
                             .about = about,
                             .seen = seen,
                             .sums = &r->sums,
                             .rank = rank,
                             .member = cs_run_member(r, rank),
                             .offence = offence};
    char *path = evidence_path(r, rank, seen->record.nonce);
    if (path == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_told_write(path, &t);
    if (status == CS_OK)
        cs_text_append(text, "; evidence: %s", path);
    cs_free(path);
    return status;
}

#ifdef CS_TAMPER
static void accuse_anyway(const cs_run_state *r, cs_attributed *seen) {
    const cs_attack *attack = r->options->attack;
    if (attack == NULL || attack->accuses == 0)
        return;
    const int rank = attack->accuses - 1;
    const size_t place = (size_t)seen->place[rank];
    cs_judged *accused = place < seen->judge.n ? &seen->judge.ranks[place] : &seen->idle[place - seen->judge.n];
    accused->offence = (cs_offence)attack->of;
    accused->stage = attack->of == CS_OFFENCE_WITNESS ? CS_LABEL_WITNESS
                     : attack->of == CS_OFFENCE_TABLE ? cs_table_label(r->tables.last)
                                                      : CS_LABEL_GRADIENT;
    seen->wrong_sum[rank] = attack->of == CS_OFFENCE_SUM;
    for (int i = 0; attack->of == CS_OFFENCE_FALSE_PADS && i < r->comm->size; i++) /* what it has shown of another */
        if (seen->false_pads[i].shown.size > 0 && seen->false_pads[i].with == rank) {
            seen->false_pads[rank].with = i;
            cs_buffer_append(&seen->false_pads[rank].shown, seen->false_pads[i].shown.data, seen->false_pads[i].shown.size);
        }
}
#endif

/* Root: evidence against each rank that signed what convicts it. */
static cs_status show_attributed(const cs_run_state *r, const cs_doubted *about, const cs_attributed *seen,
                                 cs_buffer *text) {
    cs_trial t = trial_of(r, &seen->judge);
    cs_status status = CS_OK;
    t.proof = seen->proof.data;
    t.used = seen->used;
    t.about = about;
    size_t at = 0, size = 0;
    if (!is_identified(r))
        return CS_OK;
    CS_TRY(cs_train_rows_of(&r->derived.instance, r->job.params.n_ranks, &at, &size));
    const cs_buffer rows = {.data = r->proof.data, .size = at};
    t.rows = &rows;
    for (int i = 0; status == CS_OK && i < r->comm->size; i++) {
        const size_t place = (size_t)seen->place[i];
        bool idle = place >= seen->judge.n;
        const cs_judged *judged = idle ? &seen->idle[place - seen->judge.n] : &seen->judge.ranks[place];
#ifdef CS_TAMPER
        idle = idle || (r->options->attack && r->options->attack->by_told);
#endif
        const bool shows =
            judged->is_signed && judged->offence != CS_OFFENCE_NONE && judged->offence != CS_OFFENCE_SIGNATURE;
        if (seen->wrong_sum[i] > 0)
            status = accuse_of_sum(r, about, seen, i, text);
        else if (seen->false_pads[i].shown.size > 0)
            status = accuse_of_told(r, about, seen, i, CS_OFFENCE_FALSE_PADS, text);
        else if (shows && idle) /* it gives no answers */
            status = accuse_of_told(r, about, seen, i, judged->offence, text);
        else if (shows)
            status = write_evidence(r, &t, place, text);
    }
    return without_evidence(status, text);
}

/* Another session, about the same commitments. */
static cs_status attribute(cs_run_state *r, const cs_doubted *about, cs_attributed *out) {
    const cs_signing signing = {r->identity.ed25519};
    cs_shard shard = {.tensors = r->tensors,
                      .dataset_blindings = r->dataset_blindings,
                      .initial_blindings = r->initial_blindings,
                      .final_blindings = r->final_blindings,
                      .signing = r->statement.members[0].signer.identified ? &signing : NULL,
                      .rows = &r->saves.rows};
    cs_pads *trained_with = r->pads;
    const cs_attribution a = {
        .sums = &r->sums, .tables = about->table.is ? &r->tables : NULL, .pads = trained_with, .proof = &r->proof};
#ifdef CS_TAMPER
    shard.attack = r->options->attack;
#endif
    r->pads = NULL;
    cs_keyring_free(&r->keys);
    r->saves.rows.given = true;
#ifdef CS_TAMPER
    r->saves.rows.given = r->options->attack == NULL || !r->options->attack->recommits;
#endif
    cs_status status = cs_run_handshake_again(r);
    if (status == CS_OK)
        status = cs_train_attribute(r->comm, &r->keys, r->pads, &r->derived.instance, &shard, about, &a, out);
    cs_pads_free(trained_with);
    return status;
}

/* A step whose sums this rank does not know was made before a checkpoint. */
static void drop_unknown(cs_run_state *r) {
    size_t n = 0;
    for (size_t k = 0; k < r->doubts.n; k++)
        if (r->doubts.steps[k] - r->sums.first < r->sums.made)
            r->doubts.steps[n++] = r->doubts.steps[k];
    r->doubts.n = n;
}

static cs_status attribution_to_text(cs_buffer *text, const cs_run_state *r, const cs_buffer *findings,
                                     const cs_buffer *evidence) {
    if (r->tables.doubted)
        cs_text_append(text, "the weight table of layer %zu was in doubt", r->tables.last.layer);
    if (r->doubts.n > 0)
        cs_text_append(text, "%sthe sum of gradients of step %zu was in doubt", r->tables.doubted ? ", hence " : "",
                       r->doubts.steps[0]);
    cs_text_append(text, ", so nothing is published");
    if (findings->size == 4)
        cs_text_append(text,
                       "; nobody can be named: all gradients that can be looked at, and the table, are those of committed "
                       "tensors, so a share of a sum in the proof is wrong, or a gradient of a step before the checkpoint "
                       "that the run was resumed from (docs/security.md)");
    else
        CS_TRY(findings_to_text(text, r, findings));
    cs_buffer_append(text, evidence->data, evidence->size);
    cs_buffer_append(text, "", 1);
    return cs_buffer_status(text);
}

/* evidence: what the root says of it. */
static cs_status share_findings(cs_run_state *r, cs_buffer *findings, const cs_buffer *evidence) {
    cs_buffer text = {0};
    cs_status status = cs_comm_gather(r->comm, TAG_JUDGE, NULL, 0, NULL);
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_JUDGE, findings);
    if (status == CS_OK && (findings->size < 4 || (findings->size - 4) % FINDING_SIZE != 0))
        status = cs_fail(CS_ERR_ABORT, "the root's findings make no sense");
    if (status == CS_OK)
        status = attribution_to_text(&text, r, findings, evidence);
    if (status == CS_OK)
        status = cs_fail(r->comm->rank == 0 ? CS_REJECT : CS_ERR_RANK, "%s%s",
                         r->comm->rank == 0 ? "" : "rank 0 says: ", (const char *)text.data);
    cs_buffer_free(&text);
    return status;
}

/* What was sent of the table and shown must be the same for all before it is looked into. */
cs_status cs_run_doubt_table(cs_run_state *r) {
    const cs_status status = cs_comm_raise(r->comm, cs_sent_sums_agree(&r->tables.sums, r->comm, r->pads));
    CS_TRY(cs_run_accuse_liars(r, &r->tables.sums, status));
    cs_table_doubts(&r->doubts, &r->tables, &r->statement.params);
    return cs_run_attribute(r);
}

cs_status cs_run_attribute(cs_run_state *r) {
    cs_buffer findings = {0}, evidence = {0};
    cs_attributed seen = {0};
    cs_doubted about;
    const cs_progress progress = cs_stages_progress(&r->report->stages);
    drop_unknown(r);
    cs_progress_report(&progress, "attribution", 0);
    cs_doubted_new(&about, &r->sums, r->tables.doubted ? &r->tables : NULL, r->saves.rows.shown, &r->doubts);
    cs_status status = cs_fail_prefix(attribute(r, &about, &seen), "while looking for who sent a wrong gradient");
#ifdef CS_TAMPER
    if (status == CS_OK && r->comm->rank == 0)
        accuse_anyway(r, &seen);
#endif
    if (status == CS_OK && r->comm->rank == 0)
        status = cs_comm_raise(r->comm, show_attributed(r, &about, &seen, &evidence));
    cs_buffer_append_u32(&findings, REFUSED);
    cs_buffer_append(&findings, seen.findings.data, seen.findings.size);
    if (status == CS_OK)
        status = share_findings(r, &findings, &evidence);
    cs_attributed_free(&seen);
    cs_buffer_free(&evidence);
    cs_buffer_free(&findings);
    return status;
}
