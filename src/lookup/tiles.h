/* Internal: which tiles of a tree of fractions have entries. A tile is CS_TILE neighbouring leaves, or fractions of a layer;
 * leaves that are padding all over a tile have one public denominator and the numerator zero, and so has each fraction that
 * is made of such tiles alone. These constant tiles are neither stored nor worked on one by one. Public: it follows from the
 * shapes of the looked-up tensors and this rank's number of records. Local. */
#ifndef CS_LOOKUP_TILES_H
#define CS_LOOKUP_TILES_H

#include "lookup/leaves.h"

/* Tiles are numbered by 31 bits. */
enum { CS_TILES_BITS = 31 + CS_TILE_BITS, CS_TILE_MAPS = CS_TILES_BITS - CS_TILE_BITS + 1 };

/** The tiles of one layer, numbered column by column of the lines that they make up. Tile t is made of tiles 2t and 2t + 1,
 * of neighbouring lines, of the layer below. */
typedef struct cs_tile_map {
    size_t n, stored; /* tiles, a power of two; those with entries */
    int32_t *at;      /* [n]: place among the stored tiles, in order; or -1 - c: the tile is constant c */
    size_t n_constants;
    uint32_t (*parts)[2]; /* [n_constants]: which constants of the layer below; NULL for leaves */
} cs_tile_map;

typedef struct cs_tiles {
    unsigned column_bits; /* a line has 2^column_bits tiles */
    unsigned n_maps;
    cs_tile_map map[CS_TILE_MAPS]; /* of the layer k above the leaves; the last one has a single line */
    cs_fr *leaf;                   /* [map[0].n_constants] denominators of constant leaves */
} cs_tiles;

/** For at most 2^CS_TILES_BITS leaves, of which a line is a tile at least. CS_ERR_MEMORY: nothing is left to be freed. */
cs_status cs_tiles_new(cs_tiles *out, const cs_leaves *l);
void cs_tiles_free(cs_tiles *tiles);

/** Where tile t of the 2^n_bits tiles of a layer is in the order of leaves: with the bits of its line in reverse, before
 * those of its column. */
size_t cs_tile_place(const cs_tiles *tiles, size_t t, unsigned n_bits);

/** The k-th of n tiles of a layer, line by line: the order in which entries lie in memory. */
size_t cs_tile_by_line(const cs_tiles *tiles, size_t n, size_t k);

/** First entry of tile t of the leaves. */
size_t cs_tile_entry(const cs_tiles *tiles, size_t t);

/** Whether map m stores tile t. */
static inline bool cs_tile_stored(const cs_tile_map *m, size_t t) {
    return m->at[t] >= 0;
}

/** The constant that tile t of map m is; it is not stored. */
static inline size_t cs_tile_constant(const cs_tile_map *m, size_t t) {
    return (size_t)(-1 - m->at[t]);
}

#endif
