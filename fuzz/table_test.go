package fuzz_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netproctor/conformance"
	"netproctor/scenarios"

	"github.com/stretchr/testify/require"
)

// codecs are all of them: a row for each record or token of the five protocols.
var codecs = slices.Concat(mailboxCodecs, downloadCodecs, transferCodecs, fileshareCodecs, chatCodecs)

// TestTargets makes sure that each codec is a target of Go's engine, and has
// seeds of which some are legal and some are not. Those that are too long to be
// worth changing byte by byte are tried here; the others, by the target.
func TestTargets(t *testing.T) {
	targets := fuzzTargets(t)
	each(t, func(t *testing.T, c *codec) {
		require.Contains(t, targets, "Fuzz"+c.target)
		count := map[state]int{}
		for _, b := range c.seeds(t) {
			if len(b) > longestSeed {
				c.check(t, b[:min(len(b), longestRecord)])
				continue
			}
			_, err := c.parse(b)
			count[c.state(err)]++
		}
		t.Logf("seeds: %d legal, %d short, %d illegal", count[legal], count[short], count[illegal])
		require.NotZero(t, count[legal], "no seed is legal")
		require.NotZero(t, count[short]+count[illegal], "no seed is wrong")
	})
}

// longestRecord is more than any record has but for a file's data.
const longestRecord = 17 << 20

// TestSends makes sure that what a protocol's scenarios send is among the seeds.
func TestSends(t *testing.T) {
	protocols, err := conformance.Protocols(scenarios.Files)
	require.NoError(t, err)
	for _, name := range protocols {
		i := slices.IndexFunc(codecs, func(c codec) bool { return c.protocol == name })
		require.GreaterOrEqual(t, i, 0, "no codec is of %s", name)
		if p, err := loaded(name, nil); err == nil && len(p.Scenarios) > 0 {
			require.NotEmpty(t, codecs[i].sends(t), name)
		}
	}
}

// fuzzTargets lists the fuzz targets of this package, from its source.
func fuzzTargets(t *testing.T) (names []string) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NotErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && strings.HasPrefix(f.Name.Name, "Fuzz") {
				names = append(names, f.Name.Name)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}
