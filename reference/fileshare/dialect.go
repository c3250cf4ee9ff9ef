package fileshare

import "fmt"

// A Dialect is one way to put commands and files on a connection. It is a
// value, and one of the three below; only StoredPrefix is for others to change.
// The zero Dialect is none of them.
type Dialect struct {
	Name string // what the command line calls it

	// StoredPrefix is put before the name of every file that is stored: by the
	// server in a put, by the client in a get. Empty for nothing.
	StoredPrefix string

	words    bool // a command begins with a word; else with a byte
	nameLen  bool // a name follows its length, of one byte; else it ends with its turn
	dataSize bool // data follow their size, of eight bytes; else they end with a lull
	bye      bool // bye is a command; else it is just a close
}

// The three dialects.
var (
	// Sized says the length of every name, file and listing before it comes.
	// Programs in other languages are most often near to it.
	Sized = Dialect{Name: "sized", nameLen: true, dataSize: true, bye: true}

	// Handout is the lab's own example: files and listings follow their size,
	// but a name ends with the segment that it comes in.
	Handout = Dialect{Name: "handout", dataSize: true}

	// Text is the report's: commands are words, and everything ends when its
	// sender is quiet (§2.1.1, §2.3, §3.3). It cannot carry an empty file, and
	// files are stored under a new name.
	Text = Dialect{Name: "text", StoredPrefix: "new_", words: true, bye: true}
)

// Dialects returns all of them, the default first.
func Dialects() []Dialect { return []Dialect{Sized, Handout, Text} }

// DialectByName returns the dialect of that name.
func DialectByName(name string) (Dialect, error) {
	for _, d := range Dialects() {
		if d.Name == name {
			return d, nil
		}
	}
	return Dialect{}, fmt.Errorf("the dialect wanted %v, got %q", Dialects(), name)
}

// String returns the dialect's name.
func (d Dialect) String() string { return d.Name }

// has reports whether the dialect has a command for k.
func (d Dialect) has(k Kind) bool { return k.named() && (k != Bye || d.bye) }

// verb returns what a command of the kind begins with.
func (d Dialect) verb(k Kind) string {
	switch {
	case !d.words:
		return string([]byte{byte(k)})
	case k.HasName():
		return k.String() + wordEnd
	}
	return k.String()
}
