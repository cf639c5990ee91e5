# Stand-in for the published Test::Nginx::Socket: it lets perl evaluate a test
# file, and leaves running nginx, sending requests and checking answers to the
# Rust harness that started this process. Needs nothing outside perl-base.
#
# TEST_NGINX_HARNESS says what run_tests() is to do:
#   list    report the titles of the blocks and what decides if they run
#   run N   report block N in full, then serve commands about it (see Wire.pm)

package Test::Nginx::Socket;

use strict;
use warnings;

use Test::Nginx::Block ();
use Test::Nginx::Util ();
use Test::Nginx::Wire ();

# Sections that decide whether a block runs at all, so that a listing needs them.
my @DECIDING = qw(
    SKIP ONLY LAST skip_eval skip_nginx skip_nginx2 skip_openssl todo differs
);

our @EXPORT = (@Test::Nginx::Util::EXPORT, qw(
    plan blocks run_tests filters add_block_preprocessor
    diag note bail_out
));

my @preprocessors;

# Why none of the file's blocks is to run.
my $skip_all;

sub import {
    my ($class, @plan) = @_;
    my $caller = caller;
    $caller = caller(1) if $caller->isa(__PACKAGE__);

    strict->import;
    warnings->import;
    plan(@plan) if @plan;

    no strict 'refs';
    for my $name (@EXPORT) {
        my $code = __PACKAGE__->can($name) || Test::Nginx::Util->can($name);
        *{"${caller}::$name"} = $code;
    }
}

# The number of checks is for prove to compare; here a block is one test.
sub plan {
    my ($directive, $reason) = @_;
    $skip_all = $reason || 'no reason given' if $directive eq 'skip_all';
}

sub diag { print STDERR map { "# $_\n" } @_ }

sub note { diag(@_) }

sub bail_out { die join('', @_), "\n" }

sub filters { Test::Nginx::Block::filters(@_) }

sub blocks { Test::Nginx::Block::all(@_) }

sub add_block_preprocessor (&) { unshift @preprocessors, @_ }

sub run_tests () {
    my ($mode, $index) = split ' ', $ENV{TEST_NGINX_HARNESS} || '';
    if (!$mode) {
        die "these modules serve the cargo test harness only; "
            . "to use prove, install Test::Nginx and do not put them in \@INC\n";
    }

    my @blocks = Test::Nginx::Block::all();

    if ($mode eq 'list') {
        Test::Nginx::Wire::send([map { _listing($_) } @blocks]);
        return;
    }

    my $block = $blocks[$index] or die "no block number $index\n";
    $block->run_filters;
    $_->($block) for @preprocessors;

    Test::Nginx::Wire::send({
        settings => Test::Nginx::Util::settings(),
        sections => $block->sections,
    });
    Test::Nginx::Wire::serve();
}

sub _listing {
    my ($block) = @_;

    my %sections = map { $_ => $block->filtered($_) }
        grep { $block->has($_) } @DECIDING;

    if (defined $sections{skip_eval}) {
        $sections{skip_eval} = _skip_eval($sections{skip_eval});
        delete $sections{skip_eval} if !$sections{skip_eval};
    }

    $sections{skip_all} = $skip_all if defined $skip_all;

    return { name => $block->name, line => $block->line, sections => \%sections };
}

# The reason to skip: the code itself, or undef if it is false.
sub _skip_eval {
    my ($spec) = @_;

    my ($code) = $spec =~ /\A\s*\d+\s*:\s*(.*?)\s*\z/s
        or die "skip_eval: \"$spec\" is not \"<count>: <perl code>\"\n";
    my $skip = Test::Nginx::Util::evaluate($code);
    die "skip_eval: $@" if $@;
    return $skip ? $code : undef;
}

1;
