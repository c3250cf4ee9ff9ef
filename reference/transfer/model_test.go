package transfer_test

import (
	"bytes"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/transfer"
)

// turns makes turns of texts.
func turns(texts ...string) [][]byte {
	var list [][]byte
	for _, s := range texts {
		list = append(list, []byte(s))
	}
	return list
}

func TestModelApply(t *testing.T) {
	m := transfer.Model{"f": "data", "empty": ""}
	four, five := eight(4), eight(5)
	was := transfer.Model{"f": "data", "empty": ""}
	noF := transfer.Model{"empty": ""}
	withF := func(data string) transfer.Model { return transfer.Model{"f": data, "empty": ""} }
	withNew := func(data string) transfer.Model { return transfer.Model{"f": "data", "empty": "", "new": data} }
	type outcome struct {
		answer string
		open   bool
		files  transfer.Model
	}
	tests := map[string]struct {
		sent []string
		want []outcome
	}{
		"nothing":          {nil, []outcome{{"READY", false, was}}},
		"get":              {[]string{"GET f", "READY", "OK"}, []outcome{{"READYOK" + four + "dataDONE", false, was}}},
		"get nothing":      {[]string{"GET empty", "READYOK"}, []outcome{{"READYOK" + eight(0) + "DONE", false, was}}},
		"get, no word":     {[]string{"GET f"}, []outcome{{"READYOK", false, was}}},
		"get, one word":    {[]string{"GET f", "READY"}, []outcome{{"READYOK" + four, false, was}}},
		"get, half a word": {[]string{"GET f", "READ"}, []outcome{{"READYOK", true, was}}},
		"get, wrong word":  {[]string{"GET f", "READY", "KO"}, []outcome{{"READYOK" + four, true, was}}},
		"get missing":      {[]string{"GET g", "READY", "OK"}, []outcome{{"READYERROR: g does not exist", false, was}}},
		"put":              {[]string{"PUT new", five, "bytes"}, []outcome{{"READYOKOKDONE", false, withNew("bytes")}}},
		"put over":         {[]string{"PUT f", five + "by", "tes"}, []outcome{{"READYOKOKDONE", false, withF("bytes")}}},
		"put nothing":      {[]string{"PUT f", eight(0)}, []outcome{{"READYOKOKDONE", false, withF("")}}},
		"put, no size": {[]string{"PUT f", five[:7]}, []outcome{
			{"READYOK", false, was}, {"READYOK", false, noF}, {"READYOK", false, withF("")}}},
		"put, cut": {[]string{"PUT f", five, "byte"}, []outcome{
			{"READYOKOK", false, was}, {"READYOKOK", false, noF}, {"READYOKOK", false, withF("byte")}}},
		"put, more": {[]string{"PUT new", four, "bytes"}, []outcome{
			{"READYOKOK", false, was}, {"READYOKOK", false, was}, {"READYOKOK", false, withNew("byte")},
			{"READYOKOKDONE", false, withNew("byte")}}},
		"del": {[]string{"DEL f"}, []outcome{
			{"READYDONE", false, noF}, {"READYERROR: unable to delete f", false, was}}},
		"del missing": {[]string{"DEL g"}, []outcome{{"READYERROR: g does not exist", false, was}}},
		"unknown":     {[]string{"LIST f"}, []outcome{{"READY", true, was}}},
		"empty":       {[]string{""}, []outcome{{"READY", true, was}}},
		"newline":     {[]string{"GET f\n"}, []outcome{{"READY", true, was}}},
		"a path":      {[]string{"GET ../f"}, []outcome{{"READY", true, was}}},
		"dots":        {[]string{"GET .."}, []outcome{{"READY", true, was}}},
		"nul":         {[]string{"GET f\x00"}, []outcome{{"READY", true, was}}},
		"255 bytes":   {[]string{"GET " + strings.Repeat("n", 255)}, []outcome{{"READYERROR: " + strings.Repeat("n", 255) + " does not exist", false, was}}},
		"256 bytes":   {[]string{"GET " + strings.Repeat("n", 256)}, []outcome{{"READY", true, was}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []outcome
			for _, o := range m.Apply(turns(tt.sent...)...) {
				got = append(got, outcome{string(o.Answer), o.Open, o.Next})
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, was, m, "a model is not changed by what is asked of it")
		})
	}
	require.Empty(t, transfer.Model(nil).Del("f"))
	require.Equal(t, transfer.Model{"f": "x"}, transfer.Model(nil).Put("f", "x"))
}

// fewNames are names of files that meet each other.
var fewNames = []string{"f", "F", "f ", "GET f", "é", "DONE"}

// A visit is a client that sends turns, and what came of it.
type visit struct {
	turns  [][]byte
	answer []byte
	files  transfer.Model // what the folder holds afterwards
}

// drawVisit draws a client that does nearly what the protocol says.
func drawVisit(t *rapid.T) *visit {
	data := rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 20),
		rapid.SampledFrom([][]byte{nil, []byte("DONE"), []byte(pattern(1024)), []byte(pattern(2500))}),
	).Draw(t, "data")
	name := rapid.SampledFrom(fewNames).Draw(t, "name")
	verb := rapid.SampledFrom([]string{"GET ", "PUT ", "PUT ", "DEL "}).Draw(t, "verb")
	sent := turns(verb + name)
	switch verb {
	case "GET ":
		sent = append(sent, turns("READY", "OK")...)
	case "PUT ":
		sent = append(sent, []byte(eight(len(data))), data)
	}
	at := rapid.IntRange(0, len(sent)-1).Draw(t, "turn")
	switch rapid.IntRange(0, 5).Draw(t, "how") {
	case 0:
		sent = sent[:at]
	case 1:
		sent[at] = spoil(t, sent[at])
	}
	return &visit{turns: sent}
}

// play sends the turns of the visit, and notes what comes of it.
func (v *visit) play(r *rig) {
	c := r.dial()
	for _, turn := range v.turns {
		c.Write(turn)
		time.Sleep(time.Second)
	}
	c.CloseWrite()
	v.answer, _ = io.ReadAll(c)
	c.Close()
	v.files = transfer.Model{}
	for _, name := range names(r.t, r.dir) {
		v.files[name] = read(r.t, r.dir, name)
	}
}

// TestServerAgainstModel lets clients visit a server, and expects of each answer
// and of the files after it that the model allows them.
func TestServerAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		visits := rapid.SliceOfN(rapid.Custom(drawVisit), 1, 8).Draw(rt, "visits")
		inBubble(t, func(r *rig) {
			for _, v := range visits {
				v.play(r)
			}
		})
		m := transfer.Model{}
		for i, v := range visits {
			next, ok := v.allowed(m)
			require.True(rt, ok, "visit %d: %q answered %q, files %q", i, v.turns, v.answer, v.files)
			m = next
		}
	})
}

// allowed finds the outcome of a model that a visit had. What an open outcome
// leaves on disk is taken as it is.
func (v *visit) allowed(m transfer.Model) (next transfer.Model, ok bool) {
	for _, o := range m.Apply(v.turns...) {
		if o.Open && bytes.HasPrefix(v.answer, o.Answer) {
			return v.files, true
		}
		if bytes.Equal(o.Answer, v.answer) && maps.Equal(o.Next, v.files) {
			return v.files, true
		}
	}
	return m, false
}

// TestModelOver has conversations that are over, and others that go on.
func TestModelOver(t *testing.T) {
	m := transfer.Model{"f": "data"}
	tests := map[string]struct {
		sent []string
		want []bool // of each outcome
	}{
		"nothing":      {nil, []bool{false}},
		"get":          {[]string{"GET f", "READY", "OK"}, []bool{true}},
		"get, waiting": {[]string{"GET f", "READY"}, []bool{false}},
		"get missing":  {[]string{"GET g"}, []bool{true}},
		"put":          {[]string{"PUT f", eight(1), "x"}, []bool{true}},
		"put, waiting": {[]string{"PUT f", eight(2), "x"}, []bool{false, false, false}},
		"put, more":    {[]string{"PUT f", eight(1), "xy"}, []bool{false, false, false, true}},
		"del":          {[]string{"DEL f"}, []bool{true, true}},
		"del missing":  {[]string{"DEL g"}, []bool{true}},
		"unknown":      {[]string{"LIST"}, []bool{false}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []bool
			for _, o := range m.Apply(turns(tt.sent...)...) {
				got = append(got, o.Over)
			}
			require.Equal(t, tt.want, got)
		})
	}
}
