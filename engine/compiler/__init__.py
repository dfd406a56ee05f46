"""From a function over `Value` to a program, its gradient and its code; docs/compiler.md tells the stages."""
