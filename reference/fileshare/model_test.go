package fileshare_test

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/fileshare"
)

// answer returns an answer in the order in which the model gives it.
func answer(a fileshare.Answer) string {
	var all []byte
	for _, p := range a.Pieces {
		all = append(all, p.Bytes...)
	}
	if a.Open {
		all = append(all, "…"...)
	}
	return string(all)
}

// outcome is an Outcome to compare with.
type outcome struct {
	answer string
	files  map[string]string
}

func TestModelApply(t *testing.T) {
	type files = map[string]string
	shared := files{"a": "AA", "b": ""}
	const (
		sizeA = "\x00\x00\x00\x00\x00\x00\x00\x02"
		size0 = "\x00\x00\x00\x00\x00\x00\x00\x00"
		size3 = "\x00\x00\x00\x00\x00\x00\x00\x03"
	)
	same := outcome{"", shared}
	tests := map[string]struct {
		dialect fileshare.Dialect
		turns   []string
		want    []outcome
	}{
		"nothing":              {fileshare.Sized, nil, []outcome{same}},
		"an empty turn":        {fileshare.Sized, []string{""}, []outcome{same}},
		"bye":                  {fileshare.Sized, []string{"\x04\x03"}, []outcome{same}},
		"list":                 {fileshare.Sized, []string{"\x03"}, []outcome{{size3 + "a\nb", shared}}},
		"get":                  {fileshare.Sized, []string{"\x01\x01a"}, []outcome{{sizeA + "AA", shared}}},
		"get empty":            {fileshare.Sized, []string{"\x01\x01b"}, []outcome{{size0, shared}}},
		"get missing":          {fileshare.Sized, []string{"\x01\x01c\x03"}, []outcome{same}},
		"get cut":              {fileshare.Sized, []string{"\x03\x01\x02a"}, []outcome{{size3 + "a\nb", shared}}},
		"put":                  {fileshare.Sized, []string{"\x02\x01c" + sizeA + "CC"}, []outcome{{"", files{"a": "AA", "b": "", "c": "CC"}}}},
		"put over":             {fileshare.Sized, []string{"\x02\x01a" + size0}, []outcome{{"", files{"a": "", "b": ""}}}},
		"put cut":              {fileshare.Sized, []string{"\x02\x01a" + sizeA + "C"}, []outcome{same}},
		"put huge":             {fileshare.Sized, []string{"\x02\x01a\xff" + size0[1:]}, []outcome{same}},
		"put, get, in pieces":  {fileshare.Sized, []string{"\x02", "\x01c" + sizeA[:3], sizeA[3:] + "C", "C\x01\x01", "c"}, []outcome{{sizeA + "CC", files{"a": "AA", "b": "", "c": "CC"}}}},
		"unknown":              {fileshare.Sized, []string{"\x03\x09"}, []outcome{{size3 + "a\nb…", shared}, {size3 + "a\nb…", shared}}},
		"unknown, then put":    {fileshare.Sized, []string{"\x09\x02\x01a" + size0}, []outcome{{"…", shared}, {"…", files{"a": "", "b": ""}}}},
		"get a path":           {fileshare.Sized, []string{"\x01\x04../a"}, []outcome{same, {sizeA + "AA", shared}}},
		"get dots":             {fileshare.Sized, []string{"\x01\x02.."}, []outcome{same, same}},
		"put a path":           {fileshare.Sized, []string{"\x02\x04../a" + size0}, []outcome{same, same, {"", files{"a": "", "b": ""}}}},
		"put dots":             {fileshare.Sized, []string{"\x02\x04a/.." + size0}, []outcome{same, same}},
		"put nul":              {fileshare.Sized, []string{"\x02\x02a\x00" + size0}, []outcome{same, same}},
		"put a line, list":     {fileshare.Sized, []string{"\x02\x03a\nb" + size0 + "\x03"}, []outcome{same, {size3 + "a\nb", shared}, {"\x00\x00\x00\x00\x00\x00\x00\x07a\na\nb\nb", files{"a": "AA", "b": "", "a\nb": ""}}, {size3 + "a\nb", files{"a": "AA", "b": "", "a\nb": ""}}}},
		"handout get":          {fileshare.Handout, []string{"\x01a", "\x03\x03"}, []outcome{{sizeA + "AA" + size3 + "a\nb" + size3 + "a\nb", shared}}},
		"handout put":          {fileshare.Handout, []string{"\x02c", sizeA, "CC\x03"}, []outcome{{"\x00\x00\x00\x00\x00\x00\x00\x05a\nb\nc", files{"a": "AA", "b": "", "c": "CC"}}}},
		"handout bye":          {fileshare.Handout, []string{"\x04"}, []outcome{{"…", shared}, {"…", shared}}},
		"text list":            {fileshare.Text, []string{"list", "list"}, []outcome{{"a b a b ", shared}}},
		"text get":             {fileshare.Text, []string{"get a", "bye", "list"}, []outcome{{"AA", shared}}},
		"text get empty":       {fileshare.Text, []string{"get b", "list"}, []outcome{{"a b ", shared}}},
		"text put":             {fileshare.Text, []string{"put a", "CC", "get new_a"}, []outcome{{"CC", files{"a": "AA", "b": "", "new_a": "CC"}}}},
		"text put nothing":     {fileshare.Text, []string{"put a"}, []outcome{same}},
		"text put a path":      {fileshare.Text, []string{"put ../a", "CC"}, []outcome{same, same, {"", files{"a": "AA", "b": "", "new_a": "CC"}}}},
		"text part":            {fileshare.Text, []string{"lis", "t"}, []outcome{{"…", shared}, {"…", shared}, {"…", shared}}},
		"text two in one turn": {fileshare.Text, []string{"listlist"}, []outcome{{"…", shared}, {"…", shared}}},
		"text long":            {fileshare.Text, []string{"get " + strings.Repeat("n", 999), "list"}, []outcome{{"…", shared}, {"…", shared}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := fileshare.NewModel(tt.dialect, shared)
			var turns [][]byte
			for _, turn := range tt.turns {
				turns = append(turns, []byte(turn))
			}
			var got []outcome
			for _, o := range m.Apply(turns...) {
				got = append(got, outcome{answer(o.Answer), o.Next.Files()})
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, shared, m.Files(), "a model is not changed by what is asked of it")
		})
	}
}

// TestModelForks sends so many odd commands that the model gives up.
func TestModelForks(t *testing.T) {
	m := fileshare.NewModel(fileshare.Sized, nil)
	odd := bytes.Repeat([]byte("\x02\x03../\x00\x00\x00\x00\x00\x00\x00\x00"), 100)
	outcomes := m.Apply(odd)
	require.Less(t, len(outcomes), 1000)
	require.True(t, slices.ContainsFunc(outcomes, func(o fileshare.Outcome) bool { return o.Answer.Open }))
}

func TestAnswerAllows(t *testing.T) {
	for _, d := range fileshare.Dialects() {
		m := fileshare.NewModel(d, map[string]string{"a": "A", "bb": "B", "c": "C"})
		list := (&fileshare.Command{Kind: fileshare.List}).Append(nil, d)
		get := (&fileshare.Command{Kind: fileshare.Get, Name: "bb"}).Append(nil, d)
		want := m.Apply(list, get)[0].Answer
		listing := func(names ...string) string {
			return string((&fileshare.Listing{Names: names}).Append(nil, d))
		}
		file := string((&fileshare.File{Data: []byte("B")}).Append(nil, d))
		tests := map[string]bool{
			listing("a", "bb", "c") + file:                         true,
			listing("c", "bb", "a") + file:                         true,
			listing("bb", "a", "c") + file:                         true,
			listing("bb", "a", "d") + file:                         false,
			listing("bb", "a", "a") + file:                         false,
			listing("bb", "a") + file:                              false,
			listing("bb", "a", "c", "d") + file:                    false,
			listing("a", "bb", "c"):                                false,
			listing("a", "bb", "c") + file + "x":                   false,
			file + listing("a", "bb", "c"):                         false,
			"":                                                     false,
			strings.Repeat("x", len(listing("a", "bb", "c")+file)): false,
		}
		for got, legal := range tests {
			require.Equal(t, legal, want.Allows([]byte(got)), "%v: %q", d, got)
		}
		want.Open = true
		require.True(t, want.Allows([]byte(listing("a", "bb", "c")+file+"x")))
		require.False(t, want.Allows([]byte(listing("a", "bb", "c"))))
	}
	require.True(t, fileshare.Answer{}.Allows(nil))
	require.False(t, fileshare.Answer{}.Allows([]byte("x")))
}

// drawTurns draws what a client sends: most of it legal.
func drawTurns(t *rapid.T, d fileshare.Dialect) [][]byte {
	names := rapid.SampledFrom([]string{"hello.txt", "a", "b", "new_a", "../a", "a b", "..", "x/y", "\xff", "a\nb"})
	var turns [][]byte
	for range rapid.IntRange(0, 6).Draw(t, "commands") {
		c := drawCommand(t, d)
		if c.Kind == fileshare.Bye && rapid.Bool().Draw(t, "stay") {
			continue
		}
		if c.Name != "" {
			c.Name = names.Draw(t, "name")
		}
		turns = append(turns, c.Append(nil, d))
		if c.Kind == fileshare.Put {
			turns = append(turns, (&fileshare.File{Data: drawBytes(t, "data", 1, 20)}).Append(nil, d))
		}
	}
	if len(turns) > 0 && rapid.IntRange(0, 3).Draw(t, "spoilt") == 0 {
		last := len(turns) - 1
		turns[last] = spoil(t, turns[last])
	}
	return turns
}

// TestServerAgainstModel has conversations with the server, and expects one of
// the outcomes that the model allows: in what it answers and in what it keeps.
func TestServerAgainstModel(t *testing.T) {
	start := map[string]string{"hello.txt": "hello\r\n"}
	inEachBubble(t, func(r *rig) {
		noDeadline := struct{ rapid.TB }{r.t} // there is none to ask for in a bubble
		rapid.Check(noDeadline, func(t *rapid.T) {
			r.resetTo(start)
			turns := drawTurns(t, r.dialect)
			c := r.dial()
			defer c.Close()
			for _, turn := range turns {
				c.Write(turn) // may be closed already
				time.Sleep(fileshare.TurnPause)
			}
			c.CloseWrite()
			got, err := io.ReadAll(c)
			synctest.Wait()
			for _, o := range fileshare.NewModel(r.dialect, start).Apply(turns...) {
				// A reset may have destroyed the end of an answer.
				if (err != nil || o.Answer.Allows(got)) && maps.Equal(o.Next.Files(), r.contents()) {
					return
				}
			}
			t.Fatalf("sent %q, got %q and %v, kept %q", turns, got, err, r.contents())
		})
	})
}

// resetTo makes these the files of the server.
func (r *rig) resetTo(files map[string]string) {
	for _, name := range r.files() {
		require.NoError(r.t, os.Remove(filepath.Join(r.dir, name)))
	}
	for name, data := range files {
		r.write(name, data)
	}
}

// contents returns the files of the server.
func (r *rig) contents() map[string]string {
	all := map[string]string{}
	for _, name := range r.files() {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		require.NoError(r.t, err)
		all[name] = string(data)
	}
	return all
}

// TestModelRest tells where a conversation stands when all has been read.
func TestModelRest(t *testing.T) {
	const size2 = "\x00\x00\x00\x00\x00\x00\x00\x02"
	tests := map[string]struct {
		dialect fileshare.Dialect
		turns   []string
		want    fileshare.Rest // of the first outcome
	}{
		"nothing":          {fileshare.Sized, nil, fileshare.Awaits},
		"list":             {fileshare.Sized, []string{"\x03"}, fileshare.Awaits},
		"get":              {fileshare.Sized, []string{"\x01\x01a"}, fileshare.Awaits},
		"get cut":          {fileshare.Sized, []string{"\x01\x02a"}, fileshare.Amid},
		"get missing":      {fileshare.Sized, []string{"\x01\x01c"}, fileshare.Closed},
		"put":              {fileshare.Sized, []string{"\x02\x01c" + size2 + "CC"}, fileshare.Awaits},
		"put cut":          {fileshare.Sized, []string{"\x02\x01c" + size2 + "C"}, fileshare.Amid},
		"put without size": {fileshare.Sized, []string{"\x02\x01c"}, fileshare.Amid},
		"put huge":         {fileshare.Sized, []string{"\x02\x01c\xff" + size2[1:]}, fileshare.Closed},
		"unknown":          {fileshare.Sized, []string{"\x09"}, fileshare.Closed},
		"bye":              {fileshare.Sized, []string{"\x04"}, fileshare.Closed},
		"handout put":      {fileshare.Handout, []string{"\x02c"}, fileshare.Amid},
		"text put":         {fileshare.Text, []string{"put c"}, fileshare.Amid},
		"text put, file":   {fileshare.Text, []string{"put c", "CC"}, fileshare.Awaits},
		"text bye":         {fileshare.Text, []string{"bye"}, fileshare.Closed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var turns [][]byte
			for _, turn := range tt.turns {
				turns = append(turns, []byte(turn))
			}
			got := fileshare.NewModel(tt.dialect, map[string]string{"a": "AA"}).Apply(turns...)
			require.Equal(t, tt.want, got[0].Rest)
		})
	}
}
