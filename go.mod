module github.com/gneiss-ml/gneiss

go 1.26

require github.com/x448/float16 v0.8.4

require google.golang.org/protobuf v1.36.12
