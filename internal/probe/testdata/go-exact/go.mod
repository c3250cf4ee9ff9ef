module example.com/exact // what a program may be

go 1.22
