package probe

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// goSource is a package that was read. What could not be understood of its types
// is missing in info.
type goSource struct {
	files []*ast.File
	texts [][]byte
	info  *types.Info
}

func parseGo(fset *token.FileSet, imports types.Importer, p *goPackage) (*goSource, error) {
	s := &goSource{info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), text, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNot, err)
		}
		s.files, s.texts = append(s.files, file), append(s.texts, text)
	}
	config := types.Config{Importer: imports, FakeImportC: true, Error: func(error) {}}
	_, _ = config.Check(p.ImportPath, fset, s.files, s.info) // the compiler tells what is wrong
	return s, nil
}

// A goFile is a file that is given counters: pieces of text that are put into it,
// so that its lines stay where they are.
type goFile struct {
	probe    *Probe
	fset     *token.FileSet
	tree     *ast.File
	info     *types.Info
	text     []byte
	name     string // below the submission's folder
	counting string // path of package counting

	edits []edit
	bare  map[*ast.BlockStmt]bool // that hold cases
	said  bool                    // what is visited is only printed
}

// An edit puts text before a place.
type edit struct {
	at   int
	text string
}

// countingIs is what package counting is called in a program.
const countingIs = "netproctor__"

// instrumented gives the file with counters.
func (g *goFile) instrumented() []byte {
	g.bare = map[*ast.BlockStmt]bool{}
	for _, d := range g.tree.Decls {
		ast.Inspect(d, g.visit)
	}
	g.put(g.tree.Name.End(), "; import %s %q", countingIs, g.counting)
	slices.SortStableFunc(g.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out bytes.Buffer
	from := 0
	for _, e := range g.edits {
		out.Write(g.text[from:e.at])
		out.WriteString(e.text)
		from = e.at
	}
	out.Write(g.text[from:])
	return out.Bytes()
}

func (g *goFile) put(at token.Pos, format string, a ...any) {
	g.edits = append(g.edits, edit{g.fset.PositionFor(at, false).Offset, fmt.Sprintf(format, a...)})
}

// cells gives the number of a new counter, or the first of several.
func (g *goFile) cells(count int) int {
	cell := g.probe.Size
	g.probe.Size += count
	return cell
}

// visit is called by ast.Inspect. What holds others is visited before them, so of
// two texts at one place the outer one comes first.
func (g *goFile) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			g.collect(n)
		}
		return n.Tok == token.VAR
	case *ast.SwitchStmt:
		g.bare[n.Body] = true
	case *ast.TypeSwitchStmt:
		g.bare[n.Body] = true
	case *ast.SelectStmt:
		g.bare[n.Body] = true
	case *ast.BlockStmt:
		if !g.bare[n] {
			g.block(n.List, n.Lbrace)
		}
	case *ast.CaseClause:
		g.block(n.Body, n.Colon)
	case *ast.CommClause:
		g.block(n.Body, n.Colon)
	case *ast.IfStmt:
		if other, is := n.Else.(*ast.IfStmt); is {
			g.put(other.Pos(), "{ ")
			g.block([]ast.Stmt{other}, other.Pos())
			g.put(other.End(), "}")
		}
	case *ast.CallExpr:
		if isSaid(n) && !g.said {
			g.said = true
			ast.Inspect(n, g.visit)
			g.said = false
			return false
		}
	}
	if e, is := n.(ast.Expr); is {
		return g.expression(e)
	}
	return true
}

// block puts counters at the beginning of a block, and behind each statement of
// it from which there may be no return.
func (g *goFile) block(list []ast.Stmt, open token.Pos) {
	if len(list) == 0 {
		cell := g.cells(1)
		g.put(open+1, " %s.Hit(%d);", countingIs, cell)
		line := g.line(open)
		g.probe.Blocks = append(g.probe.Blocks, Block{Cell: cell, File: g.name, Lines: []Lines{{line, line}}})
	}
	for len(list) > 0 {
		b := Block{Cell: g.cells(1), File: g.name}
		g.put(list[0].Pos(), "%s.Hit(%d); ", countingIs, b.Cell)
		for more := true; more && len(list) > 0; list = list[1:] {
			body := bodyOf(list[0])
			more = body == nil
			b.Lines = append(b.Lines, g.ownLines(list[0], body))
		}
		g.probe.Blocks = append(g.probe.Blocks, b)
	}
}

// bodyOf gives the block that a statement leads into, nil if it does not branch.
func bodyOf(s ast.Stmt) *ast.BlockStmt {
	switch s := s.(type) {
	case *ast.LabeledStmt:
		if body := bodyOf(s.Stmt); body != nil {
			return body
		}
		return &ast.BlockStmt{Lbrace: s.Stmt.Pos()} // others may jump to it
	case *ast.BlockStmt:
		return s
	case *ast.IfStmt:
		return s.Body
	case *ast.ForStmt:
		return s.Body
	case *ast.RangeStmt:
		return s.Body
	case *ast.SwitchStmt:
		return s.Body
	case *ast.TypeSwitchStmt:
		return s.Body
	case *ast.SelectStmt:
		return s.Body
	}
	return nil
}

// ownLines are those of a statement up to its body, or to that of a function that
// begins in it.
func (g *goFile) ownLines(s ast.Stmt, body *ast.BlockStmt) Lines {
	end := s.End()
	if body != nil {
		end = body.Lbrace
	}
	ast.Inspect(s, func(n ast.Node) bool {
		if f, is := n.(*ast.FuncLit); is {
			end = min(end, f.Body.Lbrace)
		}
		return true
	})
	return Lines{g.line(s.Pos()), g.line(end)}
}

func (g *goFile) line(at token.Pos) int { return g.fset.PositionFor(at, false).Line }

// expression notes how far conditions were evaluated, and how near numbers came to
// constants. It tells whether to look into an expression.
func (g *goFile) expression(e ast.Expr) bool {
	if g.info.Types[e].Value != nil {
		if !g.said {
			g.collect(e)
		}
		return false
	}
	b, is := e.(*ast.BinaryExpr)
	if !is {
		return true
	}
	switch b.Op {
	case token.LAND:
		if isBasic(g.info.Types[b.Y].Type, types.IsBoolean) {
			g.put(b.Y.Pos(), "%s.And(%d) && ", countingIs, g.cells(1))
		}
	case token.LOR:
		if isBasic(g.info.Types[b.Y].Type, types.IsBoolean) {
			g.put(b.Y.Pos(), "%s.Or(%d) || ", countingIs, g.cells(1))
		}
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		g.near(b.X, b.Y)
		g.near(b.Y, b.X)
	}
	return true
}

// nearFrom is the least constant that numbers are looked at for: smaller ones are
// met by chance, and compared with most often.
const nearFrom = 3

// near notes how near a number comes to a constant.
func (g *goFile) near(number, to ast.Expr) {
	n, value := g.info.Types[number], g.info.Types[to].Value
	if value == nil || n.Value != nil || n.Type == nil || value.Kind() != constant.Int || constant.Sign(value) < 0 {
		return
	}
	if small, exact := constant.Uint64Val(value); !exact || small < nearFrom {
		return
	}
	if t, is := n.Type.Underlying().(*types.Basic); !is || t.Info()&types.IsInteger == 0 || t.Info()&types.IsUntyped != 0 {
		return
	}
	if b, is := ast.Unparen(number).(*ast.BinaryExpr); is && (b.Op == token.SHL || b.Op == token.SHR) {
		return // its type may follow from where it stands
	}
	cell := g.cells(countingSteps)
	for far := 1; far < countingSteps; far++ {
		g.probe.Far = append(g.probe.Far, cell+far)
	}
	g.put(number.Pos(), "%s.Near(%d, ", countingIs, cell)
	g.put(number.End(), ", %s)", value.ExactString())
}

func isBasic(t types.Type, info types.BasicInfo) bool {
	b, is := t.(*types.Basic)
	return is && b.Info()&info != 0
}

// isSaid tells whether what a function is called with is only printed.
func isSaid(c *ast.CallExpr) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"panic", "print", "println"}, f.Name)
	case *ast.SelectorExpr:
		of, is := f.X.(*ast.Ident)
		return is && (of.Name == "log" || slices.Contains([]string{
			"fmt.Print", "fmt.Printf", "fmt.Println", "fmt.Errorf", "errors.New",
		}, of.Name+"."+f.Sel.Name))
	}
	return false
}

// collect takes the constants of a node.
func (g *goFile) collect(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if c, is := n.(*ast.BasicLit); is && c.Kind == token.CHAR {
			if char, err := strconv.Unquote(c.Value); err == nil {
				g.probe.Words = append(g.probe.Words, []byte(char))
			}
		}
		e, is := n.(ast.Expr)
		if !is || g.info.Types[e].Value == nil {
			return true
		}
		switch v := g.info.Types[e].Value; v.Kind() {
		case constant.String:
			g.probe.Words = append(g.probe.Words, []byte(constant.StringVal(v)))
		case constant.Int:
			if number, exact := constant.Uint64Val(v); exact {
				g.probe.Numbers = append(g.probe.Numbers, number)
			}
		}
		return true
	})
}
