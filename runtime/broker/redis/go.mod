module github.com/wsgen/wsgen/runtime/broker/redis

go 1.26.0

replace github.com/wsgen/wsgen => ../../..

require (
	github.com/redis/rueidis v1.0.79
	github.com/wsgen/wsgen v0.1.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/lxzan/gws v1.9.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)
