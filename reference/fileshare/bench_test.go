package fileshare_test

import (
	"bytes"
	"io"
	"testing"

	"netproctor/reference/fileshare"
)

func BenchmarkReadCommand(b *testing.B) {
	for _, d := range fileshare.Dialects() {
		b.Run(d.Name, func(b *testing.B) {
			wire := (&fileshare.Command{Kind: fileshare.Get, Name: "hello.txt"}).Append(nil, d)
			r := bytes.NewReader(nil)
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(wire)
				if _, err := fileshare.ReadCommand(r, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadFile(b *testing.B) {
	wire := (&fileshare.File{Data: make([]byte, 16<<20)}).Append(nil, fileshare.Sized)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := fileshare.ReadFile(bytes.NewReader(wire), fileshare.Sized)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadLargestListing(b *testing.B) {
	_, wire := listingOf(fileshare.MaxListing, fileshare.Sized)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fileshare.ReadListing(bytes.NewReader(wire), fileshare.Sized); err != nil {
			b.Fatal(err)
		}
	}
}
