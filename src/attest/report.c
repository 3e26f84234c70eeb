#include "attest/report.h"

#include "attest/bottleneck.h"
#include "base/text.h"

/* The root's seconds, and the CPU of all ranks; what comes after the finished proof has none. */
static json_t *stages_to_json(const cs_run_report *r) {
    json_t *out = json_array();
    for (size_t k = 0; k < r->stages.n; k++) {
        double most = 0, sum = 0;
        for (int i = 0; i < r->ranks; i++) {
            const double cpu = r->per_rank[i].stage_cpu[k];
            most = cpu > most ? cpu : most;
            sum += cpu;
        }
        json_array_append_new(out, json_pack("{s:s, s:f, s:f, s:f, s:f}", "stage", r->stages.names[k], "seconds",
                                             r->stages.seconds[k], "cpu_max", most, "cpu_mean", sum / r->ranks, "cpu_root",
                                             r->per_rank[0].stage_cpu[k]));
    }
    return out;
}

/* One list for each figure, in rank order. */
static json_t *ranks_to_json(const cs_run_report *r) {
    json_t *cpu = json_array(), *sent = json_array(), *received = json_array(), *peak = json_array(),
           *transport = json_array();
    for (int i = 0; i < r->ranks; i++) {
        const cs_rank_figures *one = &r->per_rank[i];
        json_array_append_new(cpu, json_real(one->cpu));
        json_array_append_new(sent, json_integer((json_int_t)one->bytes_sent));
        json_array_append_new(received, json_integer((json_int_t)one->bytes_received));
        json_array_append_new(transport, json_real(one->transport_cpu));
        json_array_append_new(peak, json_integer((json_int_t)one->peak_bytes));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "cpu_seconds", cpu, "transport_cpu_seconds", transport, "bytes_sent", sent,
                     "bytes_received", received, "peak_bytes", peak);
}

static json_t *path_to_json(const cs_comm_path *p) {
    return json_pack("{s:f, s:f, s:I, s:I}", "cpu_seconds", p->busy, "elapsed_seconds", p->elapsed, "trips",
                     (json_int_t)p->trips, "bytes", (json_int_t)p->bytes);
}

json_t *cs_run_report_to_json(const cs_run_report *r) {
    json_t *out = json_pack(
        "{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:f, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:I, s:I, "
        "s:f, s:s, s:s}",
        "job", r->job, "ranks", r->ranks, "segments", (json_int_t)r->segments, "steps", (json_int_t)r->steps, "draws",
        (json_int_t)r->draws,                                                                       /* */
        "parameters", (json_int_t)r->parameters, "committed_integers", (json_int_t)r->committed,    /* */
        "lookups", (json_int_t)r->lookups, "messages", (json_int_t)r->messages,                     /* */
        "stages", stages_to_json(r), "per_rank", ranks_to_json(r), "wall_seconds", r->wall_seconds, /* */
        "cpu_seconds_max", r->cpu_max, "cpu_seconds_mean", r->cpu_mean,                             /* */
        "bytes_sent_max", (json_int_t)r->bytes_sent_max,                                            /* */
        "bytes_received_max", (json_int_t)r->bytes_received_max,                                    /* */
        "exchanges_max", (json_int_t)r->exchanges_max,                                              /* */
        "peak_bytes_max", r->peak_bytes_max, "peak_bytes_total", r->peak_bytes_total,               /* */
        "proof_bytes", (json_int_t)r->proof_bytes, "file_bytes", (json_int_t)r->file_bytes,         /* */
        "verify_seconds", r->verify_seconds, "attestation", r->attestation, "model", r->model);
    if (out != NULL)
        json_object_set_new(out, "bottleneck", cs_bottleneck_to_json(r));
    if (out != NULL && r->has_path)
        json_object_set_new(out, "path", path_to_json(&r->path));
    if (out != NULL && r->has_accuracy) {
        json_object_set_new(out, "test_accuracy", json_real(r->accuracy));
        json_object_set_new(out, "test_rows", json_integer((json_int_t)r->test_rows));
    }
    return out;
}

void cs_run_report_to_text(cs_buffer *out, const cs_run_report *r) {
    char a[32], b[32];
    cs_text_append(out, "%s: %d members trained and proved together\n", r->job, r->ranks);
    if (r->has_accuracy)
        cs_text_append(out, "  test accuracy         %.4f (%zu rows)\n", r->accuracy, r->test_rows);
    if (r->segments > 1)
        cs_text_append(out, "  segments              %zu, each with an attestation of its own\n", r->segments);
    cs_text_append(out, "  training              %zu steps, %zu draws, %zu parameters\n", r->steps, r->draws, r->parameters);
    cs_text_append(out, "  proved                %zu committed integers, %zu lookups, %zu messages\n", r->committed,
                   r->lookups, r->messages);
    cs_text_append(out, "  wall time             %.2f s\n", r->wall_seconds);
    for (size_t k = 0; k < r->stages.n; k++)
        cs_text_append(out, "    %-20s%.2f s\n", r->stages.names[k], r->stages.seconds[k]);
    cs_text_append(out, "  ");
    cs_bottleneck_to_text(out, r);
    cs_text_append(out, "\n");
    cs_text_append(out, "  CPU per rank          max %.2f s, mean %.2f s\n", r->cpu_max, r->cpu_mean);
    cs_text_append(out, "  network per rank      sent %s, received %s at most; %llu exchanges\n",
                   cs_text_bytes(a, (double)r->bytes_sent_max), cs_text_bytes(b, (double)r->bytes_received_max),
                   (unsigned long long)r->exchanges_max);
    cs_text_append(out, "  memory                %s at most per rank, %s all ranks\n", cs_text_bytes(a, r->peak_bytes_max),
                   cs_text_bytes(b, r->peak_bytes_total));
    cs_text_append(out, "  proof                 %s; the attestation %s\n", cs_text_bytes(a, (double)r->proof_bytes),
                   cs_text_bytes(b, (double)r->file_bytes));
    cs_text_append(out, "  verification          %.3f s\n", r->verify_seconds);
    cs_text_append(out, "  written               %s\n                        %s\n", r->attestation, r->model);
}
