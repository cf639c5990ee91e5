# The data part of a test file: blocks, their sections, and the filters that
# transform a section's text. Same format as Test::Base, same stock filters as
# far as tests of an nginx module use them; any other filter is an error.

package Test::Nginx::Block;

use strict;
use warnings;

my @DEFAULT_FILTERS = qw(norm trim);

my $blocks;
my %section_filters;

sub filters {
    my ($map) = @_;
    ref $map eq 'HASH' or die "filters: pass a hash of section => filters\n";
    %section_filters = (%section_filters, %$map);
}

# All blocks in file order; their number in scalar context.
sub all {
    $blocks ||= _parse(_data());
    return @$blocks;
}

sub name { $_[0]{name} }

sub line { $_[0]{line} }

sub has { exists $_[0]{values}{$_[1]} }

sub set_value {
    my ($self, $section, @value) = @_;
    return $self->{name} = $value[0] if $section eq 'name';
    $self->{values}{$section} = [@value];
}

sub get_value {
    my ($self, $section) = @_;
    my $value = $self->{values}{$section};
    return $value ? $value->[0] : undef;
}

# Code in test files reads a section as $block->section.
our $AUTOLOAD;

sub AUTOLOAD {
    my ($self, @value) = @_;
    my $section = $AUTOLOAD =~ s/.*:://r;
    return if $section eq 'DESTROY';
    return @value ? $self->set_value($section, @value) : $self->get_value($section);
}

sub sections {
    my ($self) = @_;
    return { map { $_ => $self->get_value($_) } keys %{$self->{values}} };
}

sub run_filters {
    my ($self) = @_;
    $self->set_value($_, $self->filtered($_)) for @{$self->{order}};
}

# The value of one section after its filters.
sub filtered {
    my ($self, $section) = @_;

    my @value = @{$self->{values}{$section}};
    for my $filter (_filters_of($section, $self->{filters}{$section})) {
        my ($name, $argument) = $filter =~ /\A([^=]*)(?:=(.*))?\z/s;
        eval { @value = _apply($name, $argument, @value); 1 } or die
            "--- $section in \"$self->{name}\" (line $self->{line}): filter \"$name\": $@";
    }
    return wantarray ? @value : $value[0];
}

sub _filters_of {
    my ($section, $text) = @_;

    my $mapped = $section_filters{$section} || [];
    my (@filters, @last);
    for my $filter (@DEFAULT_FILTERS, ref $mapped ? @$mapped : $mapped, split ' ', $text) {
        if ($filter =~ /\A-(.*)/s) {
            my $removed = $1;
            @filters = grep { $_ ne $removed } @filters;
        } elsif ($filter =~ /\A\+(.*)/s) {
            push @last, $1;
        } else {
            push @filters, $filter;
        }
    }
    return @filters, @last;
}

sub _apply {
    my ($name, $argument, @value) = @_;

    if (my $function = main->can($name)) {
        local $_ = join '', grep { defined } @value;
        my @result = $function->(@value);
        # A function of the test file may answer a count and leave the text in $_.
        return @result == 0 || (@result == 1 && ($result[0] // 'x') =~ /\A\d*\z/) ? $_ : @result;
    }

    my $filter = Test::Base::Filter->can($name) or die "there is no such filter\n";
    return $filter->($argument, @value);
}

sub _data {
    no warnings 'once';
    my $text = do { local $/; <main::DATA> };
    defined $text or die "no __DATA__ or __END__ line, or nothing after it\n";
    return $text;
}

sub _parse {
    my ($text) = @_;

    # Lines are counted from the top of the file.
    my $line = _data_line();
    my @all;
    my ($preface, @hunks) = split /^(?====)/m, $text;
    if (defined $preface && $preface =~ /\A===/) {
        unshift @hunks, $preface;
        $preface = '';
    }
    $line += ($preface // '') =~ tr/\n//;

    for my $hunk (@hunks) {
        my $block = _parse_block($hunk, $line);
        $line += $hunk =~ tr/\n//;

        return [$block] if $block->has('ONLY');
        push @all, $block;
        last if $block->has('LAST');
    }
    return \@all;
}

sub _parse_block {
    my ($text, $line) = @_;

    my ($head, @parts) = split /^--- +\(?(\w+)\)?[ ]*(.*)(?:\n|\z)/m, $text;
    my ($name) = $head =~ /\A===[ \t]*(.*?)\s*(?:\n|\z)/;
    my $self = bless {
        name => $name, line => $line, order => [], filters => {}, values => {},
    }, __PACKAGE__;

    while (my ($section, $filters, $value) = splice @parts, 0, 3) {
        $value = '' if !defined $value;
        my $where = "--- $section in \"$name\" (line $line)";
        die "$where: given twice\n" if $self->has($section);

        if ($filters =~ /:(?:\s|\z)/) {
            die "$where: more lines after the value that follows the colon\n" if $value =~ /\S/;
            ($filters, $value) = split /\s*:(?:\s+|\z)/, $filters, 2;
            $value = '' if !defined $value;
            $value =~ s/\A\s+|\s+\z//g;
        }

        push @{$self->{order}}, $section;
        $self->{filters}{$section} = $filters;
        $self->{values}{$section} = [$value];
    }
    return $self;
}

sub _data_line {
    open my $in, '<', $0 or return 1;
    while (<$in>) {
        return $. + 1 if /^__(?:DATA|END)__$/;
    }
    return 1;
}

# Code in sections is evaluated in the package of the filters, as Test::Base
# does it: test files refer to their own variables as $::Name for that reason.
package Test::Base::Filter;

use strict;
use warnings;

sub _scalar {
    my ($name, @value) = @_;
    die "takes one text, not a list of " . @value . "\n" if @value != 1;
    return $value[0];
}

sub eval {
    my ($argument, @value) = @_;
    my $code = _scalar('eval', @value);
    my @result = CORE::eval("#line 1 \"(section code)\"\n$code");
    die $@ if $@;
    return @result;
}

sub norm {
    my ($argument, @value) = @_;
    my $text = _scalar('norm', @value);
    $text =~ s/\r\n?/\n/g;
    return $text;
}

sub trim {
    my ($argument, @value) = @_;
    for (@value) {
        s/\A(?:[ \t]*\n)+//;
        s/(?<=\n)\s*\z//;
    }
    return @value;
}

sub chomp {
    my ($argument, @value) = @_;
    CORE::chomp(@value);
    return @value;
}

sub chop {
    my ($argument, @value) = @_;
    CORE::chop(@value);
    return @value;
}

sub unchomp { my ($argument, @value) = @_; return map { "$_\n" } @value }

sub lines { my ($argument, @value) = @_; return _scalar('lines', @value) =~ /^(.*\n?)/gm }

sub array { my ($argument, @value) = @_; return [@value] }

sub hash { my ($argument, @value) = @_; return {@value} }

sub join {
    my ($argument, @value) = @_;
    return CORE::join(_unescaped($argument) // '', @value);
}

sub split {
    my ($argument, @value) = @_;
    my $separator = _unescaped($argument) // '';
    my $regex = $separator =~ m{\A/(.*)/\z}s ? qr/$1/
        : length $separator ? qr/\Q$separator\E/ : qr/\s+/;
    return CORE::split($regex, _scalar('split', @value));
}

sub append { my ($argument, @value) = @_; return map { $_ . _unescaped($argument) } @value }

sub prepend { my ($argument, @value) = @_; return map { _unescaped($argument) . $_ } @value }

sub reverse { my ($argument, @value) = @_; return CORE::reverse(@value) }

sub sort { my ($argument, @value) = @_; return CORE::sort(@value) }

sub escape {
    my ($argument, @value) = @_;
    my $text = _scalar('escape', @value);
    $text =~ s/(\\.)/CORE::eval("qq{$1}")/ge;
    return $text;
}

sub regexp {
    my ($flags, @value) = @_;
    my $text = _scalar('regexp', @value);
    if ($text =~ /\n.*?\n/s) {
        $flags = 'xism' if !defined $flags;
    } else {
        CORE::chomp($text);
    }
    $flags //= '';
    my $regex = CORE::eval("qr{$text}$flags");
    die $@ if $@;
    return $regex;
}

# The argument of filter=argument, where \s is a space and \n, \t … as in perl.
sub _unescaped {
    my ($argument) = @_;
    return undef if !defined $argument;
    $argument =~ s/\\s/ /g;
    $argument =~ s/(\\[a-z])/CORE::eval("\"$1\"")/ge;
    return $argument;
}

1;
