# Spack recipe: copy the folder to a repository of recipes as packages/consort, or `spack repo add` one that has it.
from spack.package import *


class Consort(MakefilePackage):
    """Zero-knowledge proofs of what a model was trained on, made by several parties who do not show each other their
    data: one MPI rank for each of them, one proof, verified without MPI."""

    homepage = "https://consort.example/"
    git = "https://consort.example/consort.git"

    version("main", branch="main")

    variant("native", default=False, description="Let the compiler use all instructions of this processor in C code")
    variant("debug", default=False, description="Keep debug symbols")

    depends_on("c", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("gmp")
    depends_on("flint")
    depends_on("zlib-api")
    depends_on("libsodium")
    depends_on("jansson")
    depends_on("cmocka", type="test")
    depends_on("jq", type="test")

    conflicts("platform=windows")

    @property
    def make_arguments(self):
        optimise = ["-O3"]
        if self.spec.satisfies("+debug"):
            optimise.append("-g")
        if self.spec.satisfies("+native"):
            optimise.append("-march=native")
        return [
            f"CC={spack_cc}",
            f"MPICC={self.spec['mpi'].mpicc}",
            f"PREFIX={self.prefix}",
            f"OPT={' '.join(optimise)}",
            "WERROR=",
        ]

    @property
    def build_targets(self):
        return self.make_arguments + ["all"]

    @property
    def install_targets(self):
        return self.make_arguments + ["install"]

    def check(self):
        make(*self.make_arguments, "unit")

    def test_version(self):
        """the installed programs start"""
        for name in ("consort", "consort-prove"):
            program = which(self.prefix.bin.join(name))
            assert str(self.version) in program("--version", output=str.split) or self.version.isdevelop()
