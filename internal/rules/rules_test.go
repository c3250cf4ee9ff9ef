package rules_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/internal/rules"
)

const module = "netproctor"

// TestImports holds every package that is not a test against its rule.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	for dir, imports := range packages(t) {
		rule := find(t, dir)
		used[rule.Package] = true
		for _, imported := range imports {
			require.True(t, allowed(rule, imported), "%s imports %s, against the rule for %s: %s", dir, imported, rule.Package, rule.Why)
		}
	}
	for _, r := range rules.Rules {
		require.True(t, used[r.Package], "the rule for %s names no package", r.Package)
		require.NotEmpty(t, r.Why, r.Package)
	}
}

// TestFindsBreaches makes sure that the check can fail.
func TestFindsBreaches(t *testing.T) {
	for imported, want := range map[string]bool{
		"fmt":                        true,
		"testing":                    false,
		"netproctor/internal/record": true,
		"netproctor/reports":         false,
		"netproctor/reference":       false,
		"go.starlark.net/starlark":   true,
		"github.com/other/thing":     false,
	} {
		require.Equal(t, want, allowed(find(t, "conformance"), imported), imported)
	}
}

// find gives the rule for a package: the first that matches.
func find(t *testing.T, dir string) rules.Rule {
	i := slices.IndexFunc(rules.Rules, func(r rules.Rule) bool { return matches(r.Package, dir) })
	require.GreaterOrEqual(t, i, 0, "no rule for package %s", dir)
	return rules.Rules[i]
}

func matches(pattern, dir string) bool {
	if root, below := strings.CutSuffix(pattern, "/..."); below {
		return dir == root || strings.HasPrefix(dir, root+"/")
	}
	ok, _ := path.Match(pattern, dir)
	return ok
}

func allowed(r rules.Rule, imported string) bool {
	if own, is := strings.CutPrefix(imported, module+"/"); is {
		return slices.ContainsFunc(r.Own, func(p string) bool { return matches(p, own) })
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return !slices.Contains(r.Not, imported)
	}
	return slices.ContainsFunc(r.Others, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
}

// packages gives the imports of each package of the module, by folder.
func packages(t *testing.T) map[string][]string {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) && file != root {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		found[filepath.ToSlash(dir)] = append(found[filepath.ToSlash(dir)], imports(t, file)...)
		return nil
	}))
	require.NotEmpty(t, found)
	return found
}

func imports(t *testing.T, file string) []string {
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	require.NoError(t, err)
	var list []string
	for _, spec := range parsed.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		list = append(list, p)
	}
	return list
}
