package fileshare

import (
	"fmt"
	"unicode/utf8"
)

// discoveryText is the whole of a discovery request, without a terminator
// (§3.2.1).
const discoveryText = "SERVICE DISCOVERY"

// A DiscoveryRequest is the datagram by which a client asks who shares files
// (§2.2.1). It says nothing more than that.
type DiscoveryRequest struct{}

// Append appends the wire form of r to b.
func (r *DiscoveryRequest) Append(b []byte) []byte { return append(b, discoveryText...) }

// ParseDiscoveryRequest reads exactly one DiscoveryRequest from b. Any other
// datagram is erroneous, a shorter one too: a datagram comes whole or not at
// all.
func ParseDiscoveryRequest(b []byte) (*DiscoveryRequest, error) {
	if string(b) != discoveryText {
		return nil, erroneous("DiscoveryRequest", fmt.Sprintf("%q", discoveryText), fmt.Sprintf("%.32q", b))
	}
	return &DiscoveryRequest{}, nil
}

// A DiscoveryAnswer is the datagram by which a server answers (§3.2.1).
type DiscoveryAnswer struct {
	Service string // what the server calls itself; UTF-8, 1 to 1,024 bytes
}

// Append appends the wire form of a to b. It panics if the name of the service
// is not legal: see [CheckService].
func (a *DiscoveryAnswer) Append(b []byte) []byte {
	must(CheckService(a.Service))
	return append(b, a.Service...)
}

// ParseDiscoveryAnswer reads exactly one DiscoveryAnswer from b.
func ParseDiscoveryAnswer(b []byte) (*DiscoveryAnswer, error) {
	a := &DiscoveryAnswer{Service: string(b)}
	if err := CheckService(a.Service); err != nil {
		return nil, err
	}
	return a, nil
}

// CheckService returns an error that wraps [ErrErroneous] if name cannot be the
// name of a service.
func CheckService(name string) error {
	if len(name) < 1 || len(name) > MaxService {
		return erroneous("DiscoveryAnswer.Service", fmt.Sprintf("1 to %d bytes", MaxService), len(name))
	}
	if !utf8.ValidString(name) {
		return erroneous("DiscoveryAnswer.Service", "UTF-8", fmt.Sprintf("%.32q", name))
	}
	return nil
}
