//! dnsmasq, which knows the domain `test` and nothing else. docs/testing.md
//! lists its records.

use std::fmt::Write as _;
use std::process::Command;

use super::{Place, Recipe, Variable, command};

pub const DNSMASQ: Recipe = Recipe {
    name: "dns",
    programs: &["dnsmasq"],
    variables: &[("TEST_NGINX_DNS_PORT", Variable::Port)],
    command: dnsmasq,
};

const HOSTS: &str = "\
127.0.0.1 one.test
127.0.0.1 test.example
127.0.0.2 two.test
127.0.0.1 both.test
::1 both.test
::1 six.test
127.0.0.1 several.test
127.0.0.2 several.test
127.0.0.3 several.test
";

const RECORDS: &str = "\
cname=alias.test,one.test
cname=chain.test,alias.test
mx-host=mail.test,one.test,10
mx-host=mail.test,two.test,20
srv-host=_http._tcp.test,one.test,8080,10,60
srv-host=_http._tcp.test,two.test,8081,20,40
txt-record=text.test,hello world
txt-record=texts.test,first,second
dns-rr=spf.test,99,0a:76:3d:73:70:66:31:20:2d:61:6c
dns-rr=zone.test,2,02:6e:73:04:74:65:73:74:00
";

/// As many addresses as do not fit into 512 bytes.
const BIG: std::ops::RangeInclusive<u8> = 1..=60;

fn dnsmasq(place: &Place) -> Result<Command, String> {
    let mut hosts = HOSTS.to_owned();
    for last in BIG {
        let _ = writeln!(hosts, "127.0.1.{last} big.test");
    }
    let hosts = place.write("hosts", &hosts)?;
    let conf = format!(
        "listen-address=127.0.0.1\nbind-interfaces\nport={}\nno-resolv\nno-hosts\n\
         no-round-robin\ncache-size=0\nlocal-ttl=60\nlocal=/test/\naddn-hosts={hosts}\n\
         log-facility=-\npid-file=\n{RECORDS}",
        place.port
    );
    let conf = place.write("dnsmasq.conf", &conf)?;
    let mut command = command("dnsmasq")?;
    // Who changes its user is no longer told of the end of the harness.
    command
        .args(["--keep-in-foreground", "--user=root", "--group=root"])
        .arg(format!("--conf-file={conf}"));
    Ok(command)
}
