"""From a function over `Value` to a program, its gradient and its code; `README.md` tells the stages."""
