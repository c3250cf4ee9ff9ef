package probe

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// A cRow says that the code from an address on is of a line.
type cRow struct {
	at   uint64
	file string // "" for what is not the submission's
	line int
}

// lines tells the lines of each block: those of the code from its call on to the
// next block or function. Lines of which that is not sure are left out.
func (c *cBuild) lines(f *elf.File, calls []cCall, functions []uint64) error {
	rows, err := c.rows(f)
	if err != nil {
		return err
	}
	blocks := slices.DeleteFunc(slices.Clone(calls), func(c cCall) bool { return c.near })
	type place struct {
		file string
		line int
	}
	doubtful := map[place]bool{}
	files := map[string]bool{}
	var list []Block
	for i, call := range blocks {
		end := ^uint64(0)
		if i+1 < len(blocks) {
			end = blocks[i+1].at
		}
		for _, at := range functions {
			if at > call.at {
				end = min(end, at)
			}
		}
		first, begins := slices.BinarySearchFunc(rows, call.at, func(r cRow, at uint64) int { return int(int64(r.at) - int64(at)) })
		// What is before the first row goes on with the line of another block. The
		// call alone is no code of the program.
		if !begins && first > 0 && (first == len(rows) || rows[first].at > call.back) {
			doubtful[place{rows[first-1].file, rows[first-1].line}] = true
		}
		for ; first < len(rows) && rows[first].at < end; first++ {
			r := rows[first]
			if r.file == "" {
				continue
			}
			files[r.file] = true
			if k := len(list) - 1; k >= 0 && list[k].Cell == call.cell && list[k].File == r.file {
				list[k].Lines = append(list[k].Lines, Lines{r.line, r.line})
				continue
			}
			list = append(list, Block{Cell: call.cell, File: r.file, Lines: []Lines{{r.line, r.line}}})
		}
	}
	for i := range list {
		list[i].Lines = slices.DeleteFunc(list[i].Lines, func(l Lines) bool { return doubtful[place{list[i].File, l.First}] })
	}
	c.probe.Blocks = slices.DeleteFunc(list, func(b Block) bool { return len(b.Lines) == 0 })
	c.probe.Files = len(files)
	return nil
}

// rows gives all rows of the program's table of lines, in order.
func (c *cBuild) rows(f *elf.File) (rows []cRow, err error) {
	d, err := f.DWARF()
	if err != nil {
		return nil, err
	}
	for r := d.Reader(); ; {
		unit, err := r.Next()
		if err != nil || unit == nil {
			slices.SortStableFunc(rows, func(a, b cRow) int { return int(int64(a.at) - int64(b.at)) })
			return rows, err
		}
		r.SkipChildren()
		lines, err := d.LineReader(unit)
		if err != nil {
			return nil, err
		}
		for lines != nil {
			var e dwarf.LineEntry
			if err := lines.Next(&e); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			row := cRow{at: e.Address, line: e.Line}
			if !e.EndSequence && e.File != nil && e.Line > 0 {
				row.file = c.below(e.File.Name)
			}
			rows = append(rows, row)
		}
	}
}

// below gives a file's name below the submission's folder, "" outside of it.
func (c *cBuild) below(name string) string {
	dir, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		dir = c.dir
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	relative, err := filepath.Rel(dir, name)
	if err != nil || strings.HasPrefix(relative, "..") {
		return ""
	}
	return filepath.ToSlash(relative)
}
