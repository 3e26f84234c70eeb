/* The program's version. Ranks of one run must have the same one. */
#ifndef CONSORT_VERSION_H
#define CONSORT_VERSION_H

#define CONSORT_VERSION "0.1.0"

#endif
