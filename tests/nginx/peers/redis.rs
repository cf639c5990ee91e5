//! redis-server, without persistence: on a port, on a unix socket, and one
//! that speaks TLS.

use std::process::{Command, Stdio};

use super::{Place, Recipe, Variable, command};

pub const REDIS: Recipe = Recipe {
    name: "redis",
    programs: &["redis-server"],
    variables: &[
        ("TEST_NGINX_REDIS_PORT", Variable::Port),
        ("TEST_NGINX_REDIS_DRIBBLE_PORT", Variable::Dribble),
        ("TEST_NGINX_REDIS_SOCKET", Variable::File("redis.sock")),
    ],
    command: plain,
};

pub const TLS: Recipe = Recipe {
    name: "redis-tls",
    programs: &["redis-server", "openssl"],
    variables: &[
        ("TEST_NGINX_REDIS_TLS_PORT", Variable::Port),
        ("TEST_NGINX_REDIS_TLS_DRIBBLE_PORT", Variable::Dribble),
        ("TEST_NGINX_REDIS_TLS_CERTIFICATE", Variable::File("cert.pem")),
    ],
    command: tls,
};

fn plain(place: &Place) -> Result<Command, String> {
    redis(place, &format!("port {}\nunixsocket {}\n", place.port, place.file("redis.sock")))
}

fn tls(place: &Place) -> Result<Command, String> {
    let (key, certificate) = (place.file("key.pem"), place.file("cert.pem"));
    let status = command("openssl")?
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", &key, "-out", &certificate])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run openssl: {error}"))?;
    if !status.success() {
        return Err(format!("openssl makes no certificate: {status}"));
    }
    let lines = format!(
        "port 0\ntls-port {}\ntls-cert-file {certificate}\ntls-key-file {key}\n\
         tls-ca-cert-file {certificate}\ntls-auth-clients no\n",
        place.port
    );
    redis(place, &lines)
}

/// Blocks that run at the same time share the server, so what needs a server of
/// its own, such as `DEBUG`, stays forbidden. A user with a password is there
/// for `AUTH`.
fn redis(place: &Place, lines: &str) -> Result<Command, String> {
    let common = format!(
        "bind 127.0.0.1\nprotected-mode no\ndaemonize no\ndir {}\nsave \"\"\nappendonly no\n\
         databases 16\nproto-max-bulk-len 64mb\nuser tester on >open-sesame ~* &* +@all\n",
        place.dir.display()
    );
    let conf = place.write("redis.conf", &(common + lines))?;
    let mut command = command("redis-server")?;
    command.arg(conf);
    Ok(command)
}
