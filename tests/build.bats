# How rubric is built: whose flags are whose, what is built anew, for which machine.
load helper

unset MAKEFLAGS MFLAGS CC CPPFLAGS CFLAGS LDFLAGS LDLIBS WERROR # of the make that runs the tests

# make, quietly, on a tree of its own; lib/base.a is the smallest part that needs every flag.
build() { make -s -C "$root" BUILD="$PWD/build" "$@"; }

built() { find build -name '*.o' -newer mark | wc -l; }

@test "the flags of user, environment and distribution come on top of rubric's own" {
    build "$PWD/build/lib/base.a" CPPFLAGS=-D_FORTIFY_SOURCE=2 CFLAGS="-O1 -fstack-protector-strong" LDFLAGS=-Wl,-z,now
    printf '#!/bin/sh\necho "$@" >> "%s/calls"\nexec cc "$@"\n' "$PWD" > mycc
    chmod +x mycc
    rm -r build
    CC="$PWD/mycc" CFLAGS="-O1 -DMINE" CPPFLAGS=-DYOURS build "$PWD/build/lib/base.a"
    [ "$(grep -c 'lib/base/.*\.c$' calls)" -eq "$(find "$root/lib/base" -name '*.c' | wc -l)" ]
    [ "$(grep 'lib/base/.*\.c$' calls | grep -vc -e '-Ilib .*-DYOURS .*-O1 -DMINE')" -eq 0 ]
}

@test "a changed flag, compiler or version builds anew, nothing else does; install takes what is there" {
    build "$PWD/build/lib/base.a"
    touch -d '+2 seconds' mark
    build "$PWD/build/lib/base.a" WERROR=1
    [ "$(built)" -eq 0 ]
    local all change
    all=$(find build -name '*.o' | wc -l)
    for change in CFLAGS=-O1 CPPFLAGS=-DMINE LDFLAGS=-Wl,-z,now VERSION=9.9 CC=gcc; do
        touch mark
        sleep 0.1
        build "$PWD/build/lib/base.a" "$change"
        expect_text "$change $all" "$change $(built)"
    done
    run make -s -n -C "$root" BUILD="$build" DESTDIR="$PWD/stage" CFLAGS=-O7 install
    [ "$status" -eq 0 ]
    [[ $output != *-O7* ]]
}

@test "warnings are errors with WERROR=1 alone" {
    mkdir -p source
    cp -r "$root/Makefile" "$root/lib" source
    echo 'int unused(void); int unused(void) { int left; return 0; }' >> source/lib/base/names.c
    make -s -C source build/lib/base.a 2> warnings
    grep -q 'Wunused-variable' warnings
    rm -r source/build
    run ! make -s -C source build/lib/base.a WERROR=1
}

@test "only the machine's own kernels are compiled; a big-endian machine is refused" {
    printf '#!/bin/sh\n[ "$1" = -dumpmachine ] && echo aarch64-linux-gnu || exec cc "$@"\n' > arm
    chmod +x arm
    run make -n -C "$root" BUILD="$PWD/arm-build" CC="$PWD/arm" "$PWD/arm-build/lib/nn.a"
    [ "$status" -eq 0 ]
    [[ $output == *kernels/portable.c* ]]
    [[ $output != *avx* ]]
    run build "$PWD/build/lib/base/host.o" CPPFLAGS="-U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__"
    [ "$status" -ne 0 ]
    [[ $output == *"needs a little-endian machine"* ]]
}
