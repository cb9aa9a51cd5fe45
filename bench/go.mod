module github.com/gneiss-ml/gneiss/bench

go 1.26.0

require (
	github.com/gneiss-ml/gneiss v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/image v0.47.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/gneiss-ml/gneiss => ../
