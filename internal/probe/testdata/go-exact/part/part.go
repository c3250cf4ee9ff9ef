// Package part is another package of the program.
package part

var lengths = map[string]int{}

func init() { lengths["eager"] = len("eager") }

// Length is the length of a word.
func Length(word string) int {
	if n, is := lengths[word]; is {
		return n
	}
	return len(word)
}

// Fail does not return.
func Fail(err error) {
	panic(err)
}
