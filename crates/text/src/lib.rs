//! Text rules: escaping, arguments, header names, chunk names.
