/* Internal: a prover's first rounds of the sumcheck over one layer of a tree of fractions,
 *
 *     sum under eq of  p0 q1 + q0 (p1 + lambda q1),
 *
 * tile by tile (lookup/tiles.h), until so few variables are left that two rounds go in a message: then the tables are handed
 * over whole. A tile that is constant counts once for all that are equal, with the sum of their eq. Local. */
#ifndef CS_LOOKUP_LAYER_ROUNDS_H
#define CS_LOOKUP_LAYER_ROUNDS_H

#include "lookup/tiles.h"
#include "sumcheck/sumcheck.h"

/** Tables of the sumcheck: numerators and denominators of either child; the second numerator plus lambda times its
 * denominator. */
enum { CS_LAYER_P0, CS_LAYER_P1, CS_LAYER_Q0, CS_LAYER_Q1, CS_LAYER_TABLES };

/** Where the tables come from, and who plays the rounds before they exist. */
typedef struct cs_layer_source {
    unsigned rounds; /* of these; 1 at least */
    void *context;
    /** at[2]: the share of tile t of the next round's tables in the round polynomial at 0 and 2; eq: within a tile. */
    void (*pair)(void *context, const cs_fr eq[CS_TILE], size_t t, cs_fr at[2]);
    /** Instead of pair, for two rounds at once. Before the first: eq within a tile, which outlasts them; then each tile t of
     * the tables after both, with its weight; then, in each round, what all of them have in the round polynomial at 0 and 2.
     * `point` is eq's for the second variable. */
    void (*start)(void *context, const cs_fr eq[CS_TILE]);
    void (*add)(void *context, size_t t, cs_fr weight);
    void (*play)(void *context, cs_fr point, cs_fr at[2]);
    void (*bind)(void *context, cs_fr r); /* after each of these rounds */
    /** Tile t of the tables after these rounds. */
    void (*load)(void *context, size_t t, cs_fr *const out[CS_LAYER_TABLES]);
} cs_layer_source;

typedef struct cs_layer_rounds_job {
    const cs_tiles *tiles;
    unsigned bits, single; /* variables; first rounds with messages of their own in any case */
    unsigned map;          /* of the layer itself, whose tiles are made of two in map - 1 */
    const cs_fr *child_q;  /* denominators of the children's constant tiles */
    cs_fr lambda, omega;   /* omega: this rank's weight */
    const cs_fr *point;    /* [bits] of eq */
    cs_layer_source source;
} cs_layer_rounds_job;

typedef struct cs_layer_rounds {
    cs_layer_rounds_job job;
    unsigned done, all; /* rounds */
    unsigned map;       /* of the tables with all challenges so far */
    cs_fr r;            /* the last challenge, by which the stored tiles are folded together with the next round */
    cs_fr (*constants)[CS_LAYER_TABLES], (*unfolded)[CS_LAYER_TABLES]; /* of map and map - 1 */
    cs_fr eq_in_tile[CS_TILE], *eq_of_tile;                            /* of the variables after the current one */
    cs_fr *eq_of_constant;                                             /* its sum over the tiles of a constant */
    cs_fr *tables[CS_LAYER_TABLES];                                    /* stored tiles, after the source's rounds */
    cs_fr *whole[CS_LAYER_TABLES];                                     /* as handed over */
    cs_sc_witness *out;
} cs_layer_rounds;

/** Prepares the rounds; what the job points to, and `out`, outlast them. Of *out the tables belong to *y. CS_ERR_MEMORY:
 * *y is still to be freed. */
cs_status cs_layer_rounds_start(cs_layer_rounds *y, const cs_layer_rounds_job *job, cs_sc_witness *out);
void cs_layer_rounds_free(cs_layer_rounds *y);

/** p q' + q p' summed over pairs of tiles, under eq within a tile: at 0 and 2. For sources. */
void cs_layer_pair(const cs_fr eq[CS_TILE], const cs_fr *const low[CS_LAYER_TABLES],
                   const cs_fr *const high[CS_LAYER_TABLES], cs_fr at[2]);

#endif
