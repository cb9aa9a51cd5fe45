#!/bin/sh
# Writes the assembly of package simd and its Go declarations. The generator cannot see GemmArgs, so the declarations are
# given that type afterwards; moves of a register to itself, which are left where it was free for the result, are taken out.
set -e
cd "$(dirname "$0")"
go run . -out ../simd_amd64.s -stubs ../stubs_amd64.go -pkg simd
sed -i.bak 's/(args \*byte)/(args *GemmArgs)/' ../stubs_amd64.go
go run . -part vec -out ../vec_amd64.s -stubs ../vecstubs_amd64.go -pkg simd
sed -i.bak '/VMOVAPS *\([XYZ][0-9]*\), \1$/d' ../vec_amd64.s
rm ../*.bak
gofmt -w ../stubs_amd64.go ../vecstubs_amd64.go
