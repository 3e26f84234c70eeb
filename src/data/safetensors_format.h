/* Constants of the safetensors format. Internal to src/data. */
#ifndef CS_DATA_SAFETENSORS_FORMAT_H
#define CS_DATA_SAFETENSORS_FORMAT_H

#define CS_TENSOR_ITEM              ((size_t)8) /* bytes per number, of both types */
#define CS_SAFETENSORS_LENGTH_BYTES ((size_t)8)
#define CS_SAFETENSORS_METADATA     "__metadata__"

#endif
