package fuzz_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/conformance"
	"netproctor/internal/record"
	"netproctor/scenarios"
)

// record gives the layout of the codec's records; nil where the protocol
// declares none.
func (c *codec) record(t rapid.TB) *record.Layout {
	if len(c.layouts) == 0 {
		return nil
	}
	return once(t, "record of "+c.target, func() (*record.Layout, error) {
		p, err := declared(c.protocol, c.set)
		if p == nil || err != nil {
			return nil, err
		}
		var all []*record.Layout
		for _, name := range c.layouts {
			if p.Records[name] == nil {
				return nil, fmt.Errorf("%s declares no %s", c.protocol, name)
			}
			all = append(all, p.Records[name])
		}
		if len(all) == 1 {
			return all[0], nil
		}
		return record.OneOf(c.target, all...), nil
	})
}

// declared reads what a protocol's protocol.star declares, without its suites:
// that takes a fraction of the time. It is nil for a protocol that has no folder.
func declared(name string, set map[string]string) (*conformance.Protocol, error) {
	file := path.Join(name, "protocol.star")
	src, err := fs.ReadFile(scenarios.Files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return conformance.Load(fstest.MapFS{file: {Data: src}}, name, conformance.LoadOptions{Partial: true, Set: set})
}

// loaded reads a protocol with its scenarios; nil for one that has no folder.
func loaded(name string, set map[string]string) (*conformance.Protocol, error) {
	p, err := conformance.Load(scenarios.Files, name, conformance.LoadOptions{Partial: true, Set: set})
	if errors.Is(err, conformance.ErrNoProtocol) {
		return nil, nil
	}
	return p, err
}

var kept sync.Map

// once keeps what is made, by its name: nothing changes it.
func once[T any](t rapid.TB, name string, make func() (T, error)) T {
	t.Helper()
	f, _ := kept.LoadOrStore(name, sync.OnceValues(make))
	v, err := f.(func() (T, error))()
	require.NoError(t, err, name)
	return v
}

// TestLayouts makes sure that no layout is left out: each record that a protocol
// declares is one of a codec, or a part of one that is.
func TestLayouts(t *testing.T) {
	protocols, err := conformance.Protocols(scenarios.Files)
	require.NoError(t, err)
	require.NotEmpty(t, protocols)
	for _, name := range protocols {
		p, err := declared(name, nil)
		require.NoError(t, err)
		var stated []string
		for _, c := range codecs {
			for _, layout := range c.layouts {
				if c.protocol == name {
					stated = parts(p.Records[layout], stated)
				}
			}
		}
		for _, n := range p.RecordNames() {
			require.Contains(t, stated, n, "%s declares a record: name it as a layout of the codec that reads it", name)
		}
	}
}

// parts appends the names of a layout, its variants and the layouts of its items.
func parts(l *record.Layout, all []string) []string {
	if l == nil || slices.Contains(all, l.Name) {
		return all
	}
	all = append(all, l.Name)
	for _, v := range l.Variants {
		all = parts(v, all)
	}
	for _, f := range l.Fields {
		all = parts(f.Elem, all)
	}
	return all
}
