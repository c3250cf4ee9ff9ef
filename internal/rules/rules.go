// Package rules holds the rules of the project's structure: which of its
// packages may import which. They are data, and a test checks them against the
// code, so that a rule cannot be broken by accident nor outlive the package
// that it names.
package rules

// A Rule says what the packages that match Package may import of this module
// and from elsewhere. Patterns are those of path.Match; a trailing /... takes
// everything below, too.
type Rule struct {
	Package string
	// Own are the packages of this module that may be imported, as paths
	// within it.
	Own []string
	// Others are the modules besides the standard library that may be
	// imported.
	Others []string
	// Not are packages of the standard library that may not be imported.
	Not []string
	Why string
}

// Rules are the whole table, from the leaves up. Tests are not bound by it.
var Rules = []Rule{
	{
		Package: "internal/record",
		Why:     "layouts are used on both sides of every seam, so they depend on nothing",
		Not:     []string{"net", "os", "testing"},
	},
	{
		Package: "internal/proc",
		Others: []string{"github.com/creack/pty", "github.com/gopacket/gopacket", "github.com/landlock-lsm/go-landlock", "github.com/prometheus/procfs",
			"golang.org/x/sys", "golang.org/x/term"},
		Not: []string{"testing"},
		Why: "a worker inside a sandbox must be small, and knows nothing of protocols",
	},
	{
		Package: "internal/probe",
		Not:     []string{"net", "testing"},
		Why:     "it compiles a submission and reads its counters; what they mean is for the fuzzer",
	},
	{
		Package: "internal/probe/counting",
		Not:     []string{"net", "os", "fmt", "testing"},
		Why:     "it becomes part of strangers' programs, so it brings nothing with it; nobody imports it",
	},
	{
		Package: "internal/memnet",
		Not:     []string{"testing"},
		Why:     "a network in memory is of use to any test",
	},
	{
		Package: "internal/rules",
		Not:     []string{"testing"},
		Why:     "rules about imports have none of their own",
	},
	{
		Package: "reference/*",
		Not:     []string{"testing"},
		Why:     "students read a reference with the standard library's documentation and nothing else",
	},
	{
		Package: "reference",
		Own:     []string{"reference/*"},
		Not:     []string{"testing"},
		Why:     "the list of references",
	},
	{
		Package: "internal/mutant/...",
		Own:     []string{"reference", "reference/*", "internal/mutant"},
		Not:     []string{"testing"},
		Why:     "wrong programs are the reference with one part replaced; they must not know what catches them",
	},
	{
		Package: "scenarios",
		Not:     []string{"testing"},
		Why:     "scenario files are data",
	},
	{
		Package: "conformance",
		Own:     []string{"internal/record", "internal/proc", "internal/memnet"},
		Others:  []string{"go.starlark.net", "golang.org/x/sync"},
		Not:     []string{"testing", "testing/synctest"},
		Why:     "the engine knows no protocol and no report, and runs outside of tests",
	},
	{
		Package: "reports",
		Own:     []string{"conformance", "internal/record"},
		Not:     []string{"testing"},
		Why:     "a report is written from what the engine says, without asking a program again",
	},
	{
		Package: "fuzz",
		Own:     []string{"conformance", "internal/record", "internal/probe"},
		Others:  []string{"golang.org/x/sync", "golang.org/x/sys"},
		Not:     []string{"testing"},
		Why:     "layouts and scenarios say what is legal; the fuzzer must not learn it from the code that it tries",
	},
	{
		Package: "fuzz/protocols",
		Own:     []string{"conformance", "fuzz", "reference/*"},
		Not:     []string{"net", "os", "testing"},
		Why:     "state machines and models are values that are handed to the fuzzer; they play nothing",
	},
	{
		Package: "cmd/*",
		Own:     []string{"conformance", "internal/proc", "internal/record", "internal/probe", "fuzz", "fuzz/protocols", "reference", "reports", "scenarios"},
		Others:  []string{"github.com/alecthomas/kong", "golang.org/x/term", "mvdan.cc/sh/v3"},
		Not:     []string{"testing"},
		Why:     "only the command knows everything",
	},
}
