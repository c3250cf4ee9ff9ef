// Package scenarios holds what programs are tried with: a folder for each
// protocol, in Starlark. It is the only part that an instructor edits, and is
// embedded so that one binary is the whole tool.
package scenarios

import "embed"

// Files are the scenario files: <protocol>/*.star.
//
//go:embed */*.star
var Files embed.FS
