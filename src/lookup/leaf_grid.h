/* Internal: the first two rounds of the leaf layer's sumcheck at once, on the leaves' integers. Before any challenge both
 * children are linear in the first two variables u and v, so that what is summed has degree two in each: its sums for u and
 * v of 0, 1 and infinity (the leading coefficient) give both rounds' polynomials, as in Bagad, Domb, Thaler, ePrint
 * 2024/1046. They are combinations of sums, under eq, of integers and of products of two: with as many small integers for
 * infinity, the difference of the two others. Sums are unreduced over all tiles that have the same coefficients. Local. */
#ifndef CS_LOOKUP_LEAF_GRID_H
#define CS_LOOKUP_LEAF_GRID_H

#include "lookup/leaf_ints.h"

enum { CS_LEAF_CORNERS = 4 };

typedef struct cs_leaf_grid cs_leaf_grid;

/** The four tiles of either child that two rounds make one of: u + 2 v is the number. */
typedef cs_leaf_piece cs_leaf_corners[2][CS_LEAF_CORNERS];

/** coef: of the leaves' denominators. NULL without memory. */
cs_leaf_grid *cs_leaf_grid_new(const cs_fr coef[CS_LEAF_KINDS]);
void cs_leaf_grid_free(cs_leaf_grid *grid);

/** From zero on; eq within a tile, the same until the last round is evaluated. */
void cs_leaf_grid_start(cs_leaf_grid *grid, cs_fr lambda, const cs_fr eq[CS_TILE]);

/** Adds weight times the sum over a tile. */
void cs_leaf_grid_add(cs_leaf_grid *grid, cs_fr weight, const cs_leaf_corners corners);

/** The first round's polynomial at 0 and 2; `point` is that of eq for the second variable. */
void cs_leaf_grid_first(cs_leaf_grid *grid, cs_fr point, cs_fr at[2]);

/** The second one's, with the first challenge. */
void cs_leaf_grid_second(const cs_leaf_grid *grid, cs_fr r, cs_fr at[2]);

#endif
