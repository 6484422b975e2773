# Building tools once, for the project's scripts. Whoever reads this file sets `tools` before, the folder in which they are kept.

note() { printf '    %s\n' "$*"; }

# need_tool NAME VERSION: the one on the PATH, or one that is built once. It runs for seconds, so it is not optimised:
# that halves the time of the build.
need_tool() {
    PATH=$tools/cargo/bin:$PATH
    "$1" --version >/dev/null 2>&1 && return
    note "building $1 $2, once"
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        cargo install --quiet --locked --no-default-features --root "$tools/cargo" --version "$2" "$1"
}
