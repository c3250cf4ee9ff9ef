package reports

import (
	"fmt"
	"net"
	"strings"

	"netproctor/conformance"
)

// Again is the command that plays just one scenario again, with the same
// names and messages.
func Again(r *conformance.Report, s *conformance.Suite, res *conformance.Result) string {
	seed := r.Seed
	if res.Played != nil {
		seed = res.Played.Seed
	}
	words := append([]string{"netproctor", "grade", r.Protocol}, flags(s)...)
	words = append(words, "--only", res.ID(), "--seed", fmt.Sprint(seed))
	for i, w := range words {
		words[i] = shellQuote(w)
	}
	return strings.Join(words, " ")
}

// flags name the program: as the command line had them, or else as the
// target's name lets one guess.
func flags(s *conformance.Suite) []string {
	if s.Flags != nil {
		return s.Flags
	}
	if _, _, err := net.SplitHostPort(s.Target); err == nil && !strings.ContainsAny(s.Target, " /") {
		return []string{"--address", s.Target}
	}
	return []string{"--" + s.Role, s.Target}
}

// shellQuote writes a word so that a shell reads it as one.
func shellQuote(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	if !strings.ContainsAny(word, "\"$`\\!") {
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// special tells whether a character may mean something to a shell.
func special(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("@%+=:,./-_", r)
}
