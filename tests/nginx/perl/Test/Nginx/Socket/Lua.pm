package Test::Nginx::Socket::Lua;

use strict;
use warnings;

use Test::Nginx::Socket ();
our @ISA = qw(Test::Nginx::Socket);

1;
