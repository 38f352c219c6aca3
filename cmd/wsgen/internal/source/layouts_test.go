package source

// The layouts of TestFiles. Paths begin with m, which is the module.

// places are about folders.
func places() map[string]layout {
	const tree = "-- m/m.go --\npackage m\n-- m/a/a.go --\npackage a\n-- m/a/b/b.go --\npackage b\n-- m/a/b/b_test.go --\npackage b\n"
	const vendor = "-- m/shop/vendor/vendor.go --\npackage vendor\n-- m/shop/vendor/deep/deep.go --\npackage deep\n"
	const npm = "-- m/node_modules/x/x.go --\npackage x\n-- m/web/node_modules/y/y.go --\npackage y\n"
	const left = "-- m/testdata/t/t.go --\npackage t\n-- m/_u/u.go --\npackage u\n-- m/_u/v/v.go --\npackage v\n-- m/.h/h.go --\npackage h\n"
	ignore := func(lines string) string {
		return "-- m/go.mod --\nmodule example.com/m\n\ngo 1.26.0\n\n" + lines + "\n"
	}
	const nested = "-- m/nested/go.mod --\nmodule example.com/nested\n\ngo 1.26.0\n-- m/nested/n.go --\npackage nested\n-- m/nested/deep/d.go --\npackage deep\n"
	return map[string]layout{
		"a tree":                              {files: tree},
		"a part of it":                        {files: tree, patterns: []string{"./a/..."}},
		"by import path":                      {files: tree, patterns: []string{"example.com/m/a/b", "example.com/m/use/..."}},
		"from a folder below":                 {files: tree, in: "a"},
		"names of many kinds":                 {files: "-- m/a-b/x.go --\npackage ab\n-- m/a.b/x.go --\npackage ab\n-- m/a~b/x.go --\npackage ab\n-- m/a+b/x.go --\npackage ab\n-- m/A_b/x.go --\npackage ab\n"},
		"folders left out":                    {files: tree + left},
		"testdata, named":                     {files: tree + left, patterns: []string{"./testdata/t", "./..."}},
		"testdata, with dots":                 {files: tree + left, patterns: []string{"./testdata/t/..."}},
		"from testdata":                       {files: tree + left, in: "testdata"},
		"an underscore, named":                {files: tree + left, patterns: []string{"./_u"}},
		"an underscore, with dots":            {files: tree + left, patterns: []string{"./_u/...", "./a"}},
		"below an underscore":                 {files: tree + left, patterns: []string{"./_u/v/..."}},
		"from an underscore":                  {files: tree + left, in: "_u"},
		"hidden, named":                       {files: tree + left, patterns: []string{"./.h"}},
		"a package called vendor":             {files: vendor},
		"below vendor, named":                 {files: vendor, patterns: []string{"./shop/vendor/deep"}},
		"below vendor, with dots":             {files: vendor, patterns: []string{"./shop/vendor/..."}},
		"vendored modules":                    {files: tree + "-- m/vendor/modules.txt --\n-- m/vendor/vendor.go --\npackage vendor\n"},
		"vendored modules that are not used":  {files: tree + "-- m/vendor/vendor.go --\npackage vendor\n-- m/vendor/deep/deep.go --\npackage deep\n", env: []string{"GOFLAGS=-mod=mod"}},
		"node_modules":                        {files: npm},
		"node_modules, ignored":               {files: ignore("ignore ./node_modules") + npm},
		"ignored folders":                     {files: ignore("ignore (\n\t./a/b // comment\n\t\"x\"\n)") + tree + "-- m/x/x.go --\npackage x\n-- m/a/x/x.go --\npackage x\n-- m/xx/xx.go --\npackage xx\n-- m/c/a/b/b.go --\npackage b\n"},
		"an ignored path anywhere":            {files: ignore("ignore a/b") + tree + "-- m/c/a/b/b.go --\npackage b\n"},
		"ignored, named":                      {files: ignore("ignore ./a") + tree, patterns: []string{"./a", "./use"}},
		"ignored, with dots":                  {files: ignore("ignore ./a") + tree, patterns: []string{"./a/...", "./use"}},
		"ignored, from there":                 {files: ignore("ignore ./a") + tree, in: "a/b", patterns: []string{"./...", "../../use"}},
		"a nested module":                     {files: tree + nested},
		"a folder called go.mod":              {files: tree + "-- m/a/go.mod/x.go --\npackage x\n"},
		"a workspace":                         {files: "-- m/go.work --\ngo 1.26.0\n\nuse (\n\t.\n\t./nested\n)\n" + tree + nested},
		"a folder called like a file of Go's": {files: tree + "-- m/a/x.go/x.go --\npackage x\n"},
	}
}

// linked are about links.
func linked() map[string]layout {
	const chat = "-- m/chat/chat.go --\npackage chat\n-- m/src/more.txt --\npackage chat\n-- elsewhere/far.txt --\npackage chat\n-- elsewhere/p/p.go --\npackage p\n"
	return map[string]layout{
		"a linked file":               {files: chat, links: map[string]string{"m/chat/more.go": "../src/more.txt"}},
		"a file linked from outside":  {files: chat, links: map[string]string{"m/chat/far.go": "../../elsewhere/far.txt"}},
		"linked by constraint":        {files: chat, links: map[string]string{"m/chat/more_plan9.go": "../src/more.txt", "m/chat/more_test.go": "../src/more.txt"}},
		"a linked folder":             {files: chat, links: map[string]string{"m/linked": "../elsewhere/p"}},
		"a linked folder, named":      {files: chat, links: map[string]string{"m/linked": "../elsewhere/p"}, patterns: []string{"./linked"}},
		"a linked folder, with dots":  {files: chat, links: map[string]string{"m/linked": "../elsewhere"}, patterns: []string{"./linked/..."}},
		"from a linked folder":        {files: chat, links: map[string]string{"m/linked": "../elsewhere"}, in: "linked"},
		"a folder linked as a file":   {files: chat, links: map[string]string{"m/chat/p.go": "../../elsewhere/p"}},
		"a linked root":               {files: chat, links: map[string]string{"there": "m"}, in: "../there"},
		"a linked go.mod":             {files: chat + "-- m/real/go.mod --\nmodule example.com/real\n\ngo 1.26.0\n-- m/real/r.go --\npackage real\n", links: map[string]string{"m/chat/sub/go.mod": "../../real/go.mod"}},
		"a linked root, tags from it": {files: chat + "-- m/chat/t.go --\n//go:build special\n\npackage chat\n", made: cut, links: map[string]string{"there": "m"}, in: "../there", env: []string{"GOFLAGS=-tags=special"}},
	}
}

// cut is a file of wsgen's that Go cannot read.
const cut = "-- m/chat/ws_gen.go --\n// Code generated by wsgen. DO NOT EDIT.\n\npackage"

// stale is one of another package.
const stale = "-- m/chat/ws_gen.go --\n// Code generated by wsgen. DO NOT EDIT.\n\npackage formerly\n"

// builds are about what decides which files of a package are in.
func builds() map[string]layout {
	const chat = "-- m/chat/chat.go --\npackage chat\n" +
		"-- m/chat/linux_linux.go --\npackage chat\n-- m/chat/win_windows.go --\npackage chat\n-- m/chat/arm_arm64.go --\npackage chat\n-- m/chat/no_js_wasm.go --\npackage chat\n" +
		"-- m/chat/special.go --\n//go:build special && !windows\n\npackage chat\n-- m/chat/other.go --\n//go:build !special\n\npackage chat\n" +
		"-- m/chat/future.go --\n//go:build go1.99\n\npackage chat\n-- m/chat/unix.go --\n//go:build unix && go1.20\n\npackage chat\n" +
		"-- m/chat/cgo.go --\n//go:build cgo\n\npackage chat\n-- m/chat/tool.go --\n//go:build ignore\n\npackage main\n" +
		"-- m/chat/doc.go --\npackage documentation\n-- m/chat/exp.go --\n//go:build goexperiment.jsonv2\n\npackage chat\n-- m/chat/_not.go --\npackage chat\n-- m/chat/.not.go --\npackage chat\n"
	const c = "-- m/chat/chat.go --\npackage chat\n-- m/chat/c.go --\npackage chat\n\nimport \"C\"\n"
	const work = "-- go.work --\ngo 1.26.0\n\nuse ./m\n"
	const all = "-- m/chat/chat_plan9.go --\npackage chat\n-- m/chat/more.go --\n//go:build special\n\npackage chat\n"
	special, windows := []string{"GOFLAGS=-tags=special"}, "-- env --\nGOOS=windows\nGOFLAGS=-tags=special\n"
	stored := []string{"GOOS=", "GOFLAGS="}
	return map[string]layout{
		"constraints":                        {files: chat},
		"a tag":                              {files: chat, tags: []string{"special"}},
		"a tag in GOFLAGS":                   {files: chat, env: special},
		"tags against GOFLAGS":               {files: chat, env: []string{"GOFLAGS=-tags=ignore"}, tags: []string{"special"}},
		"GOOS":                               {files: chat, env: []string{"GOOS=windows", "GOARCH=arm64"}},
		"go env -w":                          {files: chat + windows, env: stored},
		"GOEXPERIMENT":                       {files: chat, env: []string{"GOEXPERIMENT=jsonv2"}},
		"cgo":                                {files: c, env: []string{"CGO_ENABLED=1"}},
		"no cgo":                             {files: c, env: []string{"CGO_ENABLED=0"}},
		"assembly":                           {files: chat + "-- m/chat/a.s --\n-- m/chat/b.h --\n"},
		"no file in this build":              {files: all},
		"tests alone":                        {files: "-- m/chat/chat_test.go --\npackage chat\n"},
		"a cut ws_gen.go":                    {files: chat, made: cut},
		"cut, and a tag in GOFLAGS":          {files: chat, made: cut, env: special},
		"cut, and go env -w":                 {files: chat + windows, made: cut, env: stored},
		"cut, and no cgo":                    {files: c, made: cut, env: []string{"CGO_ENABLED=0"}},
		"cut, and all constrained":           {files: all, made: cut},
		"cut, in a workspace":                {files: work + chat, made: cut, env: special},
		"cut, in a workspace, and go env -w": {files: work + chat + windows, made: cut, env: stored},
		"cut, in a workspace, without cgo":   {files: work + c, made: cut, env: []string{"CGO_ENABLED=0"}},
		"stale":                              {files: chat, made: stale, env: special},
		"stale, in a workspace":              {files: work + chat, made: stale, env: special},
		"a ws_gen.go of somebody's":          {files: chat + "-- m/chat/ws_gen.go --\npackage chat\n-- m/chat/ws_wire_gen.go --\n//go:build wireinject\n\npackage chat\n"},
		"a byte order mark":                  {files: "-- m/chat/chat.go --\n\ufeffpackage chat\n"},
		"a shifted line":                     {files: "-- m/chat/chat.go --\n//line chat_plan9.go:7\n\npackage chat\n"},
	}
}

// unreadable are about files that Go cannot read.
func unreadable() map[string]layout {
	const chat = "-- m/chat/chat.go --\npackage chat\n"
	const work = "-- go.work --\ngo 1.26.0\n\nuse ./m\n"
	return map[string]layout{
		"a conflict above all":           {files: chat + "-- m/chat/bad.go --\n<<<<<<< HEAD\npackage chat\n"},
		"a conflict, in a workspace":     {files: work + chat + "-- m/chat/bad.go --\n<<<<<<< HEAD\npackage chat\n", made: cut},
		"a typo":                         {files: "-- m/chat/chat.go --\npackag chat\n"},
		"a comment without end":          {files: chat + "-- m/chat/bad.go --\n/* open\npackage chat\n"},
		"a line beyond all":              {files: "-- m/chat/bad.go --\n//line x:2000000000\npackage chat\n"},
		"imports without end":            {files: chat + "-- m/chat/bad.go --\npackage chat\n\nimport (\n"},
		"two packages":                   {files: chat + "-- m/chat/d.go --\npackage other\n"},
		"an empty file":                  {files: chat + "-- m/chat/bad.go --\n"},
		"a link to nothing":              {files: chat, links: map[string]string{"m/chat/gone.go": "nowhere"}},
		"a link to nothing that is left": {files: chat, links: map[string]string{"m/chat/.#chat.go": "me@here.1"}},
		"one of another build":           {files: chat + "-- m/chat/good_plan9.go --\npackage chat\n-- m/chat/tmpl.go --\n//go:build ignore\n\npackage main\n"},
	}
}
