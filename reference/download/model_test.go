package download_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/download"
)

// What a server may do, in the order in which the model says it.
var (
	silence = download.Outcome{}
	missing = download.Outcome{Answer: goldenMissing}
	anyFile = download.Outcome{AnyFile: true}
)

func TestModelApply(t *testing.T) {
	m := download.Model{"f": []byte("contents"), "d/g": {0xFF, 0}, "empty": nil, "zoë": []byte("utf-8")}
	sends := func(data string) download.Outcome { return download.Outcome{Answer: response([]byte(data))} }
	tests := map[string]struct {
		sent []byte
		want []download.Outcome
	}{
		"nothing":              {nil, []download.Outcome{silence}},
		"wrong type":           {goldenMissing, []download.Outcome{silence}},
		"no name":              {[]byte("\x49\x7E\x01\x00\x00"), []download.Outcome{silence}},
		"name too long":        {append([]byte("\x49\x7E\x01\x04\x01"), make([]byte, 1025)...), []download.Outcome{silence}},
		"a file":               {request("f"), []download.Outcome{sends("contents")}},
		"below":                {request("d/g"), []download.Outcome{sends("\xff\x00")}},
		"empty":                {request("empty"), []download.Outcome{sends("")}},
		"utf-8":                {request("zoë"), []download.Outcome{sends("utf-8")}},
		"longer name":          {request("./d//./g"), []download.Outcome{sends("\xff\x00")}},
		"longest name":         {request(longName()), []download.Outcome{sends("contents")}},
		"missing":              {request("nothere"), []download.Outcome{missing}},
		"directory":            {request("d"), []download.Outcome{missing}},
		"slash at the end":     {request("f/"), []download.Outcome{missing}},
		"dot at the end":       {request("f/."), []download.Outcome{missing}},
		"below a file":         {request("f/g"), []download.Outcome{missing}},
		"extra bytes":          {append(request("f"), 'x'), []download.Outcome{sends("contents"), silence}},
		"nul":                  {request("f\x00"), []download.Outcome{missing, silence}},
		"not utf-8":            {request("f\xff"), []download.Outcome{missing, silence}},
		"not utf-8, leads out": {request("../\xff"), []download.Outcome{missing, silence}},
		"parent":               {request("../f"), []download.Outcome{missing, anyFile, silence}},
		"parent inside":        {request("d/../f"), []download.Outcome{missing, anyFile, silence}},
		"absolute":             {request("/f"), []download.Outcome{missing, anyFile, silence}},
		"two dots in a name":   {request("..f"), []download.Outcome{missing}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, m.Apply(tt.sent))
		})
	}
	for n := range goldenRequest {
		require.Equal(t, []download.Outcome{silence}, m.Apply(goldenRequest[:n]), "cut after %d bytes", n)
	}
}

func TestOutcomeAllows(t *testing.T) {
	tests := map[string]struct {
		o       download.Outcome
		got     []byte
		allowed bool
	}{
		"silence":                {silence, nil, true},
		"not silence":            {silence, goldenMissing, false},
		"the answer":             {missing, goldenMissing, true},
		"with DataLength":        {missing, goldenIgnored, false},
		"a part of it":           {missing, goldenMissing[:7], false},
		"no answer":              {missing, nil, false},
		"any file":               {anyFile, goldenFound, true},
		"any empty file":         {anyFile, goldenEmpty, true},
		"no file":                {anyFile, goldenMissing, false},
		"a part of any file":     {anyFile, goldenFound[:12], false},
		"any file and more":      {anyFile, append(slices.Clip(goldenFound), 'x'), false},
		"not even a file's part": {anyFile, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.allowed, tt.o.Allows(tt.got))
		})
	}
}

// TestServerAgainstModel sends requests, most of them almost legal, and holds
// what the server does against the model.
func TestServerAgainstModel(t *testing.T) {
	m := download.Model{"f": random(20), "d/g": random(9), "empty": nil, "zoë": random(5), "large": random(300_000)}
	names := []string{"f", "d/g", "empty", "zoë", "large", "./f", "d//g", "d", "d/", "f/", "f/.", "f/g", ".", "F", "f ",
		"../f", "d/../f", "/f", "f\x00", "f\xff", strings.Repeat("n", 256), strings.Repeat("n", 1024), longName()}
	r := startServer(t, t.TempDir())
	defer r.end()
	for name, data := range m {
		r.file(name, data)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "name")
		if rapid.Bool().Draw(t, "any name") {
			name = rapid.StringN(1, 20, download.MaxFilename).Draw(t, "its name")
		}
		sent := request(name)
		if rapid.Bool().Draw(t, "spoilt") {
			sent = spoil(t, sent)
		}
		got, _ := r.exchange(sent)
		allowed := m.Apply(sent)
		if !slices.ContainsFunc(allowed, func(o download.Outcome) bool { return o.Allows(got) }) {
			t.Fatalf("after %q wanted one of %d outcomes, got %q", sent, len(allowed), got[:min(len(got), 50)])
		}
	})
}
