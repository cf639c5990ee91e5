# How this process talks to the Rust harness: values as typed netstrings on the
# standard output, commands on the standard input.
#
#   U                      undef
#   S<length>:<bytes>      text
#   L<count>:<values>      list
#   M<count>:<key value>…  map; keys are S
#   R<length>:<bytes>      compiled regex, by its source text
#   C<number>:             code; the number stands for it in a call
#
# A command is a list whose first item is its name; the answer is a value.

package Test::Nginx::Wire;

use strict;
use warnings;

use Test::Nginx::Util ();

# What a test file prints must not get between the answers.
open my $out, '>&', \*STDOUT or die "cannot duplicate the standard output: $!\n";
open STDOUT, '>&', \*STDERR or die "cannot redirect the standard output: $!\n";
binmode $out;
binmode STDIN;

my @code;

my %commands = (
    # ["match", regex source, subjects…] -> for each what matched, or undef
    match => sub {
        my ($source, @subjects) = @_;
        my $regex = qr/$source/;
        return [map { $_ =~ $regex ? $& : undef } @subjects];
    },

    # ["call", number of the code, arguments…] -> what it returns
    call => sub {
        my ($number, @arguments) = @_;
        return scalar $code[$number]->(@arguments);
    },

    # ["eval", perl code] -> its value
    eval => sub {
        my ($source) = @_;
        my $value = Test::Nginx::Util::evaluate($source);
        die $@ if $@;
        return $value;
    },
);

sub send {
    my ($value) = @_;
    print {$out} _encode($value) or die "cannot write to the harness: $!\n";
    $out->flush;
}

sub serve {
    while (defined(my $command = _receive())) {
        my ($name, @arguments) = @$command;
        my $handler = $commands{$name} or die "unknown command \"$name\"\n";
        my $answer = eval { { ok => $handler->(@arguments) } } || { error => "$@" };
        Test::Nginx::Wire::send($answer);
    }
}

sub _encode {
    my ($value) = @_;

    return 'U' if !defined $value;
    my $type = ref $value;
    return _text('S', $value) if !$type;
    return 'L' . @$value . ':' . join('', map { _encode($_) } @$value) if $type eq 'ARRAY';
    return _text('R', "$value") if $type eq 'Regexp';
    if ($type eq 'HASH') {
        return 'M' . keys(%$value) . ':'
            . join('', map { _text('S', $_), _encode($value->{$_}) } sort keys %$value);
    }
    if ($type eq 'CODE') {
        push @code, $value;
        return "C$#code:";
    }
    return _text('S', $$value) if $type eq 'SCALAR';
    die "a value of type $type cannot be used in a test block\n";
}

# Text goes out as bytes: as they are, or as UTF-8 when there are wide characters.
sub _text {
    my ($tag, $text) = @_;
    utf8::downgrade($text, 1) or utf8::encode($text);
    return $tag . length($text) . ":$text";
}

# A command holds text and lists only.
sub _receive {
    my $tag = _read(1);
    return undef if !length $tag;

    my $length = '';
    while ((my $byte = _read(1)) ne ':') {
        length $byte or die "the harness closed the connection in mid-command\n";
        $length .= $byte;
    }
    return _read($length) if $tag eq 'S';
    return [map { _receive() } 1 .. $length] if $tag eq 'L';
    die "unknown tag \"$tag\" from the harness\n";
}

sub _read {
    my ($length) = @_;
    my $bytes = '';
    while (length $bytes < $length) {
        my $got = read STDIN, $bytes, $length - length $bytes, length $bytes;
        defined $got or die "cannot read from the harness: $!\n";
        last if $got == 0;
    }
    return $bytes;
}

1;
