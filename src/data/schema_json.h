/* What the numbers of a dataset mean, as JSON: the maps of its features and the names of its classes. Local. */
#ifndef CS_DATA_SCHEMA_JSON_H
#define CS_DATA_SCHEMA_JSON_H

#include "data/affine.h"
#include "data/json.h"

/** [[min, max, offset, multiplier], …], all as real numbers; and [name, …], or null if there are no names. New; NULL without
 * memory. */
json_t *cs_features_to_json(const cs_affine *maps, size_t n);
json_t *cs_classes_to_json(char *const *names, size_t n);

/** One map, or one for each of `features` features, checked by cs_affine_check. *out[*n] is the caller's: cs_free, also
 * after a failure. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_features_from_json(cs_affine **out, size_t *n, const cs_json *v, size_t features);

/** `classes` names, or null, which leaves *out NULL. (*out)[classes] and the strings are the caller's: cs_free each, also
 * after a failure. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_classes_from_json(char ***out, const cs_json *v, size_t classes);

#endif
