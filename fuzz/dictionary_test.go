package fuzz_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"netproctor/fuzz"
)

func TestDictionary(t *testing.T) {
	for _, test := range []struct {
		name, file, source string
		words              []string
		numbers            []uint64
	}{
		{"python", "a.py", "\"\"\"a \"doc\" 77\"\"\"\nif x == b'ad\\x00m' or y > 0x1337: # 'not' 5\n  z1 = 1_000\n", []string{"ad\x00m"}, []uint64{1000, 0x1337}},
		{"c", "d/a.c", "/* 'x' 4 */ if (!strcmp(s, \"a\\\"b\\n\") && n == 300UL) c = 'k'; // 9\n", []string{"a\"b\n", "k"}, []uint64{300}},
		{"javascript", "a.js", "if (s === `né` || s == \"\\u00e9\" || n === 12n) f('')", []string{"né", "é"}, []uint64{12}},
		{"go", "a.go", "x := `a\nb`; y := 017; z := 0b11; w := 1.5e3; v := 18446744073709551616", []string{"a\nb"}, []uint64{1, 3, 15}},
		{"no end", "a.py", "x = 'abc\ny = \"d\" + \"\\", []string{"d"}, nil},
		{"another file", "a.txt", "'abc' 5", nil, nil},
		{"another's files", "node_modules/a.js", "'abc' 5", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := fuzz.ReadDictionary(fstest.MapFS{test.file: {Data: []byte(test.source)}})
			var words []string
			for _, w := range d.Words {
				words = append(words, string(w))
			}
			require.Equal(t, test.words, words)
			require.Equal(t, test.numbers, d.Numbers)
		})
	}
}

// TestDictionaryOfPrograms reads real sources.
func TestDictionaryOfPrograms(t *testing.T) {
	for program, magic := range map[string]uint64{
		"mailbox/python-good": 0xae73, "mailbox/c-good": 0xae73, "mailbox/node-good": 0xae73, "download/python-good": 0x497e,
	} {
		d := fuzz.ReadDictionary(os.DirFS(filepath.Join("../conformance/testdata/programs", program)))
		require.Contains(t, d.Numbers, magic, program)
		require.NotEmpty(t, d.Words, program)
	}
}
