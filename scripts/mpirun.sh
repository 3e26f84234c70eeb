#!/bin/sh
# Runs mpirun with its arguments, in the way that suits several ranks on few cores: more ranks than cores are allowed, no rank is
# bound to a core. Open MPI would let others run each time it finds no message, which takes longer than looking for one; ranks do so
# themselves while they wait (mpi/transport.c). In containers, where one is root, Open MPI has to be told that this is meant.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
exec "${MPIRUN:-mpirun}" --oversubscribe --bind-to none --mca mpi_yield_when_idle 0 "$@"
