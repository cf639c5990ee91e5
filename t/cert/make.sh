#!/bin/sh
# Makes the certificates that the tests of TLS use. They are kept in the
# repository, so this is for when one has to be added.
#
#   ca          the root that tests trust
#   test        test.example, *.wild.example and 127.0.0.1, by the root
#   test-rsa    the same with an RSA key
#   chain       chain.example, by an intermediate authority; with that one
#   deep        deep.example, by an intermediate of the intermediate; with both
#   selfsigned  test.example, by itself
#   unknown     test.example, by a root that nobody trusts
#   expired     test.example, by the root; long over
#   future      test.example, by the root; does not begin in our time
#   revoked     test.example, by the root, which has revoked it in crl.pem
#   client      a client, by the root
#   client-chain a client, by the intermediate authority; with that one
#
# client-encrypted.key is client.key with the passphrase "secret".

set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# sign NAME SUBJECT ISSUER EXTENSIONS [DATES]: signs NAME.key's request.
sign() {
    name=$1 subject=$2 issuer=$3 extensions=$4
    shift 4
    [ $# -gt 0 ] || set -- -startdate 20240101000000Z -enddate 21231231235959Z
    openssl req -new -key "$name.key" -subj "/CN=$subject" -out "$work/$name.csr"
    printf '%b' "$extensions" >"$work/$name.ext"
    [ -f "$work/$issuer.index" ] || : >"$work/$issuer.index"
    [ -f "$work/$issuer.serial" ] || echo 1000 >"$work/$issuer.serial"
    cat >"$work/$issuer.cnf" <<END
[ca]
default_ca = own
[own]
database = $work/$issuer.index
serial = $work/$issuer.serial
new_certs_dir = $work
default_md = sha256
default_crl_days = 36500
policy = any
unique_subject = no
email_in_dn = no
rand_serial = no
[any]
commonName = supplied
END
    self=
    [ "$name" != "$issuer" ] || self=-selfsign
    cert=$issuer.crt
    [ -n "$self" ] || set -- -cert "$cert" "$@"
    openssl ca -batch -notext -config "$work/$issuer.cnf" -keyfile "$issuer.key" $self "$@" \
        -extfile "$work/$name.ext" -in "$work/$name.csr" -out "$name.crt" 2>"$work/log" ||
        { cat "$work/log"; exit 1; }
}

AUTHORITY='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
SERVER='basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n'
CLIENT='basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n'
NAMES='subjectAltName=DNS:test.example,DNS:*.wild.example,IP:127.0.0.1\n'

for name in ca unknown-ca middle lower test chain deep selfsigned unknown expired future revoked \
    client client-chain; do
    key $name
done
openssl genrsa -out test-rsa.key 2048 2>/dev/null

sign ca 'Test Root' ca "$AUTHORITY"
sign unknown-ca 'Unknown Root' unknown-ca "$AUTHORITY"
sign middle 'Test Intermediate' ca "$AUTHORITY"
sign lower 'Test Lower Intermediate' middle "$AUTHORITY"

sign test test.example ca "$SERVER$NAMES"
sign test-rsa test.example ca "$SERVER$NAMES"
sign chain chain.example middle "${SERVER}subjectAltName=DNS:chain.example\n"
sign deep deep.example lower "${SERVER}subjectAltName=DNS:deep.example\n"
sign selfsigned test.example selfsigned "$SERVER$NAMES"
sign unknown test.example unknown-ca "$SERVER$NAMES"
sign expired test.example ca "$SERVER$NAMES" -startdate 20200101000000Z -enddate 20200102000000Z
sign future test.example ca "$SERVER$NAMES" -startdate 21000101000000Z -enddate 21231231235959Z
sign revoked test.example ca "$SERVER$NAMES"
sign client 'Test Client' ca "$CLIENT"
sign client-chain 'Test Chained Client' middle "$CLIENT"

openssl ca -config "$work/ca.cnf" -keyfile ca.key -cert ca.crt -revoke revoked.crt 2>/dev/null
openssl ca -config "$work/ca.cnf" -keyfile ca.key -cert ca.crt -gencrl \
    -crl_lastupdate 20240101000000Z -crl_nextupdate 21231231235959Z -out crl.pem 2>/dev/null

cat middle.crt >>chain.crt
cat lower.crt middle.crt >>deep.crt
cat middle.crt >>client-chain.crt
openssl ec -in client.key -aes256 -passout pass:secret -out client-encrypted.key 2>/dev/null
rm -f middle.* lower.* unknown-ca.* ca.key
chmod 644 ./*.key
