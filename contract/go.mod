module github.com/wsgen/wsgen/contract

go 1.26.0

replace (
	github.com/wsgen/wsgen => ..
	github.com/wsgen/wsgen/contract/schema => ./schema
)

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/wsgen/wsgen v0.0.0
	github.com/wsgen/wsgen/contract/schema v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/lxzan/gws v1.9.1 // indirect
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2 // indirect
	golang.org/x/text v0.14.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)
