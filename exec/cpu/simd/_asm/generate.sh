#!/bin/sh
# Writes the assembly of package simd and its Go declarations. The generator cannot see GemmArgs, so the declarations are
# given that type afterwards.
set -e
cd "$(dirname "$0")"
go run . -out ../simd_amd64.s -stubs ../stubs_amd64.go -pkg simd
sed -i.bak 's/(args \*byte)/(args *GemmArgs)/' ../stubs_amd64.go
rm ../stubs_amd64.go.bak
gofmt -w ../stubs_amd64.go
