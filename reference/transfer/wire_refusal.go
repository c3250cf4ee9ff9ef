package transfer

import "fmt"

// refusalPrefix begins every refusal (§ Errors).
const refusalPrefix = "ERROR: "

// MaxRefusal is how many bytes the longest refusal has.
const MaxRefusal = len(refusalPrefix) + MaxMessage

// A Refusal is what a server says instead of OK or DONE if it cannot do what a
// command asks (§ Errors). Nothing in it tells where it ends. For a client it is
// an error like others.
type Refusal struct {
	Message string // 1 to 8,192 bytes of UTF-8, no newline; without "ERROR: "
}

// DoesNotExist refuses a GET or DEL of a file that is not there.
func DoesNotExist(name string) *Refusal { return &Refusal{Message: doesNotExist(name)} }

// UnableToCreate refuses a PUT whose file cannot be written.
func UnableToCreate(name string) *Refusal { return &Refusal{Message: unableToCreate(name)} }

// UnableToDelete refuses a DEL of what is there but cannot be deleted; the
// assignment makes it optional.
func UnableToDelete(name string) *Refusal { return &Refusal{Message: "unable to delete " + name} }

// The messages that a client also uses for its own files.
func doesNotExist(name string) string   { return name + " does not exist" }
func unableToCreate(name string) string { return "unable to create file " + name }

// Error returns what a client prints (§ Errors): the prefix is replaced.
func (r *Refusal) Error() string { return "server error: " + r.Message }

// Append appends the wire form of r to b. It panics if the message is not legal.
func (r *Refusal) Append(b []byte) []byte {
	if err := r.Check(); err != nil {
		panic(fmt.Sprintf("transfer: %v", err))
	}
	b = append(b, refusalPrefix...)
	return append(b, r.Message...)
}

// Check returns an error unless r can be sent.
func (r *Refusal) Check() error { return checkText("Refusal.Message", r.Message, MaxMessage) }

// ParseRefusal reads exactly one Refusal from b. The error wraps
// [io.ErrUnexpectedEOF] if b is only the beginning of one, else [ErrErroneous].
func ParseRefusal(b []byte) (*Refusal, error) {
	message, err := cutLiteral("Refusal", b, refusalPrefix)
	if err != nil {
		return nil, err
	}
	r := &Refusal{Message: string(message)}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}
