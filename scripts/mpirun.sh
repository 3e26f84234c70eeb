#!/bin/sh
# Runs mpirun with its arguments, in the way that suits several ranks on few cores: more ranks than cores are allowed, no rank is
# bound to a core. In containers, where one is root, Open MPI has to be told that this is meant.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
exec "${MPIRUN:-mpirun}" --oversubscribe --bind-to none "$@"
