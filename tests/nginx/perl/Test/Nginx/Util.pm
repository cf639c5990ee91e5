# The settings that the perl part of a test file makes, under the names and
# with the defaults of the published Test::Nginx::Util.

package Test::Nginx::Util;

use strict;
use warnings;

our @EXPORT = qw(
    repeat_each workers worker_connections log_level timeout
    master_on master_off master_process_enabled
    no_shuffle no_long_string no_root_location check_accum_error_log
    config_preamble env_to_nginx add_cleanup_handler
    server_addr server_name server_root html_dir server_port
    server_port_for_client is_str
);

our $RepeatEach          = 1;
our $Workers             = 1;
our $WorkerConnections   = 64;
our $LogLevel            = $ENV{TEST_NGINX_LOG_LEVEL} || 'debug';
our $Timeout             = $ENV{TEST_NGINX_TIMEOUT} || 3;
our $MasterProcessEnabled = $ENV{TEST_NGINX_MASTER_PROCESS} || 'off';
our $NoRootLocation      = 0;
our $NoShuffle           = 0;
our $NoLongString        = 0;
our $CheckAccumErrLog    = $ENV{TEST_NGINX_CHECK_ACCUM_ERR_LOG};
our $ConfigPreamble      = '';
our $ServerAddr          = '127.0.0.1';
our $ServerName          = 'localhost';
our $ServerPort          = $ENV{TEST_NGINX_SERVER_PORT} || 1984;
our $ServerPortForClient = $ServerPort;
our $ServRoot            = $ENV{TEST_NGINX_SERVROOT} || 't/servroot';
our $LogDir              = "$ServRoot/logs";
our $ErrLogFile          = "$LogDir/error.log";
our $AccLogFile          = "$LogDir/access.log";
our $PidFile             = "$LogDir/nginx.pid";
our $HtmlDir             = "$ServRoot/html";
our $ConfDir             = "$ServRoot/conf";
our $ConfFile            = "$ConfDir/nginx.conf";
our @EnvToNginx;
our @CleanupHandlers;

$ENV{TEST_NGINX_SERVER_ROOT} = $ServRoot;

# A function that answers the setting, after giving it the argument, if any.
sub _accessor {
    my ($setting) = @_;
    return sub (@) {
        $$setting = shift if @_;
        return $$setting;
    };
}

BEGIN {
    no strict 'refs';
    my %accessors = (
        repeat_each            => \$RepeatEach,
        workers                => \$Workers,
        worker_connections     => \$WorkerConnections,
        log_level              => \$LogLevel,
        timeout                => \$Timeout,
        server_addr            => \$ServerAddr,
        server_name            => \$ServerName,
        server_port            => \$ServerPort,
        server_port_for_client => \$ServerPortForClient,
    );
    *$_ = _accessor($accessors{$_}) for keys %accessors;
}

sub master_on () { $MasterProcessEnabled = 'on' }

sub master_off () { $MasterProcessEnabled = 'off' }

sub master_process_enabled (@) {
    $MasterProcessEnabled = shift() ? 'on' : 'off' if @_;
    return $MasterProcessEnabled;
}

sub no_shuffle () { $NoShuffle = 1 }

sub no_long_string () { $NoLongString = 1 }

sub no_root_location () { $NoRootLocation = 1 }

sub check_accum_error_log () { $CheckAccumErrLog = 1 }

sub config_preamble ($) { $ConfigPreamble = shift }

sub server_root () { $ServRoot }

sub html_dir () { $HtmlDir }

sub add_cleanup_handler ($) { unshift @CleanupHandlers, shift }

sub env_to_nginx (@) {
    for my $variable (@_) {
        die "env_to_nginx: bad argument \"$variable\"\n"
            if $variable !~ /\A[A-Za-z_]/ || $variable =~ /\n/;
        push @EnvToNginx, $variable;
    }
}

sub is_str (@) {
    die "is_str() is for code that checks answers in perl, which this harness does not run\n";
}

# What the code of a section that is perl runs in, strictures off.
sub evaluate {
    no strict;
    no warnings;
    return eval $_[0];
}

sub settings {
    return {
        repeat_each      => $RepeatEach,
        workers          => $Workers,
        connections      => $WorkerConnections,
        log_level        => $LogLevel,
        timeout          => $Timeout,
        master_process   => $MasterProcessEnabled,
        no_root_location => $NoRootLocation ? 1 : 0,
        accumulate_log   => $CheckAccumErrLog ? 1 : 0,
        config_preamble  => $ConfigPreamble,
        server_name      => $ServerName,
        env_to_nginx     => [@EnvToNginx],
        env              => {
            map { $_ => $ENV{$_} } grep { /^TEST_NGINX_/ } keys %ENV
        },
    };
}

END { $_->() for @CleanupHandlers }

1;
