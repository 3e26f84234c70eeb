#include "train/float64.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* A dense network in double precision: per layer (inputs + 1) x outputs weights, the bias row last. */
typedef struct net {
    const cs_params *p;
    double *w[CS_MAX_LAYERS], *gradient[CS_MAX_LAYERS];
    double *x[CS_MAX_LAYERS + 1]; /* activations of one record; x[L]: outputs, then probabilities */
    double *delta, *next;         /* error of the layer at hand, and of the one below */
} net;

cs_status cs_model_accuracy(const cs_model *m, const cs_params *p, cs_rows test, double *accuracy) {
    size_t right = 0;
    for (size_t k = 0; k < test.rows; k++) {
        size_t class = 0;
        CS_TRY(cs_model_predict(m, p, test.features + k * p->widths[0], &class));
        right += class == (size_t)test.labels[k];
    }
    *accuracy = test.rows > 0 ? (double)right / (double)test.rows : 0;
    return CS_OK;
}

static size_t layer_size(const cs_params *p, size_t l) {
    return (p->widths[l] + 1) * p->widths[l + 1];
}

static cs_status net_new(net *out, const cs_params *p, const cs_model *initial) {
    *out = (net){.p = p};
    size_t widest = 0;
    bool failed = false;
    for (size_t l = 0; l <= p->layers; l++) {
        out->x[l] = CS_NEW(double, p->widths[l]);
        failed = failed || out->x[l] == NULL;
        widest = p->widths[l] > widest ? p->widths[l] : widest;
    }
    out->delta = CS_NEW(double, widest);
    out->next = CS_NEW(double, widest);
    for (size_t l = 0; l < p->layers; l++) {
        out->w[l] = CS_NEW(double, layer_size(p, l));
        out->gradient[l] = CS_NEW(double, layer_size(p, l));
        failed = failed || out->w[l] == NULL || out->gradient[l] == NULL;
        for (size_t k = 0; !failed && k < layer_size(p, l); k++)
            out->w[l][k] = ldexp((double)initial->w[l][k], -(int)p->w);
    }
    return failed || out->delta == NULL || out->next == NULL ? CS_ERR_MEMORY : CS_OK;
}

static void net_free(net *n) {
    for (size_t l = 0; l < CS_MAX_LAYERS; l++) {
        cs_free(n->w[l]);
        cs_free(n->gradient[l]);
    }
    for (size_t l = 0; l <= CS_MAX_LAYERS; l++)
        cs_free(n->x[l]);
    cs_free(n->delta);
    cs_free(n->next);
}

static void forward(net *n, const int32_t *features) {
    const cs_params *p = n->p;
    for (size_t k = 0; k < p->widths[0]; k++)
        n->x[0][k] = ldexp(features[k], -(int)p->a);
    for (size_t l = 0; l < p->layers; l++) {
        const size_t inner = p->widths[l], columns = p->widths[l + 1];
        double *out = n->x[l + 1];
        memcpy(out, n->w[l] + inner * columns, columns * sizeof *out);
        for (size_t k = 0; k < inner; k++)
            for (size_t j = 0; j < columns; j++)
                out[j] += n->x[l][k] * n->w[l][k * columns + j];
        for (size_t j = 0; l + 1 < p->layers && j < columns; j++)
            out[j] = out[j] > 0 ? out[j] : 0;
    }
}

/* Turns the outputs into probabilities and leaves P - Y in delta. */
static void softmax(net *n, int32_t label) {
    const size_t classes = n->p->widths[n->p->layers];
    double *out = n->x[n->p->layers], top = out[0], sum = 0;
    for (size_t j = 1; j < classes; j++)
        top = fmax(top, out[j]);
    for (size_t j = 0; j < classes; j++)
        sum += out[j] = exp(out[j] - top);
    for (size_t j = 0; j < classes; j++)
        n->delta[j] = out[j] / sum - (j == (size_t)label);
}

/* delta of layer l (from 0), through the weights and the mask of its inputs x. */
static void propagate(net *n, size_t l) {
    const size_t columns = n->p->widths[l + 1];
    for (size_t k = 0; k < n->p->widths[l]; k++) {
        double sum = 0;
        for (size_t j = 0; j < columns; j++)
            sum += n->w[l][k * columns + j] * n->delta[j];
        n->next[k] = n->x[l][k] > 0 ? sum : 0;
    }
    double *swap = n->delta;
    n->delta = n->next;
    n->next = swap;
}

/* Adds the record's gradients, from delta down. */
static void backward(net *n) {
    for (size_t l = n->p->layers; l-- > 0;) {
        const size_t inner = n->p->widths[l], columns = n->p->widths[l + 1];
        for (size_t k = 0; k <= inner; k++) {
            const double x = k < inner ? n->x[l][k] : 1;
            for (size_t j = 0; j < columns; j++)
                n->gradient[l][k * columns + j] += x * n->delta[j];
        }
        if (l > 0)
            propagate(n, l);
    }
}

static void step(net *n, size_t t, const cs_rows *members, uint32_t *const *draws) {
    const cs_params *p = n->p;
    for (size_t l = 0; l < p->layers; l++)
        memset(n->gradient[l], 0, layer_size(p, l) * sizeof(double));
    for (size_t i = 0; i < (size_t)p->n_ranks; i++)
        for (size_t b = 0; b < p->batch; b++) {
            const size_t row = draws[i][t * p->batch + b];
            forward(n, members[i].features + row * p->widths[0]);
            softmax(n, members[i].labels[row]);
            backward(n);
        }
    const double rate = ldexp((double)p->rate[t], (int)p->a + (int)p->d - (int)p->w);
    for (size_t l = 0; l < p->layers; l++)
        for (size_t k = 0; k < layer_size(p, l); k++)
            n->w[l][k] -= rate * n->gradient[l][k];
}

static double test_accuracy(net *n, cs_rows test) {
    const cs_params *p = n->p;
    size_t right = 0;
    for (size_t k = 0; k < test.rows; k++) {
        forward(n, test.features + k * p->widths[0]);
        size_t best = 0;
        for (size_t j = 1; j < p->widths[p->layers]; j++)
            best = n->x[p->layers][j] > n->x[p->layers][best] ? j : best;
        right += best == (size_t)test.labels[k];
    }
    return test.rows > 0 ? (double)right / (double)test.rows : 0;
}

cs_status cs_float64_accuracy(const cs_params *p, const cs_model *initial, const cs_rows *members, uint32_t *const *draws,
                              cs_rows test, double *accuracy) {
    net n;
    const cs_status status = net_new(&n, p, initial);
    if (status == CS_OK) {
        for (size_t t = 0; t < p->steps; t++)
            step(&n, t, members, draws);
        *accuracy = test_accuracy(&n, test);
    }
    net_free(&n);
    return status;
}
